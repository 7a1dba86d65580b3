"""The last net before the terminal: no remote text may control it.

Titles are cleaned where they enter and again where a widget draws them; should one widget
forget, the filter at the driver still deletes every control and bidi character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺╼╾▔▁▂▃", "-"),
        **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻╽╿▎▏▍▌▐▕▊▋▉", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬", "+"),
        **dict.fromkeys("▄▅▆▇█▀▓", "#"),
        **dict.fromkeys("░▒", "."),
        **dict.fromkeys("▲△▴▵↑⇡", "^"),
        **dict.fromkeys("▼▽▾▿↓⇣", "v"),
        **dict.fromkeys("►▶▸▷→⇒❯", ">"),
        **dict.fromkeys("◄◀◂◁←⇐❮", "<"),
        **dict.fromkeys("●◉◍■◼", "o"),
        **dict.fromkeys("○◌□◻◯", "."),
        **dict.fromkeys("✓✔", "+"),
        **dict.fromkeys("✗✘✕×", "x"),
        **dict.fromkeys("·•–—−", "-"),
        **dict.fromkeys("‘’‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        "…": "~",
        "⏎": "+",
        "≤": "<",
        "≥": ">",
    }
)
"""Signs that widgets draw with, each as one of ASCII that is as wide."""
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """Return ``text`` without characters that control a terminal or turn its direction."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub("", text)


class ControlFilter(LineFilter):
    """Deletes control, bidi and surrogate characters from everything that is painted."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return ``segments`` without such characters; Textual's own controls stay."""
        return [
            segment if segment.control else Segment(harmless(segment.text), segment.style)
            for segment in segments
        ]


class AsciiFilter(LineFilter):
    """Draws with ASCII: lines, blocks, arrows and bullets; letters of titles stay what they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return ``segments`` with every sign in ASCII, in as many cells."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(segment.text.translate(_SIGNS), segment.style)
            for segment in segments
        ]


class OneFilter(LineFilter):
    """Several filters as one: each that Textual knows of makes a line and its caches anew."""

    def __init__(self, filters: Iterable[LineFilter]) -> None:
        """Apply ``filters`` one after the other."""
        super().__init__()
        self.filters = tuple(filters)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return ``segments`` as the last of the filters leaves them."""
        for one in self.filters:
            segments = one.apply(segments, background)
        return segments


class Net:
    """Puts ours behind Textual's filters: the last, and only ever one."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._ours = (ControlFilter(), AsciiFilter()) if ascii_only else (ControlFilter(),)
        self._one = OneFilter(self._ours)

    def behind(self, filters: Iterable[LineFilter]) -> list[LineFilter]:
        """Return what does all that ``filters`` do, then lets no control character pass."""
        wanted = (*filters, *self._ours)
        if wanted != self._one.filters:  # lines are kept by the filter they went through
            self._one = OneFilter(wanted)
        return [self._one]
