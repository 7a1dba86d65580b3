"""Events: what happened, the newest first, and what happens now."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.policy.event_filter import conditions
from podfetch_tui.policy.filters import BadFilter
from podfetch_tui.ui import event_rows
from podfetch_tui.ui.event_rows import EventRow
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.shortlist import Shortlist
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import line
from podfetch_tui.ui.widgets.text_pane import TextPane

SHOWN = 500
_FRESH_MS = 2_000
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
        self._found: list[EventRow] = []
        self._filter = ""
        self._problem = self._error = ""
        self._seen: tuple[int, str] | None = None
        self._read_at = 0
        self._is_reading = self._is_known = False
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
        wanted = (view.snapshot.seq, self._filter)
        is_old = abs(view.snapshot.at - self._read_at) >= _FRESH_MS
        if not self._is_reading and wanted != self._seen and (is_old or not self._is_known):
            self._is_reading = True
            self.bridge.run(self._read())
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
            self._problem, self._filter = "", message.text
            self._read_at = 0
        self.show_body(self.bridge.view)

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the details of the event under the cursor."""
        message.stop()
        self._detail()

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

    async def _read(self) -> None:
        asked = (self.bridge.view.snapshot.seq, self._filter)
        try:
            request = PageRequest(kind="history", filter=self._filter, limit=SHOWN)
            page = await self.bridge.query(request)
            self._error = ""
        except (Failure, PodfetchError) as error:
            self._error = str(error)
        else:
            if asked[1] == self._filter:  # else another answer is on its way
                self._found = [event_rows.event_row(row) for row in page.rows]
                self._seen, self._is_known = asked, True
        finally:
            self._read_at = self.bridge.now
            self._is_reading = False
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        problem = self._problem or (f"{self.glyphs.bad} {self._error}" if self._error else "")
        self.listing.show_rows(self._found, self._figures(), self._nothing(), problem=problem)
        self._detail()

    def _figures(self) -> Content:
        found = len(self._found)
        newest = "newest " if found == SHOWN else ""
        what = "that match" if self._filter else "in the audit trail"
        held = "held: f goes on" if self.bridge.is_frozen else "the newest on top"
        return line((f"{newest}{count(found)} events {what}, {held}", "$quiet"))

    def _nothing(self) -> Content:
        if not self._is_known:
            return line(("Reading …", "$quiet"))
        if self._filter:
            return line("None of the newest events matches. ", ("esc", "bold"), " shows all.")
        return line("Nothing has happened yet.")

    def _detail(self) -> None:
        row = self.listing.current
        pane = self.query_one("#detail", TextPane)
        pane.display = row is not None
        if row is not None:
            what, where = event_rows.details(row)
            pane.show_lines([line(what), line((where, "$quiet"))])
