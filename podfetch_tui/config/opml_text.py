"""Bytes of an OPML list to XML that says the same, where people's files do not quite.

The bytes are decoded here, so that the declaration, which is often wrong, does not matter. A
``&`` that begins no entity can only mean itself, and names of HTML entities mean what they
mean in HTML: both are written as XML wants them. No line is added or taken away.
"""

from __future__ import annotations

import html.entities
import re
from typing import NamedTuple

from podfetch_tui.model.encoding import decode
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import counted

_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
_AMPERSAND = re.compile(r"&(?:#([0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{0,31});)?")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_MOST_MENDED = 100_000
_WINDOW = 512 * 1024
"""Characters; a text or tag of twice this many fills at least one window and is refused."""


class Document(NamedTuple):
    """An OPML list, ready for the parser."""

    xml: bytes
    """UTF-8, without a declaration."""
    first_line: int
    """Number of its first line in the file."""
    notes: tuple[str, ...]


def document_of(data: bytes, name: str) -> Document:
    """Return the document in ``data``.

    Raises:
        UsageError: Nothing like it can be an OPML list; names ``name`` and the line.
    """
    text = decode(data)
    del data
    zero = text.find("\0")
    if zero >= 0:
        line = _line_of(text, zero)
        raise UsageError(f"{name}: line {line}: there is a zero byte: the file is damaged")
    stripped = text.lstrip("\ufeff \t\r\n")
    first_line = _line_of(text, len(text) - len(stripped))
    text = _CONTROL.sub("\ufffd", stripped)
    text = _DECLARATION.sub(lambda match: re.sub(r"[^\r\n]", " ", match[0]), text, count=1)
    text, notes = _mended(text, first_line, name)
    for at in range(0, len(text) - _WINDOW + 1, _WINDOW):
        if text.find("<", at, at + _WINDOW) < 0:
            line = first_line - 1 + _line_of(text, at)
            raise UsageError(f"{name}: line {line}: a tag or text of half a megabyte")
    return Document(text.encode(), first_line, notes)


def _line_of(text: str, at: int) -> int:
    """Return the number of the line with the character at ``at``, as expat counts lines."""
    ends = text.count("\n", 0, at) + text.count("\r", 0, at) - text.count("\r\n", 0, at)
    return 1 + ends


def _mended(text: str, first_line: int, list_name: str) -> tuple[str, tuple[str, ...]]:
    """Write every ``&`` as XML wants it; say how many were wrong, and where the first was."""
    wrong: list[int] = []

    def mend(match: re.Match[str]) -> str:
        number, name = match[1], match[2]
        if name in _PREDEFINED:
            return match[0]
        if number is not None:
            code = int(number[1:], 16) if number[0] in "xX" else int(number)
            return f"&#{code};" if _is_character(code) else "\ufffd"
        wrong.append(match.start())
        if len(wrong) > _MOST_MENDED:
            line = first_line - 1 + _line_of(text, wrong[0])
            raise UsageError(f"{list_name}: line {line}: {_MOST_MENDED} times & is wrong here")
        if name is None:
            return "&amp;"
        meant = html.entities.html5.get(f"{name};")
        return f"&amp;{name};" if meant is None else meant.translate(_MARKUP)

    mended = _AMPERSAND.sub(mend, text)
    if not wrong:
        return mended, ()
    line = first_line - 1 + _line_of(text, wrong[0])
    count = len(wrong)
    return mended, (f"{counted(count, 'time')} & was not written as &amp;, first in line {line}",)


def _is_character(code: int) -> bool:
    """Whether XML 1.0 has a character of this number (section 2.2)."""
    return (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
