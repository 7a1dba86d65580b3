"""A short menu: one of a few things is chosen, or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Union

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.widgets.text import line


class Choose(ModalScreen[Union[str, None]]):
    """Answers the value of the option that was chosen, or ``None``."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("choose")

    def __init__(self, title: str, options: Sequence[tuple[str, str]], *, at: int = 0) -> None:
        """Offer ``options``, each a text and its value, from number ``at``; ``title`` is ours."""
        super().__init__()
        self._at = at
        self._title = title
        self._options = options

    def compose(self) -> ComposeResult:
        """One line for each option."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self._title
            yield OptionList(
                *(Option(line(text), id=str(n)) for n, (text, _) in enumerate(self._options)),
                markup=False,
                compact=True,
            )

    def on_mount(self) -> None:
        """Stand where the last choice was."""
        self.query_one(OptionList).highlighted = self._at

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer what was chosen."""
        message.stop()
        self.dismiss(self._options[message.option_index][1])

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
