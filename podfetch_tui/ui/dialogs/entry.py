"""One entry of the audit trail in full, and the ways to what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Union

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from podfetch_tui.ui.entry_facts import Fact
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.safety import harmless
from podfetch_tui.ui.widgets.text import harmless_line, line

Way = Literal["feed", "episode"]
_LABEL = 12
_OFFERS: dict[Way, str] = {"feed": "Feed  (l)", "episode": "Episode  (e)"}


class Entry(ModalScreen[Union[Way, None]]):
    """Answers where to go, or ``None``; its text is wrapped and never cut."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "#facts"
    BINDINGS: ClassVar[list[BindingType]] = bound("entry")

    def __init__(self, title: str, facts: Sequence[Fact], ways: Sequence[Way]) -> None:
        """Show ``facts``; ``ways`` are those that lead on."""
        super().__init__()
        self._title = harmless_line(title)
        self._facts = facts
        self._ways = ways

    def compose(self) -> ComposeResult:
        """What is known, then what can be done."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title).markup
            with VerticalScroll(id="facts"):
                for fact in self._facts:
                    with Horizontal(classes="fact"):
                        yield Static(line((fact.label, "$quiet")), classes="label", markup=False)
                        yield Static(line((fact.text, fact.style)), markup=False)
            yield Static(line(""), id="note", markup=False)
            with Horizontal(id="answers"):
                for way in self._ways:
                    yield Button(line(_OFFERS[way]), id=way, compact=True)
                yield Button(line("Copy all  (y)"), id="copy", compact=True)
                yield Button(line("Leave  (esc)"), id="leave", compact=True)

    def on_button_pressed(self, message: Button.Pressed) -> None:
        """Do what was clicked."""
        message.stop()
        {
            "feed": self.action_feed,
            "episode": self.action_episode,
            "copy": self.action_copy,
        }.get(message.button.id or "", self.action_leave)()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only ways that there are."""
        if action in _OFFERS:
            return action in self._ways
        return super().check_action(action, parameters)

    def action_feed(self) -> None:
        """Go to the feed."""
        self.dismiss("feed")

    def action_episode(self) -> None:
        """Go to the episode."""
        self.dismiss("episode")

    def action_copy(self) -> None:
        """Hand all of it to the clipboard of the terminal."""
        text = "\n".join(harmless(f"{one.label:<{_LABEL}} {one.text}") for one in self._facts)
        self.app.copy_to_clipboard(text)
        said = "All of it is in the clipboard, if the terminal takes it (OSC 52)."
        self.query_one("#note", Static).update(line((said, "$success")))

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss(None)
