"""Jobs and what comes of them."""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.outcome import JobKind, Outcome
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import RunWrite


class PollJob(msgspec.Struct, frozen=True, kw_only=True):
    """Poll one feed. Complete: a run looks nothing else up but what identity needs."""

    feed: Feed
    settings: Settings
    attempt: int = 1
    batch_id: int | None = None

    @property
    def kind(self) -> JobKind:
        """The kind of job this is."""
        return JobKind.POLL


class EpisodeJob(msgspec.Struct, frozen=True, kw_only=True):
    """Download one episode, or finish the derivatives of an archived one."""

    episode: Episode
    feed: Feed
    settings: Settings
    attempt: int = 1
    promised: int = 0
    """Bytes that the downloads which ran when it began had still to write."""

    @property
    def kind(self) -> JobKind:
        """The kind of job this is."""
        return JobKind.DERIVE if self.episode.state == "archived" else JobKind.DOWNLOAD


Job = Union[PollJob, EpisodeJob]


def url_of(job: Job) -> str:
    """Return the URL that ``job`` asks; empty for one that is about what is here already."""
    if isinstance(job, PollJob):
        return job.feed.url
    return "" if job.kind is JobKind.DERIVE else job.episode.enclosure_url


class PollHints(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer said about when to come back."""

    max_age_s: int | None = None
    """``Cache-Control: max-age``."""
    ttl_s: int | None = None
    """RSS ``<ttl>``."""
    skip_hours: int = 0
    skip_days: int = 0
    """See ``model.feed.Rhythm``."""
    soon: bool = False
    """There is more to be read than one poll could."""
    retry_after: float | None = None
    """Seconds a host asks us to stay away, though the poll succeeded."""
    told_by: str = ""
    """The URL that said so; empty: the feed's."""
    gaps: tuple[float, ...] = ()
    """Seconds between the feed's latest episodes, as far as they are known."""


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run hands to the engine."""

    outcome: Outcome
    writes: tuple[RunWrite, ...] = ()
    failure: Failure | None = None
    """Set when the outcome is a failure or a deferral: the facts policy judges by."""
    recorded: bool = False
    """The outcome row is in the catalogue already (written with the commit point)."""
    hints: PollHints = PollHints()
    url: str = ""
    """The enclosure that was asked for, where a poll has changed it since the job was made."""
    deferrals: tuple[tuple[str, int], ...] = ()
    """Hosts besides the job's own that told us to come back: (host, UTC milliseconds)."""


class TransferProgress(msgspec.Struct, frozen=True):
    """Where a running download stands; state, sampled by whoever shows it."""

    done: int
    total: int | None
    phase: str
    """``connect stream validate publish derive`` for downloads; ``poll parse`` for polls."""
