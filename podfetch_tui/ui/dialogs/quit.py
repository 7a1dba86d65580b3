"""Quit: drain, now, or only close the screen; and what to do when the engine stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal, Union

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Static

from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.model.text import counted
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import line

HowToEnd = Literal["drain", "now", "keep", "hangup", "leave", "broken"]
"""Let what runs end; stop at once; close the screen and let the engine go on; the terminal is
gone; leave an engine of another process; the screen broke."""


def running(snapshot: EngineSnapshot) -> str:
    """Return what runs, ``2 downloads and 1 poll``; empty: nothing."""
    lanes = snapshot.lanes
    numbers = ((lanes[n].busy if n in lanes else 0, n) for n in ("download", "poll"))
    return " and ".join(counted(number, noun) for number, noun in numbers if number)


class QuitDialog(ModalScreen[Union[HowToEnd, None]]):
    """Answers ``drain``, ``now``, or ``None`` to stay."""

    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("quit")

    def __init__(self, snapshot: EngineSnapshot) -> None:
        """Ask about the engine as ``snapshot`` has it."""
        super().__init__()
        self._snapshot = snapshot
        self._busy = running(snapshot)

    def compose(self) -> ComposeResult:
        """Say what runs, and what each key does."""
        if self._busy:
            runs = f"Still running: {self._busy}."
        else:
            runs = "Nothing is running. Archiving stops until the next start."
        unsaved = len(self._snapshot.settings.runtime)
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Quit PodFetch?"
            yield Static(line(runs), markup=False)
            if unsaved:
                text = f"{counted(unsaved, 'limit')} in memory only end with the engine (5 w)."
                yield Static(line((text, "$warning")), markup=False)
            for id_, key, text in self._choices():
                yield Static(line((key, "reverse bold"), f"  {text}"), id=id_, markup=False)

    def _choices(self) -> Iterator[tuple[str, str, str]]:
        """Yield action, key and text of each answer; with nothing to wait for they are fewer."""
        if self._busy:
            yield "drain", "  d  ", "Drain: let them end for a while, then quit"
            yield "now", "  n  ", "Now: downloads go on where they are next time"
        else:
            yield "drain", "  d  ", "Quit"
        yield "keep", "  k  ", "Keep the engine, close the screen"
        yield "stay", " esc ", "Stay"

    def action_drain(self) -> None:
        """Let what runs end, then quit."""
        self.dismiss("drain")

    def action_now(self) -> None:
        """Stop at once."""
        self.dismiss("now")

    def action_keep(self) -> None:
        """Close the screen; the engine goes on."""
        self.dismiss("keep")

    def action_stay(self) -> None:
        """Do not quit."""
        self.dismiss(None)

    async def on_click(self, event: Click) -> None:
        """Take a click on a line for its key."""
        if event.widget is not None and event.widget.id in ("drain", "now", "keep", "stay"):
            await self.run_action(event.widget.id)


class StoppedDialog(ModalScreen[Union[Literal["restart", "quit"], None]]):
    """Answers ``restart``, ``quit``, or ``None`` to look around in what is left."""

    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("stopped")

    def __init__(self, reason: str) -> None:
        """Say why the engine stopped."""
        super().__init__()
        self._reason = reason

    def compose(self) -> ComposeResult:
        """Say what happened, and what each key does."""
        keys = (
            ("restart", "  r  ", "Start the engine again"),
            ("quit", "  q  ", "Quit"),
            ("look", " esc ", "Look around; nothing runs meanwhile"),
        )
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "The engine stopped"
            yield Static(line(self._reason or "It did not say why."), markup=False)
            yield Static(line("What it recorded is safe."), markup=False)
            for id_, key, text in keys:
                yield Static(line((key, "reverse bold"), f"  {text}"), id=id_, markup=False)

    def action_restart(self) -> None:
        """Start the engine again."""
        self.dismiss("restart")

    def action_quit(self) -> None:
        """Quit."""
        self.dismiss("quit")

    def action_look(self) -> None:
        """Go back to the screens."""
        self.dismiss(None)

    async def on_click(self, event: Click) -> None:
        """Take a click on a line for its key."""
        if event.widget is not None and event.widget.id in ("restart", "quit", "look"):
            await self.run_action(event.widget.id)
