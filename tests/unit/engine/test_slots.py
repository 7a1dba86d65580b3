"""Slots: limits that change while jobs run."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from podfetch_tui.engine.lanes import MOST_WORKERS, Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.slots import Slots


def slots(polls: int = 2, downloads: int = 1) -> Slots:
    return Slots(Locks().slots, {Lane.POLL: polls, Lane.DOWNLOAD: downloads})


def test_a_full_lane_does_not_keep_the_other_from_working() -> None:
    table = slots()
    assert table.acquire(Lane.DOWNLOAD) is not None
    assert table.acquire(Lane.DOWNLOAD) is None
    assert table.acquire(Lane.POLL) is not None


def test_a_lowered_limit_retires_slots_as_they_come_free() -> None:
    table = slots(polls=2)
    first, second = table.acquire(Lane.POLL), table.acquire(Lane.POLL)
    assert first is not None
    assert second is not None
    table.set_limit(Lane.POLL, 1)
    assert table.busy(Lane.POLL) == 2
    table.release(Lane.POLL, first)
    assert table.acquire(Lane.POLL) is None
    table.release(Lane.POLL, second)
    assert table.acquire(Lane.POLL) is not None


@pytest.mark.parametrize("limit", [-1, MOST_WORKERS[Lane.POLL] + 1])
def test_a_limit_outside_the_table_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        slots().set_limit(Lane.POLL, limit)


class SlotMachine(RuleBasedStateMachine):
    """No slot is held twice and no limit is passed by a new job, whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = slots(4, 4)
        self.held: dict[Lane, list[int]] = {lane: [] for lane in Lane}
        self.limits = dict.fromkeys(Lane, 4)

    @rule(lane=st.sampled_from(Lane))
    def take(self, lane: Lane) -> None:
        slot = self.slots.acquire(lane)
        assert (slot is not None) == (len(self.held[lane]) < self.limits[lane])
        if slot is not None:
            assert slot not in self.held[lane]
            self.held[lane].append(slot)

    @rule(lane=st.sampled_from(Lane), which=st.integers(0, 50))
    def give_back(self, lane: Lane, which: int) -> None:
        if self.held[lane]:
            self.slots.release(lane, self.held[lane].pop(which % len(self.held[lane])))

    @rule(lane=st.sampled_from(Lane), limit=st.integers(0, 9))
    def change(self, lane: Lane, limit: int) -> None:
        self.slots.set_limit(lane, limit)
        self.limits[lane] = limit

    @invariant()
    def busy_is_what_is_held(self) -> None:
        for lane in Lane:
            assert self.slots.busy(lane) == len(self.held[lane])


SlotMachine.TestCase.settings = settings(max_examples=40)
TestSlotMachine = SlotMachine.TestCase
