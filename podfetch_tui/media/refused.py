"""What is certainly not media: pages, documents, playlists, pictures, archives, programs.

A playlist above all: handed to FFmpeg it can make it read other files or the network.
"""

from __future__ import annotations

import re

_BLANK = b"\x00\t\n\x0b\x0c\r "
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_LOOKED_AT = 4096
# C0 without tab, line feed, vertical tab, form feed, return, escape and the old end-of-file.
_CONTROLS = bytes(c for c in (*range(0x20), 0x7F) if c not in (9, 10, 11, 12, 13, 0x1A, 0x1B))
_PRINTABLE = bytes((9, 10, 11, 12, 13, *range(0x20, 0x7F)))

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "picture"),
    (0, b"\x89PNG\r\n", "picture"),
    (0, b"GIF87a", "picture"),
    (0, b"GIF89a", "picture"),
    (8, b"WEBP", "picture"),
    (0, b"II*\x00", "picture"),
    (0, b"MM\x00*", "picture"),
    (0, b"8BPS\x00", "picture"),
    (0, b"\x00\x00\x01\x00\x01\x00", "picture"),
    (4, b"ftypheic", "picture"),
    (4, b"ftypheix", "picture"),
    (4, b"ftypmif1", "picture"),
    (4, b"ftypavif", "picture"),
    (4, b"ftypavis", "picture"),
    (0, b"%PDF-", "pdf"),
    (0, b"PK\x03\x04", "archive"),
    (0, b"PK\x05\x06", "archive"),
    (0, b"\x1f\x8b\x08", "archive"),
    (0, b"BZh", "archive"),
    (0, b"\xfd7zXZ\x00", "archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive"),
    (0, b"Rar!\x1a\x07", "archive"),
    (0, b"\x28\xb5\x2f\xfd", "archive"),
    (257, b"ustar", "archive"),
    (0, b"\x7fELF", "executable"),
    (0, b"\xfe\xed\xfa\xce", "executable"),
    (0, b"\xfe\xed\xfa\xcf", "executable"),
    (0, b"\xce\xfa\xed\xfe", "executable"),
    (0, b"\xcf\xfa\xed\xfe", "executable"),
    (0, b"\xca\xfe\xba\xbe", "executable"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document"),
    (0, b"SQLite format 3\x00", "document"),
    (0, b"d8:announce", "torrent"),
    (0, b"d13:announce", "torrent"),
)
_PLAYLIST = re.compile(r"#extm3u|\[playlist\]|\[reference\]|ffconcat version|<\?wpl|v=0\r?\no=")
_JSON = re.compile(r"[\[{]\s*(?:[\"\[\]{}]|-?\d|true|false|null)")
_PROLOG = re.compile(r"(?:<\?.*?\?>|<!--.*?-->|\s)*", re.DOTALL)
_ELEMENT = re.compile(r"<(!doctype\s+)?([a-z_][\w:.-]*)")
_HTML = re.compile(
    r"(?:a|b|body|br|center|div|font|h[1-6]|head|html|i|iframe|img|link|meta|p|pre|script|span|"
    r"style|table|title)"
)
_XML_PLAYLIST = frozenset({"asx", "mpd", "playlist", "smil", "smoothstreamingmedia"})


def magic_kind(head: bytes) -> str:
    """Return ``picture``, ``archive``, ``pdf`` …, or nothing, by the first bytes."""
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            return kind
    if head.startswith(b"MZ") and b"\x00" in head[:64]:
        return "executable"
    if head.startswith(b"BM") and head[6:10] == bytes(4) and len(head) > 26:
        return "picture"
    return ""


def text_kind(head: bytes) -> str:
    """Return ``html xml json playlist text`` when the bytes are text in any encoding, or nothing.

    Text may begin with blanks, NULs and byte order marks and hold a stray control character.
    """
    text = as_text(head[:_LOOKED_AT])
    if text is None:
        return ""
    return _document_kind(text.lstrip("\ufeff\x00 \t\r\n\x0b\x0c").lower())


def as_text(head: bytes) -> str | None:
    """Decode ``head`` if it is text, else ``None``. It may end within a character."""
    rest = head.lstrip(_BLANK)
    if not rest:
        return None if b"\x00" in head else ""
    for mark, encoding in _BOMS:
        if rest.startswith(mark):
            return _wide_text(rest[len(mark) :], encoding)
    for first, unit, encoding in ((0, 4, "utf-32-le"), (0, 2, "utf-16-le"), (1, 2, "utf-16-be")):
        # Without a mark: of each Latin letter's bytes all but one are NUL. (The NULs before the
        # first letter are gone with the blanks, so that 32 bits have one order only.)
        letters = rest[first::unit]
        nuls = rest.count(0)
        if len(rest) >= 8 and not letters.count(0) and nuls * 10 >= (len(rest) - len(letters)) * 9:
            return _wide_text(rest, encoding)
    return rest.decode("utf-8", "replace") if _is_plain(rest) else None


def _wide_text(data: bytes, encoding: str) -> str | None:
    if encoding == "utf-8":
        return data.decode(encoding, "replace") if _is_plain(data) else None
    unit = 4 if encoding.startswith("utf-32") else 2
    try:
        text = data[: len(data) // unit * unit].decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return None
    strange = sum(1 for c in text if not (c.isprintable() or c in "\t\n\r\x0b\x0c"))
    return text if strange * 10 <= len(text) else None


def _is_plain(data: bytes) -> bool:
    """Say whether bytes of an ASCII-compatible encoding read as text."""
    size = len(data)
    controls = size - len(data.translate(None, _CONTROLS))
    if controls > 1 + size // 100:
        return False
    printable = size - len(data.translate(None, _PRINTABLE))
    if printable * 100 >= size * 85:
        return True
    if controls:
        return False
    # Legacy encodings: a long run of bytes with blanks and not one control character is no binary.
    return _is_utf8(data) or (size >= 64 and printable * 10 >= size)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(data)
    return True


def _document_kind(text: str) -> str:
    """Classify lower-case text without leading blanks."""
    if _PLAYLIST.match(text):
        return "playlist"
    if _JSON.match(text):
        return "json"
    prolog = _PROLOG.match(text)
    body = text[prolog.end() :] if prolog else text
    element = _ELEMENT.match(body)
    if element is None:
        if text.startswith("<?xml"):
            return "xml"
        return "html" if "<html" in text or text.startswith("<!--") else "text"
    doctype, name = element.groups()
    if name in _XML_PLAYLIST:
        return "playlist"
    if _HTML.fullmatch(name):
        return "html"
    return "xml" if doctype or text.startswith("<?xml") or ">" in body else "text"
