"""Help: what all keys do, from the table of actions and the keys as they are now; and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from podfetch_tui.model.actions import SCOPES
from podfetch_tui.model.words import WORDS
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.keymap import bound, sections, shown_keys
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.widgets.columns import Cell, Column, rooms
from podfetch_tui.ui.widgets.table import VirtualTable

_COLUMNS = (
    Column(label="Keys", width=16),
    Column(label="Where", width=14, from_width=60),
    Column(label="Id for [keys]", width=20, from_width=86),
    Column(label="What it does"),
)


class _Line(NamedTuple):
    """A line of the table; what a sentence needs beyond the first has only text."""

    number: int
    keys: str
    place: str
    id: str
    text: str


class Help(ModalScreen[None]):
    """All keys, those of the screen one comes from first, then the words of the screens."""

    CSS_PATH: ClassVar = [Path(__file__).with_name("dialogs.tcss")]
    AUTO_FOCUS = "VirtualTable"
    BINDINGS: ClassVar[list[BindingType]] = bound("help")

    def __init__(self, screen: str, keys: Mapping[str, str], glyphs: Glyphs) -> None:
        """Create it.

        Args:
            screen: Scope of the screen one comes from.
            keys: The ``[keys]`` section.
            glyphs: Signs of the table.
        """
        super().__init__()
        self._glyphs = glyphs
        scopes = [screen, *(scope.id for scope in SCOPES if scope.id != screen)]
        known = [scope for scope in scopes if scope in {one.id for one in SCOPES}]
        found = [
            (shown_keys(action, keys), place, action.id, action.help, action.words)
            for place, actions in sections(known)
            for action in actions
        ]
        self._found = [*found, *((word.name, "a word", "", word.text, "") for word in WORDS)]
        self._words: list[str] = []
        """What every action that is shown has in its line."""
        self._rows: ListRows[_Line] = ListRows(lambda line: line.number)

    def compose(self) -> ComposeResult:
        """A filter and the table."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Keys and words"
            dialog.border_subtitle = "/ finds  esc leaves"
            box = Input(placeholder="a word, or part of a key's text or id", compact=True)
            box.cursor_blink = False
            box.display, box.disabled = False, True
            yield box
            yield VirtualTable(_COLUMNS, self._rows, _cells, glyphs=self._glyphs, can_open=False)

    def on_resize(self) -> None:
        """Break the sentences where the table ends now."""
        self.call_after_refresh(self._fold)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show only what has all words that are typed."""
        message.stop()
        self._words = message.value.lower().split()
        self._fold()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go to what was found."""
        message.stop()
        self.query_one(VirtualTable).focus()

    def action_filter(self) -> None:
        """Open the filter."""
        box = self.query_one(Input)
        box.display, box.disabled = True, False
        box.focus()

    def action_leave(self) -> None:
        """Close the filter, then the help."""
        box = self.query_one(Input)
        if box.display and box.has_focus:
            box.value = ""
            self.query_one(VirtualTable).focus()
            box.display, box.disabled = False, True
        else:
            self.dismiss(None)

    def _fold(self) -> None:
        """Show the actions and words that are looked for, each in as many lines as it needs."""
        table = self.query_one(VirtualTable)
        *_, (_, _, room) = rooms(_COLUMNS, table.size.width, {})
        lines: list[_Line] = []
        for keys, place, id_, text, words in self._found:
            known = f"{keys} {place} {id_} {text} {words}".lower()
            if all(word in known for word in self._words):
                first, *more = wrap(text, max(room, 1))
                lines.append(_Line(len(lines), keys, place, id_, first))
                lines += [_Line(len(lines) + n, "", "", "", rest) for n, rest in enumerate(more)]
        self._rows.replace(lines)
        table.sync()


def _cells(one: _Line) -> Sequence[Cell]:
    return ((one.keys, "accent"), (one.place, "muted"), (one.id, "muted"), (one.text, "plain"))
