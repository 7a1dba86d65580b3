"""A feed as the catalogue knows it, and the values that belong to it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DAY_MS = 86_400_000


class FeedState(str, Enum):
    """Where a feed stands in the operator's eyes."""

    ACTIVE = "active"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    GONE = "gone"
    RETIRED = "retired"


REMOVED = "removed from "
"""How the reason begins of a feed that is paused because its list names it no more."""


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

    @property
    def text(self) -> str:
        """As it stands in the INI, in feed lists and in rows: ``since 2024-01-31``."""
        if self.kind is BacklogKind.NEWEST:
            return str(self.count)
        if self.kind is not BacklogKind.SINCE:
            return str(self.kind.value)
        moment: datetime = _EPOCH + timedelta(milliseconds=self.since)
        if self.since % _DAY_MS == 0:
            return f"since {moment.date().isoformat()}"
        return f"since {moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says about when to come back; it holds for answers without a body too."""

    gap_ms: int | None = None
    """Usual time between two episodes; ``None`` while too few are known."""
    ttl_s: int | None = None
    """RSS ``<ttl>``."""
    skip_hours: int = 0
    """Hours of the day, UTC, in which the publisher asks for no polls: bit h for hour h."""
    skip_days: int = 0
    """Days of the week for the same, UTC: bit 0 is Monday."""


class Sighting(msgspec.Struct, frozen=True):
    """A move that a feed's answers named lately, and that was not made yet."""

    url: str = ""
    """Where it leads, normalised; empty: nowhere."""
    by: str = ""
    """``redirect`` (301, 308) or ``document`` (``itunes:new-feed-url``)."""
    seen: int = 0
    """Polls in a row that named it."""
    since: int | None = None
    """UTC milliseconds of the first of them."""


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
    probation: bool = False
    """Released from quarantine: one failure sends it back."""
    failed_days: int = 0
    """Days (UTC) with a failed poll since the last success."""
    failed_day: int | None = None
    """The last of them, in days since 1970."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the requests of one feed alone; empty means as in the settings."""

    feed_url: str = ""
    """The feed they are made for: an entry of the credentials file may be for it alone."""
    user_agent: str = ""
    feed_max: int | None = None
    """Largest document, in bytes."""
    allow_private: tuple[str, ...] = ()
    """Networks (CIDR) open to this feed, besides those of the settings."""
    auth: str = ""
    """Name of the entry of the credentials file to use; empty: the one of the URL or host."""


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
    user_agent: str = ""
    feed_max: int | None = None
    allow_private: tuple[str, ...] = ()
    auth: str = ""
    validators: Validators = Validators()
    body_sha256: bytes = b""
    """Digest of the last body that was parsed; empty before."""
    last_full_at: int | None = None
    """UTC milliseconds of the last poll without validators that succeeded."""
    polls_ok: int = 0
    """Successful polls so far; 0 means the next one is the first."""
    next_poll_at: int = 0
    """UTC milliseconds."""
    rhythm: Rhythm = Rhythm()
    sighting: Sighting = Sighting()
    page_url: str = ""
    """The page of the back-catalogue to go on with; empty when there is none to be read."""
    health: Health = Health()

    @property
    def access(self) -> Access:
        """What holds for its requests, its media's included."""
        return Access(
            feed_url=self.url,
            user_agent=self.user_agent,
            feed_max=self.feed_max,
            allow_private=self.allow_private,
            auth=self.auth,
        )
