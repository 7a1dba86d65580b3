"""One feed: how it is and why, its episodes, history, files, settings and document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.screens.feed_keys import FeedScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.feed_sheet import FeedSheet


class FeedDetail(FeedScreen):
    """All that is known of one feed; escape leads back to the list."""

    MODE = "feeds"
    AUTO_FOCUS = "#tabs VirtualTable"
    PANES: ClassVar[tuple[str, ...]] = (".sheet--head", "#tabs")
    BINDINGS: ClassVar[list[BindingType]] = bound("feed")

    def __init__(self, bridge: Bridge, feed_id: int) -> None:
        """Create it for the feed with ``feed_id``."""
        super().__init__(bridge)
        self._feed_id = feed_id

    @property
    def chosen(self) -> tuple[int, ...]:
        """This feed."""
        return (self._feed_id,)

    @property
    def drawn(self) -> Mapping[int, FeedRow]:
        """This feed as the screen shows it."""
        row = self._sheet.row
        return {} if row is None else {self._feed_id: row}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no groups where there is one feed."""
        return False if action == "group" else super().check_action(action, parameters)

    def compose_body(self) -> ComposeResult:
        """The sheet of the feed."""
        yield FeedSheet(self.bridge, id="sheet", feed_id=self._feed_id)

    def show_body(self, view: View) -> None:
        """Show the feed as it is now."""
        self._sheet.show_view(view)

    def changed(self, *, keep: bool = False) -> None:  # noqa: ARG002  one feed stays chosen
        """Read everything again."""
        self._sheet.reload()

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss(None)

    @property
    def _sheet(self) -> FeedSheet:
        return self.query_one("#sheet", FeedSheet)
