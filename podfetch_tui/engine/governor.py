"""The governor: four times a second it says how the engine stands."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from podfetch_tui.catalog import totals
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.snapshot import EngineSnapshot, LaneView
from podfetch_tui.pipeline.services import Services
from podfetch_tui.system.resources import Sampler, free_bytes

SAMPLE_S = 0.25
_SLOW_EVERY = 4
_WINDOW_S = 10.0
_RECENT = 20


class Governor:
    """Builds the snapshot; readers take the newest one by reference."""

    def __init__(
        self,
        services: Services,
        schedule: Schedule,
        slots: Slots,
        telemetry: Telemetry,
        events: EventRing,
        *,
        state: Callable[[], tuple[str, str]],
        tick: Callable[[], None],
    ) -> None:
        self._services = services
        self._schedule = schedule
        self._slots = slots
        self._telemetry = telemetry
        self._events = events
        self._state = state
        self._tick = tick
        self._stop = threading.Event()
        self._sampler = Sampler(services.clock)
        self._began = services.clock.monotonic()
        self._samples: deque[tuple[float, int, int, int]] = deque()
        self._counts: dict[str, dict[str, int]] = {"feeds": {}, "episodes": {}, "media": {}}
        self._resources: dict[str, float] = {}
        self.latest = EngineSnapshot(seq=0, at=services.clock.now_ms(), state="starting")
        self._thread = threading.Thread(target=self._loop, name="podfetch-governor")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.sample()

    def sample(self) -> EngineSnapshot:
        """Build a snapshot now."""
        self._count()
        self.latest = self._build()
        return self.latest

    def _loop(self) -> None:
        turn = 0
        while not self._stop.is_set():
            if turn % _SLOW_EVERY == 0:
                self._count()
                self._measure()
            self.latest = self._build()
            self._tick()
            turn += 1
            self._services.clock.wait(self._stop, SAMPLE_S)

    def _count(self) -> None:
        try:
            self._counts = totals.counts(self._services.catalog)
        except Failure:
            # The catalogue is in trouble, which the writer reports; the last counts stay.
            return

    def _measure(self) -> None:
        sample = self._sampler.sample()
        self._resources = {
            "cpu_percent": sample.cpu_percent,
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
            resources=self._resources,
            queue={
                "polls": self._schedule.queued(Lane.POLL),
                "downloads": self._schedule.queued(Lane.DOWNLOAD),
                "delayed": self._schedule.delayed(),
            },
            recent=recent,
        )

    def _lane(self, lane: Lane) -> LaneView:
        limit = self._slots.limit(lane)
        return LaneView(
            limit=limit,
            target=limit,
            busy=self._slots.busy(lane),
            queued=self._schedule.queued(lane),
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
