"""Host lanes: FIFO per host, and a ring of the hosts that have work and room.

Choosing the next job is O(1) whatever the number of blocked hosts. A host that answers
slowly holds at most ``per_host`` slots of all lanes together. Everything here is guarded by
SCHEDULE, which the caller holds.
"""

from __future__ import annotations

import heapq
import itertools
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
        self.held_until = 0
        """It told us to wait so long, or its breaker is open: not just spacing."""
        self.told_until = 0
        """It told us to wait so long."""
        self.in_ring: dict[Lane, bool] = dict.fromkeys(Lane, False)
        self.snoozed = False
        self.probing = False
        """Its breaker is not closed: one job at a time."""

    @property
    def is_idle(self) -> bool:
        held = self.running or self.snoozed or self.probing
        return not held and not any(self.waiting.values())


class HostLanes:
    """All hosts with work."""

    def __init__(self, per_host: int, spacing_ms: int) -> None:
        self.per_host = per_host
        self.spacing_ms = spacing_ms
        self._hosts: dict[str, _Host] = {}
        self._rings: dict[Lane, deque[_Host]] = {lane: deque() for lane in Lane}
        self._snoozed: list[tuple[int, str]] = []
        self._queued: dict[Lane, int] = dict.fromkeys(Lane, 0)

    def set_per_host(self, per_host: int) -> None:
        """Let so many jobs of one host run at once, from now on."""
        self.per_host = per_host
        for entry in self._hosts.values():
            self._offer(entry)

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
        entry.held_until = max(entry.held_until, until)
        entry.told_until = max(entry.told_until, until)
        self._snooze(entry, until)

    def probe_at(self, host: str, at: int) -> None:
        """Start nothing at ``host`` before ``at``, and from then on one job at a time."""
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(host)
        entry.probing = True
        entry.held_until = max(entry.held_until, at)
        self._snooze(entry, at)

    def reopen(self, host: str) -> None:
        """Let ``host`` have its full number of jobs again."""
        entry = self._hosts.get(host)
        if entry is not None:
            entry.probing = False
            self._offer(entry)
            if entry.is_idle:
                del self._hosts[host]

    def release(self, host: str) -> None:
        """Let ``host`` start its full number of jobs at once, whatever held it back."""
        entry = self._hosts.get(host)
        if entry is None:
            return
        entry.not_before = entry.held_until = entry.told_until = 0
        entry.probing = False
        if entry.snoozed:
            entry.snoozed = False
            self._snoozed = [pair for pair in self._snoozed if pair[1] != host]
            heapq.heapify(self._snoozed)
        self._offer(entry)
        if entry.is_idle:
            del self._hosts[host]

    def told(self, now: int) -> dict[str, int]:
        """Return the hosts that told us to wait, and until when in UTC milliseconds."""
        named = {name for _, name in self._snoozed}  # whoever waits is among them
        found = ((name, self._hosts[name].told_until) for name in named)
        return {name: until for name, until in found if until > now}

    def told_until(self, host: str) -> int:
        """Return until when ``host`` told us to wait, in UTC milliseconds; may be past."""
        entry = self._hosts.get(host)
        return entry.told_until if entry is not None else 0

    def held_until(self, host: str) -> int:
        """Return until when ``host`` was deferred, in UTC milliseconds; may be past."""
        entry = self._hosts.get(host)
        return entry.held_until if entry is not None else 0

    def evict(self, host: str) -> list[Job]:
        """Take the waiting jobs of ``host`` out and return them."""
        entry = self._hosts.get(host)
        if entry is None:
            return []
        jobs = [job for queue in entry.waiting.values() for job in queue]
        for lane, queue in entry.waiting.items():
            self._queued[lane] -= len(queue)
            queue.clear()
        return jobs

    def upcoming(self, lane: Lane, most: int) -> list[Job]:
        """Return the next jobs of ``lane``: one of each host in its turn, then their second."""
        first = [
            list(itertools.islice(entry.waiting[lane], most))
            for entry in itertools.islice(self._rings[lane], most)
        ]
        rounds = itertools.chain.from_iterable(itertools.zip_longest(*first))
        return [job for job in rounds if job is not None][:most]

    def queued(self, lane: Lane) -> int:
        """Return how many jobs of ``lane`` wait."""
        return self._queued[lane]

    def next_wake(self) -> int | None:
        """Return when the next host comes back, in UTC milliseconds."""
        return self._snoozed[0][0] if self._snoozed else None

    def shift(self, by: int) -> None:
        """Move all times by so many milliseconds: the clock was set by that."""
        for entry in self._hosts.values():
            entry.not_before += by if entry.not_before else 0
            entry.held_until += by if entry.held_until else 0
            entry.told_until += by if entry.told_until else 0
        self._snoozed = [(at + by, name) for at, name in self._snoozed]

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
        if self.spacing_ms and entry.name:
            self._snooze(entry, now + self.spacing_ms)
        self._offer(entry)
        return job

    def _may_start(self, entry: _Host, lane: Lane) -> bool:
        room = 1 if entry.probing else self.per_host
        return not entry.snoozed and entry.running < room and bool(entry.waiting[lane])

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
