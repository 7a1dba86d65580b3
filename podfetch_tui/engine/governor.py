"""The governor: four times a second it says how the engine stands."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

import msgspec

from podfetch_tui.catalog import feeds, hosts, totals
from podfetch_tui.engine.alerts import AlertWatch
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.memory_guard import MemoryGuard
from podfetch_tui.engine.outlook import batch_view, closed_hosts, upcoming
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.engine.throttle import Throttle
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.snapshot import EngineSnapshot, LaneView, SettingsView
from podfetch_tui.pipeline.services import Services
from podfetch_tui.system.heart import Heart
from podfetch_tui.system.resources import Sampler, free_bytes

SAMPLE_S = 0.25
_SLOW_EVERY = 4
_WINDOW_S = 10.0
_RECENT = 20
_PATIENCE_S = 2.0
"""A command's answer waits this long, at the most, for a snapshot that shows its effect."""


class Governor:
    """Builds the snapshot; readers take the newest one by reference."""

    def __init__(
        self,
        services: Services,
        schedule: Schedule,
        slots: Slots,
        telemetry: Telemetry,
        events: EventRing,
        batches: Batches,
        *,
        alerts: AlertWatch,
        throttle: Throttle,
        memory: MemoryGuard,
        state: Callable[[], tuple[str, str]],
        settings: Callable[[], SettingsView],
        tick: Callable[[], None],
    ) -> None:
        self._services = services
        self._schedule = schedule
        self._slots = slots
        self._telemetry = telemetry
        self._events = events
        self._batches = batches
        self._alerts = alerts
        self._throttle = throttle
        self._memory = memory
        self._due = 0
        self._at_hosts: dict[str, int] = {}
        self._state = state
        self._settings = settings
        self._tick = tick
        self.heart = Heart("the governor")
        self._stop = threading.Event()
        self._look_now = threading.Event()
        self._asked: SimpleQueue[threading.Event] = SimpleQueue()
        self._sampler = Sampler(services.clock)
        self._began = services.clock.monotonic()
        self._samples: deque[tuple[float, int, int, int]] = deque()
        self._counts: dict[str, dict[str, int]] = {"feeds": {}, "episodes": {}, "media": {}}
        self._resources: dict[str, float] = {}
        self.latest = EngineSnapshot(seq=0, at=services.clock.now_ms(), state="starting")
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._loop,), name="podfetch-governor"
        )

    def start(self) -> None:
        """Begin; the first snapshot is whole when this returns."""
        self._thread.start()
        self.renew()

    def stop(self) -> None:
        """Take a last sample and end."""
        self._stop.set()
        self._look_now.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.heart.guard(self.sample)

    def show_end(self) -> None:
        """Say the state and its reason in the last snapshot, should there be no further one."""
        state, reason = self._state()
        self.latest = msgspec.structs.replace(self.latest, state=state, reason=reason)

    def sample(self) -> EngineSnapshot:
        """Build a snapshot now."""
        self._count()
        self.latest = self._build()
        return self.latest

    def renew(self) -> None:
        """Return once ``latest`` shows what was done before this call; from any thread."""
        if not self._thread.is_alive():
            return
        renewed = threading.Event()
        self._asked.put(renewed)
        self._look_now.set()
        renewed.wait(_PATIENCE_S)

    def _loop(self) -> None:
        turn = 0
        while True:
            self._look_now.clear()
            if self._stop.is_set():
                return
            self.heart.beat()
            asked = [self._asked.get() for _ in range(self._asked.qsize())]
            if asked or turn % _SLOW_EVERY == 0:
                self._count()
            if turn % _SLOW_EVERY == 0:
                self._measure()
                self._alerts.look()
            self.latest = self._build()
            for renewed in asked:
                renewed.set()
            self._tick()
            turn += not asked
            began = self._services.clock.monotonic()
            woken = self._services.clock.wait(self._look_now, SAMPLE_S)
            late = self._services.clock.monotonic() - began - SAMPLE_S
            self._throttle.watch(None if woken else late)

    def _count(self) -> None:
        try:
            self._counts = totals.counts(self._services.catalog)
            now = self._services.clock.now_ms()
            self._due = feeds.due_count(self._services.catalog, now)
            closed = [view.host for view in closed_hosts(self._schedule, now)]
            self._at_hosts = hosts.active_feeds(self._services.catalog, closed)
        except Failure:
            # The catalogue is in trouble, which the writer reports; the last counts stay.
            return

    def _measure(self) -> None:
        now = self._services.clock.monotonic()
        if not self._throttle.is_due(now):
            return
        sample, lag = self._sampler.sample(), self._throttle.lag
        self._throttle.adjust(sample, now)
        self._memory.look(sample.rss)
        self._resources = {
            "cpu_percent": sample.cpu_percent,
            "own_cpu_percent": sample.own_cpu_percent,
            "memory_percent": sample.memory_percent,
            "lag_ms": 1000 * lag,
            "rss": float(sample.rss),
            "threads": float(sample.threads),
            "open_files": float(sample.open_files),
        }
        try:
            self._resources["free_bytes"] = float(free_bytes(self._services.layout.root)[0])
        except (Failure, OSError):
            # Unknown is shown as unknown.
            return

    def _build(self) -> EngineSnapshot:
        numbers, errors = self._telemetry.totals()
        state, reason = self._state()
        seq, recent = self._events.tail(_RECENT)
        return EngineSnapshot(
            seq=seq,
            at=self._services.clock.now_ms(),
            state=state,
            reason=reason,
            archive=str(self._services.layout.root),
            uptime_s=self._services.clock.monotonic() - self._began,
            lanes={lane.value: self._lane(lane) for lane in Lane},
            workers=self._telemetry.workers(),
            feeds=self._counts["feeds"],
            episodes=self._counts["episodes"],
            media=self._counts["media"],
            rates=self._rates(numbers),
            totals=numbers,
            errors=errors,
            failures=self._telemetry.failures(),
            resources=self._resources,
            queue={
                "polls": self._schedule.queued(Lane.POLL),
                "downloads": self._schedule.queued(Lane.DOWNLOAD),
                "delayed": self._schedule.delayed(),
            },
            batch=batch_view(
                self._batches, due=self._due, lateness_p95_s=self._telemetry.lateness_p95()
            ),
            upcoming=upcoming(self._schedule, self._services.clock.now_ms()),
            hosts=closed_hosts(self._schedule, self._services.clock.now_ms(), self._at_hosts),
            per_host=self._schedule.per_host,
            alerts=self._alerts.standing,
            settings=self._settings(),
            recent=recent,
        )

    def _lane(self, lane: Lane) -> LaneView:
        return LaneView(
            limit=self._slots.limit(lane),
            target=self._slots.target(lane),
            busy=self._slots.busy(lane),
            queued=self._schedule.queued(lane),
            reason=self._throttle.reason(lane),
        )

    def _rates(self, numbers: dict[str, int]) -> dict[str, float]:
        now = self._services.clock.monotonic()
        sample = (
            now,
            self._telemetry.moving_bytes(),
            numbers.get("polls", 0),
            numbers.get("archived", 0),
        )
        self._samples.append(sample)
        while now - self._samples[0][0] > _WINDOW_S and len(self._samples) > 2:
            self._samples.popleft()
        first = self._samples[0]
        seconds = max(now - first[0], SAMPLE_S)
        return {
            "bytes_per_s": max(0.0, (sample[1] - first[1]) / seconds),
            "polls_per_s": (sample[2] - first[2]) / seconds,
            "episodes_per_min": (sample[3] - first[3]) / seconds * 60,
        }
