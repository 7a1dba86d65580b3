"""A list that is read as a whole: figures, filter box, table, and words when it is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line

Row = TypeVar("Row")


class Shortlist(Vertical, Generic[Row]):
    """Some hundred rows in one table; whoever reads them says which pass the filter."""

    BINDINGS: ClassVar[list[BindingType]] = bound("list")

    class Filtered(Message):
        """Another filter was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Row], Sequence[Cell]],
        id_of: Callable[[Row], int],
        bridge: Bridge,
        *,
        id: str,  # noqa: A002  Textual's name for it
        hint: str,
        can_open: bool = True,
    ) -> None:
        """Create an empty list.

        Args:
            columns: Columns of the table.
            cells: Gives the cells of a row.
            id_of: Gives the id of a row.
            bridge: The signs, and where what cannot be done is said.
            id: Widget id.
            hint: Stands in the empty filter box.
            can_open: Enter opens a row.
        """
        super().__init__(id=id)
        self._columns = columns
        self._cells = cells
        self._rows: ListRows[Row] = ListRows(id_of)
        self._bridge = bridge
        self._hint = hint
        self._can_open = can_open

    def compose(self) -> ComposeResult:
        """Figures, filter, table, words."""
        yield Lines(classes="list--count")
        box = Input(placeholder=self._hint, compact=True)
        # Hidden alone is not enough: keys typed ahead would land in it.
        box.display, box.disabled = False, True
        yield box
        yield VirtualTable(
            self._columns,
            self._rows,
            self._cells,
            glyphs=self._bridge.glyphs,
            can_open=self._can_open,
            stays_on_top=True,
        )
        yield Lines(classes="list--empty")

    @property
    def table(self) -> VirtualTable[Row]:
        """The table."""
        return self.query_one(VirtualTable)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._rows.count

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.table.current

    @property
    def filter(self) -> str:
        """What stands in the filter box."""
        return self.query_one(Input).value.strip()

    def show_rows(
        self, rows: Sequence[Row], figures: Content, nothing: Content, *, problem: str = ""
    ) -> None:
        """Show ``rows``.

        Args:
            rows: All that pass the filter.
            figures: The line above.
            nothing: What is said when there are none.
            problem: What is wrong with the filter; the line above says so instead.
        """
        self._rows.replace(rows)
        self.set_class(bool(problem), "-bad")
        self.set_class(not rows, "-empty")
        count = self.query_one(".list--count", Lines)
        count.show_lines([line((problem, "$error")) if problem else figures])
        words = self.query_one(".list--empty", Lines)
        words.display = not rows
        words.show_lines([nothing])
        self.table.sync()

    def filter_to(self, text: str) -> None:
        """Put ``text`` into the filter box."""
        box = self.query_one(Input)
        box.display, box.disabled = bool(text), not text
        box.value = text

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as one types."""
        message.stop()
        self.post_message(self.Filtered(message.value.strip()))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Leave the filter for the rows it found."""
        message.stop()
        self.table.focus()
        if not self.filter:
            self.filter_to("")

    def action_filter(self) -> None:
        """Open the filter."""
        box = self.query_one(Input)
        box.display, box.disabled = True, False
        box.focus()

    def action_back(self) -> None:
        """Drop the filter."""
        self.filter_to("")
        self.table.focus()

    def action_sort(self) -> None:
        """Say that there is nothing to choose."""
        self._bridge.toast("These rows have one order.")
