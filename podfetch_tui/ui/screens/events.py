"""Events: what happened, the newest first, and what happens now."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.policy.event_filter import conditions
from podfetch_tui.policy.filters import BadFilter
from podfetch_tui.ui import event_rows
from podfetch_tui.ui.event_rows import EventRow
from podfetch_tui.ui.keymap import bound, key_of
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.trail import Trail
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.shortlist import Shortlist
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import line
from podfetch_tui.ui.widgets.text_pane import TextPane

_FRESH_MS = 2_000
_ROUNDS = 10
"""So many pages in a row without a match are read before one has to ask for more."""
_FAILURES = "family:*"


class Events(MainScreen):
    """The newest events in a table, and all that is known of the chosen one."""

    MODE = "events"
    AUTO_FOCUS = "#events VirtualTable"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("events")
    PANES: ClassVar[tuple[str, ...]] = ("#events", "#detail")

    def compose_body(self) -> ComposeResult:
        """The list above, details below."""
        self._trail = Trail()
        self._problem = self._error = ""
        self._seen: tuple[int, str] | None = None
        self._read_at = 0
        self._is_reading = self._is_behind = False
        yield Shortlist(
            event_rows.COLUMNS,
            event_rows.cells_with(self.glyphs, lambda: self.bridge.now),
            lambda row: row.id,
            self.bridge,
            id="events",
            hint="a word, or kind:failed feed:12 family:transient !code:http_404",
        )
        yield TextPane(id="detail", title="Event")

    @property
    def listing(self) -> Shortlist[EventRow]:
        """The list of events."""
        return self.query_one("#events", Shortlist)

    def show_body(self, view: View) -> None:
        """Read what is new since the last time."""
        wanted = (view.snapshot.seq, self._trail.filter)
        is_old = abs(view.snapshot.at - self._read_at) >= _FRESH_MS
        if wanted != self._seen and (is_old or not self._trail.is_known):
            self._begin(self._read(self._trail))
        self._draw()

    def filter_to(self, text: str) -> None:
        """Show only the events that pass ``text``."""
        self.listing.filter_to(text)
        self.listing.table.focus()

    def on_shortlist_filtered(self, message: Shortlist.Filtered) -> None:
        """Read by another filter; with a mistake in it the rows stay as they are."""
        message.stop()
        try:
            conditions(message.text)
        except BadFilter as error:
            self._problem = f"column {error.column}: {error.problem}"
        else:
            self._problem = ""
            if message.text != self._trail.filter:
                last, self._trail = self._trail, Trail(message.text)
                self._trail.rows = last.rows  # until the others are there
            self._read_at = 0
        self.show_body(self.bridge.view)

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the details of the event under the cursor."""
        message.stop()
        self._detail()
        table = self.listing.table
        if self._trail.has_older and table.cursor >= self.listing.count - table.page_rows:
            self._begin(self._read_older(self._trail))

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Show the whole entry."""
        message.stop()
        if message.row_id is not None:
            self.bridge.run(self.open_entry(message.row_id))

    def action_failures(self) -> None:
        """Show only what failed, or everything again."""
        self.filter_to("" if self.listing.filter == _FAILURES else _FAILURES)

    def action_feed(self) -> None:
        """Go to the feed of the event."""
        row = self.listing.current
        if row is None or row.feed_id is None:
            self.bridge.toast("This event is about no feed.", "warning")
        else:
            self.post_message(MainScreen.Wanted("feeds", filter=f"id:{row.feed_id}"))

    def _begin(self, reading: Coroutine[Any, Any, None]) -> None:
        """Read beside the screen, unless it is being read already."""
        if self._is_reading:
            reading.close()
            return
        self._is_reading = True
        self.bridge.run(reading)

    async def _read(self, trail: Trail) -> None:
        """Read what is new; with nothing that matches, look further back by itself."""
        seen = (self.bridge.view.snapshot.seq, trail.filter)
        asked = trail.newest(self.bridge.now)

        async def ask() -> None:
            page = await self.bridge.query(asked)
            on_top = not self.listing.table.cursor
            self._is_behind = not trail.take_newest(asked, page, may_begin_anew=on_top)
            self._seen = seen
            if not trail.rows and trail.begins:
                await self._look_back(trail)

        await self._carry(ask())
        self._read_at = self.bridge.now

    async def _read_older(self, trail: Trail) -> None:
        """Read what comes behind the last row."""
        await self._carry(self._look_back(trail))

    async def _look_back(self, trail: Trail) -> None:
        for _ in range(_ROUNDS):
            if trail is not self._trail or not trail.has_older:
                return
            if trail.take_older(await self.bridge.query(trail.older())):
                return

    async def _carry(self, reading: Coroutine[Any, Any, None]) -> None:
        try:
            await reading
            self._error = ""
        except (Failure, PodfetchError) as error:
            self._error = str(error)
        finally:
            self._is_reading = False
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        problem = self._problem or (f"{self.glyphs.bad} {self._error}" if self._error else "")
        self.listing.show_rows(self._trail.rows, self._figures(), self._nothing(), problem=problem)
        self._detail()

    def _figures(self) -> Content:
        trail = self._trail
        what = "events that match" if trail.filter else "events in the audit trail"
        some = "newest " if trail.has_older or trail.is_full else ""
        parts = [f"{some}{count(len(trail.rows))} {what}"]
        if trail.looked_at:
            parts[0] += f" among the newest {count(trail.looked_at)}"
        if trail.is_full:
            parts.append("as many as are kept here: a filter finds older ones")
        elif trail.has_older:
            parts.append("older ones at the end")
        if self.bridge.is_frozen:
            parts.append(f"held: {key_of('app.freeze', self.bridge.keys)} goes on")
        elif self._is_behind:
            parts.append(f"many new ones: {key_of('table.first', self.bridge.keys)} goes there")
        else:
            parts.append("the newest on top")
        return line((", ".join(parts), "$quiet"))

    def _nothing(self) -> Content:
        trail, keys = self._trail, self.bridge.keys
        if not trail.is_known:
            return line(("Reading …", "$quiet"))
        if not trail.filter:
            return line("Nothing has happened yet.")
        back = (key_of("list.back", keys), "bold")
        if not trail.looked_at:
            return line("No event matches. ", back, " shows all.")
        return line(
            f"None of the newest {count(trail.looked_at)} events matches. ",
            (key_of("table.last", keys), "bold"),
            " looks further back, ",
            back,
            " shows all.",
        )

    def _detail(self) -> None:
        row = self.listing.current
        pane = self.query_one("#detail", TextPane)
        pane.display = row is not None
        if row is not None:
            what, where = event_rows.details(row)
            pane.show_lines([line(what), line((where, "$quiet"))])
