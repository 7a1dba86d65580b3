"""The engine: wiring and life cycle of its parts, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.engine.alerts import AlertWatch
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.clock_watch import ClockWatch
from podfetch_tui.engine.commands import Commands
from podfetch_tui.engine.condition import Condition
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
from podfetch_tui.engine.upkeep import Upkeep
from podfetch_tui.engine.vitals import Vitals
from podfetch_tui.engine.workers import Workers
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ApplyPriorities
from podfetch_tui.pipeline.services import Services
from podfetch_tui.system.heart import Heart


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
        self._has_ended = False
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
            on_change=lambda: self.condition.show(),
            on_hard=lambda text: self.condition.run_out_of_memory(text),
        )
        self.slots = Slots(locks.slots, limits)
        self.schedule = Schedule(
            locks.schedule,
            per_host=work.per_host,
            spacing_s=work.host_spacing,
            rng=services.rng,
        )
        services.http.told_until = self.schedule.told_until
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
            on_trouble=lambda failure, fatal: self.condition.meet(failure, fatal),
            on_network_up=lambda: self.condition.have_network(),
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
            on_idle=lambda: self.condition.be_done(),
            on_trouble=lambda failure, fatal: self.condition.meet(failure, fatal),
        )
        self.condition = Condition(
            services,
            self.events,
            schedule=self.schedule,
            dispatcher=self.dispatcher,
            workers=self.workers,
            space=self.space,
            memory=self.memory,
            stuck=lambda: self.vitals.reason,
            is_held=is_held,
            once=once,
            paused=paused,
            crash_folder=crash_folder,
        )
        self.finished = self.condition.finished
        """Set when nothing more will start: ``--once`` is done, or a failure ended it."""
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
            state=lambda: (self.condition.state, self.condition.reason),
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
            pause=self.condition.pause,
            stop=self.condition.end_soon,
            events=self.events,
            stopping=self.workers.stop,
            cancel=self.telemetry.cancel,
            on_trouble=lambda failure, fatal: self.condition.meet(failure, fatal),
        )

    @property
    def end(self) -> End:
        """Why it ended by itself."""
        return self.condition.end

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

    def _on_feeds(self, new: Collection[int]) -> None:
        """A list was taken in: what it brought need not wait for its turn."""
        self.batches.put_first(new)
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
        self.condition.begin()
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
        self.condition.drain()

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
        self.condition.state = "stopped"
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
        self.condition.end_soon(False)

    def _on_crash(self, name: str, error: BaseException) -> None:
        if self.condition.crash(name, error):
            self.governor.show_end()

    def _tick(self) -> None:
        if self.clock_watch.look():
            self.dispatcher.look_now()
            self.upkeep.put_off()
        self.upkeep.look()
        self.reconfigure.look_at_ends()
        self.condition.look()
