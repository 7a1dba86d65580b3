"""A parsed feed document: what both parsers give, whatever the dialect."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.extras import Extras


class Enclosure(msgspec.Struct, frozen=True):
    """One media file an item points at (RSS 2.0 ``<enclosure>``)."""

    url: str
    """Absolute URL, resolved against the document's, blanks trimmed."""
    media_type: str = ""
    """The declared type, lower case, parameters dropped; may be empty or wrong."""
    length: int | None = None
    """The declared length in bytes when it is a number above 1."""


class Transcript(msgspec.Struct, frozen=True):
    """One ``<podcast:transcript>``: the words of an episode as a file of its own."""

    url: str
    """Absolute URL."""
    media_type: str = ""
    """The declared type, lower case, parameters dropped (``text/vtt``, ``application/json``)."""
    language: str = ""
    """Declared language; empty means the feed's."""
    rel: str = ""
    """``captions`` when the words carry times, else empty."""


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
    transcripts: tuple[Transcript, ...] = ()
    """Distinct transcripts in document order."""
    chapters_url: str = ""
    """Absolute URL of the chapters (``<podcast:chapters>``)."""
    chapters_type: str = ""
    """Their declared type, usually ``application/json+chapters``."""
    extras: Extras | None = None
    """What else it says of itself; ``None`` when that is nothing."""


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
    """The page with older items (RFC 5005: ``rel="next"`` or ``prev-archive``), absolute."""
    complete: bool = False
    """``itunes:complete``: no more episodes will come."""
    skip_hours: int = 0
    """Hours of the day, UTC, in which the publisher asks for no polls: bit h for hour h."""
    skip_days: int = 0
    """Days of the week for the same, UTC: bit 0 is Monday."""
    extras: Extras | None = None
    """What else the channel says of itself; ``None`` when that is nothing."""
    items: tuple[Item, ...] = ()
    """In document order."""
    parser: str = "fast"
    """``fast`` or ``tolerant``."""
    defect: str = ""
    """What the tolerant parser had to forgive; empty when well-formed."""
