"""From the texts two parsers find to the values both must give.

The fast path and the tolerant parser hand over the same keys with the same raw texts;
everything that is decided about them is decided here, so that the two agree by
construction. Must not know how a document was parsed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from unicodedata import is_normalized
from urllib.parse import urljoin

from podfetch_tui.feeds.dates import moment
from podfetch_tui.model.document import Enclosure, FeedDocument, Item
from podfetch_tui.model.text import clean

Attributes = Mapping[str, str]
"""Attributes of one ``enclosure``, ``link`` or ``media:content``."""

LONGEST_TEXT = 65_536
"""Bytes kept of a description."""
_LONGEST_GUID = 2_048
_LONGEST_URL = 8_192
_LONGEST_TTL_MIN = 30 * 24 * 60
_LONGEST_DURATION_S = 30 * 86_400.0
NO_ITEM = dict.fromkeys(
    (
        *("guid", "permalink", "title", "media_title", "itunes_title", "link"),
        *("published", "updated", "created", "author", "duration", "season", "number"),
        *("episode_type", "explicit", "image", "description", "content"),
        *("itunes_summary", "media_description", "enclosure", "media"),
    ),
    "",
)
"""An item of which nothing was found: copy it and fill in raw texts."""

NO_CHANNEL = dict.fromkeys(
    (
        *("title", "link", "author", "editor", "language", "image", "itunes_image", "logo"),
        *("ttl", "new_feed_url", "next", "complete", "description", "content"),
        *("itunes_summary", "media_description"),
    ),
    "",
)
"""A channel of which nothing was found."""

_OTHER_DESCRIPTIONS = ("content", "itunes_summary", "media_description")
_WEB = ("http://", "https://")
_EXTRA_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)/+")
_EXPLICIT = {
    "yes": "yes", "true": "yes", "explicit": "yes", "no": "no", "false": "no", "clean": "no"
}  # fmt: skip
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


def make_item(
    found: dict[str, str],
    enclosures: Sequence[Attributes],
    media: Sequence[Attributes],
    *,
    base: str,
) -> Item:
    """Make an item of the raw texts of its elements.

    Args:
        found: Raw text of every slot of :data:`NO_ITEM`; ``permalink`` = ``false`` when
            the GUID says that it is no link.
        enclosures: Attributes of the enclosures, in document order.
        media: Attributes of ``media:content``; they count where no enclosure does.
        base: URL that relative URLs are resolved against.
    """
    title = line(found["title"], 500)
    if not title:
        title = line(found["media_title"], 500) or line(found["itunes_title"], 500)
    guid = trimmed_guid(found["guid"])
    link = found["link"]
    if not link and found["permalink"] != "false" and guid.startswith(_WEB):
        link = guid
    published = moment(found["published"])
    if published is None:
        published = moment(found["updated"].strip() or found["created"])
    image, number, season = found["image"], found["number"], found["season"]
    return Item(
        guid=guid,
        title=title,
        link=link and web_url(link, base),
        published=published,
        enclosures=_enclosures(enclosures, base) or (_media(media, base) if media else ()),
        duration_s=duration(found["duration"]),
        season=season and _word(season),
        number=number and _word(number),
        episode_type=_word(found["episode_type"]).lower(),
        author=_author(found["author"]),
        summary=_description(found),
        image_url=image and web_url(image, base),
        explicit=_EXPLICIT.get(found["explicit"]) or _explicit(found["explicit"]),
    )


def make_document(
    found: dict[str, str], items: Sequence[Item], *, base: str, parser: str, defect: str = ""
) -> FeedDocument:
    """Make a document of its items and the raw texts of its channel's elements.

    Args:
        found: Raw text of every slot of :data:`NO_CHANNEL`; ``next`` is the link to the
            next page (RFC 5005).
        items: The items, in document order.
        base: URL that relative URLs are resolved against.
        parser: ``fast`` or ``tolerant``.
        defect: What had to be forgiven.
    """
    return FeedDocument(
        title=line(found["title"], 500),
        link=web_url(found["link"], base),
        author=line(found["author"] or found["editor"], 200),
        language=line(found["language"], 40),
        summary=_description(found),
        image_url=web_url(found["itunes_image"] or found["image"] or found["logo"], base),
        ttl_s=_ttl(found["ttl"]),
        new_feed_url=web_url(found["new_feed_url"], base),
        next_url=web_url(found["next"], base),
        complete=found["complete"].strip().lower() in ("yes", "true"),
        items=tuple(items),
        parser=parser,
        defect=defect,
    )


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
    return url if url.startswith(_WEB) or url[:8].lower().startswith(_WEB) else ""


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


def _word(text: str) -> str:
    """A number or keyword as one short clean line."""
    return text if text.isalnum() and len(text) <= 40 else text and line(text, 40)


def _author(text: str) -> str:
    """An author as one clean line; mostly the same for all items of a feed."""
    return _short_author(text) if len(text) <= 100 else line(text, 200)


@lru_cache(maxsize=2048)
def _short_author(text: str) -> str:
    return line(text, 200)


def _enclosures(found: Sequence[Attributes], base: str) -> tuple[Enclosure, ...]:
    """Distinct enclosures in document order."""
    if len(found) == 1:
        only = _enclosure(found[0], base)
        return () if only is None else (only,)
    distinct: dict[str, Enclosure] = {}
    for attributes in found:
        enclosure = _enclosure(attributes, base)
        if enclosure is not None:
            distinct.setdefault(enclosure.url, enclosure)
    return tuple(distinct.values())


def _enclosure(attributes: Attributes, base: str) -> Enclosure | None:
    if "url" not in attributes:
        attributes = {name.lower(): value for name, value in attributes.items()}
    get = attributes.get
    url = absolute(get("url") or get("uri") or get("href") or "", base)
    if not url:
        return None
    media_type = get("type", "")
    if media_type != "audio/mpeg":
        media_type = line(media_type.partition(";")[0].lower(), 100)
    length = (get("length") or get("fileSize") or get("filesize") or "").strip()
    size = int(length) if length.isdecimal() and len(length) <= 15 else 0
    return Enclosure(url, media_type, size if size > 1 else None)


def _media(found: Sequence[Attributes], base: str) -> tuple[Enclosure, ...]:
    """Audio and video of ``media:content``, for feeds that know no other enclosure."""
    return _enclosures([one for one in found if _is_audio_or_video(one)], base)


def _is_audio_or_video(attributes: Attributes) -> bool:
    return (
        attributes.get("type", "").lower().startswith(("audio/", "video/"))
        or attributes.get("medium", "").lower() in ("audio", "video")
    ) and bool(attributes.get("url"))


def _description(found: dict[str, str]) -> str:
    """The longest of the texts that describe it, at most :data:`LONGEST_TEXT` bytes."""
    text = found["description"]
    for slot in _OTHER_DESCRIPTIONS:
        if found[slot] and len(found[slot]) > len(text):
            text = found[slot]
    text = text.strip()
    if len(text) <= LONGEST_TEXT // 4:
        return text
    return text.encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")


def _explicit(text: str) -> str:
    return _EXPLICIT.get(text.strip().lower(), "") if text else ""


def _ttl(text: str) -> int | None:
    text = text.strip()
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        return None
    minutes = int(text)
    return minutes * 60 if 0 < minutes <= _LONGEST_TTL_MIN else None
