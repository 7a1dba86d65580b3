"""Dashboard: what the engine does now, what it did, and whether anything is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from podfetch_tui.model.errors import Family
from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import bar, count, percent, rate, size, span, spark
from podfetch_tui.model.snapshot import EngineSnapshot, LaneView, WorkerView
from podfetch_tui.ui import downloads, outcomes
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, Part, line

_MUTED = "$quiet"
_FAMILIES = [family.value for family in Family if family is not Family.DEFERRED]


class Dashboard(MainScreen):
    """Totals, rates, what downloads now, and the newest outcomes."""

    MODE = "dashboard"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]

    def compose_body(self) -> ComposeResult:
        """Lay the panels out; the style sheet puts them side by side where there is room."""
        self._downloads: ListRows[WorkerView] = ListRows(downloads.row_id)
        self._outcomes: ListRows[Event] = ListRows(outcomes.row_id)
        with Container(id="figures"):
            yield Lines(id="throughput", title="Throughput")
            yield Lines(id="archive", title="Archive")
        with Container(id="active", classes="panel"):
            yield Lines(id="idle")
            yield VirtualTable(
                downloads.COLUMNS,
                self._downloads,
                downloads.cells_with(self.glyphs),
                id="active-table",
                ellipsis=self.glyphs.ellipsis,
                has_cursor=False,
                has_header=False,
            )
        with Container(id="health"):
            yield Lines(id="failures", title="Failures since start")
            yield Lines(id="machine", title="Machine")
        with Container(id="recent", classes="panel") as recent:
            recent.border_title = "Recent outcomes"
            yield VirtualTable(
                outcomes.COLUMNS,
                self._outcomes,
                outcomes.cells_with(self.glyphs),
                id="recent-table",
                ellipsis=self.glyphs.ellipsis,
                has_cursor=False,
                has_header=False,
            )

    def show_body(self, view: View) -> None:
        """Show the figures of ``view``."""
        now = view.snapshot
        self._lines("throughput", self._throughput(view))
        self._lines("archive", self._archive(now))
        self._lines("failures", self._failures(now))
        self._lines("machine", self._machine(now))
        running = downloads.active(now)
        self._downloads.replace(running)
        self._outcomes.replace(tuple(reversed(now.recent)))
        lane = now.lanes.get("download")
        slots = f" {len(running)} of {lane.limit}" if lane else ""
        self.query_one("#active").border_title = f"Downloading{slots}"
        self.query_one("#active-table", VirtualTable).display = bool(running)
        self.query_one("#idle", Lines).display = not running
        self._lines("idle", _idle(view))
        for table in self.query(VirtualTable):
            table.sync()

    def _lines(self, name: str, lines: list[Content]) -> None:
        self.query_one(f"#{name}", Lines).show_lines(lines)

    def _throughput(self, view: View) -> list[Content]:
        now = view.snapshot
        room = max(10, self.query_one("#throughput").size.width - 22)
        drawn = spark(list(view.speeds), room, ascii_only=self.glyphs.ascii_only)
        highest = max(view.speeds[-room:], default=0.0)
        rates = now.rates
        return [
            line(
                (rate(rates.get("bytes_per_s", 0.0)), "bold"),
                (f"   {rates.get('episodes_per_min', 0.0):.0f} episodes/min", ""),
                (f"   {rates.get('polls_per_s', 0.0):.1f} polls/s", ""),
            ),
            line((drawn, "$primary"), (f"  highest {rate(highest)}", _MUTED)),
            self._lane("polls", now.lanes.get("poll"), now.queue.get("polls", 0)),
            self._lane("downloads", now.lanes.get("download"), now.queue.get("downloads", 0)),
        ]

    def _lane(self, name: str, lane: LaneView | None, queued: int) -> Content:
        if lane is None:
            return line((f"{name:<10}", _MUTED), "–")
        drawn = bar(lane.busy, lane.limit, 10, ascii_only=self.glyphs.ascii_only)
        busy = f" {lane.busy}/{lane.limit}" if lane.limit else " paused"
        return line(
            (f"{name:<10}", _MUTED),
            (drawn, "$primary"),
            f"{busy:<8}",
            (f"{count(queued)} queued", ""),
        )

    def _archive(self, now: EngineSnapshot) -> list[Content]:
        feeds, episodes, totals = now.feeds, now.episodes, now.totals
        polls = totals.get("polls", 0)
        unchanged = percent(totals.get("polls_not_modified", 0), polls)
        feed_parts: list[Part] = [(f"{count(feeds.get('active', 0))} active", "")]
        for state, style in (("cooling", "$warning"), ("quarantined", "$error"), ("paused", "")):
            if number := feeds.get(state, 0):
                feed_parts += [("  ", ""), (f"{count(number)} {state}", style)]
        episode_parts: list[Part] = [(f"{count(episodes.get('archived', 0))} archived", "")]
        for state, style in (("pending", ""), ("failed", "$error")):
            if number := episodes.get(state, 0):
                episode_parts += [("  ", ""), (f"{count(number)} {state}", style)]
        media = now.media
        return [
            line(("feeds     ", _MUTED), *feed_parts),
            line(("episodes  ", _MUTED), *episode_parts),
            line(
                ("files     ", _MUTED),
                f"{count(media.get('files', 0))}  {size(media.get('bytes', 0))}",
            ),
            line(
                (f"{span(now.uptime_s):<10}", _MUTED),
                f"{count(polls)} polls  {unchanged} unchanged  ",
                f"{count(totals.get('new', 0))} new  {size(totals.get('bytes', 0))}",
            ),
        ]

    def _failures(self, now: EngineSnapshot) -> list[Content]:
        found = {name: now.errors.get(name, 0) for name in _FAMILIES}
        most = max(found.values())
        if not most:
            return [line((f"{self.glyphs.done} no failures since start", "$success"))]
        shown = sorted(found.items(), key=lambda item: -item[1])
        if self.has_class("-short"):
            names = [f"{count(number)} {name}" for name, number in shown if number]
            return [line((f"{self.glyphs.bad} ", "$error"), "  ".join(names))]
        return [
            line(
                (f"{name:<10}", _MUTED),
                f"{count(number):>7}  ",
                (_share(number, most, 16, ascii_only=self.glyphs.ascii_only), "$error"),
            )
            for name, number in shown
            if number
        ]

    def _machine(self, now: EngineSnapshot) -> list[Content]:
        found = now.resources
        cpu = f"cpu {found.get('cpu_percent', 0.0):.0f} %"
        memory = f"memory {size(found.get('rss', 0.0))}"
        threads = f"threads {found.get('threads', 0.0):.0f}"
        files = f"open files {found.get('open_files', 0.0):.0f}"
        free = f"free {size(found['free_bytes'])}" if "free_bytes" in found else "free unknown"
        if self.has_class("-short"):
            return [line(f"{cpu}  {memory}  {files}  {free}")]
        delayed = now.queue.get("delayed", 0)
        waiting = f"{count(delayed)} jobs wait for their time" if delayed else "no job waits"
        return [
            line(f"{cpu}   {memory}"),
            line(f"{threads}   {files}"),
            line(f"disk {free}"),
            line((waiting, _MUTED)),
            line((now.archive, _MUTED)),
        ]


def _share(number: int, most: int, width: int, *, ascii_only: bool) -> str:
    return ("#" if ascii_only else "█") * max(1, round(width * number / most))


def _idle(view: View) -> list[Content]:
    now = view.snapshot
    if not now.feeds.get("total"):
        return [
            line(("This archive has no feeds yet.", "bold")),
            line(),
            line("Leave with ", ("q", "bold"), ", then add a list (OPML, CSV or one URL a line):"),
            line(("    podfetch import FILE", "$primary bold")),
        ]
    if view.waiting:
        return [line("Nothing runs yet. Press ", ("b", "bold"), " to begin with the new feeds.")]
    queued = now.queue.get("downloads", 0)
    if queued:
        return [line((f"Nothing is downloading; {count(queued)} episodes are queued.", _MUTED))]
    return [line(("Nothing is downloading: every known episode is archived or waits.", _MUTED))]
