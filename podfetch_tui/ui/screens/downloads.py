"""Downloads: what is coming in, what waits, what came, what failed, and from which hosts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from podfetch_tui.model.commands import Carry
from podfetch_tui.model.figures import count, rate, rfc3339
from podfetch_tui.model.host_writes import ReleaseHosts
from podfetch_tui.model.snapshot import WorkerView
from podfetch_tui.ui import downloads, hosts
from podfetch_tui.ui.cancelling import cancel
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.hosts import HostRow
from podfetch_tui.ui.keymap import bound, key_of
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.episode_list import EpisodeList, episodes_of
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.tabs import Tabbed
from podfetch_tui.ui.widgets.text import Lines, line

_LATELY_MS = 2 * 86_400_000


class Active(Vertical):
    """Running downloads, each with its bar."""

    BINDINGS: ClassVar[list[BindingType]] = bound("downloads")

    def action_cancel(self) -> None:
        """End the chosen downloads and keep what came; the screen knows how."""
        screen = self.screen
        if isinstance(screen, Downloads):
            screen.cancel(keep_parts=True)

    def action_delete(self) -> None:
        """End the chosen downloads and delete what came."""
        screen = self.screen
        if isinstance(screen, Downloads):
            screen.cancel(keep_parts=False)


class Hosts(Vertical):
    """Hosts that are asked, and those that are left alone."""

    BINDINGS: ClassVar[list[BindingType]] = bound("hosts")

    def action_release(self) -> None:
        """Ask the host of the row all the same; the screen knows how."""
        screen = self.screen
        if isinstance(screen, Downloads):
            screen.release()


class Downloads(MainScreen):
    """Tabs over one lane."""

    MODE = "downloads"
    AUTO_FOCUS = "#active VirtualTable"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]

    def compose_body(self) -> ComposeResult:
        """Figures above, tabs below."""
        self._rows: ListRows[WorkerView] = ListRows(downloads.row_id)
        self._hosts: ListRows[HostRow] = ListRows(lambda row: row.id)
        yield Lines(id="count")
        table = VirtualTable(
            downloads.COLUMNS,
            self._rows,
            downloads.cells_with(self.glyphs),
            id="downloads-table",
            glyphs=self.glyphs,
            can_select=True,
        )
        panes = {
            "Active": Active(Lines(id="empty"), table, id="active"),
            "Queue": episodes_of(self.bridge, "queue", base="state:pending", sort="id"),
            "Recent": episodes_of(
                self.bridge,
                "latest",
                base=lambda: _lately(self.bridge.now),
                sort="-archived",
            ),
            "Failed": episodes_of(self.bridge, "failed", base="state:failed", sort="-id"),
            "Hosts": Hosts(
                VirtualTable(
                    hosts.COLUMNS,
                    self._hosts,
                    hosts.cells_with(self.glyphs, lambda: self.bridge.now),
                    id="hosts",
                    glyphs=self.glyphs,
                )
            ),
        }
        yield Tabbed(panes, id="tabs")

    def show_body(self, view: View) -> None:
        """Show the downloads of ``view``."""
        now = view.snapshot
        running = downloads.active(now)
        self._rows.replace(running)
        self._hosts.replace(hosts.rows(now))
        table = self.query_one("#downloads-table", VirtualTable)
        gone = table.selected - set(self._rows.ids)
        if gone:
            table.select(table.selected - gone)
        table.display = bool(running)
        empty = self.query_one("#empty", Lines)
        empty.display = not running
        empty.show_lines(_idle(view, self.bridge.keys))
        self.query_one("#count", Lines).show_lines([self._figures(view)])
        tabs = self.query_one(Tabbed)
        tabs.show_counts(
            {
                "Active": len(running),
                "Queue": now.episodes.get("pending", 0),
                "Failed": now.episodes.get("failed", 0),
                "Hosts": self._hosts.count,
            }
        )
        if isinstance(tabs.pane, EpisodeList):
            tabs.pane.show_view(view)
        for shown in (table, self.query_one("#hosts", VirtualTable)):
            shown.sync()

    def on_tabbed_changed(self) -> None:
        """Show the tab as things are now."""
        self.show_body(self.bridge.view)

    def show_tab(self, name: str) -> None:
        """Show the tab called ``name``."""
        self.query_one(Tabbed).show(name)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Go to the feed of the row, or to the feeds of the host."""
        message.stop()
        row = message.table.current
        if isinstance(row, HostRow):
            self.post_message(self.Wanted("feeds", filter=f"host:{row.host}"))
        elif (feed_id := getattr(row, "feed_id", None)) is not None:
            self.post_message(self.Wanted("feeds", filter=f"id:{feed_id}"))

    def cancel(self, *, keep_parts: bool) -> None:
        """End the chosen downloads; see :func:`podfetch_tui.ui.cancelling.cancel`."""
        table = self.query_one("#downloads-table", VirtualTable)
        chosen = tuple(episode_id for episode_id in table.chosen if episode_id > 0)

        async def work() -> None:
            if await cancel(self.app, self.bridge, chosen, keep_parts=keep_parts):
                table.select(set())

        if chosen:
            self.bridge.run(work())

    def release(self) -> None:
        """Ask the host under the cursor at once, after a question where it told us to wait."""
        row = self.query_one("#hosts", VirtualTable).current
        if not isinstance(row, HostRow):
            return
        if not row.is_left_alone:
            self.notify(f"{row.host} is asked already.", markup=False)
            return

        def take(yes: bool | None) -> None:
            if yes:
                write = ReleaseHosts(hosts=(row.host,), actor="screen", at=self.bridge.now)
                self.bridge.send(Carry((write,)))

        impact = [
            line(f"{row.host} told us to wait; it may answer that again, or lock us out."),
            line("Its feeds and downloads that were put off are due now."),
        ]
        question = Question(title="Ask it all the same?", impact=impact, verb="Release")
        if row.told:
            self.app.push_screen(Confirm(question), take)
        else:
            take(True)

    def _figures(self, view: View) -> Content:
        now = view.snapshot
        lane = now.lanes.get("download")
        busy = f"{lane.busy} of {lane.limit} slots" if lane else "no slots"
        failed = now.episodes.get("failed", 0)
        return line(
            (busy, "bold"),
            f"   {rate(now.rates.get('bytes_per_s', 0.0))}",
            f"   {count(now.queue.get('downloads', 0))} queued",
            f"   {count(now.totals.get('archived', 0))} archived",
            (f"   {count(failed)} failed" if failed else "", "$error"),
            (f"   {lane.throttled}" if lane and lane.throttled else "", "$warning"),
        )


def _lately(now: int) -> str:
    """Return the filter for what was archived since the day before yesterday."""
    return f"state:archived archived>{rfc3339(now - _LATELY_MS)[:10]}"


def _idle(view: View, keys: Mapping[str, str]) -> list[Content]:
    now = view.snapshot
    if now.state == "starting":
        return [line(("Opening the archive …", "$quiet"))]
    if not now.feeds.get("total"):
        one, several = key_of("feeds.add", keys), key_of("feeds.import", keys)
        feeds = key_of("go.feeds", keys)
        return [line(f"No feeds yet: {one} and {several} on Feeds ({feeds}) add some.")]
    if view.waiting:
        return [
            line(
                "Nothing runs yet: ",
                (key_of("engine.begin", keys), "bold"),
                " begins with the new feeds.",
            )
        ]
    return [line(downloads.why_idle(now, keys))]
