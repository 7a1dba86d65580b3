"""The files an item points at: enclosures, and what stands in for them.

Must not decide which of them are wanted: that is ``pipeline.wanted``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podfetch_tui.feeds.texts import absolute, line, web_url
from podfetch_tui.model.document import Enclosure

Attributes = Mapping[str, str]
"""Attributes of one ``enclosure``, ``link`` or ``media:content``."""

_PLAYED = (
    ".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav",
    ".mp4", ".m4v", ".mov", ".webm", ".mkv",
)  # fmt: skip
"""Ends of the path of a link that is the episode itself."""


def enclosures(found: Sequence[Attributes], base: str) -> tuple[Enclosure, ...]:
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


def media(found: Sequence[Attributes], base: str) -> tuple[Enclosure, ...]:
    """Audio and video of ``media:content``, for feeds that know no other enclosure."""
    return enclosures([one for one in found if is_audio_or_video(one)], base)


def is_audio_or_video(attributes: Attributes) -> bool:
    """Whether a ``media:content`` says that it can be played."""
    return (
        attributes.get("type", "").lower().startswith(("audio/", "video/"))
        or attributes.get("medium", "").lower() in ("audio", "video")
    ) and bool(attributes.get("url"))


def linked(link: str, base: str) -> tuple[Enclosure, ...]:
    """The item's own link, where it leads to the file itself."""
    path = link.partition("#")[0].partition("?")[0].rstrip().lower()
    if not path.endswith(_PLAYED):
        return ()
    url = web_url(link, base)
    return (Enclosure(url),) if url else ()
