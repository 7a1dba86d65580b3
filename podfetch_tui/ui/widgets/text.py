"""Lines of styled text that were never markup."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from podfetch_tui.ui.safety import harmless

Part = tuple[str, str]
"""Text and a style of ours, ``$success bold``; empty for none."""


def line(*parts: str | Part) -> Content:
    """Return one line; no text in it is markup, none can control the terminal."""
    made = [(part, "") if isinstance(part, str) else part for part in parts]
    return Content.assemble(*((harmless(text), style) for text, style in made))


class Lines(Static):
    """A few lines, painted again only when they differ."""

    def __init__(self, *, id: str, title: str = "") -> None:  # noqa: A002  Textual's name
        """Create an empty one; ``title`` is ours and stands in the border."""
        super().__init__(id=id, markup=False)
        self._lines: tuple[Content, ...] = ()
        if title:
            self.border_title = title

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Show ``lines``."""
        shown = tuple(lines)
        if shown != self._lines:
            self._lines = shown
            self.update(Content("\n").join(shown), layout=False)
