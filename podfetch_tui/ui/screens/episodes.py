"""Episodes: those of all feeds, found by a filter."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

from podfetch_tui.ui import episode_rows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.episode_list import EpisodeList, episodes_of
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line


class Episodes(MainScreen):
    """The list of episodes, and what is known of the one under the cursor."""

    MODE = "episodes"
    AUTO_FOCUS = "#episodes VirtualTable"
    PANES: ClassVar[tuple[str, ...]] = ("#episodes", "#detail")
    CSS_PATH: ClassVar = [Path(__file__).with_name("feeds.tcss")]

    def compose_body(self) -> ComposeResult:
        """The list above, details below."""
        yield episodes_of(self.bridge, "episodes", sort="")
        yield Lines(id="detail", title="Episode")

    @property
    def listing(self) -> EpisodeList:
        """The list of episodes."""
        return self.query_one("#episodes", EpisodeList)

    def show_body(self, view: View) -> None:
        """Show the rows as they are now."""
        self.listing.show_view(view)
        self._detail()

    def filter_to(self, text: str) -> None:
        """Show only the episodes that pass ``text``."""
        self.listing.filter_to(text)
        self.listing.table.focus()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the details of the episode under the cursor."""
        message.stop()
        self._detail()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Go to the feed of the episode."""
        message.stop()
        row = self.listing.current
        if row is not None:
            self.post_message(self.Wanted("feeds", filter=f"id:{row.feed_id}"))

    def _detail(self) -> None:
        row = self.listing.current
        if row is None and self.listing.rows.count:
            return  # on its way; without the pane all would be laid out twice
        pane = self.query_one("#detail", Lines)
        pane.display = row is not None
        styles = ("$quiet", "", "$error")
        lines = [] if row is None else episode_rows.details(row)
        pane.show_lines(
            [line((text, style)) for text, style in zip(lines, styles, strict=False) if text]
        )
