"""The throttle's decisions reach the slots, the reasons and, now and then, an event."""

from __future__ import annotations

import msgspec
import pytest
from support.clock import FakeClock

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.engine.throttle import Throttle
from podfetch_tui.model.settings import Settings
from podfetch_tui.system.resources import ResourceSample

BUSY = ResourceSample(cpu_percent=91.0, own_cpu_percent=20.0)
CALM = ResourceSample(cpu_percent=20.0)


class Stage:
    def __init__(self, **throttle: bool) -> None:
        locks, self.clock = Locks(), FakeClock()
        self.slots = Slots(locks.slots, {Lane.POLL: 8, Lane.DOWNLOAD: 4})
        self.events = EventRing(locks.telemetry, self.clock)
        settings = Settings()
        part = msgspec.structs.replace(settings.throttle, **throttle)
        self.settings = msgspec.structs.replace(settings, throttle=part)
        self.telemetry = Telemetry(locks.telemetry, self.clock)
        self.throttle = Throttle(self.slots, self.telemetry, self.events, lambda: self.settings)

    def run(self, seconds: int, sample: ResourceSample) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.throttle.watch(0.0)
            self.throttle.adjust(sample, self.clock.monotonic())

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events.tail(99)[1]]


def test_a_lowered_target_takes_no_slot_from_a_running_job() -> None:
    stage = Stage()
    held = [stage.slots.acquire(Lane.POLL) for _ in range(8)]
    stage.run(4, BUSY)
    assert stage.slots.target(Lane.POLL) == 4
    assert stage.slots.busy(Lane.POLL) == 8
    assert stage.throttle.reason(Lane.POLL) == "poll target 4 of 8: cpu 91 % for 3 s"
    for slot in held[:4]:
        assert slot is not None
        stage.slots.release(Lane.POLL, slot)
        assert stage.slots.acquire(Lane.POLL) is None or stage.slots.busy(Lane.POLL) <= 4
    stage.run(60, CALM)
    assert stage.slots.acquire(Lane.POLL) is not None
    assert stage.throttle.reason(Lane.POLL) == ""


def test_events_tell_of_a_throttle_that_lasts_and_not_of_its_every_step() -> None:
    stage = Stage()
    for _ in range(5):
        stage.run(10, BUSY)
        stage.run(50, CALM)
    assert stage.kinds.count("throttled") == 2  # one of each lane
    stage.run(120, CALM)
    assert stage.kinds[0] == "throttled"
    assert stage.kinds[-1] == "unthrottled"
    assert stage.events.tail(1)[1][0].text.endswith(("4 of 4", "8 of 8"))


def test_switched_off_it_leaves_the_limits_alone_at_once() -> None:
    stage = Stage()
    stage.run(10, BUSY)
    assert stage.slots.target(Lane.POLL) == 1
    part = msgspec.structs.replace(stage.settings.throttle, adaptive=False)
    stage.settings = msgspec.structs.replace(stage.settings, throttle=part)
    stage.run(1, BUSY)
    assert stage.slots.target(Lane.POLL) == 8
    assert stage.throttle.reason(Lane.POLL) == ""
    stage.run(60, BUSY)
    assert stage.slots.target(Lane.POLL) == 8


def test_switched_off_it_still_bounds_our_own_memory() -> None:
    stage = Stage(adaptive=False)
    fat = ResourceSample(rss=stage.settings.engine.rss_soft + 1)
    stage.run(2, fat)
    assert stage.slots.target(Lane.POLL) == 1
    assert stage.throttle.reason(Lane.POLL).endswith("the process holds 1.1 GB of memory")
    stage.run(6, CALM)
    assert stage.slots.target(Lane.POLL) == 8


@pytest.mark.parametrize("adaptive", [True, False])
def test_a_limit_that_is_raised_acts_at_once_and_one_of_nothing_pauses(adaptive: bool) -> None:
    stage = Stage(adaptive=adaptive)
    stage.slots.set_limit(Lane.POLL, 0)
    stage.run(5, CALM)
    assert stage.slots.acquire(Lane.POLL) is None
    stage.slots.set_limit(Lane.POLL, 3)
    assert stage.slots.target(Lane.POLL) == 3
    stage.run(1, CALM)
    assert stage.slots.target(Lane.POLL) == 3


def test_a_target_made_for_another_limit_is_not_taken() -> None:
    stage = Stage()
    stage.slots.set_limit(Lane.POLL, 20)
    stage.slots.set_target(Lane.POLL, 8, limit=8)
    assert stage.slots.target(Lane.POLL) == 20
