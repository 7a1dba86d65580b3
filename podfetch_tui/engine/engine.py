"""The engine: wiring and life cycle of its parts, nothing else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.engine.alerts import AlertWatch
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.clock_watch import ClockWatch
from podfetch_tui.engine.commands import Commands
from podfetch_tui.engine.crash import crash_text
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.due_feeds import DueFeeds
from podfetch_tui.engine.ending import End
from podfetch_tui.engine.event_log import written_down
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.following import following
from podfetch_tui.engine.governor import Governor
from podfetch_tui.engine.host_gates import HostGates
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.live_settings import LiveSettings
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.memory_guard import MemoryGuard
from podfetch_tui.engine.recovery import recover
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.space_guard import SpaceGuard
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.engine.throttle import Throttle
from podfetch_tui.engine.trouble import Trouble, can_write
from podfetch_tui.engine.upkeep import Upkeep
from podfetch_tui.engine.vitals import Vitals
from podfetch_tui.engine.workers import Workers
from podfetch_tui.model.errors import Failure, Kind, PodfetchError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ApplyPriorities
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.unusable import unusable
from podfetch_tui.system.heart import Heart

logger = logging.getLogger(__name__)


class Engine:
    """One engine on one archive.

    Start it once, stop it once. Its threads are its own: they start before any screen and
    outlive it.
    """

    def __init__(
        self,
        services: Services,
        source: SettingsSource,
        loaded: Loaded,
        *,
        once: bool = False,
        paused: bool = False,
        is_held: Callable[[], bool] = lambda: True,
        crash_folder: Path | None = None,
    ) -> None:
        """Wire the parts; nothing runs yet.

        Args:
            services: The adapters.
            source: Where settings come from when they are read again.
            loaded: What holds.
            once: Do what is due, then be finished.
            paused: Start paused.
            is_held: Says whether the archive at the root is still the one that is locked.
            crash_folder: Where a report is left when a bug ends the engine.
        """
        self.services = services
        settings = loaded.settings
        self.finished = threading.Event()
        """Set when nothing more will start: ``--once`` is done, or a failure ended it."""
        self.end = End()
        self._crashed = threading.Event()
        self._once = once
        self._state = "starting"
        self._operator_paused = paused
        self._is_held = is_held
        self._crash_folder = crash_folder
        self._network_reason = ""
        self._has_ended = False
        self.trouble = Trouble(services.clock, lambda _: can_write(services))
        locks = Locks()
        work = settings.engine
        limits = {Lane.POLL: work.poll_workers, Lane.DOWNLOAD: work.download_workers}
        keep = written_down(lambda write: services.writer.submit(write, lazy=True))
        self.events = EventRing(locks.telemetry, services.clock, keep=keep)
        self.telemetry = Telemetry(locks.telemetry, services.clock)
        self.alerts = AlertWatch(services, lambda: self.settings, self.telemetry, self.events)
        self.space = SpaceGuard(
            locks.telemetry,
            services.layout,
            services.catalog.path.parent,
            lambda: self.settings.archive,
            self.telemetry,
            self.events,
            services.clock,
        )
        self.memory = MemoryGuard(
            services,
            self.events,
            lambda: self.settings.engine,
            on_change=self._show_state,
            on_hard=self._on_memory,
        )
        self.slots = Slots(locks.slots, limits)
        self.schedule = Schedule(
            locks.schedule,
            per_host=work.per_host,
            spacing_s=work.host_spacing,
            rng=services.rng,
        )
        self.clock_watch = ClockWatch(services, self.schedule, self.events, lambda: self.settings)
        self.upkeep = Upkeep(services, lambda: self.settings.archive)
        self.host_gates = HostGates(services, self.schedule, self.events, once=once)
        self.workers = Workers(
            services,
            self.schedule,
            self.slots,
            self.telemetry,
            self.events,
            host_gates=self.host_gates,
            active_feeds=lambda: self.governor.latest.feeds.get("active", 0),
            on_trouble=self._on_trouble,
            on_network_up=self._on_network_up,
            space=self.space,
        )
        self.batches = Batches(
            DueFeeds(services, lambda: self.settings), services.clock, paced=not once
        )
        self.dispatcher = Dispatcher(
            services,
            lambda: self.settings,
            self.schedule,
            self.slots,
            self.workers,
            self.host_gates,
            self.batches,
            once=once,
            space=self.space,
            on_idle=self._on_idle,
        )
        live = LiveSettings(services, self.slots, self.schedule, self.dispatcher)
        self.files, self.lists, self.reconfigure = following(
            services, self.events, live, source, loaded, once=once, on_feeds=self._on_feeds
        )
        self.governor = Governor(
            services,
            self.schedule,
            self.slots,
            self.telemetry,
            self.events,
            self.batches,
            alerts=self.alerts,
            memory=self.memory,
            throttle=Throttle(self.slots, self.telemetry, self.events, lambda: self.settings),
            state=lambda: (self._state, self._reason()),
            settings=lambda: self.reconfigure.view,
            tick=self._tick,
        )
        threads = (
            self.dispatcher.heart,
            self.governor.heart,
            self.files.heart,
            self.lists.files.heart,
            services.writer.heart,
            *services.http.hearts,
        )
        self.vitals = Vitals(services.clock, self.events, threads, self.telemetry.hearts)
        self._hearts = (*threads, self.workers.heart, self.vitals.heart)
        for heart in self._hearts:
            heart.on_death = self._on_crash
        self.commands = Commands(
            services,
            self.dispatcher,
            self.batches,
            self.reconfigure,
            pause=self._pause,
            stop=self._end_soon,
            events=self.events,
            stopping=self.workers.stop,
            cancel=self.telemetry.cancel,
        )

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self.reconfigure.settings

    def watch_over(self, heart: Heart) -> None:
        """Watch a thread that was made beside the engine: a bug that ends it ends both."""
        heart.on_death = self._on_crash
        self.vitals.add(heart)
        if heart.error is not None:
            self._on_crash(heart.name, heart.error)

    def _on_feeds(self, new: int) -> None:
        """A list was taken in: what it brought need not wait for its turn."""
        self.batches.allow(new)
        self.dispatcher.look_now()

    def start(self) -> None:
        """Recover what was in flight, then begin.

        Raises:
            Failure: The recovery could not read disk or catalogue.
        """
        self.services.commit(ApplyPriorities(rules=self.settings.feeds.priority))
        self.clock_watch.begin()
        self.host_gates.restore()
        self.alerts.restore()
        recover(self.services, self.schedule, self.batches, self.settings)
        if self._operator_paused:
            self.dispatcher.paused.set()
        self._look_at_space()
        self._show_state()
        self.reconfigure.follow()
        self.lists.follow()
        self.reconfigure.look_again()
        self.files.start()
        self.lists.files.start()
        self.dispatcher.start()
        self.governor.start()
        self.vitals.start()
        for heart in self._hearts:
            if heart.error is not None:  # of a bug before anybody listened
                self._on_crash(heart.name, heart.error)
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
        self.files.close()
        self.lists.files.close()
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
        self._state = "stopped"
        if not self._has_ended:
            self._has_ended = True
            self.events.emit("engine_stopped")
        self.services.writer.flush()
        self.governor.stop()
        self.vitals.stop()
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
        elif not self.trouble.reason:
            self.dispatcher.paused.clear()
        self._show_state()
        self.events.emit("engine_paused" if paused else "engine_resumed")
        self.dispatcher.look_now()

    def _on_trouble(self, failure: Failure, is_fatal: bool) -> None:
        """A local failure: nobody is blamed, everything waits, or ends when it must."""
        is_network = failure.kind is Kind.NETWORK_DOWN
        is_known = is_network and bool(self._network_reason)
        if self.trouble.begin(failure) and not is_known:
            self.events.emit(
                "system_trouble", self.trouble.reason, family="system", code=failure.kind.value
            )
            logger.error("System trouble: %s", failure)
        if is_network:
            self._network_reason = failure.detail
        self.dispatcher.paused.set()
        self._show_state()
        if is_fatal or self._once:
            text = str(unusable(self.services.layout.root, failure))
            self._fail_stop(End(1, failure.detail) if is_network else End(7, text))

    def _on_crash(self, name: str, error: BaseException) -> None:
        """A bug ended a thread: half an engine would look alive and do nothing."""
        if self._crashed.is_set():
            return
        self._crashed.set()
        text = crash_text(name, error, self._crash_folder, self.services.clock)
        self.events.emit("engine_crashed", text, family="system", code=Kind.BUG.value)
        self.end = End(PodfetchError.exit_code, text)
        self._fail_stop(self.end)
        self.governor.show_end()

    def _on_memory(self, text: str) -> None:
        self.events.emit("memory_end", text, family="system", code=Kind.OUT_OF_MEMORY.value)
        self._fail_stop(End(PodfetchError.exit_code, text))

    def _fail_stop(self, end: End) -> None:
        """End by itself: to go on would make it worse."""
        if not self.end.exit_code:
            self.end = end
        self.drain()
        self._state = "stopped"
        self.finished.set()

    def _on_network_up(self) -> None:
        self._network_reason = ""
        self.trouble.end(Kind.NETWORK_DOWN)
        self.events.emit("network_up")
        self._go_on()

    def _on_idle(self) -> None:
        """Nothing is left to do in a run that ends; what waits for space was not done."""
        said = self.space.summary(waiting=self.dispatcher.has_waiting_downloads())
        if said and not self.end.exit_code:
            self.end = End(7, f"archive {self.services.layout.root}: {said}")
        self.finished.set()

    def _look_at_space(self) -> None:
        if self.space.look():
            self._show_state()
            self.dispatcher.look_now()

    def _tick(self) -> None:
        if self.clock_watch.look():
            self.dispatcher.look_now()
            self.upkeep.put_off()
        self.upkeep.look()
        self.reconfigure.look_at_ends()
        self._look_at_space()
        if not self._is_held():
            self._on_lost()
        elif not self.finished.is_set() and self.trouble.ended_now():
            if not self._network_reason:  # else one job asks whether it is up
                self.events.emit("system_recovered")
            self._go_on()

    def _go_on(self) -> None:
        if not (self._operator_paused or self.trouble.reason):
            self.dispatcher.paused.clear()
        self._show_state()
        self.dispatcher.look_now()

    def _on_lost(self) -> None:
        """The folder at the root is another one by now: nothing may be written into that."""
        if self.workers.stop.is_set():
            return
        root = self.services.layout.root
        logger.critical("The archive at %s is not the one that was opened", root)
        self.workers.stop.set()
        text = (
            f"archive {root} was moved, unmounted or replaced, or its lock deleted, while it was"
            " in use: bring it back (is the disk mounted?) and start again"
        )
        self._fail_stop(End(7, text))

    def _reason(self) -> str:
        trouble = self.trouble.reason or self._network_reason or self.space.reason
        return self.end.text or trouble or self.memory.reason or self.vitals.reason

    def _show_state(self) -> None:
        if self._state in ("draining", "stopped"):
            return
        waits = self.space.reason or self.memory.reason
        if self.trouble.reason or waits or self.schedule.is_network_down:
            self._state = "degraded"
        else:
            self._state = "paused" if self._operator_paused else "running"
