"""What all main screens have in common: bar, banner, footer, and one way to be shown."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.banner import Banner
from podfetch_tui.ui.widgets.status_bar import StatusBar


class MainScreen(Screen[None]):
    """One of the screens that a number key leads to.

    The application calls ``show_view`` four times a second while the screen is shown, and
    at once when it comes up; a screen keeps no timer of its own.
    """

    MODE = ""

    class CheckWanted(Message):
        """The operator wants a feed polled now."""

        def __init__(self, feed_id: int) -> None:
            super().__init__()
            self.feed_id = feed_id

    def __init__(self, glyphs: Glyphs, current: Callable[[], View]) -> None:
        """Create the screen; ``current`` gives the newest view."""
        super().__init__()
        self.glyphs = glyphs
        self._current = current
        self._is_ready = False

    def compose(self) -> ComposeResult:
        """Put the body of the screen between bar and footer."""
        yield StatusBar(self.MODE, self.glyphs)
        yield Banner(self.glyphs)
        yield from self.compose_body()
        yield Footer(compact=True, show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        """Yield what is this screen's own."""
        yield from ()

    def on_mount(self) -> None:
        """All widgets are there now."""
        self._is_ready = True

    def on_screen_resume(self) -> None:
        """Show how things are now, not how they were when the screen was left."""
        self.call_after_refresh(lambda: self.show_view(self._current()))

    def show_view(self, view: View) -> None:
        """Show ``view`` everywhere, from when the widgets are there until they go."""
        if not (self._is_ready and self.app.is_running):
            return
        self.query_one(StatusBar).show_view(view)
        self.query_one(Banner).show_view(view)
        self.show_body(view)

    def show_body(self, view: View) -> None:
        """Show ``view`` in what is this screen's own."""
