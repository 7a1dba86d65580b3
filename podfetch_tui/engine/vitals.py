"""Whether the engine's threads live: one that is stuck is told of, with the stacks of all.

A thread of its own looks every few seconds, for the governor may be the one that is stuck.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from podfetch_tui.engine.events import EventRing
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.heart import Heart
from podfetch_tui.system.locks import all_stacks

logger = logging.getLogger(__name__)

LOOK_S = 5.0
_STOOD_STILL_S = 4 * LOOK_S
"""When looks are that far apart the whole process stood still, and no thread is to blame."""


class Vitals:
    """Watches hearts; :meth:`look` may be called by tests in place of its thread."""

    def __init__(
        self,
        clock: Clock,
        events: EventRing,
        hearts: Sequence[Heart],
        jobs: Callable[[], Iterable[Heart]],
    ) -> None:
        """Watch nothing yet.

        Args:
            clock: The time.
            events: Where it is told.
            hearts: Those of the threads.
            jobs: Returns those of the jobs that run now.
        """
        self.heart = Heart("the watch over the threads")
        self._clock = clock
        self._events = events
        self._hearts = tuple(hearts)
        self._jobs = jobs
        self._stop = threading.Event()
        self._looked = clock.monotonic()
        self._seen: dict[Heart, tuple[int, float]] = {}
        """Beats at the last look, and the moment since which they are as many."""
        self._stuck: dict[Heart, float] = {}
        """Since when; replaced as a whole, for others read it."""
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._loop,), name="podfetch-vitals"
        )

    @property
    def reason(self) -> str:
        """Which threads are stuck, in words; empty when none is."""
        names = sorted(heart.name for heart in self._stuck)
        more = f" (and {len(names) - 1} more)" if names[1:] else ""
        return f"{names[0]}{more} is stuck: see the log" if names else ""

    def add(self, heart: Heart) -> None:
        """Watch one more; from any thread."""
        self._hearts = (*self._hearts, heart)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """Find out who is stuck, who goes on again, and say what is new."""
        now = self._clock.monotonic()
        if now - self._looked > _STOOD_STILL_S:
            self._seen = {heart: (beats, now) for heart, (beats, _) in self._seen.items()}
        self._looked = now
        silent = self._silent(now)
        new = [heart for heart in silent if heart not in self._stuck]
        over = [(heart, since) for heart, since in self._stuck.items() if heart not in silent]
        self._stuck = silent
        if new:
            names = ", ".join(heart.name for heart in new)
            logger.critical("Stuck: %s", names, extra={"stacks": all_stacks()})
        for heart in new:
            seconds = now - silent[heart]
            text = f"{heart.name} has not moved for {seconds:.0f} s; the log has all stacks"
            self._events.emit("thread_stuck", text, family="system")
        for heart, since in over:
            text = f"{heart.name} moves again after {now - since:.0f} s"
            logger.warning("Not stuck any more: %s", text)
            self._events.emit("thread_recovered", text)

    def _silent(self, now: float) -> dict[Heart, float]:
        """Return who does not beat for too long, and since when."""
        seen, silent = {}, {}
        for heart in (*self._hearts, *self._jobs()):
            beats, is_resting = heart.beats, heart.is_resting
            before, since = self._seen.get(heart, (beats, now))
            if is_resting or beats != before:
                since = now
            seen[heart] = (beats, since)
            if now - since >= heart.patience_s:
                silent[heart] = since
        self._seen = seen
        return silent

    def _loop(self) -> None:
        while not self._clock.wait(self._stop, LOOK_S):
            self.look()
