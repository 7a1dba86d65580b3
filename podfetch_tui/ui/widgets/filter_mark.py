"""Marking, in the filter box itself, where a filter cannot be read."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text

from podfetch_tui.policy.filters import BadFilter, parse


class FilterMark(Highlighter):
    """Reverses what a filter of one kind of rows stumbles over."""

    def __init__(self, kind: str) -> None:
        """Read filters for rows of ``kind``."""
        self._kind = kind

    def highlight(self, text: Text) -> None:
        """Mark the word at which ``text`` cannot be read, or its end where something lacks."""
        try:
            parse(text.plain, self._kind)
        except BadFilter as error:
            first = min(error.column - 1, max(0, len(text) - 1))
            end = text.plain.find(" ", first + 1)
            text.stylize("reverse bold", first, len(text) if end < 0 else end)
