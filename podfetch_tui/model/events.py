"""Facts the engine makes known, in the past tense."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. The same shape in the ring, on the wire and in ``podfetch events``."""

    seq: int
    """Position in the engine's ring, from 1; 0 when read from the catalogue."""
    at: int
    """UTC milliseconds."""
    kind: str
    """Word from ``docs/events.md``: ``feed_polled episode_archived episode_failed …``."""
    feed_id: int | None = None
    episode_id: int | None = None
    family: str | None = None
    code: str = ""
    text: str = ""
    """One cleaned line."""
    feed_title: str = ""
    """What the feed is called, where it is about one and that is known."""
    episode_title: str = ""


class EventBatch(msgspec.Struct, frozen=True):
    """What a reader gets for ``watch(after)``."""

    events: tuple[Event, ...]
    last_seq: int
    lost: bool
    """The ring has moved past ``after``: read a snapshot again."""
