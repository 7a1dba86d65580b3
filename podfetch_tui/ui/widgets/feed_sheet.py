"""All that is known of one feed, as a pane or as a screen of its own."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui import feed_facts
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.downloads import are_off
from podfetch_tui.ui.feed_facts import Happened, RawLine
from podfetch_tui.ui.feed_rows import FeedRow, feed_row
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.episode_list import EpisodeList, episodes_of
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.tabs import Tabbed
from podfetch_tui.ui.widgets.text import Lines, harmless_line, line

_FRESH_MS = 2_000
_NOBODY = 0
_TITLE = 90


class FeedSheet(Vertical):
    """How a feed is and why; episodes, history, files, settings and document in tabs."""

    class EntryWanted(Message):
        """A line of the history is to be shown in full."""

        def __init__(self, number: int, feed_id: int) -> None:
            super().__init__()
            self.number = number
            self.feed_id = feed_id

    def __init__(self, bridge: Bridge, *, id: str, feed_id: int = _NOBODY) -> None:  # noqa: A002
        """Create it; without a feed it is empty until it is given one."""
        super().__init__(id=id)
        self._bridge = bridge
        self._feed_id = feed_id
        self._read_at = 0
        self._is_reading = False
        self._raw_of = _NOBODY
        """The feed whose document is shown."""
        self.row: FeedRow | None = None
        """The feed as it is shown."""
        self._history: ListRows[Happened] = ListRows(lambda one: one.id)
        self._raw: ListRows[RawLine] = ListRows(lambda one: one.id)

    def compose(self) -> ComposeResult:
        """The head, then tabs."""
        yield Lines(classes="sheet--head", title=" ")
        glyphs, feed_id = self._bridge.glyphs, self._feed_id
        history = VirtualTable(
            feed_facts.HISTORY_COLUMNS,
            self._history,
            feed_facts.history_cells,
            id="pane-history",
            glyphs=glyphs,
        )
        raw = VirtualTable(
            feed_facts.RAW_COLUMNS,
            self._raw,
            feed_facts.raw_cells,
            id="pane-raw",
            glyphs=glyphs,
            can_open=False,
        )
        panes = {
            "Episodes": episodes_of(self._bridge, "episodes", feed_id=feed_id),
            "History": history,
            "Files": episodes_of(
                self._bridge, "files", feed_id=feed_id, base="state:archived", files=True
            ),
            "Settings": VerticalScroll(
                Lines(classes="sheet--settings"), id="pane-settings", can_focus=True
            ),
            "Raw": raw,
        }
        yield Tabbed(panes, id="tabs")

    @property
    def feed_id(self) -> int:
        """The feed that is shown; 0: none."""
        return self._feed_id

    def show_feed(self, feed_id: int) -> None:
        """Show another feed; before the sheet is made it stays empty, the next look shows it."""
        if feed_id == self._feed_id or not self.query(Tabbed):
            return
        self._feed_id = feed_id
        for episodes in self._lists():
            episodes.narrow_to(feed_id)
        self.reload()

    def show_view(self, view: View) -> None:
        """Read the feed again when what is shown is old."""
        if self._feed_id == _NOBODY or not self.query(Tabbed):
            return
        if abs(view.snapshot.at - self._read_at) >= _FRESH_MS:
            self.reload()
        pane = self.query_one(Tabbed).pane
        if isinstance(pane, EpisodeList):
            pane.show_view(view)

    def reload(self) -> None:
        """Read everything again."""
        self._read_at = self._bridge.now
        if not self._is_reading and self._feed_id != _NOBODY:
            self._is_reading = True
            self._bridge.run(self._read())

    def on_tabbed_changed(self, message: Tabbed.Changed) -> None:
        """Read what the tab shows when it is looked at."""
        message.stop()
        if message.pane == "Raw" and self._raw_of != self._feed_id:
            self._bridge.run(self._read_raw())
        self.show_view(self._bridge.view)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Ask for the line of the history that was opened; say where an episode is."""
        if message.row_id is None:
            return
        if message.table.id == "pane-history":
            message.stop()
            self.post_message(self.EntryWanted(message.row_id, self._feed_id))
        for episodes in self._lists():
            if message.table is episodes.table:
                message.stop()
                episodes.action_place()

    def _lists(self) -> Iterator[EpisodeList]:
        yield from self.query(EpisodeList)

    async def _read(self) -> None:
        """Read the feed; should another one be wanted meanwhile, that one instead."""
        try:
            while self.is_attached:
                asked = self._feed_id
                page = await self._bridge.query(PageRequest(kind="feed", feed_id=asked))
                if asked == self._feed_id:
                    break
        except (Failure, PodfetchError) as error:
            if self.is_attached:
                self._head().show_lines([line((str(error), "$error"))])
            return
        finally:
            self._is_reading = False
        if self.is_attached and page.rows:
            self._show(page.rows[0])

    def _show(self, row: feed_facts.Row) -> None:
        self.row = feed_row(row)
        now = self._bridge.now
        self._head().border_title = line(
            harmless_line(f"{row['id']} {row['title'] or row['url']}", _TITLE)
        ).markup
        lines = feed_facts.head(
            row,
            now,
            self._bridge.glyphs,
            is_polled=self._bridge.view.polls(int(str(row["id"]))),
            program=self._bridge.program,
            are_downloads_off=are_off(self._bridge.view.snapshot),
        )
        self._head().show_lines(lines)
        self._history.replace(feed_facts.history(row, now))
        self.query_one(".sheet--settings", Lines).show_lines(feed_facts.settings(row, now))
        self.query_one("#pane-history", VirtualTable).sync()
        if self._raw_of not in (_NOBODY, self._feed_id):
            self._raw_of = _NOBODY
            self._raw.replace([])
            self.query_one("#pane-raw", VirtualTable).sync()
            if self.query_one(Tabbed).current == "Raw":
                self._bridge.run(self._read_raw())

    def _head(self) -> Lines:
        return self.query_one(".sheet--head", Lines)

    async def _read_raw(self) -> None:
        asked = self._raw_of = self._feed_id
        try:
            page = await self._bridge.query(PageRequest(kind="raw", feed_id=asked))
        except (Failure, PodfetchError) as error:
            self._raw_of = _NOBODY
            self._bridge.toast(str(error), "error")
            return
        lines = [RawLine(int(str(row["id"])), str(row["text"])) for row in page.rows]
        if asked == self._feed_id and self.is_attached:
            self._raw.replace(lines or [RawLine(0, "Nothing is kept yet: it was never read well.")])
            self.query_one("#pane-raw", VirtualTable).sync()
