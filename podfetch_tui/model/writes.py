"""Everything that changes the catalogue, as values.

A write is applied whole or not at all. The catalogue's writer thread is the only one
that applies them; whoever must know that a write is durable waits for its receipt.
The steps P0, P2, P5 and P7 are those of ``docs/crash-safety.md``.
"""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.model.episode import Alias, Draft, EpisodeState, EpisodeUpdate
from podfetch_tui.model.feed import Backlog, FeedState, Health, Validators
from podfetch_tui.model.media import MediaInfo, Validity
from podfetch_tui.model.outcome import Outcome


class NewFeed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a feed list."""

    url: str
    """Normalised URL; the same normalised URL is the same feed."""
    title: str = ""
    priority: int = 0
    tags: tuple[str, ...] = ()
    interval: int | None = None
    backlog: Backlog | None = None
    enabled: bool = True
    line: int = 0


class ImportFeeds(msgspec.Struct, frozen=True, kw_only=True):
    """Take a feed list in; receipt: :class:`Imported`."""

    source: str
    """Name of the list (file name, ``-`` for standard input, ``command``)."""
    feeds: tuple[NewFeed, ...]
    at: int
    paused: bool = False
    """New feeds start paused (state reason ``imported paused``)."""


class ChangeFeed(msgspec.Struct, frozen=True, kw_only=True):
    """Set a feed's state, or make it due."""

    feed_id: int
    state: FeedState | None = None
    reason: str = ""
    next_poll_at: int | None = None
    at: int = 0


class RetryEpisodes(msgspec.Struct, frozen=True, kw_only=True):
    """Make failed, skipped, gone or missing episodes pending and due."""

    episode_ids: tuple[int, ...]
    at: int


class SetEpisodeState(msgspec.Struct, frozen=True, kw_only=True):
    """Set an episode's state with no file of its own to keep (skip, missing, pending)."""

    episode_id: int
    state: EpisodeState
    next_attempt_at: int | None = None
    reason: str = ""


class RecordPoll(msgspec.Struct, frozen=True, kw_only=True):
    """All that one answered poll taught us about a feed."""

    feed_id: int
    at: int
    url: str | None = None
    """New URL, when a permanent redirect was seen often enough."""
    title: str | None = None
    folder: str | None = None
    """Wanted folder; kept if the feed has one; made unique by the catalogue."""
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    full: bool = False
    """The answer was a whole body to a request without validators."""
    metadata: dict[str, str] = {}
    """Channel facts worth keeping (link, author, language, summary, image)."""
    new: tuple[Draft, ...] = ()
    new_states: tuple[EpisodeState, ...] = ()
    """For each of ``new``: ``pending`` or ``skipped``."""
    new_reasons: tuple[str, ...] = ()
    """For each of ``new``: why it is skipped, or empty."""
    backlog: bool = False
    """First successful poll: the new episodes are back-catalogue."""
    updates: tuple[EpisodeUpdate, ...] = ()
    aliases: tuple[Alias, ...] = ()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """P0: the episode is ours, its part has a name, its final name is reserved."""

    episode_id: int
    part: str
    path: str
    """Wanted path below the root, without clash; the receipt says which was reserved."""
    at: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """P2: so many bytes of the part are on disk, under these validators."""

    episode_id: int
    durable: int
    total: int | None
    validators: Validators
    resume_failures: int = 0


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """P5: the part is whole, checked and synced; receipt: :class:`Sealed`."""

    episode_id: int
    sha256: bytes
    size: int
    path: str
    """Final path below the root, with the extension of what the bytes are."""
    media_type: str
    info: MediaInfo
    validity: Validity
    at: int


class Reserve(msgspec.Struct, frozen=True, kw_only=True):
    """P6, when the final name was taken on disk: reserve another; receipt: :class:`Reserved`."""

    episode_id: int
    path: str


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """P7, the commit point: the published file is the episode's, with its outcome row."""

    episode_id: int
    media_path: str
    """Path below the root that holds the bytes of this episode."""
    outcome: Outcome
    derivatives: tuple[str, ...] = ()
    """Kinds of derivatives that are due now (``sidecar``), recorded as pending."""
    at: int


class Derive(msgspec.Struct, frozen=True, kw_only=True):
    """P8: how one derivative ended."""

    episode_id: int
    kind: str
    path: str = ""
    sha256: bytes = b""
    size: int = 0
    error: str = ""
    """Empty when it is done."""
    next_attempt_at: int | None = None
    """When a failed one is tried again."""


class EpisodeEnd(msgspec.Struct, frozen=True, kw_only=True):
    """State of an episode after a run that did not archive it."""

    episode_id: int
    state: EpisodeState
    next_attempt_at: int | None
    family: str = ""
    error: str = ""
    evidence: bytes = b""
    keep_part: bool = True
    """The part file stays for a resume; else the row forgets it."""


class FeedSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Health and next poll of a feed after a run."""

    feed_id: int
    health: Health
    next_poll_at: int
    state: FeedState | None = None
    """New state, when the run changed it."""
    state_reason: str = ""
    evidence: bytes = b""


class Finish(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one job: outcome, health, schedule and the run's writes, all or nothing."""

    outcome: Outcome | None
    """``None`` when the run's ``Archive`` carried it."""
    schedule: FeedSchedule | None = None
    writes: tuple[RunWrite, ...] = ()


RunWrite = Union[RecordPoll, EpisodeEnd, Derive, SetEpisodeState]
"""Writes a run may hand back for its ``Finish``."""

Write = Union[
    ImportFeeds,
    ChangeFeed,
    RetryEpisodes,
    SetEpisodeState,
    RecordPoll,
    Claim,
    Progress,
    Seal,
    Reserve,
    Archive,
    Derive,
    EpisodeEnd,
    FeedSchedule,
    Finish,
]


class Imported(msgspec.Struct, frozen=True):
    """Receipt of :class:`ImportFeeds`."""

    new: tuple[int, ...]
    """Ids of the feeds that were added."""
    duplicate: int
    """Lines whose feed was there already (their settings were merged)."""


class Reserved(msgspec.Struct, frozen=True):
    """Receipt of :class:`Claim` and :class:`Reserve`."""

    path: str


class Sealed(msgspec.Struct, frozen=True):
    """Receipt of :class:`Seal`."""

    path: str
    """Final path reserved for this episode's name."""
    existing: str | None
    """Path of a published file with the very same bytes; ``None``: the bytes are ours."""
    media_id: int


class Polled(msgspec.Struct, frozen=True):
    """Receipt of a :class:`Finish` that held a :class:`RecordPoll`."""

    pending: tuple[int, ...]
    """Ids of the new episodes that wait for their download."""
    folder: str


Receipt = Union[Imported, Reserved, Sealed, Polled, None]
