"""Feeds: every feed of the archive, a page at a time, and what is wrong with the chosen one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui import feed_rows
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.rows import PagedRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line

_FRESH_MS = 2000
"""Rows on the screen are read again this often."""


class Feeds(MainScreen):
    """The list of feeds with its filter, and a detail pane."""

    MODE = "feeds"
    AUTO_FOCUS = "#feeds-table"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "check", "Check now", id="feeds.check", tooltip="Poll this feed now"),
        Binding("slash", "filter", "Filter", id="feeds.filter", key_display="/"),
        Binding("escape", "unfilter", "All", show=False, id="feeds.all"),
    ]

    def __init__(self, glyphs: Glyphs, current: Callable[[], View], client: EngineClient) -> None:
        """Create the screen; ``client`` is only queried."""
        super().__init__(glyphs, current)
        self._client = client
        self._filter = ""
        self._now = 0
        self._read_at = 0
        self._total = 0
        self._is_reading = False
        self._rows = self._source()

    def compose_body(self) -> ComposeResult:
        """Filter, table and details, from top to bottom."""
        yield Lines(id="count")
        filter_input = Input(id="filter", placeholder="part of a title or address", compact=True)
        # Hidden alone is not enough: keys typed ahead would land in it.
        filter_input.display, filter_input.disabled = False, True
        yield filter_input
        yield Lines(id="empty")
        yield VirtualTable(
            feed_rows.COLUMNS,
            self._rows,
            feed_rows.cells_with(self.glyphs, lambda: self._now),
            id="feeds-table",
            ellipsis=self.glyphs.ellipsis,
        )
        yield Lines(id="detail", title="Feed")

    @property
    def table(self) -> VirtualTable[FeedRow]:
        """The table of feeds."""
        return self.query_one("#feeds-table", VirtualTable)

    def show_body(self, view: View) -> None:
        """Show the rows as they are now; read those on the screen again when they are old."""
        self._now = view.snapshot.at
        self._total = view.snapshot.feeds.get("total", 0)
        self._rows.expected = 0 if self._filter else self._total
        if abs(self._now - self._read_at) >= _FRESH_MS:
            self._read_at = self._now
            self._rows.expire()
        if self._rows.next_request() is not None:
            self._read()
        self._draw()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the details of the feed under the cursor, and fetch its page if need be."""
        message.stop()
        self._detail()
        if self._rows.next_request() is not None:
            self._read()

    def action_check(self) -> None:
        """Ask for the chosen feed to be polled now."""
        row = self.table.current
        if row is not None:
            self.post_message(self.CheckWanted(row.id))

    def action_filter(self) -> None:
        """Open the filter."""
        box = self.query_one("#filter", Input)
        box.display, box.disabled = True, False
        box.focus()

    def action_unfilter(self) -> None:
        """Close the filter and show all feeds."""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.display, box.disabled = False, True
        self.table.focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show the feeds that the filter lets through."""
        message.stop()
        if message.value.strip() == self._filter:
            return
        self._filter = message.value.strip()
        self._rows = self._source()
        self.table.use(self._rows)
        self._read()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Leave the filter for the rows it found."""
        message.stop()
        self.table.focus()

    def _source(self) -> PagedRows[FeedRow]:
        request = PageRequest(kind="feeds", text=self._filter)
        return PagedRows(request, feed_rows.feed_row)

    def _read(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._read_pages()

    @work(group="read")
    async def _read_pages(self) -> None:
        """Read pages until those on the screen are at hand.

        The catalogue is never asked on the thread that paints, and never by two at a time.
        """
        try:
            while (wanted := self._rows.next_request()) is not None:
                source, (number, request) = self._rows, wanted
                page = await asyncio.to_thread(self._client.query, request)
                if not self.app.is_running:
                    return
                source.take(number, page)
                if source.is_seen(number):
                    self._draw()
        except (Failure, PodfetchError) as error:
            self.notify(str(error), severity="error", markup=False)
        finally:
            self._is_reading = False

    def _draw(self) -> None:
        rows, table = self._rows, self.table
        is_empty = rows.count == 0
        table.display = not is_empty
        self.query_one("#detail").display = not is_empty
        empty = self.query_one("#empty", Lines)
        empty.display = is_empty
        if self._filter:
            more = "" if rows.is_counted else " or more"
            shown = f"{count(rows.count)}{more} feeds match “{self._filter}”"
            nothing = [line("No feed matches. ", ("esc", "bold"), " shows all of them.")]
        else:
            shown = f"{count(rows.count)} feeds"
            nothing = [
                line(("No feeds yet.", "bold")),
                line(),
                line("Add a list (OPML, CSV or one URL a line) from the shell:"),
                line(("    podfetch import FILE", "$primary bold")),
            ]
        self.query_one("#count", Lines).show_lines([line((shown, "$quiet"))])
        if is_empty:
            empty.show_lines(nothing if not self._total or self._filter else [line("Reading …")])
        table.sync()
        self._detail()

    def _detail(self) -> None:
        row = self.table.current
        lines = [] if row is None else feed_rows.details(row, self._now)
        styles = ("$quiet", "", "$error")
        self.query_one("#detail", Lines).show_lines(
            [line((text, style)) for text, style in zip(lines, styles, strict=False) if text]
        )
