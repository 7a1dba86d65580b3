"""Everything that changes the catalogue, as values.

A write is applied whole or not at all. The catalogue's writer thread is the only one
that applies them; whoever must know that a write is durable waits for its receipt.
The steps P0, P2, P5 and P7 are those of ``docs/crash-safety.md``.
"""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.model.decisions import (
    Decided,
    DecideEpisodes,
    DecideFeeds,
    ForgetErasures,
    NoteAction,
    NoteFiles,
    Undone,
    UndoOperation,
)
from podfetch_tui.model.derivatives import (
    Derive,
    DeriveEpisodes,
    PostponeDerivatives,
    Rejudge,
    SealDerivative,
    Shared,
)
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.episode import Alias, Draft, EpisodeState, EpisodeUpdate
from podfetch_tui.model.feed import (
    FeedState,
    Health,
    Rhythm,
    Sighting,
    Validators,
)
from podfetch_tui.model.host_writes import HostsReleased, PutOff, ReleaseHosts, SaveHost
from podfetch_tui.model.list_writes import Imported as Imported
from podfetch_tui.model.list_writes import ImportFeeds as ImportFeeds
from podfetch_tui.model.list_writes import ListFailed, ListRead, ReadList
from podfetch_tui.model.list_writes import NewFeed as NewFeed
from podfetch_tui.model.media import MediaInfo, Validity
from podfetch_tui.model.outcome import Outcome
from podfetch_tui.model.setting_writes import RecordSettings
from podfetch_tui.model.upkeep_writes import ExpireAudit, Expired


class ChangeFeed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set a feed's state, or make it due."""

    feed_id: int
    state: FeedState | None = None
    reason: str = ""
    next_poll_at: int | None = None
    at: int = 0


class PlanBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Remember which feeds are polled together: a restart finishes them first."""

    batch_id: int
    """Chosen by who plans it, ever growing: UTC milliseconds."""
    feed_ids: tuple[int, ...]
    at: int


class FinishBatch(msgspec.Struct, frozen=True, kw_only=True):
    """All feeds of a batch were polled or put off."""

    batch_id: int
    at: int


class ApplyPriorities(msgspec.Struct, frozen=True, kw_only=True):
    """Give feeds without a priority of their own the one of their tags."""

    rules: tuple[tuple[str, int], ...]
    """``[feeds] priority``: (tag, number); of several that fit the highest holds."""


class Reanchor(msgspec.Struct, frozen=True, kw_only=True):
    """Bring times that lie ahead nearer: they were written by another clock. Receipt: how many.

    What an operator snoozed stays: that is a date.
    """

    now: int
    beyond: int
    """Times later than this UTC millisecond."""
    by: int
    """So many milliseconds, but not before ``now``."""
    per_interval_ms: int = 0
    """A feed with an interval of its own may wait so many for each second of it."""


class Reanchored(msgspec.Struct, frozen=True):
    """Receipt of :class:`Reanchor`."""

    feeds: int
    episodes: int


class RecordEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Keep an event that no outcome says."""

    kind: str
    """Word of ``model.event_kinds``."""
    at: int
    text: str = ""
    """One line for people, without secrets."""
    feed_id: int | None = None
    family: str | None = None
    code: str = ""


class SetEpisodeState(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Set an episode's state with no file of its own to keep (skip, missing, pending)."""

    episode_id: int
    state: EpisodeState
    next_attempt_at: int | None = None
    reason: str = ""


class RawBody(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's document as it came, kept once per feed."""

    size: int
    """Bytes of the document."""
    content_type: str
    """The raw field, cleaned; may be empty or wrong."""
    packed: bytes
    """The document, compressed by zlib in the thread that polled."""


class RecordPoll(msgspec.Struct, frozen=True, kw_only=True):
    """All that one answered poll taught us about a feed."""

    feed_id: int
    at: int
    url: str | None = None
    """New URL, when a move was seen often enough."""
    sighting: Sighting | None = None
    """What is now known of a move that is not made yet; ``None``: as before."""
    title: str | None = None
    folder: str | None = None
    """Wanted folder; kept if the feed has one; made unique by the catalogue."""
    validators: Validators = Validators()
    body_sha256: bytes | None = None
    full: bool = False
    """The answer was a whole body to a request without validators."""
    body: RawBody | None = None
    """The document behind ``body_sha256``; ``None`` when the one that is kept is the same."""
    metadata: dict[str, object] = {}
    """Channel facts worth keeping (link, author, language, summary, image, people …), as JSON
    has them."""
    rhythm: Rhythm | None = None
    """What the document says about when to come back; ``None``: there was no new document."""
    new: tuple[Draft, ...] = ()
    new_states: tuple[EpisodeState, ...] = ()
    """For each of ``new``: ``pending`` or ``skipped``."""
    new_reasons: tuple[str, ...] = ()
    """For each of ``new``: why it is skipped, or empty."""
    backlog: bool = False
    """First successful poll: the new episodes are back-catalogue."""
    late: tuple[bool, ...] = ()
    """For each of ``new``: it is back-catalogue, from a page that was still to be read."""
    at_risk: tuple[bool, ...] = ()
    """For each of ``new``: it is about to fall out of the feed; empty: none is."""
    known_at_risk: tuple[int, ...] = ()
    """Known episodes that are; those that wait go first from now on."""
    page_url: str | None = None
    """Page of the back-catalogue to go on with, empty for none; ``None``: as before."""
    updates: tuple[EpisodeUpdate, ...] = ()
    details: tuple[EpisodeUpdate, ...] = ()
    """Known episodes whose notes are compared with what the feed says now."""
    extras: tuple[str, ...] = ()
    """Kinds that are fetched also when the feed names them after the episode was archived."""
    aliases: tuple[Alias, ...] = ()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """P0: the episode is ours, its part has a name, its final name is reserved."""

    episode_id: int
    part: str
    path: str
    """Wanted path below the root, without clash; the receipt says which was reserved."""
    at: int
    queued: bool = False
    """It waited for its turn, and may have been paused meanwhile with its feed."""


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


class EpisodeEnd(msgspec.Struct, frozen=True, kw_only=True):
    """State of an episode after a run that did not archive it."""

    episode_id: int
    state: EpisodeState
    next_attempt_at: int | None
    family: str = ""
    error: str = ""
    evidence: bytes = b""
    keep_part: bool = True
    """The part file stays for a resume, and what is sealed stays sealed; else it is forgotten."""
    attempts: int | None = None
    """Attempts so far, where the run does not count as one: this machine ended it."""
    url: str = ""
    """What was tried: an episode that has another URL by now is due at once."""
    ask_feed_after: int | None = None
    """The feed is due now if its last poll was before this UTC millisecond."""


class FeedSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Health and next poll of a feed after a run."""

    feed_id: int
    health: Health
    next_poll_at: int
    state: FeedState | None = None
    """New state, when the run changed it."""
    state_reason: str = ""
    evidence: bytes = b""
    polled_as: FeedState | None = None
    """State the run began with: what an operator released, or sent back, meanwhile stands."""


class Finish(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one job: outcome, health, schedule and the run's writes, all or nothing."""

    outcome: Outcome | None
    """``None`` when the run's ``Archive`` carried it."""
    schedule: FeedSchedule | None = None
    writes: tuple[RunWrite, ...] = ()
    polled_url: str = ""
    """The URL a poll asked. If the operator has given the feed another one meanwhile, the
    outcome is all that is kept: the rest is about a place that is no longer the feed's."""


RunWrite = Union[RecordPoll, EpisodeEnd, Derive, PostponeDerivatives, SetEpisodeState]
"""Writes a run may hand back for its ``Finish``."""

Write = Union[
    ImportFeeds,
    ReadList,
    ListFailed,
    ChangeFeed,
    EditFeed,
    PutOff,
    SaveHost,
    ReleaseHosts,
    PlanBatch,
    FinishBatch,
    ApplyPriorities,
    RecordEvent,
    Reanchor,
    ExpireAudit,
    DecideFeeds,
    DecideEpisodes,
    ForgetErasures,
    UndoOperation,
    NoteAction,
    NoteFiles,
    SetEpisodeState,
    RecordPoll,
    Claim,
    Progress,
    Seal,
    Reserve,
    Archive,
    SealDerivative,
    Derive,
    PostponeDerivatives,
    Rejudge,
    DeriveEpisodes,
    EpisodeEnd,
    FeedSchedule,
    Finish,
    RecordSettings,
]


class Reserved(msgspec.Struct, frozen=True):
    """Receipt of :class:`Claim`, :class:`Reserve` and :class:`SealDerivative`."""

    path: str
    url: str = ""
    """The enclosure by now; a poll may have changed it while the job waited."""


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


Receipt = Union[
    Imported,
    ListRead,
    Reserved,
    Shared,
    Sealed,
    Polled,
    Decided,
    Undone,
    Reanchored,
    Expired,
    HostsReleased,
    None,
]
