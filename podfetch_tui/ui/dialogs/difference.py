"""A difference that is looked at, and what is done about it: one of a few things, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Union

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import line


class Difference(ModalScreen[Union[str, None]]):
    """Answers the value of the option that was chosen, or ``None``."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = bound("choose")

    def __init__(
        self, title: str, lines: Sequence[Content], options: Sequence[tuple[str, str]]
    ) -> None:
        """Show ``lines`` over ``options``, each a text and its value; ``title`` is ours."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._options = options

    def compose(self) -> ComposeResult:
        """The difference, which scrolls, and one line for each option."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            with VerticalScroll(id="difference"):
                yield Static(Content("\n").join(self._lines), markup=False)
            yield OptionList(
                *(Option(line(text), id=str(n)) for n, (text, _) in enumerate(self._options)),
                markup=False,
                compact=True,
            )

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer what was chosen."""
        message.stop()
        self.dismiss(self._options[message.option_index][1])

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def diff_lines(text: str) -> list[Content]:
    """Return the lines of a unified diff in the colours everybody knows."""
    return [line((one, _style(one))) for one in text.splitlines()]


def _style(text: str) -> str:
    if text.startswith(("---", "+++", "@@")):
        return "$quiet"
    return {"+": "$success", "-": "$error"}.get(text[:1], "")
