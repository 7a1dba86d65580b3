"""A few lines to read, select and copy: addresses and places."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.safety import harmless
from podfetch_tui.ui.widgets.text import line

_LONGEST = 2_000
"""Characters of one line."""


def can_browse(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Return whether a browser would open in a window: in the terminal it would hide ours."""
    return platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


class Box(ModalScreen[None]):
    """Text that the mouse, ``shift`` with arrows, and a key can copy."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "TextArea"
    BINDINGS: ClassVar[list[BindingType]] = bound("box")

    def __init__(self, title: str, lines: list[str], *, note: str = "", url: str = "") -> None:
        """Show ``lines``.

        Args:
            title: Ours.
            lines: What can be copied.
            note: Ours: one line below.
            url: What ``b`` opens in the browser of this machine; empty: nothing.
        """
        super().__init__()
        self._title = title
        self._text = "\n".join(harmless(text[:_LONGEST]) for text in lines)
        self._note = note
        is_page = url.startswith(("http://", "https://"))
        self._url = harmless(url) if is_page and can_browse(os.environ) else ""

    def compose(self) -> ComposeResult:
        """The text, what became of it, and what can be done."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            area = TextArea(self._text, read_only=True, soft_wrap=True, show_line_numbers=False)
            area.cursor_blink = False
            yield area
            yield Static(line((self._note, "$quiet")), id="note", markup=False)
            with Horizontal(id="answers"):
                yield Button(line("Copy all  (y)"), id="copy", compact=True)
                if self._url:
                    yield Button(line("Open in the browser  (b)"), id="browse", compact=True)
                yield Button(line("Leave  (esc)"), id="leave", compact=True)

    def on_button_pressed(self, message: Button.Pressed) -> None:
        """Do what was clicked."""
        message.stop()
        {"copy": self.action_copy, "browse": self.action_browse}.get(
            message.button.id or "", self.action_leave
        )()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no browser where none can be opened."""
        if action == "browse":
            return bool(self._url)
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Hand what is selected, else all of it, to the clipboard of the terminal."""
        selected = self.query_one(TextArea).selected_text
        self.app.copy_to_clipboard(selected or self._text)
        what = "The selected part is" if selected else "All of it is"
        note = line((f"{what} in the clipboard, if the terminal takes it (OSC 52).", "$success"))
        self.query_one("#note", Static).update(note)

    def action_browse(self) -> None:
        """Open the address in the browser of the machine that the screen runs on."""
        if self._url:
            self.app.open_url(self._url)

    def action_leave(self) -> None:
        """Close the box."""
        self.dismiss(None)
