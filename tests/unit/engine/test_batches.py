"""Batches: sized to the machine, admitted by watermarks, paced after an outage, remembered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest
from msgspec.structs import replace
from support.clock import FakeClock

from podfetch_tui.engine.batches import SETTLE_EVERY_S, Batches
from podfetch_tui.model.feed import BreakerState, Feed, FeedState, Health
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import FinishBatch, PlanBatch
from podfetch_tui.policy.batching import BATCH_S, CATCH_UP, batch_size
from podfetch_tui.policy.priority import reason

SETTINGS = Settings()
LEAST, MOST = SETTINGS.engine.batch_min, SETTINGS.engine.batch_max


class Due:
    """As many due feeds as are asked for."""

    def __init__(self, *, polls_ok: int = 0, normal: float = 0.0) -> None:
        self.feed = Feed(id=0, url="http://a.example/", polls_ok=polls_ok)
        self.normal = normal
        self.waiting = 0
        self.next_id = 1
        self.writes: list[PlanBatch | FinishBatch] = []

    def due_feeds(self, now: int, limit: int, exclude: Collection[int]) -> Sequence[Feed]:
        found = [replace(self.feed, id=self.next_id + n) for n in range(limit)]
        self.next_id += limit
        return found

    def put_first(self, feed_ids: Collection[int]) -> None:
        pass

    def new_waiting(self, now: int, most: int) -> int:
        return min(self.waiting, most)

    def normal_rate(self) -> float:
        return self.normal

    def remember(self, write: PlanBatch | FinishBatch) -> None:
        self.writes.append(write)


def test_a_batch_takes_half_a_minute_at_the_present_rate() -> None:
    assert batch_size(0.0, 50, 500) == 50
    assert batch_size(4.0, 50, 500) == 4 * BATCH_S
    assert batch_size(1000.0, 50, 500) == 500
    assert batch_size(9.0, 50, 20) == 50


def test_batches_grow_with_the_rate_that_was_seen() -> None:
    clock, source = FakeClock(), Due()
    batches = Batches(source, clock, paced=False)
    _, first = batches.plan(SETTINGS, ())
    assert len(first) == LEAST
    clock.advance(10)
    batches.settle(frozenset)
    assert batches.view.rate == LEAST / 10
    _, second = batches.plan(SETTINGS, ())
    assert len(second) == LEAST / 10 * BATCH_S


def test_a_batch_is_remembered_until_its_last_feed_ended() -> None:
    clock, source = FakeClock(), Due()
    batches = Batches(source, clock, paced=False)
    number, feeds = batches.plan(SETTINGS, ())
    ids = {feed.id for feed in feeds}
    assert source.writes == [
        PlanBatch(batch_id=number, feed_ids=tuple(sorted(ids)), at=clock.now_ms())
    ]
    clock.advance(SETTLE_EVERY_S)
    batches.settle(lambda: {min(ids)})
    assert (batches.view.size, batches.view.left) == (LEAST, 1)
    assert len(source.writes) == 1
    clock.advance(SETTLE_EVERY_S)
    batches.settle(set)
    assert source.writes[1:] == [FinishBatch(batch_id=number, at=clock.now_ms())]
    assert batches.view.size == 0


def test_numbers_grow_even_when_the_clock_is_set_back() -> None:
    clock = FakeClock()
    batches = Batches(Due(), clock, paced=False, last_id=clock.now_ms() + 5)
    first, _ = batches.plan(SETTINGS, ())
    clock.jump(-86_400)
    second, _ = batches.plan(SETTINGS, ())
    assert clock.now_ms() < first < second


def test_polling_waits_between_the_watermarks_of_new_episodes() -> None:
    source = Due()
    batches = Batches(source, FakeClock(), paced=False)
    high = SETTINGS.engine.queue_limit
    seen = []
    for waiting in (high, high + 1, high // 2 + 1, high // 2, high):
        source.waiting = waiting
        _, found = batches.plan(SETTINGS, ())
        seen.append(bool(found))
        assert batches.view.waits_for_downloads is not bool(found)
    assert seen == [True, False, False, True, True]
    source.waiting = high + 1
    assert batches.plan(SETTINGS, (), may_wait=False)[1], "a paused lane exerts no backpressure"


def test_a_rate_that_was_not_known_at_the_start_holds_nobody_back_for_long() -> None:
    clock, source = FakeClock(), Due(polls_ok=1)
    batches = Batches(source, clock, paced=True)
    assert len(batches.plan(SETTINGS, ())[1]) == LEAST  # all that a new archive may do at once
    batches.plan(SETTINGS, ())
    source.normal = 2.0
    clock.advance(BATCH_S)
    _, found = batches.plan(SETTINGS, ())
    assert len(found) == LEAST  # and not what comes in at the least rate


def test_after_an_outage_feeds_come_back_somewhat_above_the_normal_rate() -> None:
    clock, source = FakeClock(), Due(polls_ok=1, normal=2.0)
    batches = Batches(source, clock, paced=True)
    burst = max(LEAST, round(CATCH_UP * 2.0 * BATCH_S))
    taken = sum(len(batches.plan(SETTINGS, ())[1]) for _ in range(9))
    assert taken == burst
    assert batches.view.paced
    for _ in range(600):
        clock.advance(1)
        taken += len(batches.plan(SETTINGS, ())[1])
    assert abs(taken - burst - CATCH_UP * 2.0 * 600) < LEAST


def test_a_first_poll_never_waits_and_an_operator_is_not_kept_waiting() -> None:
    assert len(Batches(Due(), FakeClock(), paced=True).plan(SETTINGS, ())[1]) == LEAST
    batches = Batches(Due(polls_ok=1, normal=0.001), FakeClock(), paced=True)
    assert len(batches.plan(SETTINGS, ())[1]) == LEAST
    assert batches.plan(SETTINGS, ())[1] == []
    batches.allow(LEAST)
    assert len(batches.plan(SETTINGS, ())[1]) == LEAST


def test_all_that_an_operator_asked_for_is_polled_though_it_fills_many_batches() -> None:
    clock = FakeClock()
    batches = Batches(Due(polls_ok=1, normal=0.001), clock, paced=True)
    assert len(batches.plan(SETTINGS, ())[1]) == LEAST
    batches.allow(20 * LEAST)
    polled = 0
    for _ in range(25):
        clock.advance(0.1)
        polled += len(batches.plan(SETTINGS, ())[1])
    assert polled == 20 * LEAST
    assert batches.view.paced


def test_a_feed_says_why_it_is_its_turn() -> None:
    now = 1_700_000_000_000
    feed = Feed(id=1, url="http://a.example/", next_poll_at=now - 200_000, polls_ok=1)
    assert reason(feed, now) == "due for 3 min"
    assert reason(replace(feed, polls_ok=0, priority=4), now) == (
        "first poll, due for 3 min, priority 4"
    )
    failing = Health(breaker=BreakerState.OPEN, consecutive_failures=6)
    assert reason(replace(feed, health=failing), now) == "probe after 6 failures"
    quarantined = replace(feed, state=FeedState.QUARANTINED)
    assert reason(quarantined, now) == "probe of a quarantined feed"


@pytest.mark.parametrize("move", ["jump", "sleep"])
def test_a_clock_set_forward_or_a_night_asleep_starts_no_storm(move: str) -> None:
    clock, source = FakeClock(), Due(polls_ok=1, normal=2.0)
    batches = Batches(source, clock, paced=True)
    getattr(clock, move)(365 * 86400.0)
    admitted = 0
    for _ in range(600):
        admitted += len(batches.plan(SETTINGS, ())[1])
        clock.advance(1)
    burst = CATCH_UP * 2.0 * BATCH_S
    assert 0 < admitted <= 600 * 2.0 * CATCH_UP + burst
