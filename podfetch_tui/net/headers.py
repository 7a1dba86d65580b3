"""Header fields: ours that say who asks, and the host's, read strictly.

Pure functions over text. None of those that read raises for what a server sent, except
:func:`content_length`, whose wrong reading would end a body at the wrong byte. Sources:
RFC 9110 (HTTP semantics), RFC 9111 (caching), RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import calendar
import datetime
import email.utils
import re

from podfetch_tui import __version__
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.text import clean
from podfetch_tui.model.work_settings import NetworkSettings

Fields = dict[str, str]
"""Lower-case field name → value. Lists are joined by commas; of other repeated fields
the first one holds (``net.reply``)."""

_MAX_VALIDATOR = 1024
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(r"[0-9]+\Z")
_STRONG = re.compile(r'"[^"]*"\Z')
_MAX_AGE = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]+)"?\s*(?=$|,)', re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[,\s])no-(?:cache|store)\b", re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"bytes[ \t]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\Z", re.I)
_MAX_SECONDS = 10**10
_STRONG_AGE_S = 60


def user_agent(network: NetworkSettings) -> str:
    """Return who we say we are: the setting, else PodFetch, its version and the contact."""
    if network.user_agent:
        return field_text(network.user_agent)
    contact = field_text(network.contact)
    return f"PodFetch/{__version__} ({f'+{contact}' if contact else 'podcast archive'})"


def field_text(text: str) -> str:
    """Return ``text`` as printable ASCII: nothing in a setting may end a header line."""
    return clean(text, 300).encode("ascii", "replace").decode("ascii")


def validators(fields: Fields, *, known: Validators | None = None) -> Validators:
    """Return what to ask with next time; those a 304 leaves out stay as they were."""
    etag = _validator(fields.get("etag"))
    modified = _validator(fields.get("last-modified"))
    if known is not None:
        etag = known.etag if etag is None else etag
        modified = known.last_modified if modified is None else modified
    return Validators(etag, modified)


def cleaned(fields: Fields, name: str) -> str:
    """Return a field as harmless text, empty when missing."""
    text = fields.get(name)
    return clean(text, 2000) if text else ""


def content_length(fields: Fields) -> int | None:
    """Return the declared body length in bytes, ``None`` without one (RFC 9112 6.3).

    Raises:
        Failure: PROTOCOL for a length that is no number, or for two different ones.
    """
    text = fields.get("content-length")
    if text is None:
        return None
    values = {part.strip() for part in text.split(",")}
    value = values.pop()
    if values or not _DIGITS.match(value) or len(value) > 18:
        raise Failure(Kind.PROTOCOL, f"impossible Content-Length {clean(text, 60)}")
    return int(value)


def content_codings(fields: Fields) -> tuple[str, ...]:
    """Return the codings of the body in the order they were applied, without ``identity``."""
    text = fields.get("content-encoding", "")
    codings = (part.strip().lower() for part in text.split(","))
    return tuple(coding for coding in codings if coding and coding != "identity")


def content_range(fields: Fields) -> tuple[int, int, int | None] | None:
    """Return (first, last, total) of a ``Content-Range`` in bytes; ``None`` if it is none."""
    match = _CONTENT_RANGE.match(fields.get("content-range", "").strip())
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    if first > last or (total is not None and last >= total):
        return None
    return first, last, total


def is_strong(etag: str | None) -> bool:
    """Return whether an entity tag may vouch for single bytes (RFC 9110 8.8.3)."""
    return etag is not None and _STRONG.match(etag) is not None


def is_settled(fields: Fields) -> bool:
    """Return whether Last-Modified is at least 60 s older than Date (RFC 9110 8.8.2.2)."""
    modified, date = http_date(fields.get("last-modified")), http_date(fields.get("date"))
    return modified is not None and date is not None and date - modified >= _STRONG_AGE_S


def http_date(text: str | None) -> int | None:
    """Return UTC seconds of an HTTP-date in any of its three forms, else ``None``."""
    if text is None or len(text) > 64:
        return None
    try:
        parts = email.utils.parsedate_tz(text)
        if parts is None:
            return None
        # timegm takes the 99th of a month for a later one; datetime does not.
        moment = datetime.datetime(*parts[:5], min(parts[5], 59), tzinfo=datetime.timezone.utc)
        return calendar.timegm(moment.timetuple()) - (parts[9] or 0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def retry_after(text: str | None, *, now_ms: int) -> float | None:
    """Return the seconds a host asks us to wait (RFC 9110 10.2.3); ``None`` if unusable.

    Neither a past date nor a sign nor a fraction counts; absurdly long waits are returned
    as they are, up to 10^10 seconds, for policy to clamp.
    """
    if text is None:
        return None
    text = text.strip()
    if _DIGITS.match(text):
        return float(_MAX_SECONDS if len(text) > 10 else int(text))
    moment = http_date(text)
    if moment is None or moment * 1000 <= now_ms:
        return None
    return moment - now_ms / 1000


def max_age(fields: Fields) -> int | None:
    """Return ``Cache-Control: max-age`` in seconds; ``None`` without it or with no-cache."""
    text = fields.get("cache-control")
    if text is None or _NO_CACHE.search(text):
        return None
    match = _MAX_AGE.search(text)
    if match is None:
        return None
    return _MAX_SECONDS if len(match[1]) > 10 else int(match[1])


def _validator(text: str | None) -> str | None:
    """A validator goes back to the server as it came, so nothing may hide in it."""
    if not text or len(text) > _MAX_VALIDATOR or _CONTROL.search(text):
        return None
    return text
