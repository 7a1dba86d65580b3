"""Remote text made harmless, once, where it enters.

Titles and error messages come from strangers: they may hold terminal escapes, bidi
controls or lone surrogates. Nothing else in the program filters them again by hand.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes, urlsplit, urlunsplit

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DROPPED = re.compile(f"[{_BIDI}\ufeff\u200b\u00ad]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_SECRET_KEYS = re.compile(
    r"(?i)^(.*(token|secret|passw|api_?key|auth|sig|signature).*|key|sid|uid|tk|hash)$"
)

_URL = re.compile(r"(?i)\b(?:https?|socks\w*|ftp)://[^\s\"'<>]+")
_ESCAPED = ("&amp;", "&#38;", "&#x26;")
_SHORTEST_SECRET = 6


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


class _Known(NamedTuple):
    """What this process was told to keep secret."""

    keys: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None


_known = _Known()


def keep_secret(keys: Iterable[str] = (), values: Iterable[str] = ()) -> None:
    """Keep these out of every text that is shown, from now on, in the whole process.

    Like the log this is one for all: whoever shows a URL need not know who has a secret. What
    was secret once stays so; nothing is ever taken out.

    Args:
        keys: Query keys whose values are secret, besides those that look like it.
        values: Secrets themselves; shorter ones than six characters would hit plain words.
    """
    global _known
    long = {value for value in values if len(value) >= _SHORTEST_SECRET}
    all_values = tuple(sorted(long.union(_known.values), key=len, reverse=True))
    pattern = re.compile("|".join(map(re.escape, all_values))) if all_values else None
    _known = _Known(_known.keys.union(key.lower() for key in keys), all_values, pattern)


def redact(url: str) -> str:
    """Return ``url`` without userinfo and with secret query values replaced by ``***``."""
    return _redacted(url, _is_secret)


def redact_media(url: str, feed_url: str) -> str:
    """Return an enclosure's URL as its feed gives it, without what is secret.

    Public enclosures have keys that only look secret, so what counts here is what is known:
    userinfo, keys that were named secret, and the secrets of the feed's own URL.
    """
    if "@" in url or _known.keys:
        url = _redacted(url, lambda key: key.lower() in _known.keys)
    return hide(url, secrets_of(feed_url))


def secrets_of(url: str) -> tuple[str, ...]:
    """Return the password and the secret query values of ``url``, as written and decoded.

    The user name and the password as Basic authentication sends them are among these.
    """
    if "@" not in url and "?" not in url:
        return ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    pairs = (pair.partition("=") for pair in parts.query.split("&"))
    found = [value for key, _, value in pairs if _is_secret(key)]
    userinfo = parts.netloc.rpartition("@")[0]
    found.append(userinfo.partition(":")[2])
    sent = base64.b64encode(unquote_to_bytes(userinfo)).decode("ascii") if userinfo else ""
    texts = {*found, *map(unquote, found), sent}
    return tuple(sorted((t for t in texts if len(t) >= _SHORTEST_SECRET), key=len, reverse=True))


def without_secrets(url: str) -> str:
    """Return ``url`` without userinfo and without the query pairs that :func:`redact` masks.

    It may not be fetched any more.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    pairs = [pair.partition("=") for pair in parts.query.split("&")]
    query = "&".join(["".join(pair) for pair in pairs if not (pair[1] and _is_secret(pair[0]))])
    netloc = parts.netloc.rpartition("@")[2]
    return hide(urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment)))


def redact_text(text: str) -> str:
    """Return ``text`` with every URL in it redacted, and every known secret hidden."""
    if "://" in text:
        text = _URL.sub(lambda match: redact(match[0]), text)
    return hide(text)


def redact_markup(text: str, feed_url: str) -> str:
    """Return a part of a feed's document without secrets; ``&`` stands there as ``&amp;``."""

    def harmless(match: re.Match[str]) -> str:
        url = match[0]
        for escaped in _ESCAPED:
            url = url.replace(escaped, "&")
        return match[0] if (shown := redact(url)) == url else shown.replace("&", "&amp;")

    text = _URL.sub(harmless, text) if "://" in text else text
    return hide(text, secrets_of(feed_url))


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 feed``, ``1,204 feeds``.

    Args:
        number: How many.
        one: What follows a 1: ``feed``, ``feed is``.
        many: What follows any other; ``one`` with an s when left out.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def hide(text: str, more: Iterable[str] = ()) -> str:
    """Return ``text`` with every known secret, and those in ``more``, replaced by ``***``."""
    for secret in more:
        text = text.replace(secret, "***")
    pattern = _known.pattern
    return text if pattern is None else pattern.sub("***", text)


def _redacted(url: str, is_secret: Callable[[str], bool]) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    netloc = parts.netloc.rpartition("@")[2]
    if "@" in parts.netloc:
        netloc = f"***@{netloc}"
    query = parts.query
    if query:
        query = "&".join(_redact_pair(pair, is_secret) for pair in query.split("&"))
    return hide(urlunsplit((parts.scheme, netloc, parts.path, query, "")))


def _redact_pair(pair: str, is_secret: Callable[[str], bool]) -> str:
    key, equals, _ = pair.partition("=")
    return f"{key}=***" if equals and is_secret(key) else pair


def _is_secret(key: str) -> bool:
    return _SECRET_KEYS.match(key) is not None or key.lower() in _known.keys
