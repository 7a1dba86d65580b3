"""The one table for everything long: 100,000 rows cost what one screenful costs.

It draws only the rows on the screen (Textual's Line API), keeps its cursor on a row's id
while rows come, go and move, and never parses text as markup. It asks nobody for data;
its row source has it or has not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podfetch_tui.ui.rows import RowSource
from podfetch_tui.ui.safety import harmless

Row = TypeVar("Row")

Cell = tuple[str, str]
"""Text and role: ``plain muted good warning bad accent strong``."""
_GAP = 2
_LONGEST = 400


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column; the last one of a table takes the room that is left."""

    label: str
    width: int = 0
    """Cells; 0 for the one that takes what is left."""
    right: bool = False
    """Figures stand to the right."""
    from_width: int = 0
    """It is shown only in tables of at least so many cells."""


class VirtualTable(ScrollView, Generic[Row], can_focus=True):
    """Rows of a source under a header that stays."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--cursor-away",
        "table--muted",
        "table--good",
        "table--warning",
        "table--bad",
        "table--accent",
        "table--strong",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("home,g", "first", "First", show=False, id="table.first"),
        Binding("end,G", "last", "Last", show=False, id="table.last"),
        Binding("enter", "open", "Open", show=False, id="table.open"),
    ]
    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .table--header { color: $quiet; text-style: bold; }
        & > .table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
        }
        & > .table--cursor-away { background: $boost; }
        & > .table--muted { color: $quiet; }
        & > .table--good { color: $success; }
        & > .table--warning { color: $warning; }
        & > .table--bad { color: $error; }
        & > .table--accent { color: $primary; }
        & > .table--strong { text-style: bold; }
        &.-plain { scrollbar-size-vertical: 0; }
        &:nocolor > .table--cursor { text-style: reverse; }
    }
    """

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, table: VirtualTable[Any], row_id: int | None) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> VirtualTable[Any]:
            """The table it is about."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource[Row],
        cells: Callable[[Row], Sequence[Cell]],
        *,
        id: str,  # noqa: A002  Textual's name for it
        ellipsis: str = "…",
        has_cursor: bool = True,
        has_header: bool = True,
    ) -> None:
        """Create a table.

        Args:
            columns: Columns, left to right.
            source: Where the rows come from.
            cells: Gives the cells of a row, one for each column.
            id: Widget id.
            ellipsis: Stands where text was cut; one cell.
            has_cursor: A row can be chosen.
            has_header: The labels are shown.
        """
        super().__init__(id=id)
        self.source = source
        self._columns = columns
        self._cells = cells
        self._ellipsis = ellipsis
        self._has_cursor = has_cursor
        self._head = int(has_header)
        self.can_focus = has_cursor
        self.set_class(not has_cursor, "-plain")
        self.cursor = 0
        self.cursor_id: int | None = None
        self._painted: dict[int, Strip] = {}

    @property
    def page_rows(self) -> int:
        """How many rows are on the screen."""
        return max(0, self.size.height - self._head)

    @property
    def current(self) -> Row | None:
        """The row under the cursor, if it is at hand."""
        return self.source.row(self.cursor) if self._has_cursor else None

    def use(self, source: RowSource[Row]) -> None:
        """Show another source, from its first row on."""
        self.source = source
        self.cursor, self.cursor_id = 0, None
        self.scroll_to(y=0, animate=False)
        self.sync()

    def sync(self) -> None:
        """Show what the source holds now; only lines that differ are painted again."""
        self.virtual_size = Size(self.size.width, self.source.count + self._head)
        self._keep_cursor()
        top = self.scroll_offset.y
        self.source.look(top, top + max(self.page_rows - 1, 0))
        for y in range(self.size.height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` of the screen."""
        strip = self._line(y)
        self._painted[y] = strip
        return strip

    def on_resize(self) -> None:
        """Fit the rows to the new size."""
        self._painted.clear()
        self.sync()
        self._show_cursor()

    def on_focus(self) -> None:
        """Show the cursor as ready."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as waiting."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Choose the row that was clicked."""
        index = self.scroll_offset.y + event.y - self._head
        if self._has_cursor and event.y >= self._head and index < self.source.count:
            self._go(index)

    def action_move(self, rows: int) -> None:
        """Move the cursor by ``rows``."""
        self._go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self._go(self.cursor + pages * max(1, self.page_rows - 1))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._go(self.source.count - 1)

    def action_open(self) -> None:
        """Say again which row is chosen."""
        self.post_message(self.Moved(self, self.source.id_at(self.cursor)))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the source which rows are on the screen now."""
        super().watch_scroll_y(old_value, new_value)
        top = round(new_value)
        self.source.look(top, top + max(self.page_rows - 1, 0))

    def _go(self, index: int) -> None:
        if not self._has_cursor or not self.source.count:
            return
        self.cursor = max(0, min(index, self.source.count - 1))
        self.cursor_id = self.source.id_at(self.cursor)
        self._show_cursor()
        self.sync()
        self.post_message(self.Moved(self, self.cursor_id))

    def _show_cursor(self) -> None:
        rows = self.page_rows
        if not self._has_cursor or rows < 1:
            return
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + rows:
            self.scroll_to(y=self.cursor - rows + 1, animate=False, immediate=True)

    def _keep_cursor(self) -> None:
        """Leave the cursor on its row when the rows around it changed."""
        if not self._has_cursor:
            return
        count = self.source.count
        found = None
        if self.cursor_id is not None and self.source.id_at(self.cursor) != self.cursor_id:
            found = self.source.index_of(self.cursor_id)
        before = self.cursor
        self.cursor = max(0, min(self.cursor if found is None else found, count - 1))
        here = self.source.id_at(self.cursor)
        if here is not None and here != self.cursor_id:
            self.cursor_id = here
            self.post_message(self.Moved(self, here))
        if self.cursor != before:
            self._show_cursor()

    def _line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if y < self._head:
            cells = [(column.label, "header") for column in self._columns]
            return self._strip(cells, base, width, on_cursor=False)
        index = self.scroll_offset.y + y - self._head
        if index >= self.source.count:
            return Strip.blank(width, base)
        row = self.source.row(index)
        on_cursor = self._has_cursor and index == self.cursor
        if row is None:
            blank = [("", "plain")] * (len(self._columns) - 1)
            return self._strip([*blank, (self._ellipsis, "muted")], base, width, on_cursor)
        return self._strip(self._cells(row), base, width, on_cursor)

    def _strip(self, cells: Sequence[Cell], base: Style, width: int, on_cursor: bool) -> Strip:
        if on_cursor:
            name = "table--cursor" if self.has_focus else "table--cursor-away"
            base += self.get_component_rich_style(name, partial=True)
        segments, used = [Segment(" ", base)], 1
        for column, (text, role) in zip(self._columns, cells, strict=True):
            if width < column.from_width:
                continue
            room = column.width or max(0, width - used - 1)
            room = min(room, max(0, width - used - 1))
            style = base if on_cursor and self.has_focus else base + self._role(role)
            segments.append(Segment(self._fit(text, room, right=column.right), style))
            segments.append(Segment(" " * _GAP, base))
            used += room + _GAP
        return Strip(segments).adjust_cell_length(width, base)

    def _role(self, role: str) -> Style:
        if role == "plain":
            return Style.null()
        return self.get_component_rich_style(f"table--{role}", partial=True)

    def _fit(self, text: str, room: int, *, right: bool) -> str:
        text = harmless(text[:_LONGEST])
        missing = room - cell_len(text)
        if missing < 0:
            return set_cell_size(set_cell_size(text, max(room - 1, 0)) + self._ellipsis, room)
        return " " * missing + text if right else text + " " * missing
