"""Dashboard: what the engine does now, what it did, and whether anything is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import DescendantBlur

from podfetch_tui.model.commands import CheckFeeds
from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import EngineSnapshot, FailureView, WorkerView
from podfetch_tui.model.text import counted
from podfetch_tui.ui import downloads, failures, outcomes, panes, polls
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.keymap import bound, key_of
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line

Row = TypeVar("Row")
_ROWS_ALL = 66
"""Rows in which all panes fit at their full height, one below the other."""
_ROWS_WIDE, _ROWS_NARROW, _ROWS_FEWEST = 17, 19, 16
"""Rows without alerts that low panes need: side by side, one below the other, without failures."""


class Dashboard(MainScreen):
    """Panes over one view; the tables among them lead to their feeds."""

    MODE = "dashboard"
    AUTO_FOCUS = ""
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("dashboard")
    PANES: ClassVar[tuple[str, ...]] = (
        "#alerts", "#figures", "#polls", "#downloads", "#health", "#queue", "#events",
    )  # fmt: skip

    def compose_body(self) -> ComposeResult:
        """Lay the panes out; the style sheet puts them side by side where there is room."""
        self._polls: ListRows[WorkerView] = ListRows(polls.row_id)
        self._downloads: ListRows[WorkerView] = ListRows(downloads.row_id)
        self._events: ListRows[Event] = ListRows(outcomes.row_id)
        self._failures: ListRows[FailureView] = ListRows(failures.row_id)
        yield Lines(id="alerts", title="Alerts")
        with Container(id="figures"):
            yield Lines(id="throughput", title="Throughput")
            yield Lines(id="progress", title="Batch and cycle")
        with Container(id="workers"):
            with Container(id="polls", classes="panel"):
                yield Lines(id="lanes")
                yield self._table(polls.COLUMNS, self._polls, polls.cells_with(self.glyphs))
            with Container(id="downloads", classes="panel"):
                yield Lines(id="idle")
                yield self._table(
                    downloads.COLUMNS, self._downloads, downloads.cells_with(self.glyphs)
                )
        with Container(id="health"):
            with Container(id="errors", classes="panel") as errors:
                errors.border_title = "Failures, last 10 minutes"
                yield Lines(id="failed")
                yield self._table(
                    failures.COLUMNS, self._failures, failures.cells_with(self.glyphs)
                )
            yield Lines(id="resources", title="Machine")
        with Container(id="below"):
            yield Lines(id="queue", title="Queue")
            with Container(id="events", classes="panel") as events:
                events.border_title = "Last events"
                yield self._table(outcomes.COLUMNS, self._events, outcomes.cells_with(self.glyphs))

    def _table(
        self,
        columns: Sequence[Column],
        rows: ListRows[Row],
        cells: Callable[[Row], Sequence[Cell]],
    ) -> VirtualTable[Row]:
        return VirtualTable(
            columns, rows, cells, glyphs=self.glyphs, has_header=False, stays_on_top=True
        )

    def show_body(self, view: View) -> None:
        """Show the figures of ``view``."""
        now, glyphs = view.snapshot, self.glyphs
        narrow = self.has_class("-narrow")
        short = self.has_class("-short") or (narrow and self.size.height < _ROWS_ALL)
        self.set_class(short, "-low")
        width = max(20, self.query_one("#throughput").size.width)
        alerts = panes.alerts(view, glyphs, self.bridge.keys)[: 3 if short else 4]
        self._lines("alerts", alerts)
        self.query_one("#alerts").display = bool(alerts)
        self._lines("throughput", panes.throughput(view, width, glyphs)[: 2 if short else 4])
        self._lines("progress", panes.progress(view, width, glyphs)[: 2 if short else 4])
        self._lines("failed", panes.errors(view, glyphs, short=short))
        self._failures.replace(now.failures or ())
        self.query_one("#errors VirtualTable").display = bool(now.failures) and not short
        self._lines("resources", panes.resources(view, glyphs, short=short))
        self._lines("queue", panes.queue(view, short=short))
        self._leave_out(len(alerts), narrow=narrow)
        self._workers(view, short or narrow)
        self._happened(now.recent)
        for table in self.query(VirtualTable):
            table.sync()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Show the newest events again when nobody reads the older ones any more."""
        if event.widget is self._last_events:
            self._last_events.action_first()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Go to the feed that the row is about."""
        message.stop()
        row = message.table.current
        if isinstance(row, FailureView):
            mode, asked = failures.where(row)
            self.post_message(self.Wanted(mode, filter=asked))
            return
        feed_id = getattr(row, "feed_id", None)
        if feed_id is not None:
            self.post_message(self.Wanted("feeds", filter=f"id:{feed_id}"))

    def action_check(self) -> None:
        """Make all active feeds due now, after a question."""
        number = self.bridge.view.snapshot.feeds.get("active", 0)
        question = Question(
            title=f"Poll all {counted(number, 'active feed')} now?",
            impact=[
                line("Every one is due at once, whatever its rhythm; hosts keep their limits."),
                line("What is unchanged costs its host one small answer."),
            ],
            verb=f"Poll {count(number)}",
            number=number,
        )

        def take(yes: bool | None) -> None:
            if yes:
                self.bridge.send(CheckFeeds())

        if number:
            self.app.push_screen(Confirm(question), take)

    def action_failing(self) -> None:
        """Show the feeds that fail now and are polled all the same."""
        self.post_message(self.Wanted("feeds", filter="state:active fail>0"))

    @property
    def _last_events(self) -> VirtualTable[Event]:
        return self.query_one("#events VirtualTable", VirtualTable)

    def _happened(self, recent: Sequence[Event]) -> None:
        newest = self._events.id_at(0)
        self._events.replace(tuple(reversed(recent)))
        if self._events.id_at(0) != newest and not self._last_events.has_focus:
            self._last_events.action_first()

    def _workers(self, view: View, narrow: bool) -> None:
        now, glyphs = view.snapshot, self.glyphs
        running, polling = downloads.active(now), polls.active(now)
        self._downloads.replace(running)
        self._polls.replace(polling)
        stalled = sum(downloads.is_stalled(worker) for worker in running)
        slow = sum(worker.since_s > polls.SLOW_S for worker in polling)
        self.query_one("#lanes").display = narrow
        room = self.size.width - 2
        self._lines(
            "lanes",
            [
                panes.lane_line("polls", now.lanes.get("poll"), slow, room, glyphs),
                panes.lane_line("downloads", now.lanes.get("download"), stalled, room, glyphs),
            ],
        )
        self.query_one("#polls").border_title = _lane_title("Polls", "poll", now, narrow)
        self.query_one("#downloads").border_title = _lane_title(
            "Downloads", "download", now, narrow
        )
        self.query_one("#polls VirtualTable").display = not narrow
        self.query_one("#downloads VirtualTable").display = bool(running)
        self.query_one("#idle").display = not running
        self._lines("idle", idle(view, self.bridge.keys))

    def _leave_out(self, alerts: int, *, narrow: bool) -> None:
        """Leave out what matters least where the last events would not be in sight."""
        left = self.size.height - alerts
        self.query_one("#health").display = narrow or left >= _ROWS_WIDE
        self.query_one("#errors").display = not narrow or left >= _ROWS_NARROW
        self.query_one("#queue").display = not narrow or left >= _ROWS_FEWEST

    def _lines(self, name: str, lines: list[Content]) -> None:
        self.query_one(f"#{name}", Lines).show_lines(lines)


def _lane_title(name: str, lane: str, now: EngineSnapshot, narrow: bool) -> str:
    found = now.lanes.get(lane)
    if found is None or narrow:
        return name.capitalize()
    if not found.limit:
        return f"{name.capitalize()}: off, the limit is 0"
    held = "" if found.target == found.limit else f" (limit {found.limit})"
    return f"{name.capitalize()} {found.busy} of {found.target}{held}"


def idle(view: View, keys: Mapping[str, str]) -> list[Content]:
    """Return why nothing is downloading, and what could be done; ``keys``: ``[keys]``."""
    now = view.snapshot
    if now.state == "starting":
        return [line(("Opening the archive …", "$quiet"))]
    if not now.feeds.get("total"):
        return [
            line(("This archive has no feeds yet.", "bold")),
            line(),
            line(
                "On Feeds (",
                (key_of("go.feeds", keys), "bold"),
                ") ",
                (key_of("feeds.add", keys), "bold"),
                " adds one by its address,",
            ),
            line((key_of("feeds.import", keys), "bold"), " a list: OPML, CSV or one URL a line."),
        ]
    if view.waiting:
        return [
            line(
                "Nothing runs yet. Press ",
                (key_of("engine.begin", keys), "bold"),
                " to begin with the new feeds.",
            )
        ]
    return [line((downloads.why_idle(now, keys), "$quiet"))]
