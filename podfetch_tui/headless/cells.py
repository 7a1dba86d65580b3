"""How wide text is on a terminal, and text made to fit."""

from __future__ import annotations

import unicodedata

_NOTHING = frozenset({"Mn", "Me", "Cf", "Cc"})


def width(text: str) -> int:
    """Return how many cells ``text`` takes; wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def fit(text: str, room: int) -> str:
    """Return ``text`` cut to ``room`` cells, with an ellipsis where something is missing."""
    if width(text) <= room:
        return text
    if room < 1:
        return ""
    taken, used = [], 0
    for char in text:
        used += _cells(char)
        if used > room - 1:
            break
        taken.append(char)
    return "".join(taken) + "…"


def pad(text: str, room: int) -> str:
    """Return ``text`` cut or filled with blanks to exactly ``room`` cells."""
    text = fit(text, room)
    return text + " " * (room - width(text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in _NOTHING:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
