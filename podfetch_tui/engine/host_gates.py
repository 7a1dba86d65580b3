"""Hosts that are not to be asked: kept for the next process, told, and their work put off.

Work for a host that waits would fill the window and hold up everybody else, so it goes back
to the catalogue with a later time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future

from podfetch_tui.catalog import hosts
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.health import HostChange
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.model.host_writes import PutOff, SaveHost
from podfetch_tui.model.job import EpisodeJob, Job, PollJob, url_of
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.host_breaker import HostHealth
from podfetch_tui.policy.hosts import host_of

logger = logging.getLogger(__name__)

SHORT_MS = 5_000
"""A shorter wait is spent in memory."""
ONCE_MS = 60_000
"""``--once`` waits so long itself."""
_LONGEST_MS = 27 * 3_600_000
"""A time that lies further ahead was written by another clock."""
_LEAST_SPREAD_MS = 30_000
_SPREAD = 0.1


class HostGates:
    """Acts on what the schedule knows about hosts."""

    def __init__(
        self, services: Services, schedule: Schedule, events: EventRing, *, once: bool
    ) -> None:
        self._services = services
        self._schedule = schedule
        self._events = events
        self._patience_ms = ONCE_MS if once else SHORT_MS

    def restore(self) -> None:
        """Take over what an earlier process knew.

        Raises:
            Failure: The catalogue could not be read.
        """
        now, after = self._services.clock.now_ms(), ""
        while rows := hosts.hosts(self._services.catalog, after=after):
            after = rows[-1].name
            for row in rows:
                until = row.open_until
                if until is not None and until > now + _LONGEST_MS:
                    until = now
                health = HostHealth(breaker=row.breaker, opened=row.opened, open_until=until)
                named = row.not_before
                if named is not None and not now < named <= now + _LONGEST_MS:
                    named = None
                self._schedule.restore_host(row.name, health, named)

    def changed(self, change: HostChange) -> None:
        """Keep and tell that a breaker changed, and put off what waits for an open host."""
        health, host = change.health, change.host
        self._save(host, health, error=change.code)
        if health.breaker is BreakerState.OPEN:
            self._events.emit("host_opened", host, code=change.code)
            self._put_off_waiting(host)
        else:
            self._events.emit("host_closed", host)

    def defer(self, host: str, until: int) -> None:
        """Start nothing at ``host`` before ``until``: it told us to wait."""
        self._schedule.defer_host(host, until)
        if until - self._services.clock.now_ms() > self._patience_ms:
            health = self._schedule.open_hosts().get(host, HostHealth())
            self._save(host, health)
            self._put_off_waiting(host)

    def release(self, host: str) -> None:
        """Let ``host`` be asked at once, as an operator wants; its row is theirs to change."""
        self._schedule.release_host(host)

    def sift(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs whose host may be asked soon; put the others off."""
        now = self._services.clock.now_ms()
        soon: list[Job] = []
        later: list[Job] = []
        for job in jobs:
            held = self._schedule.blocked_until(host_of(url_of(job)))
            (later if held - now > self._patience_ms else soon).append(job)
        self._put_off(later)
        return soon

    def put_off_stranded(self, now: int) -> None:
        """Put off the further attempts that are due at ``now`` at hosts that are to wait."""
        self._put_off(self._schedule.stranded(now, self._patience_ms))

    def _put_off_waiting(self, host: str) -> None:
        held = self._schedule.blocked_until(host) - self._services.clock.now_ms()
        if held > self._patience_ms:
            self._put_off(self._schedule.evict(host))

    def _put_off(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        now, rng = self._services.clock.now_ms(), self._services.rng
        feeds: list[tuple[int, int]] = []
        episodes: list[tuple[int, int]] = []
        for job in jobs:
            held = self._schedule.blocked_until(host_of(url_of(job)))
            spread = max(_LEAST_SPREAD_MS, (held - now) * _SPREAD)
            at = held + round(rng.uniform(0, spread))
            if isinstance(job, PollJob):
                feeds.append((job.feed.id, at))
            elif isinstance(job, EpisodeJob):
                episodes.append((job.episode.id, at))
        self._submit(PutOff(feeds=tuple(feeds), episodes=tuple(episodes)))

    def _save(self, host: str, health: HostHealth, *, error: str = "") -> None:
        now, told = self._services.clock.now_ms(), self._schedule.told_until(host)
        write = SaveHost(
            host=host,
            breaker=health.breaker,
            opened=health.opened,
            open_until=health.open_until,
            not_before=told if told > now else None,
            error=error,
            at=now,
        )
        self._submit(write)

    def _submit(self, write: Write) -> None:
        """Hand ``write`` over without waiting: this may be the writer's own thread."""
        self._services.writer.submit(write, lazy=True).add_done_callback(_log_failure)


def _log_failure(done: Future[Receipt]) -> None:
    error = done.exception()
    if error is not None:
        # The work is still due and will be put off again.
        logger.warning("What is known of a host could not be written: %s", error)
