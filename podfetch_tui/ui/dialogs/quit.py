"""Quit: drain, or now."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, Union, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.ui.widgets.text import line

HowToEnd = Literal["drain", "now", "hangup"]
"""Let what runs end; stop at once; the terminal is gone."""


class QuitDialog(ModalScreen[Union[HowToEnd, None]]):
    """Answers ``drain``, ``now``, or ``None`` to stay."""

    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "answer('drain')", "Drain", id="quit.drain"),
        Binding("n", "answer('now')", "Now", id="quit.now"),
        Binding("escape,c,q", "answer('')", "Stay", id="quit.stay"),
    ]

    def __init__(self, snapshot: EngineSnapshot) -> None:
        """Ask about the engine as ``snapshot`` has it."""
        super().__init__()
        self._snapshot = snapshot

    def compose(self) -> ComposeResult:
        """Say what runs, and what each key does."""
        lanes = self._snapshot.lanes
        polls, downloads = (lanes[n].busy if n in lanes else 0 for n in ("poll", "download"))
        if polls or downloads:
            runs = f"{count(downloads)} downloads and {count(polls)} polls are running."
        else:
            runs = "Nothing is running. Archiving stops until the next start."
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Quit PodFetch?"
            yield Static(line(runs), markup=False)
            yield Static(
                line(("  d  ", "reverse bold"), "  Drain: let them end (10 s at most), then quit"),
                id="drain",
                markup=False,
            )
            yield Static(
                line(("  n  ", "reverse bold"), "  Now: downloads go on where they are next time"),
                id="now",
                markup=False,
            )
            yield Static(line((" esc ", "reverse bold"), "  Stay"), id="stay", markup=False)

    def action_answer(self, answer: str) -> None:
        """Close with ``answer``."""
        self.dismiss(cast("HowToEnd", answer) if answer else None)

    def on_click(self, event: object) -> None:
        """Take a click on a line for its key."""
        widget = getattr(event, "widget", None)
        if widget is not None and widget.id in ("drain", "now", "stay"):
            self.action_answer("" if widget.id == "stay" else widget.id)
