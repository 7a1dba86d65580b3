"""A form of a few one-line fields; what is wrong is said at the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Union

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import line


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field."""

    name: str
    label: str
    """Ours."""
    value: str = ""
    """What stands there at first."""
    hint: str = ""
    """Ours: what an empty field means, or an example."""
    always: bool = False
    """It is part of the answer even if it was left as it stood."""
    is_continued: bool = False
    """Typing goes on at the end of what stands there, and does not replace it."""
    check: Callable[[str], object] = str
    """Raises ``ValueError`` with one sentence for a value that cannot be."""


class Form(ModalScreen[Union[Mapping[str, str], None]]):
    """Answers the values of the fields that were changed, or ``None``."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bound("form")

    def __init__(self, title: str, fields: Sequence[Field], verb: str, *, first: str = "") -> None:
        """Show ``fields``, the cursor in the one named ``first``; title and verb are ours."""
        super().__init__()
        self._first = first
        self._title = title
        self._fields = fields
        self._verb = verb

    def compose(self) -> ComposeResult:
        """A line for each field, then both answers."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            for field in self._fields:
                with Horizontal(classes="field"):
                    yield Static(line((f"{field.label:<12}", "$quiet")), markup=False)
                    box = Input(
                        field.value,
                        placeholder=field.hint,
                        select_on_focus=not field.is_continued,
                        compact=True,
                        id=f"field-{field.name}",
                    )
                    box.cursor_blink = False
                    yield box
            yield Static(line(""), id="problem", markup=False)
            with Horizontal(id="answers"):
                yield Button(line(f"{self._verb}  (enter)"), id="yes", compact=True)
                yield Button(line("Leave it  (esc)"), id="no", compact=True)

    def on_mount(self) -> None:
        """Begin where most is to be done."""
        if self._first:
            self.query_one(f"#field-{self._first}", Input).focus()

    def on_button_pressed(self, message: Button.Pressed) -> None:
        """Take the answer."""
        message.stop()
        if message.button.id == "yes":
            self._take()
        else:
            self.action_leave()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take what is in the fields."""
        message.stop()
        self._take()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def _take(self) -> None:
        changed = {}
        for field in self._fields:
            box = self.query_one(f"#field-{field.name}", Input)
            text = box.value.strip()
            if text == field.value and not field.always:
                continue
            try:
                field.check(text)
            except ValueError as error:
                box.focus()
                problem = line((f"{field.label.strip()}: {error}", "$error"))
                self.query_one("#problem", Static).update(problem)
                return
            changed[field.name] = text
        self.dismiss(changed)
