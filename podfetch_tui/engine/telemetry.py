"""Counters since start and what every slot is doing.

Progress is state: the worker of a slot writes it without a lock, whoever builds a snapshot
reads it. Counters change once a job, under TELEMETRY.
"""

from __future__ import annotations

from collections import Counter

from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.job import EpisodeJob, Job, TransferProgress, url_of
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.snapshot import WorkerView
from podfetch_tui.model.text import clean, redact
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import RankedLock


class Active:
    """What one slot is doing; written by its worker alone."""

    __slots__ = ("begun", "done", "first", "job", "phase", "rate_at", "rate_done", "speed", "total")

    def __init__(self, job: Job, now: float) -> None:
        self.job = job
        self.begun = now
        self.phase = "start"
        self.done = 0
        self.first: int | None = None
        """Bytes that were there before this run."""
        self.total: int | None = None
        self.rate_at = now
        self.rate_done = 0
        self.speed = 0.0

    def on_progress(self, progress: TransferProgress) -> None:
        """Take over where the run stands."""
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
        self._active: dict[tuple[Lane, int], Active] = {}

    def begin(self, lane: Lane, slot: int, job: Job) -> Active:
        """Register that ``job`` runs in ``slot``."""
        active = Active(job, self._clock.monotonic())
        with self._lock:
            self._active[lane, slot] = active
        return active

    def end(self, lane: Lane, slot: int) -> None:
        """Take the job of ``slot`` out of the registry."""
        with self._lock:
            self._active.pop((lane, slot), None)

    def count(self, outcome: Outcome, *, new: int = 0, final: bool = True) -> None:
        """Count one outcome, after its receipt; ``final``: the run makes no further attempt."""
        with self._lock:
            totals = self._totals
            totals["bytes"] += outcome.bytes
            totals["new"] += new
            totals["retries"] += not final
            if outcome.job is JobKind.POLL:
                totals["polls"] += 1
                totals["polls_not_modified"] += outcome.code in ("not_modified", "unchanged")
                totals["polls_failed"] += final and outcome.result is Result.FAILURE
            else:
                totals["archived"] += outcome.code == "archived"
                totals["partial"] += outcome.result is Result.PARTIAL
                totals["failed"] += final and outcome.result is Result.FAILURE
            totals["deferred"] += outcome.result is Result.DEFERRED
            if outcome.family is not None and outcome.result is not Result.STOPPED:
                self._errors[outcome.family.value] += 1

    def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return counters and failures by family, since start."""
        with self._lock:
            return dict(self._totals), dict(self._errors)

    def moving_bytes(self) -> int:
        """Return bytes received so far, running jobs included."""
        with self._lock:
            running = [a for a in self._active.values() if a.first is not None]
            done = self._totals["bytes"]
        return done + sum(max(0, a.done - (a.first or 0)) for a in running)

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
