"""Host lanes: FIFO per host, and a ring of the hosts that have work and room.

Choosing the next job is O(1) whatever the number of blocked hosts. A host that answers
slowly holds at most ``per_host`` slots of all lanes together. Everything here is guarded by
SCHEDULE, which the caller holds.
"""

from __future__ import annotations

import heapq
from collections import deque

from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.job import Job


class _Host:
    """One host: its waiting jobs by lane, and how many of its jobs run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: dict[Lane, deque[Job]] = {lane: deque() for lane in Lane}
        self.running = 0
        self.not_before = 0
        self.in_ring: dict[Lane, bool] = dict.fromkeys(Lane, False)
        self.snoozed = False

    @property
    def is_idle(self) -> bool:
        return not self.running and not self.snoozed and not any(self.waiting.values())


class HostLanes:
    """All hosts with work."""

    def __init__(self, per_host: int, spacing_ms: int) -> None:
        self.per_host = per_host
        self.spacing_ms = spacing_ms
        self._hosts: dict[str, _Host] = {}
        self._rings: dict[Lane, deque[_Host]] = {lane: deque() for lane in Lane}
        self._snoozed: list[tuple[int, str]] = []
        self._queued: dict[Lane, int] = dict.fromkeys(Lane, 0)

    def add(self, lane: Lane, host: str, job: Job) -> None:
        """Queue ``job`` behind the other jobs of its host."""
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(host)
        entry.waiting[lane].append(job)
        self._queued[lane] += 1
        self._offer(entry)

    def take(self, lane: Lane, now: int) -> Job | None:
        """Return the next job of ``lane`` whose host has room, and count it as running."""
        self._wake(now)
        ring = self._rings[lane]
        while ring:
            entry = ring.popleft()
            entry.in_ring[lane] = False
            if self._may_start(entry, lane):
                return self._start(entry, lane, now)
        return None

    def done(self, host: str) -> None:
        """Count one job of ``host`` as ended."""
        entry = self._hosts[host]
        entry.running -= 1
        self._offer(entry)
        if entry.is_idle:
            del self._hosts[host]

    def defer(self, host: str, until: int) -> None:
        """Start nothing at ``host`` before ``until``: it told us to wait."""
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(host)
        self._snooze(entry, until)

    def queued(self, lane: Lane) -> int:
        """Return how many jobs of ``lane`` wait."""
        return self._queued[lane]

    def next_wake(self) -> int | None:
        """Return when the next host comes back, in UTC milliseconds."""
        return self._snoozed[0][0] if self._snoozed else None

    def drain(self) -> list[Job]:
        """Take all waiting jobs out and return them."""
        jobs = [job for e in self._hosts.values() for queue in e.waiting.values() for job in queue]
        for entry in self._hosts.values():
            for lane, queue in entry.waiting.items():
                queue.clear()
                entry.in_ring[lane] = False
        for lane in Lane:
            self._rings[lane].clear()
            self._queued[lane] = 0
        return jobs

    def _start(self, entry: _Host, lane: Lane, now: int) -> Job:
        job = entry.waiting[lane].popleft()
        self._queued[lane] -= 1
        entry.running += 1
        if self.spacing_ms:
            self._snooze(entry, now + self.spacing_ms)
        self._offer(entry)
        return job

    def _may_start(self, entry: _Host, lane: Lane) -> bool:
        return not entry.snoozed and entry.running < self.per_host and bool(entry.waiting[lane])

    def _offer(self, entry: _Host) -> None:
        """Put a host into the rings of the lanes it can serve.

        A host that can no longer start anything stays in its ring until its turn comes: to
        look for it there would cost O(hosts).
        """
        for lane, ring in self._rings.items():
            if not entry.in_ring[lane] and self._may_start(entry, lane):
                ring.append(entry)
                entry.in_ring[lane] = True

    def _snooze(self, entry: _Host, until: int) -> None:
        entry.not_before = max(entry.not_before, until)
        if not entry.snoozed:
            entry.snoozed = True
            heapq.heappush(self._snoozed, (entry.not_before, entry.name))
        self._offer(entry)

    def _wake(self, now: int) -> None:
        while self._snoozed and self._snoozed[0][0] <= now:
            _, name = heapq.heappop(self._snoozed)
            entry = self._hosts[name]
            if entry.not_before > now:
                heapq.heappush(self._snoozed, (entry.not_before, name))
                continue
            entry.snoozed = False
            self._offer(entry)
            if entry.is_idle:
                del self._hosts[name]
