"""Remote text made harmless, once, where it enters.

Titles and error messages come from strangers: they may hold terminal escapes, bidi
controls or lone surrogates. Nothing else in the program filters them again by hand.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit, urlunsplit

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DROPPED = re.compile(f"[{_BIDI}\ufeff\u200b\u00ad]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_SECRET_KEYS = re.compile(
    r"(?i)^(.*(token|secret|passw|api_?key|auth|sig|signature).*|key|sid|uid|tk|hash)$"
)


def clean(text: str, limit: int = 500) -> str:
    """Return ``text`` as one harmless line of at most ``limit`` code points.

    C0, C1, line and paragraph separators become blanks, bidi controls, zero-width
    spaces and soft hyphens are dropped, lone surrogates become U+FFFD, more than three
    stacked combining marks are cut, blanks collapse, the result is NFC.
    """
    text = text[: limit * 8]
    text = _SURROGATE.sub("\ufffd", _DROPPED.sub("", _CONTROL.sub(" ", text)))
    text = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    text = _MARKS.sub(r"\1", text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def redact(url: str) -> str:
    """Return ``url`` without userinfo and with secret query values replaced by ``***``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    netloc = parts.netloc.rpartition("@")[2]
    if "@" in parts.netloc:
        netloc = f"***@{netloc}"
    query = "&".join(_redact_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))


def _redact_pair(pair: str) -> str:
    key, equals, _ = pair.partition("=")
    return f"{key}=***" if equals and _SECRET_KEYS.match(key) else pair
