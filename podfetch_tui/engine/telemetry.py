"""Counters since start and what every slot is doing.

Progress is state: the worker of a slot writes it without a lock, whoever builds a snapshot
reads it. Counters change once a job, under TELEMETRY.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from podfetch_tui.engine.failure_tally import FailureTally
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.job import EpisodeJob, Job, PollJob, TransferProgress, url_of
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.snapshot import FailureView, WorkerView
from podfetch_tui.model.text import clean, redact
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.space import fits
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.heart import PATIENCE_S, Heart
from podfetch_tui.system.locks import RankedLock

_ENDED = frozenset({Result.SUCCESS, Result.PARTIAL, Result.FAILURE})
LATEST = 1000
"""So many polls say how late polling is."""
_IN_CHILDREN = frozenset({"validate", "derive"})
"""Phases of which a child does the work, for as long as its own deadline lets it."""


class Attempts(NamedTuple):
    """What became of the attempts of one lane, since start."""

    ended: int
    strained: int
    """Failed, but may succeed later: time-outs, resets, errors of servers."""
    moved: int
    """Bytes received, those of running downloads included."""


class Active:
    """What one slot is doing; written by its worker alone."""

    __slots__ = (
        "begun",
        "done",
        "first",
        "heart",
        "is_admitted",
        "is_cancelled",
        "job",
        "phase",
        "rate_at",
        "rate_done",
        "speed",
        "total",
    )

    def __init__(self, job: Job, now: float, name: str) -> None:
        network = job.settings.network
        longest = max(network.connect_timeout, network.idle_timeout, network.feed_deadline)
        self.heart = Heart(name, patience_s=PATIENCE_S + 2 * longest)
        self.heart.beat()
        self.job = job
        self.is_admitted = False
        """A download that has its space."""
        self.is_cancelled = False
        """The operator does not want it any more."""
        self.begun = now
        self.phase = "start"
        self.done = 0
        self.first: int | None = None
        """Bytes that were there before this run."""
        self.total: int | None = None
        self.rate_at = now
        self.rate_done = 0
        self.speed = 0.0

    @property
    def expected(self) -> int:
        """Bytes that are still to come, as far as anybody said; 0 when nobody did."""
        if not isinstance(self.job, EpisodeJob):
            return 0
        episode = self.job.episode
        total = self.total or episode.total or episode.enclosure_length or 0
        if total > self.job.settings.network.media_max:
            return 0  # it is hardly true, and if it is, nothing of it will be kept
        return max(0, total - max(self.done, episode.durable))

    @property
    def promised(self) -> int:
        """What others have to leave free for it."""
        return self.expected if self.is_admitted else 0

    def on_progress(self, progress: TransferProgress) -> None:
        """Take over where the run stands.

        Raises:
            Failure: ``STOPPED``: the operator cancelled it.
        """
        if self.is_cancelled and progress.phase == "stream":
            raise Failure(Kind.STOPPED, "cancelled by the operator")
        self.heart.beat()
        if progress.phase in _IN_CHILDREN:
            self.heart.rest()
        self.phase = progress.phase
        self.total = progress.total
        if progress.phase == "stream" and self.first is None:
            self.first = self.rate_done = self.done
        self.done = progress.done


class Telemetry:
    """Counters and the registry of running jobs."""

    def __init__(self, lock: RankedLock, clock: Clock) -> None:
        self._lock = lock
        self._clock = clock
        # guarded by TELEMETRY
        self._totals: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._failures = FailureTally()
        self._attempts: Counter[tuple[Lane, str]] = Counter()
        self._active: dict[tuple[Lane, int], Active] = {}
        self._lateness: deque[float] = deque(maxlen=LATEST)

    def begin(self, lane: Lane, slot: int, job: Job) -> Active:
        """Register that ``job`` runs in ``slot``."""
        name = f"the {lane.value} in slot {slot}, from {host_of(url_of(job))},"
        active = Active(job, self._clock.monotonic(), name)
        late = None
        if isinstance(job, PollJob) and job.feed.polls_ok and job.attempt == 1:
            late = max(0, self._clock.now_ms() - job.feed.next_poll_at) / 1000
        with self._lock:
            if late is not None:
                self._lateness.append(late)
            self._active[lane, slot] = active
        return active

    def admit(self, new: Active, usable: int) -> int | None:
        """Let a download run if it fits beside what is promised to others.

        Args:
            new: Its entry.
            usable: Bytes that downloads may take, those that run included.

        Returns:
            Bytes promised to others, or ``None`` when it does not fit.
        """
        with self._lock:
            promised = sum(active.promised for active in self._active.values())
            if not fits(usable, 0, new.expected, promised):
                return None
            new.is_admitted = True
        return promised

    def cancel(self, episode_ids: frozenset[int]) -> None:
        """Have the running downloads of these episodes end at their next byte."""
        with self._lock:
            for active in self._active.values():
                if isinstance(active.job, EpisodeJob) and active.job.episode.id in episode_ids:
                    active.is_cancelled = True

    def promised(self) -> int:
        """Return how many bytes the running downloads have still to write."""
        with self._lock:
            return sum(active.promised for active in self._active.values())

    def end(self, lane: Lane, slot: int) -> None:
        """Take the job of ``slot`` out of the registry."""
        with self._lock:
            self._active.pop((lane, slot), None)

    def count(self, outcome: Outcome, *, new: int = 0, final: bool = True) -> None:
        """Count one outcome, after its receipt; ``final``: the run makes no further attempt."""
        lane = Lane.POLL if outcome.job is JobKind.POLL else Lane.DOWNLOAD
        now = self._clock.monotonic()
        with self._lock:
            self._attempts[lane, "ended"] += outcome.result is not Result.STOPPED
            self._attempts[lane, "strained"] += outcome.family is Family.TRANSIENT
            self._attempts[lane, "moved"] += outcome.bytes
            totals = self._totals
            totals["bytes"] += outcome.bytes
            totals["new"] += new
            totals["retries"] += not final
            if final and outcome.result in _ENDED:
                totals["jobs"] += 1
                totals["jobs_failed"] += outcome.result is Result.FAILURE
            if outcome.job is JobKind.POLL:
                totals["polls"] += 1
                totals["polls_not_modified"] += outcome.code in ("not_modified", "unchanged")
                totals["partial"] += outcome.result is Result.PARTIAL
                totals["polls_failed"] += final and outcome.result is Result.FAILURE
            else:
                totals["archived"] += outcome.code == "archived"
                totals["partial"] += outcome.result is Result.PARTIAL
                totals["failed"] += final and outcome.result is Result.FAILURE
            totals["deferred"] += outcome.result is Result.DEFERRED
            if outcome.family is not None and outcome.result is not Result.STOPPED:
                self._errors[outcome.family.value] += 1
                self._failures.add(outcome, now)

    def hearts(self) -> tuple[Heart, ...]:
        """Return those of the running jobs."""
        with self._lock:
            return tuple(active.heart for active in self._active.values())

    def note(self, name: str) -> None:
        """Count something that is no job."""
        with self._lock:
            self._totals[name] += 1

    def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return counters and failures by family, since start."""
        with self._lock:
            return dict(self._totals), dict(self._errors)

    def failures(self) -> tuple[FailureView, ...]:
        """Return what failed in the last ten minutes, by code, the most first."""
        now = self._clock.monotonic()
        with self._lock:
            return self._failures.views(now)

    def lateness_p95(self) -> float:
        """Return after how many seconds 95 % of the latest polls had begun once due."""
        with self._lock:
            latest = sorted(self._lateness)
        return latest[int(0.95 * (len(latest) - 1))] if latest else 0.0

    def moving_bytes(self) -> int:
        """Return bytes received so far, running jobs included."""
        with self._lock:
            running = [a for a in self._active.values() if a.first is not None]
            done = self._totals["bytes"]
        return done + sum(max(0, a.done - (a.first or 0)) for a in running)

    def attempts(self, lane: Lane) -> Attempts:
        """Return what became of the attempts of ``lane``."""
        with self._lock:
            running = [
                active
                for (where, _), active in self._active.items()
                if where is lane and active.first is not None
            ]
            ended, strained, moved = (
                self._attempts[lane, what] for what in ("ended", "strained", "moved")
            )
        moved += sum(max(0, active.done - (active.first or 0)) for active in running)
        return Attempts(ended, strained, moved)

    def workers(self) -> tuple[WorkerView, ...]:
        """Return what every busy slot is doing, by lane and slot."""
        now = self._clock.monotonic()
        with self._lock:
            items = sorted(self._active.items(), key=lambda item: (item[0][0].value, item[0][1]))
        return tuple(_view(lane, slot, active, now) for (lane, slot), active in items)


def _view(lane: Lane, slot: int, active: Active, now: float) -> WorkerView:
    job = active.job
    since = now - active.rate_at
    if since >= 1.0:
        active.speed = max(0.0, (active.done - active.rate_done) / since)
        active.rate_at, active.rate_done = now, active.done
    elif not active.speed and active.phase == "stream":
        active.speed = max(0.0, (active.done - active.rate_done) / max(since, 0.05))
    is_episode = isinstance(job, EpisodeJob)
    title = job.episode.title if isinstance(job, EpisodeJob) else job.feed.title
    return WorkerView(
        slot=slot,
        lane=lane.value,
        phase=active.phase,
        feed_id=job.feed.id,
        episode_id=job.episode.id if is_episode else None,  # type: ignore[union-attr]
        title=clean(title or redact(url_of(job))),
        host=host_of(url_of(job)),
        done=active.done,
        total=active.total,
        bytes_per_s=active.speed if active.phase == "stream" else 0.0,
        since_s=now - active.begun,
    )
