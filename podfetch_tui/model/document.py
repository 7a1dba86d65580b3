"""A parsed feed document: what both parsers give, whatever the dialect."""

from __future__ import annotations

import msgspec


class Enclosure(msgspec.Struct, frozen=True):
    """One media file an item points at (RSS 2.0 ``<enclosure>``)."""

    url: str
    """Absolute URL, resolved against the document's, blanks trimmed."""
    media_type: str = ""
    """The declared type, lower case, parameters dropped; may be empty or wrong."""
    length: int | None = None
    """The declared length in bytes when it is a number above 1."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item or entry of a feed."""

    guid: str = ""
    """Trimmed GUID; empty when missing."""
    title: str = ""
    """Cleaned text, one line."""
    link: str = ""
    published: int | None = None
    """UTC milliseconds; ``None`` when missing or impossible."""
    enclosures: tuple[Enclosure, ...] = ()
    """Distinct enclosures in document order."""
    duration_s: float | None = None
    season: str = ""
    number: str = ""
    episode_type: str = ""
    author: str = ""
    summary: str = ""
    """Long text as published (may hold HTML), at most 64 KiB."""
    image_url: str = ""
    explicit: str = ""


class FeedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One feed document."""

    title: str = ""
    link: str = ""
    author: str = ""
    language: str = ""
    summary: str = ""
    image_url: str = ""
    ttl_s: int | None = None
    """RSS ``<ttl>`` in seconds."""
    new_feed_url: str = ""
    next_url: str = ""
    """RFC 5005 ``rel="next"``, absolute."""
    complete: bool = False
    """``itunes:complete``: no more episodes will come."""
    items: tuple[Item, ...] = ()
    """In document order."""
    parser: str = "fast"
    """``fast`` or ``tolerant``."""
    defect: str = ""
    """What the tolerant parser had to forgive; empty when well-formed."""
