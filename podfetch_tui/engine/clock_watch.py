"""The clock: what waits goes on as before when it is set, and no feed waits for a year.

All times of the schedule are wall time, so that they outlive the process. The governor's
thread compares the wall clock with the ones that cannot be set. After a suspend nothing is
moved: time did pass, and what became due is let in as after any outage.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.figures import span
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import Reanchor, Reanchored, Receipt
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.clock_jumps import Reading, jump_between, longest_wait_ms

logger = logging.getLogger(__name__)

_FAR = 2**53
_OWN_INTERVAL_MS = 1500
"""Of each second of a feed's own interval: it may wait half as much again."""


class ClockWatch:
    """Moves what waits along with a clock that was set."""

    def __init__(
        self,
        services: Services,
        schedule: Schedule,
        events: EventRing,
        settings: Callable[[], Settings],
    ) -> None:
        """Take a first reading.

        Args:
            services: The clock and the catalogue's writer.
            schedule: What waits in memory.
            events: Where a jump is made known.
            settings: Say how far ahead something can be planned.
        """
        self._services = services
        self._schedule = schedule
        self._events = events
        self._settings = settings
        self._last = self._read()

    def begin(self) -> None:
        """Make due what an earlier process planned further ahead than can be.

        Raises:
            Failure: The catalogue could not be written.
        """
        now = self._services.clock.now_ms()
        beyond = now + longest_wait_ms(self._settings())
        write = Reanchor(now=now, beyond=beyond, by=_FAR, per_interval_ms=_OWN_INTERVAL_MS)
        found = self._services.commit(write)
        if isinstance(found, Reanchored) and found.feeds + found.episodes:
            text = (
                f"{counted(found.feeds, 'feed')} and {counted(found.episodes, 'episode')}"
                " waited for a time that another clock had set: all are due now"
            )
            self._events.emit("clock_jumped", text, code="before_start")
            logger.warning("The clock was set while no engine ran: %s", text)

    def look(self) -> bool:
        """Compare the clocks; return whether times changed that somebody waits for."""
        before, now = self._last, self._read()
        self._last = now
        jump = jump_between(before, now)
        if jump.slept_s:
            text = f"the machine slept for {span(round(jump.slept_s))}"
            self._events.emit("clock_jumped", text, code="suspend")
            logger.info("The machine slept for %s", span(round(jump.slept_s)))
        if jump.set_by_ms:
            self._set_by(jump.set_by_ms, now.wall_ms)
        return bool(jump.slept_s or jump.set_by_ms)

    def _set_by(self, by: int, now: int) -> None:
        self._schedule.shift(by)
        if by < 0:
            # Forward nothing is moved there: what became due is let in at its pace, and a
            # clock that was behind and is right now leaves times that were right.
            write = Reanchor(now=now, beyond=now, by=-by)
            self._services.writer.submit(write).add_done_callback(_log_failure)
        word = "forward" if by > 0 else "back"
        text = f"the clock was set {word} by {span(round(abs(by) / 1000))}"
        self._events.emit("clock_jumped", text, code=word)
        logger.warning("The clock was set %s by %s", word, span(round(abs(by) / 1000)))

    def _read(self) -> Reading:
        clock = self._services.clock
        while True:
            since_boot = clock.since_boot()
            found = Reading(
                wall_ms=clock.now_ms(), monotonic_s=clock.monotonic(), since_boot_s=since_boot
            )
            if clock.since_boot() - since_boot < 1.0:  # else it slept between two of them
                return found


def _log_failure(done: Future[Receipt]) -> None:
    error = done.exception()
    if error is not None:
        logger.warning("What waits could not be moved along with the clock: %s", error)
