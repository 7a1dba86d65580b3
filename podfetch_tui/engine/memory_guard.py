"""Our own memory: above the soft limit less is done and kept, above the hard one it ends.

Belongs to the governor's thread. An end is a drain: what runs is recorded or resumed later, and
whoever supervises the process starts a fresh one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from podfetch_tui.engine.events import EventRing
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.figures import size
from podfetch_tui.model.work_settings import EngineSettings
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.memory import MemoryState, Step, watched
from podfetch_tui.system.memory import give_back

logger = logging.getLogger(__name__)


class MemoryGuard:
    """Watches the resident memory of the process; the throttle lowers the targets meanwhile."""

    def __init__(
        self,
        services: Services,
        events: EventRing,
        settings: Callable[[], EngineSettings],
        *,
        on_change: Callable[[], None],
        on_hard: Callable[[str], None],
    ) -> None:
        """Watch nothing yet.

        Args:
            services: The adapters, whose caches are dropped.
            events: Where it is told.
            settings: The limits, as they are set now.
            on_change: Called when :attr:`reason` came or went.
            on_hard: Called once with why the engine has to end.
        """
        self.reason = ""
        """Empty while the memory is below its limits."""
        self._services = services
        self._events = events
        self._settings = settings
        self._on_change = on_change
        self._on_hard = on_hard
        self._state = MemoryState()
        self._has_ended = False

    def look(self, rss: int) -> None:
        """Do what ``rss`` resident bytes call for."""
        if self._has_ended:
            return
        limits, was_high = self._settings(), self._state.is_high
        now = self._services.clock.monotonic()
        self._state, step = watched(
            self._state, rss, now, soft=limits.rss_soft, hard=limits.rss_hard
        )
        if step is Step.FREE:
            self._free()
        self._say(rss, limits.rss_soft, was_high=was_high)
        if step is Step.END:
            self._has_ended = True
            text = (
                f"the process holds {size(rss)} of memory, more than engine.rss_hard"
                f" ({size(limits.rss_hard)}): start it again, nothing is lost"
            )
            logger.critical("Memory: %s", text)
            self._on_hard(text)

    def _free(self) -> None:
        services = self._services
        services.http.drop_caches()
        for pool in {services.sandbox, services.parsers.fast, services.parsers.tolerant}:
            pool.recycle()
        give_back()

    def _say(self, rss: int, soft: int, *, was_high: bool) -> None:
        is_high = self._state.is_high
        if is_high:
            self.reason = (
                f"the process holds {size(rss)} of memory, engine.rss_soft is {size(soft)}:"
                " one worker a lane until it is less"
            )
        else:
            self.reason = ""
        if is_high == was_high:
            return
        if is_high:
            self._events.emit(
                "memory_high", self.reason, family="system", code=Kind.OUT_OF_MEMORY.value
            )
            logger.warning("Memory: %s", self.reason)
        else:
            self._events.emit("memory_back", f"the process holds {size(rss)} of memory")
        self._on_change()
