"""Raw texts of a feed to harmless lines, GUIDs, URLs and durations.

What is read here is the same whichever parser found it. Must not know what a text is for.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from unicodedata import is_normalized
from urllib.parse import urljoin

from podfetch_tui.model.text import clean

_LONGEST_GUID = 2_048
_LONGEST_URL = 8_192
_LONGEST_DURATION_S = 30 * 86_400.0
WEB = ("http://", "https://")
_EXTRA_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)/+")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
_C1 = re.compile("[\x80-\x9f]")
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2}")
_WINDOWS_1252 = {
    code: bytes((code,)).decode("windows-1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}


def line(text: str, limit: int) -> str:
    """Return ``text`` repaired and cleaned as one line (``model.text.clean``)."""
    if len(text) > limit or not text.isprintable():
        return clean(repaired(text), limit)
    if not text.isascii():
        text = repaired(text)
        if _MARKS.search(text) or not is_normalized("NFC", text):
            return clean(text, limit)
    return " ".join(text.split()) if "  " in text else text.strip()


def repaired(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1, and Windows-1252 that was called Latin-1.

    feedparser does the same to every text it reads.
    """
    if text.isascii():
        return text
    try:
        text = text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        pass  # the text is what it seems to be
    return text.translate(_WINDOWS_1252) if _C1.search(text) else text


def trimmed_guid(text: str) -> str:
    """Return a GUID without surrounding blanks; an absurdly long one as head and digest."""
    guid = text.strip()
    if len(guid) <= _LONGEST_GUID and guid.isascii() and ":///" not in guid:
        return guid
    guid = _EXTRA_SLASHES.sub(r"\1", repaired(guid))
    if len(guid) <= _LONGEST_GUID:
        return guid
    digest = hashlib.blake2b(guid.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{guid[: _LONGEST_GUID - 33]}#{digest}"


def web_url(text: str, base: str) -> str:
    """Return ``text`` as an absolute http(s) URL, or an empty text."""
    url = absolute(text, base)
    return url if url.startswith(WEB) or url[:8].lower().startswith(WEB) else ""


def absolute(text: str, base: str) -> str:
    """Return a trimmed URL, resolved against ``base``; empty when it cannot be one.

    Blanks and letters of any script inside stay as they are: ``net`` quotes what it
    sends. What could change how a line is shown is dropped.
    """
    url = text.strip()
    if (url[:8] == "https://" or url[:7] == "http://") and url.isprintable():
        return url if len(url) <= _LONGEST_URL else ""
    url = _INVISIBLE.sub("", url)
    if not url or len(url) > _LONGEST_URL:
        return ""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def duration(text: str) -> float | None:
    """Return the seconds of an ``itunes:duration`` (``3723``, ``62:03``, ``1:02:03``)."""
    return _duration(text) if len(text) <= 8 else _duration(text.strip()[:20])


@lru_cache(maxsize=8192)
def _duration(text: str) -> float | None:
    parts = text.split(":")
    seconds = 0.0
    try:
        for part in parts:
            seconds = seconds * 60 + float(part)
    except ValueError:
        return None
    return seconds if 0 < seconds <= _LONGEST_DURATION_S and len(parts) <= 3 else None
