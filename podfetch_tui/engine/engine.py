"""The engine: wiring and life cycle of its parts, nothing else."""

from __future__ import annotations

import logging
import threading

import msgspec

from podfetch_tui.engine.commands import Commands
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.governor import Governor
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.recovery import recover
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.engine.workers import Workers
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.services import Services

logger = logging.getLogger(__name__)

TROUBLE_S = 30.0
"""After a system failure nothing new starts for so long; then it is tried again."""


class End(msgspec.Struct, frozen=True):
    """Why an engine ended by itself."""

    exit_code: int = 0
    text: str = ""


class Engine:
    """One engine on one archive.

    Start it once, stop it once. Its threads are its own: they start before any screen and
    outlive it.
    """

    def __init__(
        self, services: Services, settings: Settings, *, once: bool = False, paused: bool = False
    ) -> None:
        self.services = services
        self.settings = settings
        self.finished = threading.Event()
        """Set when nothing more will start: ``--once`` is done, or a failure ended it."""
        self.end = End()
        self._once = once
        self._state = "starting"
        self._reason = ""
        self._trouble_until: float | None = None
        self._operator_paused = paused
        locks = Locks()
        work = settings.engine
        limits = {Lane.POLL: work.poll_workers, Lane.DOWNLOAD: work.download_workers}
        self.events = EventRing(locks.telemetry, services.clock)
        self.telemetry = Telemetry(locks.telemetry, services.clock)
        self.slots = Slots(locks.slots, limits)
        self.schedule = Schedule(
            locks.schedule, per_host=work.per_host, spacing_s=work.host_spacing
        )
        self.workers = Workers(
            services,
            self.schedule,
            self.slots,
            self.telemetry,
            self.events,
            on_trouble=self._on_trouble,
        )
        self.dispatcher = Dispatcher(
            services,
            lambda: self.settings,
            self.schedule,
            self.slots,
            self.workers,
            once=once,
            on_idle=self.finished.set,
        )
        self.governor = Governor(
            services,
            self.schedule,
            self.slots,
            self.telemetry,
            self.events,
            state=lambda: (self._state, self._reason),
            tick=self._tick,
        )
        self.commands = Commands(
            services,
            self.dispatcher,
            self.slots,
            self.schedule,
            pause=self._pause,
            stop=self._end_soon,
        )

    def start(self) -> None:
        """Recover what was in flight, then begin.

        Raises:
            Failure: The recovery could not read disk or catalogue.
        """
        recover(self.services, self.schedule, self.settings)
        if self._operator_paused:
            self.dispatcher.paused.set()
        self._show_state()
        self.dispatcher.start()
        self.governor.start()
        self.events.emit("engine_started", str(self.services.layout.root))

    def drain(self) -> None:
        """Start nothing more; running jobs go on."""
        self._state = "draining"
        self.dispatcher.stop()

    def stop(self, *, timeout: float = 0.0) -> None:
        """Drain, wait up to ``timeout`` seconds for running jobs, stop the rest and end.

        Downloads that are stopped keep their durable part and go on at the next start.
        """
        self.drain()
        deadline = self.services.clock.monotonic() + timeout
        waiting = threading.Event()
        while (
            self.schedule.running()
            and not self.workers.stop.is_set()
            and self.services.clock.monotonic() < deadline
        ):
            self.services.clock.wait(waiting, 0.05)
        self.workers.stop.set()
        self.dispatcher.join()
        self.workers.close()
        self.services.writer.flush()
        self._state = "stopped"
        self.events.emit("engine_stopped")
        self.governor.stop()
        self.events.close()
        self.finished.set()

    def stop_now(self) -> None:
        """Let running jobs end as soon as they can; may be called from a signal's thread."""
        self.workers.stop.set()
        self.finished.set()

    def ask_to_stop(self) -> None:
        """Drain and end, as ``Stop`` does; may be called from any thread."""
        self._end_soon(False)

    def _end_soon(self, now: bool) -> None:
        self.drain()
        if now:
            self.workers.stop.set()
        self.finished.set()

    def _pause(self, paused: bool) -> None:
        self._operator_paused = paused
        if paused:
            self.dispatcher.paused.set()
        elif self._trouble_until is None:
            self.dispatcher.paused.clear()
        self._show_state()
        self.events.emit("engine_paused" if paused else "engine_resumed")
        self.dispatcher.look_now()

    def _on_trouble(self, failure: Failure, is_fatal: bool) -> None:
        """A local failure: nobody is blamed, everything waits, or ends when it must."""
        if self._trouble_until is None:
            self.events.emit(
                "system_trouble", str(failure), family="system", code=failure.kind.value
            )
            logger.error("System trouble: %s", failure)
        self._trouble_until = self.services.clock.monotonic() + TROUBLE_S
        self._reason = str(failure)
        self.dispatcher.paused.set()
        self._show_state()
        if is_fatal or self._once:
            self.end = End(7, str(failure))
            self.drain()
            self.finished.set()

    def _tick(self) -> None:
        until = self._trouble_until
        if until is None or self.services.clock.monotonic() < until or self._state == "draining":
            return
        self._trouble_until = None
        self._reason = ""
        if not self._operator_paused:
            self.dispatcher.paused.clear()
        self._show_state()
        self.dispatcher.look_now()

    def _show_state(self) -> None:
        if self._state in ("draining", "stopped"):
            return
        if self._trouble_until is not None:
            self._state = "degraded"
        else:
            self._state = "paused" if self._operator_paused else "running"
