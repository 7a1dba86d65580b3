"""Lines of styled text that were never markup."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from podfetch_tui.model.text import clean
from podfetch_tui.ui.safety import harmless

Part = tuple[str, str]
"""Text and a style of ours, ``$success bold``; empty for none."""


def line(*parts: str | Part) -> Content:
    """Return one line; no text in it is markup, none can control the terminal."""
    made = [(part, "") if isinstance(part, str) else part for part in parts]
    return Content.assemble(*((harmless(text), style) for text, style in made))


def harmless_line(text: str, most: int = 300) -> str:
    """Return ``text`` as one line for places that take plain text: toasts, the palette."""
    return harmless(clean(text, most))


class Lines(Static):
    """A few lines, painted again only when they differ."""

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002  Textual's name
        classes: str | None = None,
        title: str = "",
    ) -> None:
        """Create an empty one; ``title`` is ours and stands in the border."""
        super().__init__(id=id, classes=classes, markup=False)
        self._shown: tuple[object, ...] = ()
        if title:
            self.border_title = title
            self.add_class("-titled")

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Show ``lines``."""
        # Contents are equal to Textual when their words are, whatever their colours.
        shown = tuple((one.plain, one.spans) for one in lines)
        if shown != self._shown:
            is_taller = len(shown) != len(self._shown)
            self._shown = shown
            self.update(Content("\n").join(lines), layout=is_taller)
