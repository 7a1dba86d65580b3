"""Downloads: what is coming in now, each with its bar."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from podfetch_tui.model.figures import count, rate
from podfetch_tui.model.snapshot import WorkerView
from podfetch_tui.ui import downloads
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line


class Downloads(MainScreen):
    """Running downloads in one table."""

    MODE = "downloads"
    AUTO_FOCUS = "#downloads-table"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]

    def compose_body(self) -> ComposeResult:
        """Figures above, the table below."""
        self._rows: ListRows[WorkerView] = ListRows(downloads.row_id)
        yield Lines(id="count")
        yield Lines(id="empty")
        yield VirtualTable(
            downloads.COLUMNS,
            self._rows,
            downloads.cells_with(self.glyphs),
            id="downloads-table",
            ellipsis=self.glyphs.ellipsis,
        )

    def show_body(self, view: View) -> None:
        """Show the downloads of ``view``."""
        running = downloads.active(view.snapshot)
        self._rows.replace(running)
        table = self.query_one(VirtualTable)
        table.display = bool(running)
        empty = self.query_one("#empty", Lines)
        empty.display = not running
        empty.show_lines(_idle(view))
        self.query_one("#count", Lines).show_lines([self._figures(view)])
        table.sync()

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
        )


def _idle(view: View) -> list[Content]:
    now = view.snapshot
    lane = now.lanes.get("download")
    if lane is not None and not lane.limit:
        return [line("Downloads are switched off: engine.download_workers is 0.")]
    if not now.feeds.get("total"):
        return [line("No feeds yet: ", ("podfetch import FILE", "$primary bold"), " adds some.")]
    if view.waiting:
        return [line("Nothing runs yet: ", ("b", "bold"), " begins with the new feeds.")]
    pending = now.episodes.get("pending", 0)
    if pending:
        return [line(f"Nothing is downloading; {count(pending)} episodes wait for their turn.")]
    return [line("Nothing is downloading: every known episode is archived.")]
