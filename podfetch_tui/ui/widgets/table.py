"""The one table for everything long: 100,000 rows cost what one screenful costs.

It draws only the rows on the screen (Textual's Line API), keeps cursor and selection on ids
while rows come, go and move, and never parses text as markup. It asks nobody for data; its
row source has it or has not. For rows of the catalogue use it by ``widgets/listing.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podfetch_tui.ui.glyphs import UNICODE, Glyphs
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.rows import RowSource
from podfetch_tui.ui.widgets.columns import GAP, ROLES, Cell, Column, rooms, shows
from podfetch_tui.ui.widgets.strips import Strips

Row = TypeVar("Row")
_RIGHT = 3
"""The button of a mouse."""

_STRIPS_KEPT = 1_000
"""Lines that were made are kept until there are so many: some tens of screenfuls."""


class VirtualTable(ScrollView, Generic[Row], can_focus=True):
    """Rows of a source under a header that stays."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--cursor-away",
        "table--selected",
        *(f"table--{role}" for role in ROLES),
    }
    BINDINGS: ClassVar[list[BindingType]] = bound("table")
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
        & > .table--selected { color: $accent; text-style: bold; }
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
        """The cursor stands on another row, or was to go on where there is none."""

        def __init__(self, table: VirtualTable[Any], row_id: int | None) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> VirtualTable[Any]:
            """The table it is about."""
            return self.table

    class Opened(Moved):
        """The row under the cursor is to be opened: enter, or a second click."""

    class Asked(Moved):
        """What can be done to the row is wanted: a click with the right button."""

    class Selected(Moved):
        """Other rows are selected than before."""

    class HeaderClicked(Message):
        """The label of a column was clicked."""

        def __init__(self, table: VirtualTable[Any], column: Column) -> None:
            super().__init__()
            self.table = table
            self.column = column

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
        id: str | None = None,  # noqa: A002  Textual's name for it
        glyphs: Glyphs = UNICODE,
        has_cursor: bool = True,
        has_header: bool = True,
        can_select: bool = False,
        can_open: bool = True,
        stays_on_top: bool = False,
    ) -> None:
        """Create a table.

        Args:
            columns: Columns, left to right.
            source: Where the rows come from.
            cells: Gives the cells of a row, one for each column.
            id: Widget id.
            glyphs: For marks, arrows and where text was cut.
            has_cursor: A row can be chosen.
            has_header: The labels are shown.
            can_select: Several rows can be chosen.
            can_open: Enter opens a row.
            stays_on_top: The cursor on the first row stays there, whatever row comes first.
        """
        self._painted: dict[int, Strip] = {}
        """What each line of the screen shows."""
        super().__init__(id=id)
        self.source = source
        self.columns = columns
        self._cells = cells
        self._glyphs = glyphs
        self._strips = Strips(self._look_of, glyphs)
        self._has_cursor = has_cursor
        self._can_select, self.can_open = can_select, can_open
        self._stays_on_top = stays_on_top
        self._head = int(has_header)
        self.can_focus = has_cursor
        self.set_class(not has_cursor, "-plain")
        self.cursor = 0
        self.cursor_id: int | None = None
        self.selected: set[int] = set()
        """Ids of selected rows; those that no filter shows now stay among them."""
        self.wanted: Mapping[str, bool] = {}
        """Label → whether the column is shown; the others are where there is room."""
        self._range_start: int | None = None
        self.sorted_by = ""
        """Field the rows are sorted by, ``-field`` downwards; the header shows it."""

    @property
    def page_rows(self) -> int:
        """How many rows are on the screen."""
        return max(0, self.size.height - self._head)

    @property
    def current(self) -> Row | None:
        """The row under the cursor, if it is at hand."""
        return self.source.row(self.cursor) if self._has_cursor else None

    @property
    def chosen(self) -> tuple[int, ...]:
        """The ids an action is about: the selected rows, else the one under the cursor."""
        if self.selected:
            return tuple(sorted(self.selected))
        return () if self.cursor_id is None or not self.source.count else (self.cursor_id,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no selecting where nothing can be selected, no opening where nothing opens."""
        if action in ("select", "range", "all"):
            return self._can_select
        if action == "open":
            return self.can_open
        return super().check_action(action, parameters)

    def shows(self, column: Column) -> bool:
        """Return whether ``column`` is shown now."""
        return shows(column, self.size.width, self.wanted)

    def show_columns(self, wanted: Mapping[str, bool]) -> None:
        """Show the columns that ``wanted`` says by label, the others where there is room."""
        self.wanted = dict(wanted)
        self._painted.clear()
        self.refresh()

    def sync(self) -> None:
        """Show what the source holds now; only lines that differ are painted again."""
        self.virtual_size = Size(self.size.width, self.source.count + self._head)
        self._keep_cursor()
        top = self.scroll_offset.y
        self.source.look(top, top + max(self.page_rows - 1, 0))
        self._paint(range(self.size.height))

    def _paint(self, lines: Iterable[int]) -> None:
        """Paint those of ``lines`` again that differ."""
        for y in lines:
            strip = self._line(y)
            if self._painted.get(y) is not strip:
                self._painted[y] = strip
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` of the screen."""
        strip = self._painted.get(y)
        if strip is None:
            strip = self._painted[y] = self._line(y)
        return strip

    def notify_style_update(self) -> None:
        """Forget what was painted in other colours."""
        super().notify_style_update()
        self._forget_looks()

    def on_resize(self) -> None:
        """Fit the rows to the new size."""
        self._painted.clear()
        self.sync()
        self._show_cursor()

    def on_focus(self) -> None:
        """Show the cursor as ready."""
        self._forget_looks()
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor as waiting."""
        self._forget_looks()
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Choose the row that was clicked: alone, with ctrl too, with shift up to it."""
        index = self.scroll_offset.y + event.y - self._head
        if event.y < self._head:
            for number, first, room in rooms(self.columns, self.size.width, self.wanted):
                if first <= event.x < first + room + GAP:
                    self.post_message(self.HeaderClicked(self, self.columns[number]))
        elif self._has_cursor and index < self.source.count:
            self._go(index)
            if event.button == _RIGHT:
                self.post_message(self.Asked(self, self.cursor_id))
            elif event.chain > 1:
                self.action_open()
            elif event.ctrl and self._can_select:
                self._turn(index)
            elif event.shift and self._can_select:
                self.action_range()

    def action_up(self) -> None:
        """Move the cursor up."""
        self._go(self.cursor - 1)

    def action_down(self) -> None:
        """Move the cursor down."""
        self._go(self.cursor + 1)

    def action_page_up(self) -> None:
        """Move the cursor up by a screenful."""
        self._go(self.cursor - max(1, self.page_rows - 1))

    def action_page_down(self) -> None:
        """Move the cursor down by a screenful."""
        self._go(self.cursor + max(1, self.page_rows - 1))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._go(self.source.count - 1)

    def action_open(self) -> None:
        """Say that the row is to be opened."""
        if self.source.count:
            self.post_message(self.Opened(self, self.source.id_at(self.cursor)))

    def action_select(self) -> None:
        """Select the row, or take it out, and go on to the next."""
        self._turn(self.cursor)
        self._go(self.cursor + 1)

    def action_range(self) -> None:
        """Select all rows from the last selected one to this one."""
        start = None if self._range_start is None else self.source.index_of(self._range_start)
        first, last = sorted((self.cursor if start is None else start, self.cursor))
        self.select({*self.selected, *self.source.ids[first : last + 1]})

    def action_all(self) -> None:
        """Select all rows; none if all are."""
        every = set(self.source.ids)
        self.select(set() if every <= self.selected else self.selected | every)

    def select(self, ids: set[int]) -> None:
        """Select exactly the rows with these ids."""
        if ids != self.selected:
            self.selected = ids
            self.sync()
            self.post_message(self.Selected(self, self.cursor_id))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the source which rows are on the screen now."""
        super().watch_scroll_y(old_value, new_value)
        self._painted.clear()
        top = round(new_value)
        self.source.look(top, top + max(self.page_rows - 1, 0))

    def _turn(self, index: int) -> None:
        row_id = self.source.id_at(index)
        if row_id is not None:
            self._range_start = row_id
            self.select(self.selected ^ {row_id})

    def _go(self, index: int) -> None:
        if not self._has_cursor:
            return
        if not self.source.count:
            self.post_message(self.Moved(self, None))  # somebody may look for more
            return
        before, top = self.cursor, self.scroll_offset.y
        self.cursor = max(0, min(index, self.source.count - 1))
        self.cursor_id = self.source.id_at(self.cursor)
        self._show_cursor()
        if self.scroll_offset.y != top:
            self.sync()
        else:
            self._paint(place - top + self._head for place in (before, self.cursor))
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
        stays = self._stays_on_top and self.cursor == 0
        if not (stays or self.cursor_id in (None, self.source.id_at(self.cursor))):
            found = self.source.index_of(self.cursor_id)
        before = self.cursor
        self.cursor = max(0, min(self.cursor if found is None else found, count - 1))
        here = self.source.id_at(self.cursor)
        if here is not None and here != self.cursor_id:
            self.cursor_id = here
            self.post_message(self.Moved(self, here))
        if self.cursor != before:
            self._show_cursor()

    def _forget_looks(self) -> None:
        self._painted.clear()
        self._strips.clear()

    def _look_of(self, role: str) -> Style:
        if not role:
            return self.rich_style
        return self.get_component_rich_style(f"table--{role}", partial=True)

    def _strip(
        self, cells: tuple[Cell, ...], on_cursor: bool = False, *, is_selected: bool = False
    ) -> Strip:
        where = tuple(rooms(self.columns, self.size.width, self.wanted))
        cursor = ("cursor" if self.has_focus else "cursor-away") if on_cursor else ""
        return self._strips.line(cells, where, self.columns, self.size.width, cursor, is_selected)

    def _line(self, y: int) -> Strip:
        if y < self._head:
            return self._strip(tuple((self._label(column), "header") for column in self.columns))
        index = self.scroll_offset.y + y - self._head
        row_id = self.source.id_at(index)
        if row_id is None:
            return self._strip(())
        row = self.source.row(index)
        away: list[Cell] = [("", "plain")] * (len(self.columns) - 1)
        cells = [*away, (self._glyphs.ellipsis, "muted")] if row is None else self._cells(row)
        on_cursor = self._has_cursor and index == self.cursor
        return self._strip(tuple(cells), on_cursor, is_selected=row_id in self.selected)

    def _label(self, column: Column) -> str:
        field = self.sorted_by.lstrip("-")
        if not field or column.sort.lstrip("-") != field:
            return column.label
        arrow = self._glyphs.down if self.sorted_by.startswith("-") else self._glyphs.up
        return f"{column.label} {arrow}"
