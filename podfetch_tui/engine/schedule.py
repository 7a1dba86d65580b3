"""What is to be done: jobs that wait for their host, their turn or their time.

Holds the window of work in memory and nothing else; what is due lives in the catalogue.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

from podfetch_tui.engine.hosts import HostLanes
from podfetch_tui.engine.lanes import Lane, key_of, lane_of
from podfetch_tui.model.job import Job, url_of
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.locks import RankedLock


class Schedule:
    """The queue of the engine."""

    def __init__(self, lock: RankedLock, *, per_host: int, spacing_s: float) -> None:
        self._lock = lock
        # guarded by SCHEDULE
        self._hosts = HostLanes(per_host, round(spacing_s * 1000))
        self._delayed: list[tuple[int, int, Job]] = []
        self._ticket = itertools.count()
        self._keys: dict[Lane, set[int]] = {lane: set() for lane in Lane}
        self._running: dict[Lane, int] = dict.fromkeys(Lane, 0)

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
            while self._delayed and self._delayed[0][0] <= now:
                _, _, job = heapq.heappop(self._delayed)
                self._hosts.add(lane_of(job), host_of(url_of(job)), job)
            job_or_none = self._hosts.take(lane, now)
            if job_or_none is not None:
                self._running[lane] += 1
            return job_or_none

    def done(self, job: Job) -> None:
        """Forget a job that ended."""
        with self._lock:
            lane, key = key_of(job)
            self._running[lane] -= 1
            self._keys[lane].discard(key)
            self._hosts.done(host_of(url_of(job)))

    def again(self, job: Job, next_job: Job, at: int) -> None:
        """End ``job`` and keep ``next_job``, a further attempt, until ``at``."""
        with self._lock:
            lane, _ = key_of(job)
            self._running[lane] -= 1
            self._hosts.done(host_of(url_of(job)))
            heapq.heappush(self._delayed, (at, next(self._ticket), next_job))

    def defer_host(self, host: str, until: int) -> None:
        """Start nothing at ``host`` before ``until``."""
        with self._lock:
            self._hosts.defer(host, until)

    def drain(self) -> None:
        """Drop everything that has not begun; the catalogue still knows it."""
        with self._lock:
            waiting = self._hosts.drain() + [job for _, _, job in self._delayed]
            self._delayed.clear()
            for job in waiting:
                lane, key = key_of(job)
                self._keys[lane].discard(key)

    def set_per_host(self, per_host: int) -> None:
        """Change how many jobs of one host may run at once."""
        with self._lock:
            self._hosts.per_host = per_host

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
