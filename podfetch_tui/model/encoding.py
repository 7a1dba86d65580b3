"""Bytes of a document to text, whatever the header, the declaration and the bytes claim.

In order: a byte order mark; UTF-8 when the bytes are valid UTF-8 (declarations go stale
when a document is converted, and hardly any other text is valid UTF-8 by chance); the
declaration inside the document; the header; Windows-1252. Latin-1 is read as
Windows-1252, as browsers do. Must not hand a name from a feed to Python's codecs unless
it is on the list: some of them take quadratic time.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00r\x00", "utf-16-le"),
    (b"\x00<\x00r", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
"""First bytes that give an encoding away (XML 1.0, appendix F)."""

_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
}
"""What is really meant by a name (WHATWG Encoding, section 4.2)."""

_ALLOWED = re.compile(
    r"cp(?:037|437|85\d|86\d|874|9\d\d|125\d)|iso8859-\d+|koi8-[ru]|mac-?\w+|big5(?:hkscs)?"
    r"|gb18030|euc_j\w+|shift_jis\w*|iso2022_jp\w*|hz|utf-(?:8|16|32)(?:-[lb]e)?"
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""")


def decode(body: bytes, content_type: str = "") -> str:
    """Return ``body`` as text; what cannot be read becomes U+FFFD.

    Args:
        body: The document as received.
        content_type: The raw ``Content-Type`` field, or an empty text.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").removeprefix("\ufeff")
    declared = _DECLARED.search(body, 0, 1024)
    header = _CHARSET.search(content_type)
    if not body.isascii():
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            text = body.decode("utf-8", "replace")
            if _is_mostly_right(text):
                return text
    for name in (declared[1].decode("ascii") if declared else "", header[1] if header else ""):
        encoding = _codec(name)
        if encoding:
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                continue
    return body.decode("cp1252", "replace")


def _codec(name: str) -> str:
    """The codec meant by ``name``; empty when nobody should decode with it."""
    try:
        known = codecs.lookup(name).name if name else ""
    except LookupError:
        return ""
    known = _SUPERSETS.get(known, known)
    # a document whose first bytes were not UTF-16 or UTF-32 is neither
    if known.startswith(("utf-16", "utf-32")) or not _ALLOWED.fullmatch(known):
        return ""
    return known


def _is_mostly_right(text: str) -> bool:
    """Whether a few bad bytes are all that is wrong with UTF-8 read as UTF-8."""
    bad = text.count("\ufffd")
    letters = len(text) - sum(text.count(chr(code)) for code in range(128))
    return bad * 5 < letters - bad
