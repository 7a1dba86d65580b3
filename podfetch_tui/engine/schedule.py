"""What is to be done: jobs that wait for their host, their turn or their time.

Holds the window of work in memory and nothing else; what is due lives in the catalogue.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterable, Iterator

from podfetch_tui.engine.health import Health, HostChange, Judgement
from podfetch_tui.engine.hosts import HostLanes
from podfetch_tui.engine.lanes import Lane, key_of, lane_of
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.model.job import Job, url_of
from podfetch_tui.policy.classify import Verdict
from podfetch_tui.policy.host_breaker import HostHealth
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.locks import RankedLock

ASKS_MS = 60_000
"""A job that finds out whether our network is up again has it to itself for so long."""


class Schedule:
    """The queue of the engine, and what it knows about hosts."""

    def __init__(
        self,
        lock: RankedLock,
        *,
        per_host: int,
        spacing_s: float,
        rng: random.Random | None = None,
    ) -> None:
        self._lock = lock
        # guarded by SCHEDULE
        self._hosts = HostLanes(per_host, round(spacing_s * 1000))
        self._health = Health(rng or random.Random())
        self._delayed: list[tuple[int, int, Job]] = []
        self._ticket = itertools.count()
        self._keys: dict[Lane, set[int]] = {lane: set() for lane in Lane}
        self._running: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._asker: tuple[tuple[Lane, int], int] | None = None
        """The job that finds out whether our network is up again, and since when."""

    # --- work --------------------------------------------------------------------------

    def add(self, jobs: Iterable[Job]) -> int:
        """Queue jobs that are not queued, delayed or running; return how many were taken."""
        taken = 0
        with self._lock:
            for job in jobs:
                lane, key = key_of(job)
                if key in self._keys[lane]:
                    continue
                self._keys[lane].add(key)
                self._hosts.add(lane, host_of(url_of(job)), job)
                taken += 1
        return taken

    def take(self, lane: Lane, now: int) -> Job | None:
        """Return the next job of ``lane`` that may run at ``now`` (UTC milliseconds)."""
        with self._lock:
            for job in self._due_again(now):
                self._hosts.add(lane_of(job), host_of(url_of(job)), job)
            if not self._health.network_down:
                self._asker = None
            elif self._asker is not None and now - self._asker[1] < ASKS_MS:
                return None
            job_or_none = self._hosts.take(lane, now)
            if job_or_none is not None:
                if self._health.network_down:
                    self._asker = key_of(job_or_none), now
                self._running[lane] += 1
                self._health.begin(host_of(url_of(job_or_none)), now)
            return job_or_none

    def stranded(self, now: int, patience_ms: int) -> list[Job]:
        """Take out the further attempts whose time has come while their host is to wait.

        Args:
            now: UTC milliseconds.
            patience_ms: So long a wait is spent in memory.
        """
        with self._lock:
            jobs = []
            for job in self._due_again(now):
                host = host_of(url_of(job))
                if self._hosts.held_until(host) - now > patience_ms:
                    jobs.append(job)
                else:
                    self._hosts.add(lane_of(job), host, job)
            self._forget(jobs)
            return jobs

    def done(self, job: Job) -> None:
        """Forget a job that ended."""
        with self._lock:
            lane, key = key_of(job)
            self._running[lane] -= 1
            self._keys[lane].discard(key)
            self._end_asking(job)
            self._hosts.done(host_of(url_of(job)))

    def again(self, job: Job, next_job: Job, at: int) -> None:
        """End ``job`` and keep ``next_job``, a further attempt, until ``at``."""
        with self._lock:
            lane, _ = key_of(job)
            self._running[lane] -= 1
            self._end_asking(job)
            self._hosts.done(host_of(url_of(job)))
            heapq.heappush(self._delayed, (at, next(self._ticket), next_job))

    def drain(self) -> None:
        """Drop everything that has not begun; the catalogue still knows it."""
        with self._lock:
            waiting = self._hosts.drain() + [job for _, _, job in self._delayed]
            self._delayed.clear()
            self._forget(waiting)

    # --- hosts -------------------------------------------------------------------------

    def judge(self, job: Job, failure: Failure, now: int) -> Judgement:
        """Say what the failure of a running job is to be taken for; see :class:`Health`."""
        with self._lock:
            return self._health.judge(host_of(url_of(job)), failure, now)

    def may_open(self, job: Job, now: int, active: int) -> bool:
        """Return whether the breaker of one more feed may open; see :class:`Health`."""
        with self._lock:
            return self._health.may_open(host_of(url_of(job)), now, active)

    def observe(
        self,
        job: Job,
        verdict: Verdict | None,
        failure: Failure | None,
        now: int,
        *,
        retry: bool = False,
        opened: bool = False,
    ) -> HostChange | None:
        """Take in how a job ended, before :meth:`done` or :meth:`again`; see :class:`Health`."""
        own = host_of(url_of(job))
        there = own if failure is None else host_of(failure.url or "") or own
        with self._lock:
            change = self._health.observe(
                own,
                job.feed.id,
                verdict,
                now,
                kind=failure.kind if failure is not None else None,
                elsewhere=there != own,
                retry=retry,
                opened=opened,
            )
            if change is not None:
                self._gate(change.host, change.health)
            return change

    def restore_host(self, host: str, health: HostHealth, not_before: int | None) -> None:
        """Take over what an earlier process knew of ``host``."""
        with self._lock:
            if health.breaker is not BreakerState.CLOSED:
                self._health.restore(host, health)
                self._gate(host, health)
            if not_before is not None:
                self._hosts.defer(host, not_before)

    def defer_host(self, host: str, until: int) -> None:
        """Start nothing at ``host`` before ``until``."""
        with self._lock:
            self._hosts.defer(host, until)

    def release_host(self, host: str) -> None:
        """Forget what is known of ``host``: it is asked like any other."""
        with self._lock:
            self._health.forget(host)
            self._hosts.release(host)

    def told_hosts(self, now: int) -> dict[str, int]:
        """Return the hosts that told us to wait, and until when in UTC milliseconds."""
        with self._lock:
            return self._hosts.told(now)

    def told_until(self, host: str) -> int:
        """Return until when ``host`` told us to wait, in UTC milliseconds; it may be past."""
        with self._lock:
            return self._hosts.told_until(host)

    def blocked_until(self, host: str) -> int:
        """Return until when ``host`` waits, in UTC milliseconds; it may be past."""
        with self._lock:
            return self._hosts.held_until(host)

    def evict(self, host: str) -> list[Job]:
        """Take the jobs that wait for ``host`` out and return them."""
        with self._lock:
            jobs = self._hosts.evict(host)
            self._forget(jobs)
            return jobs

    def open_hosts(self) -> dict[str, HostHealth]:
        """Return the hosts whose breaker is not closed."""
        with self._lock:
            return self._health.open_hosts()

    @property
    def is_network_down(self) -> bool:
        """Whether our own network was judged down and nobody answered since."""
        with self._lock:
            return self._health.network_down

    @property
    def per_host(self) -> int:
        """How many jobs of one host may run at once."""
        with self._lock:
            return self._hosts.per_host

    def set_politeness(
        self, *, per_host: int | None = None, spacing_s: float | None = None
    ) -> None:
        """Change how many jobs of one host run at once, and the time between their starts."""
        with self._lock:
            if per_host is not None:
                self._hosts.set_per_host(per_host)
            if spacing_s is not None:
                self._hosts.spacing_ms = round(spacing_s * 1000)

    def shift(self, by: int) -> None:
        """Move all times by so many milliseconds: the clock was set by that."""
        with self._lock:
            self._hosts.shift(by)
            self._health.shift(by)
            self._delayed = [(at + by, ticket, job) for at, ticket, job in self._delayed]
            if self._asker is not None:
                self._asker = self._asker[0], self._asker[1] + by

    # --- how it stands -----------------------------------------------------------------

    def upcoming(self, lane: Lane, most: int) -> list[Job]:
        """Return the jobs of ``lane`` that start next."""
        with self._lock:
            return self._hosts.upcoming(lane, most)

    def keys(self, lane: Lane) -> frozenset[int]:
        """Return the feeds or episodes that are queued, delayed or running."""
        with self._lock:
            return frozenset(self._keys[lane])

    def queued(self, lane: Lane) -> int:
        """Return how many jobs of ``lane`` wait for host or slot."""
        with self._lock:
            return self._hosts.queued(lane)

    def delayed(self) -> int:
        """Return how many jobs wait for their next attempt."""
        with self._lock:
            return len(self._delayed)

    def is_idle(self, lanes: Iterable[Lane]) -> bool:
        """Return whether nothing of ``lanes`` is queued, delayed or running."""
        with self._lock:
            return not any(self._keys[lane] or self._running[lane] for lane in lanes)

    def running(self) -> int:
        """Return how many jobs run."""
        with self._lock:
            return sum(self._running.values())

    def next_wake(self) -> int | None:
        """Return when the next delayed job or snoozed host is ready, in UTC milliseconds."""
        with self._lock:
            times = [self._delayed[0][0]] if self._delayed else []
            wake = self._hosts.next_wake()
            return min([*times, wake]) if wake is not None else (times[0] if times else None)

    def _gate(self, host: str, health: HostHealth) -> None:
        if health.breaker is BreakerState.CLOSED:
            self._hosts.reopen(host)
        else:
            self._hosts.probe_at(host, health.open_until or 0)

    def _end_asking(self, job: Job) -> None:
        if self._asker is not None and self._asker[0] == key_of(job):
            self._asker = None

    def _due_again(self, now: int) -> Iterator[Job]:
        while self._delayed and self._delayed[0][0] <= now:
            yield heapq.heappop(self._delayed)[2]

    def _forget(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            lane, key = key_of(job)
            self._keys[lane].discard(key)
