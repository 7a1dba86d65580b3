"""An episode as the catalogue knows it, and what identity decides about a poll."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import msgspec

from podfetch_tui.model.document import Enclosure, Item


class EpisodeState(str, Enum):
    """Where an episode stands on its way into the archive."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SEALED = "sealed"
    ARCHIVED = "archived"
    FAILED = "failed"
    SKIPPED = "skipped"
    GONE = "gone"
    MISSING = "missing"
    DELETED = "deleted"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One (item, enclosure) pair of a document with the keys it is known by."""

    item: Item
    enclosure: Enclosure
    keys: tuple[tuple[bytes, str], ...]
    """(16-byte digest, reason word), most specific first; see ``feeds.identity``."""


class KnownEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """What identity compares a draft with."""

    id: int
    guid: str
    title: str
    published: int | None
    enclosure_url: str


class KnownFeed(msgspec.Struct, frozen=True):
    """All episodes and keys of one feed."""

    keys: dict[bytes, int]
    """Key digest → the episode it belongs to."""
    episodes: dict[int, KnownEpisode]


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """A further key of a known episode."""

    episode_id: int
    key: bytes
    reason: str
    """Why the draft is that episode: ``guid``, ``enclosure``, ``migration`` …"""
    text: str
    """The GUID or URL behind the key, for the operator."""


class EpisodeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """New facts about a known episode; nothing is downloaded because of them."""

    episode_id: int
    draft: Draft


class Listed(NamedTuple):
    """A draft of a document, and the episode it was known as."""

    draft: Draft
    episode_id: int | None
    """``None``: it is new."""


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """What identity says about one document."""

    new: tuple[Draft, ...] = ()
    updates: tuple[EpisodeUpdate, ...] = ()
    """Only where title, date, GUID or enclosure URL differ from what is known."""
    details: tuple[EpisodeUpdate, ...] = ()
    """The newest known episodes that have details (people, transcripts, chapters), whether
    they are news or not."""
    aliases: tuple[Alias, ...] = ()
    known: int = 0
    """Drafts that matched a known episode."""
    oldest: tuple[Listed, ...] = ()
    """The oldest of the document, the very oldest first, and no more than half of it."""
    gone: int = 0
    """Known episodes that the document does not list."""
    without_enclosure: int = 0
    replaced: bool = False
    """The whole feed was exchanged: hold it, take nothing in."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """All a download has to know of its episode."""

    id: int
    feed_id: int
    guid: str
    title: str
    published: int | None
    enclosure_url: str
    enclosure_type: str = ""
    enclosure_length: int | None = None
    state: EpisodeState = EpisodeState.PENDING
    attempts: int = 0
    """Downloads started over its life that were not ended by this machine."""
    path: str = ""
    """Reserved or final name below the root; empty before the first claim."""
    beside: str = ""
    """Path that names what is made of it: its own, also where its bytes are another's file."""
    part: str = ""
    """Name of the part file; empty before the first claim."""
    durable: int = 0
    """Bytes of the part known to be on disk."""
    total: int | None = None
    """Whole length the server declared when the part was begun."""
    validators_etag: str | None = None
    validators_last_modified: str | None = None
    resume_failures: int = 0
    media_id: int | None = None
    sealed_sha256: bytes = b""
    """Digest of the sealed bytes; empty before."""
    sealed_size: int = 0
    sealed_path: str = ""
    """Path of another episode's published file with the sealed bytes; else empty."""
