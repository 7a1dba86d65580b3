"""The last line of a screen: its keys."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, made anew only when it would show something else.

    Textual makes all its widgets anew whenever a screen comes up or a widget takes the focus:
    that took a third of the time from the key to the other screen.
    """

    def __init__(self) -> None:
        """Create it."""
        super().__init__(compact=True, show_command_palette=False)
        self._shown: tuple[object, ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the keys that work now."""
        shown = tuple(
            (one.binding, one.enabled, one.tooltip)
            for one in screen.active_bindings.values()
            if one.binding.show
        )
        if screen is self.screen and self.app.app_focus and shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)
