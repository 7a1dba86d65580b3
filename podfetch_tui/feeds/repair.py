"""Mending the text of a document where nothing is guessed about its content.

Must not drop or add anything that a reader of the feed would see.
"""

from __future__ import annotations

import re
from html import escape
from html.entities import html5

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_DECLARATION = re.compile(r"\A<\?xml\s[^>]*>")
_BARE = re.compile(r"&(?!(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_OF_XML = frozenset(("amp", "lt", "gt", "quot", "apos"))
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


def repair(text: str) -> tuple[str, list[str]]:
    """Take away what stands before the declaration and what XML cannot hold at all.

    Returns:
        The text without its declaration, and what was wrong with it.
    """
    defects = []
    trimmed = text.lstrip("\ufeff \t\r\n\x00")
    if len(trimmed) < len(text) and trimmed.startswith("<?xml"):
        defects.append("blanks before the XML declaration")
    if _ILLEGAL.search(trimmed):
        trimmed = _ILLEGAL.sub("", trimmed)
        defects.append("control characters")
    repaired = _REFERENCE.sub(_possible, trimmed)
    if repaired != trimmed:
        trimmed = repaired
        defects.append("references to characters that do not exist")
    # the declaration goes too: it names an encoding that is no longer true
    return _DECLARATION.sub("", trimmed, count=1), defects


def _possible(reference: re.Match[str]) -> str:
    """A character reference, or U+FFFD for one that no character has."""
    digits = reference[1] or reference[2]
    code = int(digits[-8:], 16 if reference[1] else 10) if len(digits.lstrip("0")) <= 7 else 0
    legal = code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000
    return reference[0] if legal else "\ufffd"


def mend_references(text: str) -> str:
    """Return ``text`` with bare ``&`` escaped and the entities of HTML as characters.

    What stands in CDATA stays as it is.
    """
    parts = text.split(_CDATA)
    mended = [mend_piece(parts[0])]
    for part in parts[1:]:
        inside, end, outside = part.partition(_CDATA_END)
        mended.append(inside + end + mend_piece(outside))
    return _CDATA.join(mended)


def mend_piece(text: str) -> str:
    """Mend a text that holds no CDATA."""
    return _BARE.sub("&amp;", _NAMED.sub(_character, text)) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    """What an HTML entity stands for; those of XML, and those nobody knows, stay."""
    meaning = html5.get(f"{reference[1]};", "")
    return reference[0] if reference[1] in _OF_XML or not meaning else escape(meaning)
