"""A pane of lines that may be more than it has room for: the focus goes there, and they scroll."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from podfetch_tui.ui.widgets.text import Lines


class TextPane(VerticalScroll, can_focus=True):
    """Lines below a title; the keys that move scroll them while it has the focus."""

    def __init__(self, *, id: str, title: str) -> None:  # noqa: A002  Textual's name
        """Create an empty one; ``title`` is ours and stands in the border."""
        super().__init__(id=id, classes="panel")
        self.border_title = title
        self._lines = Lines()
        self._first = ""
        """Its first line says what it is about."""

    def compose(self) -> ComposeResult:
        """Only the lines."""
        yield self._lines

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Show ``lines``, from the top where they are about another thing."""
        first = lines[0].plain if lines else ""
        if first != self._first:
            self._first = first
            self.scroll_home(animate=False)
        self._lines.show_lines(lines)

    def action_scroll_down(self) -> None:
        """One line on, at once."""
        self.scroll_relative(y=1, animate=False)

    def action_scroll_up(self) -> None:
        """One line back, at once."""
        self.scroll_relative(y=-1, animate=False)
