"""The throttle at work: readings to policy, targets to slots, and an event now and then.

Belongs to the governor's thread; what others read of it is replaced whole.
"""

from __future__ import annotations

from collections.abc import Callable

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.model.settings import Settings
from podfetch_tui.policy.pressure import Reading, Strain, observe
from podfetch_tui.policy.throttle import LaneReading, LaneTarget, first_target, fixed, following
from podfetch_tui.system.resources import ResourceSample

EVENT_EVERY_S = 300.0
"""A throttle that comes and goes is told of no more often, for each lane."""
MEASURE_S = 0.5
"""Samples that follow one another sooner say nothing of rates."""


class Throttle:
    """Sets the targets of all lanes, once a second."""

    def __init__(
        self,
        slots: Slots,
        telemetry: Telemetry,
        events: EventRing,
        settings: Callable[[], Settings],
    ) -> None:
        self._slots = slots
        self._telemetry = telemetry
        self._events = events
        self._settings = settings
        self._strain = Strain()
        self._is_adaptive = settings().throttle.adaptive
        self._targets = {lane: self._first(lane) for lane in Lane}
        self._busiest = dict.fromkeys(Lane, 0)
        self._lags: list[float] = []
        self._told: dict[Lane, bool] = dict.fromkeys(Lane, False)
        self._told_at: dict[Lane, float] = dict.fromkeys(Lane, float("-inf"))
        self._adjusted = float("-inf")
        self._apply()

    def watch(self, lag: float | None) -> None:
        """Take note of who is busy, and of a timed wait that was ``lag`` seconds late.

        Args:
            lag: ``None`` for a wait that was ended by somebody.
        """
        if lag is not None:
            self._lags.append(max(0.0, lag))
        for lane in Lane:
            self._busiest[lane] = max(self._busiest[lane], self._slots.busy(lane))

    def adjust(self, sample: ResourceSample, now: float) -> None:
        """Set the targets after a sample; ``now`` in monotonic seconds."""
        self._adjusted = now
        settings, is_adaptive = self._settings(), self._settings().throttle.adaptive
        if is_adaptive != self._is_adaptive:
            self._is_adaptive, self._strain = is_adaptive, Strain()
        whole = _reading(sample, now, self.lag)
        # Our own memory has to be bounded whatever the throttle is allowed.
        reading = whole if is_adaptive else Reading(at=now, rss=sample.rss)
        self._strain = observe(
            self._strain, reading, settings.throttle, rss_soft=settings.engine.rss_soft
        )
        for lane in Lane:
            self._targets[lane] = (
                following(self._targets[lane], self._lane(lane), self._strain)
                if is_adaptive
                else fixed(self._slots.limit(lane), self._strain)
            )
        self._apply()
        for lane in Lane:
            self._tell(lane, now)
        self._busiest = dict.fromkeys(Lane, 0)
        self._lags.clear()

    def is_due(self, now: float) -> bool:
        """Say whether a sample taken now would tell anything new."""
        return now - self._adjusted >= MEASURE_S

    @property
    def lag(self) -> float:
        """Seconds by which the waits since the last sample were late, on average."""
        return sum(self._lags) / len(self._lags) if self._lags else 0.0

    def reason(self, lane: Lane) -> str:
        """Return why the target of ``lane`` is not its limit; empty when it is."""
        return self._targets[lane].sentence(lane.value)

    def _first(self, lane: Lane) -> LaneTarget:
        limit = self._slots.limit(lane)
        if not self._is_adaptive:
            return fixed(limit, self._strain)
        return first_target(limit, moves_bytes=lane is Lane.DOWNLOAD)

    def _lane(self, lane: Lane) -> LaneReading:
        attempts = self._telemetry.attempts(lane)
        return LaneReading(
            limit=self._slots.limit(lane),
            busy=max(self._busiest[lane], self._slots.busy(lane)),
            moved=attempts.moved if lane is Lane.DOWNLOAD else None,
            ended=attempts.ended,
            strained=attempts.strained,
        )

    def _apply(self) -> None:
        for lane, state in self._targets.items():
            self._slots.set_target(lane, state.target, limit=state.limit)

    def _tell(self, lane: Lane, now: float) -> None:
        """Say that a lane is throttled, and that it is no longer."""
        state = self._targets[lane]
        if state.cut == self._told[lane]:
            return
        if state.cut:
            if now - self._told_at[lane] < EVENT_EVERY_S:
                return
            self._told_at[lane] = now
        self._told[lane] = state.cut
        kind = "throttled" if state.cut else "unthrottled"
        whole = f"{lane.value} target {state.target} of {state.limit}"
        self._events.emit(kind, state.sentence(lane.value) or whole)


def _reading(sample: ResourceSample, now: float, lag: float) -> Reading:
    return Reading(
        at=now,
        cpu=sample.cpu_percent,
        own_cpu=sample.own_cpu_percent,
        memory=sample.memory_percent,
        cpu_stalled=sample.cpu_pressure,
        memory_stalled=sample.memory_pressure,
        lag=lag,
        rss=sample.rss,
    )
