"""What an operator decides about feeds and episodes; each decision is an audited action."""

from __future__ import annotations

from enum import Enum

import msgspec

from podfetch_tui.model.feed import FeedState


class FeedDecision(str, Enum):
    """What is done to feeds; the audit says ``pause_feed`` and so on."""

    PAUSE = "pause"
    RESUME = "resume"
    RETIRE = "retire"
    RELEASE = "release"
    """Out of quarantine: due at once and on probation, one failure sends it back."""
    SNOOZE = "snooze"
    """It stays in quarantine and is not probed before a time."""
    QUARANTINE = "quarantine"
    """Into quarantine, whatever its failures: probed as seldom, and out again by itself."""

    @property
    def state(self) -> FeedState:
        """The state it leads to."""
        return _LEADS_TO[self]


_LEADS_TO = {
    FeedDecision.PAUSE: FeedState.PAUSED,
    FeedDecision.RESUME: FeedState.ACTIVE,
    FeedDecision.RETIRE: FeedState.RETIRED,
    FeedDecision.RELEASE: FeedState.ACTIVE,
    FeedDecision.SNOOZE: FeedState.QUARANTINED,
    FeedDecision.QUARANTINE: FeedState.QUARANTINED,
}

DONE = {
    FeedDecision.PAUSE: "paused",
    FeedDecision.RESUME: "resumed",
    FeedDecision.RETIRE: "retired",
    FeedDecision.RELEASE: "released",
    FeedDecision.SNOOZE: "snoozed",
    FeedDecision.QUARANTINE: "quarantined",
}
"""What became of the feeds, in a word; keys of the JSON, too."""

UNDO_MS = 60_000
"""So long an action can be undone."""


class EpisodeDecision(str, Enum):
    """What is done to episodes; the audit says ``skip_episode`` and so on."""

    SKIP = "skip"
    RETRY = "retry"
    DELETE = "delete"


class DecideFeeds(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Pause, resume, retire, release, snooze or quarantine feeds; receipt: :class:`Decided`."""

    feed_ids: tuple[int, ...]
    decision: FeedDecision
    seen: tuple[int, ...] = ()
    """For each feed: since when it was in its state (UTC milliseconds) as it was looked at; one
    that is in another by now is refused. Empty: whatever it is in."""
    due_at: tuple[int, ...] = ()
    """For a release: when each feed is polled, UTC milliseconds; empty: all at once."""
    until: int | None = None
    """For a snooze or a quarantine: it is not probed before this UTC millisecond."""
    operation: int = 0
    """Number of the operation that it is a further part of; 0: it begins one."""
    reason: str = ""
    """Why, in the operator's words."""
    actor: str = "command"
    at: int
    """UTC milliseconds."""


class DecideEpisodes(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Skip, retry or delete episodes; receipt: :class:`Decided`.

    A deletion makes the row a tombstone and names the files to remove; they are removed after
    it, and named until they are.
    """

    episode_ids: tuple[int, ...]
    decision: EpisodeDecision
    reason: str = ""
    actor: str = "command"
    undelete: bool = False
    """A retry fetches deleted ones again, too."""
    seen: tuple[str, ...] = ()
    """For each episode: the state it was in as it was looked at; one that is in another by now is
    refused. Empty: whatever it is in."""
    keep_part: bool = False
    """A skip keeps what came of a download: a retry goes on from there."""
    lost: tuple[int, ...] = ()
    """Archived ones among them whose file was looked for and is not there: they are missing."""
    at: int


class NoteFiles(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a look at the disk showed of episodes; receipt: :class:`Decided`.

    What has changed since that look stays as it is.
    """

    gone: tuple[int, ...] = ()
    """Archived ones whose file is not there: they are missing."""
    back: tuple[int, ...] = ()
    """Missing ones whose file is there again: they are archived."""
    actor: str = "verify"
    at: int


class ForgetErasures(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The files at these paths are removed, or belong to somebody else by now."""

    paths: tuple[str, ...]


class Decided(msgspec.Struct, frozen=True):
    """Receipt of a decision."""

    done: tuple[int, ...]
    """Ids it was carried out for."""
    refused: tuple[tuple[int, str], ...] = ()
    """Id and why not."""
    operation: int = 0
    """Its number, for an undo; 0: nothing was done."""
    detail: str = ""
    """What the audit says of a note that goes on with an earlier one."""


class FeedMark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a feed stands, as an operator looks at it before a decision."""

    id: int
    state: FeedState
    state_reason: str
    state_at: int
    """Since when, UTC milliseconds."""
    merged_into: int | None
    url: str
    """The whole URL, secrets included."""


class FeedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants done to feeds, before it is worked out for each."""

    feed_ids: tuple[int, ...]
    decision: FeedDecision
    seen: tuple[int, ...] = ()
    """As in :class:`DecideFeeds`."""
    reason: str = ""
    actor: str = "command"
    until: int | None = None
    """For a snooze: UTC milliseconds."""
    over_ms: int | None = None
    """For a release: polled evenly over so long a time; 0: all at once; ``None``: in waves."""


class Operation(msgspec.Struct, frozen=True):
    """An action of an operator, as an undo wants it."""

    number: int
    action: str
    at: int
    was: str
    """What stood before, as JSON."""
    became: str
    """What it made of that, as JSON; empty: it cannot be undone."""
    undone_at: int | None


class UndoOperation(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Put back what an operation changed at feeds; receipt: :class:`Undone`.

    What was touched since is left as it is, and named.
    """

    operation: int
    actor: str = "command"
    at: int
    """UTC milliseconds."""
    elsewhere: bool = False
    """It changed no feed: whoever holds what it changed puts that back. Only marked."""


class Undone(msgspec.Struct, frozen=True):
    """Receipt of an undo."""

    action: str
    """What was undone: ``release_feed``."""
    done: tuple[int, ...]
    """Feeds that are as before."""
    refused: tuple[tuple[int, str], ...] = ()
    """Feed and why not."""


class NoteAction(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Write down what changes no row: a probe, another limit; receipt: :class:`Decided`."""

    action: str
    """A stable word: ``probe_feed``."""
    detail: str
    """One line for people, without secrets."""
    feed_id: int | None = None
    was: dict[str, str] = {}
    """What stood before, so that it can be put back."""
    became: dict[str, str] = {}
    joins_ms: int = 0
    """It goes on with the newest action, if that is no older and left what stood before: both are
    one then, from what stood before the first."""
    actor: str = "command"
    at: int


def decided_by(reason: str) -> str:
    """Return the reason that rows show: that it was an operator, and his words."""
    return f"by operator: {reason}" if reason else "by operator"
