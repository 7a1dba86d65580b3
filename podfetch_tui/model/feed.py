"""A feed as the catalogue knows it, and the values that belong to it."""

from __future__ import annotations

from enum import Enum

import msgspec


class FeedState(str, Enum):
    """Where a feed stands in the operator's eyes."""

    ACTIVE = "active"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    GONE = "gone"
    RETIRED = "retired"


class BreakerState(str, Enum):
    """Circuit breaker of a feed or host."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Validators(msgspec.Struct, frozen=True):
    """What a server gave us to ask conditionally with (RFC 9110 8.8)."""

    etag: str | None = None
    """The raw ``ETag`` field, quotes and ``W/`` included."""
    last_modified: str | None = None
    """The raw ``Last-Modified`` field."""


class BacklogKind(str, Enum):
    """How much of a back-catalogue is wanted."""

    ALL = "all"
    NONE = "none"
    NEWEST = "newest"
    SINCE = "since"


class Backlog(msgspec.Struct, frozen=True):
    """How much of what a feed already lists at its first poll is wanted."""

    kind: BacklogKind = BacklogKind.ALL
    count: int = 0
    """For ``newest``: how many of the newest episodes."""
    since: int = 0
    """For ``since``: UTC milliseconds; older episodes are skipped."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Breaker and counters of a feed, as decided by ``policy.breaker``."""

    breaker: BreakerState = BreakerState.CLOSED
    consecutive_failures: int = 0
    opened: int = 0
    """How many times in a row the breaker opened; the cool-down doubles with it."""
    open_until: int | None = None
    """UTC milliseconds at which an open breaker lets one probe through."""
    first_failure_at: int | None = None
    last_success_at: int | None = None
    last_error: str | None = None
    last_family: str | None = None
    last_status: int | None = None


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """All a poll or a download has to know of its feed."""

    id: int
    url: str
    """The URL that is polled now."""
    title: str = ""
    folder: str = ""
    """Folder below the archive's root, fixed at the first archived poll; else empty."""
    state: FeedState = FeedState.ACTIVE
    state_reason: str = ""
    priority: int = 0
    """Higher first."""
    interval: int | None = None
    """Polling interval in seconds set for this feed alone."""
    backlog: Backlog | None = None
    """Backlog policy of this feed alone; else the one of ``[feeds] backlog``."""
    validators: Validators = Validators()
    body_sha256: bytes = b""
    """Digest of the last body that was parsed; empty before."""
    last_full_at: int | None = None
    """UTC milliseconds of the last poll without validators that succeeded."""
    polls_ok: int = 0
    """Successful polls so far; 0 means the next one is the first."""
    next_poll_at: int = 0
    """UTC milliseconds."""
    health: Health = Health()
