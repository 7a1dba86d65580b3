"""The live display: a few lines at the bottom of the terminal, redrawn in place.

One write a frame, no line ever wiped before it is overwritten, so nothing flickers; what is
said meanwhile scrolls above. The terminal is left as it was found, with the last frame gone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from podfetch_tui.headless.cells import width
from podfetch_tui.headless.frame import Look
from podfetch_tui.headless.narration import Narration

_HIDE_CURSOR = "\x1b[?25l"
_SHOW_CURSOR = "\x1b[?25h"
_REST_OF_LINE = "\x1b[K"
_REST_OF_SCREEN = "\x1b[J"
_NO_COLOUR_CODES = "\x1b[1;32m", "\x1b[1;33m", "\x1b[1;31m", "\x1b[1m", "\x1b[0m"


def can_redraw(narration: Narration, environ: Mapping[str, str]) -> bool:
    """Return whether the stream is a terminal that can move its cursor."""
    return narration.isatty() and environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def look_of(narration: Narration, environ: Mapping[str, str]) -> Look:
    """Return what the terminal shows now; asked for every frame, for it may be resized."""
    try:
        columns, rows = os.get_terminal_size(narration.fileno())
    except (OSError, ValueError):
        columns, rows = 80, 24
    return Look(
        columns=columns or 80,
        rows=rows or 24,
        colour=not environ.get("NO_COLOR"),
        ascii_only=narration.ascii_only,
    )


class Display:
    """Owns the last lines of a terminal from ``open`` to ``close``; one thread draws."""

    def __init__(self, narration: Narration) -> None:
        self._narration = narration
        self._drawn: list[int] = []
        """Width in cells of each line that stands on the screen."""

    def open(self) -> None:
        """Take the terminal; what others say waits for the next frame."""
        self._narration.hold()
        self._emit(_HIDE_CURSOR)

    def paint(self, frame: Sequence[str], said: Sequence[str], look: Look) -> None:
        """Draw ``frame`` in place of the last one, and ``said`` above it, to stay."""
        held = self._narration.take()
        above = [*held.splitlines(), *said]
        text = "".join(f"{line}{_REST_OF_LINE}\n" for line in (*above, *frame))
        self._emit(self._to_top(look.columns) + text + _REST_OF_SCREEN)
        self._drawn = [width(_bare(line)) for line in frame]

    def close(self, said: Sequence[str] = (), *, columns: int = 80) -> None:
        """Take the frame off, leave ``said`` in its place and give the terminal back."""
        text = self._to_top(columns) + _REST_OF_SCREEN + self._narration.release()
        self._drawn = []
        self._emit(text + "".join(f"{line}\n" for line in said) + _SHOW_CURSOR)

    def _to_top(self, columns: int) -> str:
        # A terminal made narrower wraps what stands there: count rows, not lines.
        rows = sum(max(1, -(-cells // max(columns, 1))) for cells in self._drawn)
        return f"\r\x1b[{rows}A" if rows else "\r"

    def _emit(self, text: str) -> None:
        self._narration.stream.write(text)
        self._narration.stream.flush()


def _bare(line: str) -> str:
    for code in _NO_COLOUR_CODES:
        line = line.replace(code, "")
    return line
