"""Bytes of a feed list → its lines; what is plainly no list of lines is refused at once."""

from __future__ import annotations

import re

from podfetch_tui.model.errors import UsageError

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LOOKED_AT = 65_536
_MOST_CONTROLS = 100
"""More control bytes than that in the first part: nobody wrote this as text."""

_FORMATS = (
    (b"PK\x03\x04", "a spreadsheet or archive (ZIP); save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet; save it as CSV"),
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"%PDF", "a PDF; save it as text"),
    (b"\xff\xfe", "UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16; save it as UTF-8"),
    (b"SQLite format 3", "a database"),
)
_MARKUP = (
    (re.compile(rb"<opml[\s>]", re.IGNORECASE), "OPML, not CSV or a URL a line"),
    (re.compile(rb"<(!doctype\s+html|html)[\s>]", re.IGNORECASE), "a web page, not a feed list"),
    (re.compile(rb"<(rss|feed|rdf:RDF)[\s>]"), "a feed itself; put its URL in a list"),
    (re.compile(rb""), "XML or HTML, not a feed list"),
)


def decode(data: bytes, *, name: str) -> list[str]:
    """Return the lines of ``data`` without their ends (LF, CR LF or CR).

    UTF-8, with or without a byte-order mark; a line that is not UTF-8 is read as Windows-1252.

    Raises:
        UsageError: it is empty, binary or markup; names ``name`` and the line.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    _refuse_other_formats(data, name)
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    try:
        return data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return [_decode_line(line) for line in data.split(b"\n")]


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _refuse_other_formats(data: bytes, name: str) -> None:
    if not data or data.isspace():
        raise UsageError(f"{name}: line 1: the list is empty")
    for magic, what in _FORMATS:
        if data.startswith(magic):
            raise UsageError(f"{name}: line 1: this is {what}")
    head = data[:_LOOKED_AT]
    if head.lstrip()[:1] == b"<":
        what = next(what for pattern, what in _MARKUP if pattern.search(head))
        line = 1 + data[: len(head) - len(head.lstrip())].count(b"\n")
        raise UsageError(f"{name}: line {line}: this is {what}")
    zero = data.find(b"\0")
    if zero >= 0 or len(_CONTROL.findall(head)) > _MOST_CONTROLS:
        first = _CONTROL.search(data)
        line = 1 + data.count(b"\n", 0, first.start() if first else 0)
        raise UsageError(f"{name}: line {line}: this is binary data, not a list of URLs")
