"""Are you sure: says what will happen before it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Static

from podfetch_tui.model.figures import count
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import line

TYPED_FROM = 1_000
"""So many things are changed only when their number is typed."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which it can be done, or not."""

    name: str
    text: str
    """Ours."""
    is_on: bool = False
    """It is ticked at first."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked."""

    title: str
    """Ours: ``Retire 26 feeds?``."""
    impact: Sequence[Content]
    """Lines that say what will happen, made by ``widgets.text.line``."""
    verb: str
    """On the button: ``Retire 26``."""
    number: int = 1
    """How many things change."""
    choices: Sequence[Choice] = ()
    """Boxes to tick."""
    grave: bool = False
    """It cannot be taken back: enter alone does nothing, as where several change."""


class Tick(Checkbox):
    """A box whose sign says whether it is ticked, not its colour alone."""

    @property
    def _button(self) -> Content:
        return Content("[x] " if self.value else "[ ] ")


class Confirm(ModalScreen[bool]):
    """Answers whether to do it."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bound("confirm")

    def __init__(self, question: Question) -> None:
        """Ask ``question``."""
        super().__init__()
        self._question = question
        self._typed = question.number >= TYPED_FROM
        self.ticked = frozenset(one.name for one in question.choices if one.is_on)
        """Names of the choices that are ticked."""

    def compose(self) -> ComposeResult:
        """Say what happens, then offer both answers."""
        question = self._question
        with Vertical(id="dialog") as dialog:
            dialog.border_title = question.title
            for text in question.impact:
                yield Static(text, markup=False)
            if question.choices:
                yield Static(line("tab goes to the boxes, space ticks them:"), id="ask-how")
            for choice in question.choices:
                yield Tick(
                    line(choice.text), choice.is_on, compact=True, id=f"choice-{choice.name}"
                )
            if self._typed:
                yield Static(line(f"Type {question.number} to do it:"), id="ask", markup=False)
                yield Input(compact=True, restrict=r"[0-9,]*", max_length=12)
            with Horizontal(id="answers"):
                yield Button(line(f"{question.verb}  (y)"), id="yes", compact=True)
                yield Button(line("Leave everything as it is  (n)"), id="no", compact=True)

    def on_mount(self) -> None:
        """Stand on the answer that does no harm; on the deed for one thing that can be undone."""
        is_light = self._question.number <= 1 and not self._question.grave
        self.query_one("Input" if self._typed else "#yes" if is_light else "#no").focus()

    def on_checkbox_changed(self, message: Checkbox.Changed) -> None:
        """Remember what is ticked."""
        message.stop()
        name = (message.checkbox.id or "").removeprefix("choice-")
        self.ticked = self.ticked | {name} if message.value else self.ticked - {name}

    def on_button_pressed(self, message: Button.Pressed) -> None:
        """Take the answer."""
        message.stop()
        if message.button.id == "yes":
            self.action_yes()
        else:
            self.action_no()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Do it, when the number is right."""
        message.stop()
        self.action_yes()

    def action_yes(self) -> None:
        """Do it."""
        if self._typed:
            typed = self.query_one(Input).value.replace(",", "")
            if typed != str(self._question.number):
                wanted = count(self._question.number)
                self.query_one("#ask", Static).update(
                    line((f"It is {wanted} that change: type that number to do it.", "$warning"))
                )
                return
        self.dismiss(True)

    def action_no(self) -> None:
        """Leave everything as it is."""
        self.dismiss(False)
