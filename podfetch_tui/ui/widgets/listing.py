"""A list of the catalogue's rows: figures, filter box, table, and what is said when it is empty.

To show another kind of rows, describe it in a ``ListSpec`` (``widgets/list_spec.py``) and put a
``Listing`` on the screen: it reads, filters, sorts, selects and keeps fresh by itself. The screen
calls ``show_view`` with every view and takes ``VirtualTable.Moved``, ``Opened``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.policy.filters import BadFilter, parse
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.kept import KeptList, NamedView
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.rows import IndexedRows
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.filter_mark import FilterMark
from podfetch_tui.ui.widgets.list_spec import ListSpec, can_be_read, can_sort
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, Part, line

Row = TypeVar("Row")

MOST = 100_000
"""Rows that a list reaches at most; a filter finds the others."""
_FRESH_MS = 2_000
"""Rows on the screen are read again this often."""
_ORDER_MS = 4_000
"""Which rows there are is read again this often at most, and only if something happened."""
_PACE = 20
"""So many times as long as an order takes to be read, it is not read again."""
_ALL_MS = 60_000
"""All rows in the order they were added: others only when there are more; or this often."""


class Listing(Vertical, Generic[Row]):
    """Rows of the catalogue in one table."""

    BINDINGS: ClassVar[list[BindingType]] = bound("list", "rows")

    def __init__(
        self,
        spec: ListSpec[Row],
        bridge: Bridge,
        *,
        id: str,  # noqa: A002  Textual's name for it
        feed_id: int | None = None,
    ) -> None:
        """Create a list; ``feed_id`` narrows it to rows of one feed."""
        super().__init__(id=id)
        self._spec = spec
        self._bridge = bridge
        self._feed_id = feed_id
        self._rows: IndexedRows[Row] = IndexedRows(spec.convert)
        self._kept = kept = bridge.kept.list_of(id) if feed_id is None else KeptList()
        self._filter = kept.filter if can_be_read(kept.filter, spec.kind) else ""
        self._sort = kept.sort if can_sort(kept.sort, spec.columns) else spec.sort
        self._problem = ""
        """What is wrong with the filter as it is typed."""
        self._error = ""
        """Why the rows could not be read."""
        self._is_partial = False
        """There are more than the list reaches."""
        self._is_known = False
        """The rows were read at least once."""
        self._is_reading = False
        self._goal: int | None = None
        """Where the cursor is to go once the rows are read."""
        self._order_due = True
        self._order_at, self._fresh_at = 0, 0
        self._order_seq, self._order_ms = -1, _ORDER_MS
        self._order_total = -1
        """How many rows there were in all when the order was read."""

    def compose(self) -> ComposeResult:
        """Figures, filter, words for when there is nothing, table."""
        yield Lines(classes="list--count")
        marks = FilterMark(self._spec.kind)
        box = Input(placeholder=self._spec.hint, compact=True, highlighter=marks)
        box.cursor_blink = False
        # Hidden alone is not enough: keys typed ahead would land in it.
        box.display, box.disabled = bool(self._filter), not self._filter
        box.value = self._filter
        yield box
        table = VirtualTable(
            self._spec.columns,
            self._rows,
            self._spec.cells,
            glyphs=self._bridge.glyphs,
            can_select=self._spec.can_select,
        )
        table.sorted_by = self._sort
        table.wanted = self._kept.columns
        yield table
        yield Lines(classes="list--empty")

    @property
    def table(self) -> VirtualTable[Row]:
        """The table."""
        return self.query_one(VirtualTable)

    @property
    def _is_there(self) -> bool:
        """Whether it is on a screen: what it asked may be answered after the screen is gone."""
        return self.is_attached and bool(self.query(VirtualTable))

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.table.current

    @property
    def filter(self) -> str:
        """The filter as it holds, with what always holds."""
        return " ".join(part for part in (self._spec.held, self._filter) if part)

    @property
    def rows(self) -> IndexedRows[Row]:
        """The rows, as far as they are at hand."""
        return self._rows

    def show_view(self, view: View) -> None:
        """Show the rows as they are now; read again what is old."""
        now, seq = view.snapshot.at, view.snapshot.seq
        if abs(now - self._fresh_at) >= _FRESH_MS:
            self._fresh_at = now
            self._rows.expire()
        is_other = seq != self._order_seq or bool(self._error)
        total = self._spec.total(view)
        is_whole = not (self.filter or self._sort or self._error) and total == self._order_total
        if is_other and abs(now - self._order_at) >= (_ALL_MS if is_whole else self._order_ms):
            self._order_due = True
        self._read()
        self._draw()

    def reload(self) -> None:
        """Read everything again now: something was changed."""
        self._rows.expire()
        self._order_due = True
        self._read()

    def filter_to(self, text: str) -> None:
        """Show the rows that pass ``text``; with a mistake in it they stay as they are."""
        box = self.query_one(Input)
        box.display, box.disabled = bool(text), not text
        if box.value != text:
            box.value = text
        self._use_filter(text)

    def narrow_to(self, feed_id: int) -> None:
        """Show the rows of another feed, once the list is looked at."""
        self._feed_id = feed_id
        self._order_due = True

    def go_to(self, row_id: int) -> None:
        """Show all rows, read anew, with the cursor on the one with ``row_id``."""
        self._goal = row_id
        self.filter_to("")
        self.reload()
        self.table.focus()

    def sort_by(self, field: str) -> None:
        """Sort by ``field``, ``-field`` with the greatest first, from now on."""
        self._sort = self.table.sorted_by = field
        self._keep()
        self._order_due = True
        self._read()
        self._draw()

    def on_mount(self) -> None:
        """Begin to read, if anybody looks at it."""
        if self.screen in self.app.screen_stack:
            self.show_view(self._bridge.view)

    def on_virtual_table_moved(self) -> None:
        """Read the rows that came into view."""
        self._read()

    def on_virtual_table_selected(self) -> None:
        """Say how many rows are selected."""
        self._draw()

    def on_virtual_table_header_clicked(self, message: VirtualTable.HeaderClicked) -> None:
        """Sort by the column; a second click turns the order round."""
        message.stop()
        field = message.column.sort
        if field:
            other = field[1:] if field.startswith("-") else f"-{field}"
            self.sort_by(other if self._sort == field else field)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as one types."""
        message.stop()
        self._use_filter(message.value.strip())

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Leave the filter for the rows it found."""
        message.stop()
        box = self.query_one(Input)
        self.table.focus()
        if not box.value:
            box.display, box.disabled = False, True

    def action_filter(self) -> None:
        """Open the filter."""
        box = self.query_one(Input)
        box.display, box.disabled = True, False
        box.focus()

    def action_sort(self) -> None:
        """Ask what to sort by."""
        from podfetch_tui.ui.dialogs.choose import Choose

        fields = {c.sort.lstrip("-"): c for c in self._spec.columns if c.sort}
        now = self._sort.lstrip("-")
        options = [
            (f"{column.label}{'  (turn round)' if field == now else ''}", column.sort)
            for field, column in fields.items()
        ]

        def take(field: str | None) -> None:
            if field is not None:
                other = field[1:] if field.startswith("-") else f"-{field}"
                self.sort_by(other if self._sort == field else field)

        self.app.push_screen(Choose("Sort by", [*options, ("as they were added", "id")]), take)

    def action_columns(self) -> None:
        """Ask which columns to show."""
        from podfetch_tui.ui.widgets.list_views import choose_columns

        self._bridge.run(choose_columns(self.app, self.table, self._keep))

    def action_views(self) -> None:
        """Offer named views, and to save this one."""
        from podfetch_tui.ui.widgets.list_views import choose_view

        now = NamedView("", self._filter, self._sort, dict(self.table.wanted))
        self._bridge.run(choose_view(self.app, self._kept.views, now, self._use_view, self._keep))

    def _use_view(self, view: NamedView) -> None:
        self.table.show_columns(view.columns)
        self.sort_by(view.sort if view.name else self._spec.sort)
        self.filter_to(view.filter)
        self.table.focus()

    def action_back(self) -> None:
        """Stop probing; drop the selection; then the filter; then it is for who is around."""
        table, box = self.table, self.query_one(Input)
        if table.has_focus and self._bridge.probes.stop():
            return
        if table.selected and table.has_focus:
            table.select(set())
        elif box.display:
            self.filter_to("")
            table.focus()
        else:
            raise SkipAction

    def _use_filter(self, text: str) -> None:
        try:
            parse(text, self._spec.kind)
        except BadFilter as error:  # half typed: the rows stay as they are
            self._problem = f"column {error.column}: {error.problem}"
        else:
            self._problem = ""
            if text != self._filter:
                self._filter = text
                self._keep()
                self._order_due = True
                self._read()
        self.set_class(bool(self._problem), "-bad")
        self._draw()

    def _keep(self, views: Sequence[NamedView] | None = None) -> None:
        """Have filter, order, columns and ``views`` kept for the next start."""
        self._kept = KeptList(
            filter=self._filter,
            sort="" if self._sort == self._spec.sort else self._sort,
            columns=dict(self.table.wanted),
            views=self._kept.views if views is None else tuple(views),
        )
        if self._feed_id is None and self.id is not None:
            self._bridge.kept.keep_list(self.id, self._kept)

    def _request(self) -> PageRequest:
        return PageRequest(
            kind=self._spec.kind,
            filter=self.filter,
            sort=self._sort,
            feed_id=self._feed_id,
            only_ids=True,
            limit=MOST,
        )

    def _read(self) -> None:
        if self._feed_id != 0 and not self._is_reading and (self._order_due or self._rows.wanted()):
            self._is_reading = True
            self._bridge.run(self._read_all())

    async def _read_all(self) -> None:
        """Read until all that is wanted is at hand; one question at a time, stale ones dropped."""
        try:
            while self._is_there:
                if self._order_due:
                    await self._read_order()
                elif wanted := self._rows.wanted():
                    await self._read_rows(wanted)
                else:
                    break
                self._draw()
            self._error = ""
        except (Failure, PodfetchError) as error:
            # Nothing is wrong yet with an engine that starts: it is asked again.
            self._order_due = self._bridge.view.snapshot.state == "starting"
            self._error = "" if self._order_due else str(error)
            self._order_at = self._bridge.now
        finally:
            self._is_reading = False
        self._draw()

    async def _read_order(self) -> None:
        self._order_due = False
        seq, asked = self._bridge.view.snapshot.seq, self._request()
        total = self._spec.total(self._bridge.view)
        begun = time.monotonic()
        page = await self._bridge.query(asked)
        self._order_ms = max(_ORDER_MS, round(_PACE * 1000 * (time.monotonic() - begun)))
        if asked != self._request():
            return  # another filter or order meanwhile: its answer is on the way
        # Rows that come into view come with the order: no line is empty for a moment.
        if new := self._rows.wanted(page.ids):
            await self._read_rows(new)
        if asked != self._request() or not self._is_there:
            return
        self._rows.take_order(page.ids)
        if self._goal is not None:
            self.table.cursor_id, self._goal = self._goal, None
        self._is_partial = page.next_after is not None
        self._is_known = True
        self._order_seq, self._order_at = seq, self._bridge.now
        self._order_total = total

    async def _read_rows(self, ids: tuple[int, ...]) -> None:
        page: Page = await self._bridge.query(PageRequest(kind=self._spec.kind, ids=ids))
        self._rows.take_rows(ids, page.rows)

    def _draw(self) -> None:
        if not self._is_there:
            return
        is_empty = self._rows.count == 0
        self.set_class(is_empty, "-empty")
        words = self.query_one(".list--empty", Lines)
        words.display = is_empty
        self.query_one(".list--count", Lines).show_lines([line(*self._figures())])
        if is_empty:
            words.show_lines(self._nothing())
        self.table.sync()

    def _figures(self) -> list[Part]:
        if self._problem:
            return [(self._problem, "$error")]
        if self._error:
            return [(f"{self._bridge.glyphs.bad} {self._error}", "$error")]
        found = self._rows.count
        shown = f"{count(found)}{' or more' if self._is_partial else ''}"
        total = max(self._spec.total(self._bridge.view), found)
        if self._filter:
            parts: list[Part] = [(f"{shown} of {count(total)} {self._spec.noun} match", "$quiet")]
        else:
            parts = [(f"{shown} {self._spec.things(found)}", "$quiet")]
        if selected := self.table.selected:
            parts += [("   ", ""), (f"{count(len(selected))} selected", "$accent bold")]
        return parts

    def _nothing(self) -> Sequence[Content]:
        if self._error:
            return [line("It is tried again every few seconds.")]
        if not self._is_known:
            return [line(("Reading …", "$quiet"))]
        if self._filter:
            total = count(self._spec.total(self._bridge.view))
            noun = self._spec.noun
            return [
                line(f"None of {total} {noun} matches. ", ("esc", "bold"), " shows all of them.")
            ]
        return self._spec.empty(self._bridge.view)
