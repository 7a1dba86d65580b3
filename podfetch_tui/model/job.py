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

    @property
    def kind(self) -> JobKind:
        """The kind of job this is."""
        return JobKind.DERIVE if self.episode.state == "archived" else JobKind.DOWNLOAD


Job = Union[PollJob, EpisodeJob]


def url_of(job: Job) -> str:
    """Return the URL that ``job`` asks."""
    return job.feed.url if isinstance(job, PollJob) else job.episode.enclosure_url


class PollHints(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer said about when to come back."""

    max_age_s: int | None = None
    """``Cache-Control: max-age``."""
    ttl_s: int | None = None
    """RSS ``<ttl>``."""


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run hands to the engine."""

    outcome: Outcome
    writes: tuple[RunWrite, ...] = ()
    failure: Failure | None = None
    """Set when the outcome is a failure or a deferral: the facts policy judges by."""
    recorded: bool = False
    """The outcome row is in the catalogue already (written with the commit point)."""
    hints: PollHints = PollHints()


class TransferProgress(msgspec.Struct, frozen=True):
    """Where a running download stands; state, sampled by whoever shows it."""

    done: int
    total: int | None
    phase: str
    """``connect stream validate publish derive`` for downloads; ``poll parse`` for polls."""
