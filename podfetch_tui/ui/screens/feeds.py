"""Feeds: every feed of the archive, and what is wrong with the chosen one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.ui import feed_rows
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.downloads import are_off
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.keymap import bound, key_of
from podfetch_tui.ui.screens.feed_keys import FeedScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.feed_sheet import FeedSheet
from podfetch_tui.ui.widgets.list_spec import ListSpec
from podfetch_tui.ui.widgets.listing import Listing
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.tabs import Tabbed
from podfetch_tui.ui.widgets.text import Lines, line

_WIDE, _TALL = 100, 30
"""From so many cells and lines on there is room for all that is known of a feed."""


class Feeds(FeedScreen):
    """The list of feeds, and a detail pane."""

    MODE = "feeds"
    AUTO_FOCUS = "#feeds VirtualTable"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    PANES: ClassVar[tuple[str, ...]] = ("#feeds", "#sheet", "#detail")
    BINDINGS: ClassVar[list[BindingType]] = bound("feed", "tabs")

    def __init__(self, bridge: Bridge) -> None:
        """Create the screen over ``bridge``."""
        super().__init__(bridge)
        self._rests_on: int | None = None
        """The feed that the cursor stood on at the last look."""

    def compose_body(self) -> ComposeResult:
        """The list above, details below."""
        yield Listing(_spec(self.bridge), self.bridge, id="feeds")
        yield Lines(id="detail", title="Feed")

    @property
    def listing(self) -> Listing[FeedRow]:
        """The list of feeds."""
        return self.query_one("#feeds", Listing)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The selected feeds, else the one under the cursor."""
        return self.listing.table.chosen

    @property
    def under(self) -> int | None:
        """The id of the feed under the cursor."""
        table = self.listing.table
        return table.cursor_id if table.source.count else None

    @property
    def shown(self) -> str:
        """The filter of the list."""
        return self.listing.filter

    @property
    def drawn(self) -> Mapping[int, FeedRow]:
        """The chosen feeds as they stand in the list."""
        return self.listing.rows.drawn(self.chosen)

    def changed(self, *, keep: bool = False) -> None:
        """Select none, unless they are to be kept, and read the list again."""
        if not keep:
            self.listing.table.select(set())
        self.listing.reload()

    def show_feed(self, feed_id: int) -> None:
        """Bring the feed with ``feed_id`` under the cursor, whatever the filter was."""
        self.listing.go_to(feed_id)

    def show_body(self, view: View) -> None:
        """Show the rows as they are now."""
        self.listing.show_view(view)
        self._detail()
        self._show_sheet(view)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a way back to the list only where one is elsewhere."""
        if action == "leave":
            return self.is_maximised or self._is_in_sheet
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Show all panes again, then go back to the list."""
        if self.is_maximised:
            self.minimise()
        else:
            self.listing.table.focus()

    def action_next(self) -> None:
        """Show the next pane of the feed, from the list too."""
        self._turn(1)

    def action_previous(self) -> None:
        """Show the pane before."""
        self._turn(-1)

    def filter_to(self, text: str) -> None:
        """Show only the feeds that pass ``text``."""
        self.listing.filter_to(text)
        self.listing.table.focus()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the details of the feed under the cursor."""
        message.stop()
        if message.table is self.listing.table:
            self._detail()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Show all that is known of the feed under the cursor."""
        from podfetch_tui.ui.screens.feed_detail import FeedDetail

        message.stop()
        if message.row_id is not None and message.table is self.listing.table:
            self.app.push_screen(FeedDetail(self.bridge, message.row_id))

    def _turn(self, by: int) -> None:
        for tabs in self.query(Tabbed):
            tabs.step(by, follow=False)

    @property
    def _is_in_sheet(self) -> bool:
        focused = self.focused
        sheets = self.query(FeedSheet)
        return focused is not None and any(one in focused.ancestors for one in sheets)

    def _show_sheet(self, view: View) -> None:
        """Show all of the feed that the cursor rests on, where there is room for it.

        While the cursor moves on, nothing is read: each look asks whether it has come to rest.
        """
        if self.size.width < _WIDE or self.size.height < _TALL:
            return
        if not self.query(FeedSheet):
            self.mount(FeedSheet(self.bridge, id="sheet"), after="#detail")
            return
        sheet, here = self.query_one(FeedSheet), self.under
        sheet.set_class(here is None, "-nobody")
        if here is not None and here == self._rests_on:
            sheet.show_feed(here)
        self._rests_on = here
        if sheet.display:
            sheet.show_view(view)

    def _detail(self) -> None:
        row = self.listing.current
        if row is None and self.listing.rows.count:
            return  # on its way; without the pane all would be laid out twice
        view = self.bridge.view
        lines = []
        if row is not None:
            is_polled = view.polls(row.id)
            lines = feed_rows.details(row, self.bridge.now, is_polled=is_polled)
        styles = ("$quiet", "", "$error")
        pane = self.query_one("#detail", Lines)
        pane.set_class(row is None, "-nobody")
        shown = [line((text, style)) for text, style in zip(lines, styles, strict=False) if text]
        if row is not None:
            shown += self._advice(row, view)
        pane.show_lines(shown)

    def _advice(self, row: FeedRow, view: View) -> list[Content]:
        off = are_off(view.snapshot)
        plain = feed_rows.plain_advice(row, self.bridge.now, are_downloads_off=off)
        if plain and feed_rows.waits(row, self.bridge.now):
            keys = self.bridge.keys
            ask, hosts = key_of("hosts.release", keys), key_of("app.hosts", keys)
            return [line(f"do: its host is left alone; {ask} on Hosts ({hosts}) asks it")]
        return [line((f"do: {plain}", "$quiet"))] if plain else []


def _spec(bridge: Bridge) -> ListSpec[FeedRow]:
    return ListSpec(
        kind="feeds",
        noun="feeds",
        columns=feed_rows.COLUMNS,
        convert=feed_rows.feed_row,
        cells=feed_rows.cells_with(
            bridge.glyphs, lambda: bridge.now, lambda feed_id: bridge.view.polls(feed_id)
        ),
        total=lambda view: view.snapshot.feeds.get("total", 0),
        empty=lambda view: _empty(view, bridge.program),
        hint="part of a title or address, or err:timeout fail>3 !tag:news",
    )


def _empty(view: View, program: str) -> list[Content]:
    if view.snapshot.feeds.get("total") or view.snapshot.state == "starting":
        return [line(("Reading …", "$quiet"))]
    return [
        line(("No feeds yet.", "bold")),
        line(),
        line(("  i", "$primary bold"), "  adds one by its address"),
        line(
            ("  I", "$primary bold"),
            "  imports a list: OPML as podcast programs export it, CSV, URLs",
        ),
        line(),
        line((f"From a shell: {program} import FILE", "$quiet")),
    ]
