"""Which format a feed list has: its first bytes say so, whatever the file is called."""

from __future__ import annotations

import re
from enum import Enum

from podfetch_tui.model.encoding import decode

_LOOKED_AT = 65_536
_OPML = re.compile(r"<opml[\s/>]", re.IGNORECASE)
_ARRAY = re.compile(r"\[\s*[\[{\]\"]")
_OBJECT = re.compile(r"\{\s*[\"}]")


class ListFormat(Enum):
    """What a feed list is written in."""

    LINES = "lines"
    """A URL a line, or CSV with a header."""
    OPML = "opml"
    JSON = "json"
    JSON_LINES = "jsonl"


def format_of(data: bytes) -> ListFormat:
    """Return the format of the list in ``data``; what is none of the others is lines."""
    text = decode(data[:_LOOKED_AT]).lstrip("\ufeff \t\r\n")
    if text.startswith("<") and _OPML.search(text):
        return ListFormat.OPML
    if _ARRAY.match(text):
        return ListFormat.JSON
    if _OBJECT.match(text):
        return ListFormat.JSON_LINES
    return ListFormat.LINES
