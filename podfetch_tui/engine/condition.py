"""The condition an engine is in: its state, why, and what makes it wait, go on or end by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from podfetch_tui.engine.crash import crash_text
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.ending import End
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.memory_guard import MemoryGuard
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.space_guard import SpaceGuard
from podfetch_tui.engine.trouble import Trouble, can_write
from podfetch_tui.engine.workers import Workers
from podfetch_tui.model.errors import Failure, Kind, PodfetchError
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.unusable import unusable

logger = logging.getLogger(__name__)

ONCE_ASKS_S = 60.0
"""A run that ends asks one host after the other for so long before our network is down to it:
feeds whose names are gone may be the first ones due."""


class Condition:
    """``starting``, then ``running``, ``paused``, ``degraded``, ``draining`` or ``stopped``.

    Workers, the governor, whoever sends commands and signals change it, each by replacing one
    value as a whole.
    """

    def __init__(
        self,
        services: Services,
        events: EventRing,
        *,
        schedule: Schedule,
        dispatcher: Dispatcher,
        workers: Workers,
        space: SpaceGuard,
        memory: MemoryGuard,
        stuck: Callable[[], str],
        is_held: Callable[[], bool],
        once: bool,
        paused: bool,
        crash_folder: Path | None,
    ) -> None:
        """Begin with nothing wrong.

        Args:
            services: The adapters.
            events: Where it is told.
            schedule: Knows whether the network is down.
            dispatcher: Starts work, or is held back.
            workers: What runs.
            space: Whether there is room.
            memory: Whether there is memory.
            stuck: Returns which threads are stuck, in words.
            is_held: Says whether the archive at the root is still the one that is locked.
            once: The engine does what is due and ends: it waits for nothing to get better.
            paused: The operator wants it paused.
            crash_folder: Where a report is left when a bug ends the engine.
        """
        self.finished = threading.Event()
        """Set when nothing more will start: ``--once`` is done, or a failure ended it."""
        self.end = End()
        """Why it ended by itself."""
        self.state = "starting"
        self._services = services
        self._events = events
        self._schedule = schedule
        self._dispatcher = dispatcher
        self._workers = workers
        self._space = space
        self._memory = memory
        self._stuck = stuck
        self._is_held = is_held
        self._once = once
        self._operator_paused = paused
        self._crash_folder = crash_folder
        self._crashed = threading.Event()
        self._network_reason = ""
        self._lost_at = 0.0
        """Monotonic second at which the network was lost; means nothing without a reason."""
        self._trouble = Trouble(services.clock, lambda _: can_write(services))

    @property
    def reason(self) -> str:
        """Why it is in this state; empty when there is nothing to say."""
        trouble = self._trouble.reason or self._network_reason or self._space.reason
        return self.end.text or trouble or self._memory.reason or self._stuck()

    def begin(self) -> None:
        """Find out how things stand, before anything starts."""
        if self._operator_paused:
            self._dispatcher.paused.set()
        self.look_at_space()
        self.show()

    def show(self) -> None:
        """Let the state say what stands now."""
        if self.state in ("draining", "stopped"):
            return
        waits = self._space.reason or self._memory.reason
        if self._trouble.reason or waits or self._schedule.is_network_down:
            self.state = "degraded"
        else:
            self.state = "paused" if self._operator_paused else "running"

    def look(self) -> None:
        """Find out what got better or worse by itself."""
        self.look_at_space()
        if not self._is_held():
            self._lose()
        elif not self.finished.is_set() and self._trouble.ended_now():
            if not self._network_reason:  # else one job asks whether it is up
                self._events.emit("system_recovered")
            self._go_on()

    def look_at_space(self) -> None:
        """Find out whether there is room."""
        if self._space.look():
            self.show()
            self._dispatcher.look_now()

    # --- what the operator wants ----------------------------------------------------------

    def pause(self, paused: bool) -> None:
        """Start nothing new, or go on."""
        self._operator_paused = paused
        if paused:
            self._dispatcher.paused.set()
        elif not self._trouble.reason:
            self._dispatcher.paused.clear()
        self.show()
        self._events.emit("engine_paused" if paused else "engine_resumed")
        self._dispatcher.look_now()

    def drain(self) -> None:
        """Start nothing more; running jobs go on."""
        self.state = "draining"
        self._dispatcher.stop()

    def end_soon(self, now: bool) -> None:
        """Drain and end; ``now``: let running jobs end as soon as they can."""
        self.drain()
        if now:
            self._workers.stop.set()
        self.finished.set()

    # --- what happens to it ---------------------------------------------------------------

    def meet(self, failure: Failure, is_fatal: bool) -> None:
        """Take a local failure: nobody is blamed, everything waits, or ends when it must."""
        is_network = failure.kind is Kind.NETWORK_DOWN
        is_known = is_network and bool(self._network_reason)
        now = self._services.clock.monotonic()
        if is_network and not is_known:
            self._lost_at = now
        if self._trouble.begin(failure) and not is_known:
            self._events.emit(
                "system_trouble", self._trouble.reason, family="system", code=failure.kind.value
            )
            logger.error("System trouble: %s", failure)
        if is_network:
            self._network_reason = failure.detail
        asks_on = self._once and is_network and now - self._lost_at < ONCE_ASKS_S
        if not asks_on:
            self._dispatcher.paused.set()
        self.show()
        if is_fatal or (self._once and not asks_on):
            text = str(unusable(self._services.layout.root, failure))
            self._fail_stop(End(1, failure.detail) if is_network else End(7, text))

    def crash(self, name: str, error: BaseException) -> bool:
        """End: a bug ended a thread, and half an engine would look alive and do nothing.

        Returns:
            Whether this is the first.
        """
        if self._crashed.is_set():
            return False
        self._crashed.set()
        text = crash_text(name, error, self._crash_folder, self._services.clock)
        self._events.emit("engine_crashed", text, family="system", code=Kind.BUG.value)
        self.end = End(PodfetchError.exit_code, text)
        self._fail_stop(self.end)
        return True

    def run_out_of_memory(self, text: str) -> None:
        """End: the hard limit was passed."""
        self._events.emit("memory_end", text, family="system", code=Kind.OUT_OF_MEMORY.value)
        self._fail_stop(End(PodfetchError.exit_code, text))

    def have_network(self) -> None:
        """Go on: the network is up again."""
        self._network_reason = ""
        self._trouble.end(Kind.NETWORK_DOWN)
        self._events.emit("network_up")
        self._go_on()

    def be_done(self) -> None:
        """Nothing is left to do in a run that ends; what waits for space was not done."""
        if self._network_reason and not self.end.exit_code:
            self.end = End(1, self._network_reason)
        said = self._space.summary(waiting=self._dispatcher.has_waiting_downloads())
        if said and not self.end.exit_code:
            self.end = End(7, f"archive {self._services.layout.root}: {said}")
        self.finished.set()

    def _fail_stop(self, end: End) -> None:
        """End by itself: to go on would make it worse."""
        if not self.end.exit_code:
            self.end = end
        self.drain()
        self.state = "stopped"
        self.finished.set()

    def _go_on(self) -> None:
        if not (self._operator_paused or self._trouble.reason):
            self._dispatcher.paused.clear()
        self.show()
        self._dispatcher.look_now()

    def _lose(self) -> None:
        """The folder at the root is another one by now: nothing may be written into that."""
        if self._workers.stop.is_set():
            return
        root = self._services.layout.root
        logger.critical("The archive at %s is not the one that was opened", root)
        self._workers.stop.set()
        text = (
            f"archive {root} was moved, unmounted or replaced, or its lock deleted, while it was"
            " in use: bring it back (is the disk mounted?) and start again"
        )
        self._fail_stop(End(7, text))
