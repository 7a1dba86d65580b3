"""A clock that is set, a machine that sleeps: every wait stays what it was, none grows."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cataloguing import AT, DAY, bench
from support.clock import FakeClock

from podfetch_tui.catalog.hosts import hosts
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.model.feed import BreakerState, Feed, FeedState
from podfetch_tui.model.host_writes import SaveHost
from podfetch_tui.model.job import Job, PollJob
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ChangeFeed, Reanchor, Reanchored
from podfetch_tui.policy.clock_jumps import LEAST_S, Jump, Reading, jump_between, longest_wait_ms
from podfetch_tui.policy.host_breaker import HostHealth

HOUR = 3_600_000
YEAR = 365 * DAY
SETTINGS = Settings()

spans = st.floats(0, 86400.0 * 400)
steps = st.integers(-2 * YEAR, 2 * YEAR)


def reading(clock: FakeClock) -> Reading:
    return Reading(
        wall_ms=clock.now_ms(), monotonic_s=clock.monotonic(), since_boot_s=clock.since_boot()
    )


@given(st.lists(st.tuples(st.sampled_from(["advance", "jump", "sleep"]), spans), max_size=8))
def test_time_that_passes_is_no_jump_and_a_jump_is_told_from_sleep(
    moves: list[tuple[str, float]],
) -> None:
    clock = FakeClock()
    before, set_by, slept = reading(clock), 0.0, 0.0
    for move, seconds in moves:
        getattr(clock, move)(seconds)
        set_by += seconds if move == "jump" else 0.0
        slept += seconds if move == "sleep" else 0.0
    found = jump_between(before, reading(clock))
    assert abs(found.set_by_ms - (set_by * 1000 if set_by >= LEAST_S else 0)) < 5
    assert abs(found.slept_s - (slept if slept >= LEAST_S else 0.0)) < 0.01


def test_a_step_of_the_time_daemon_is_no_jump() -> None:
    clock = FakeClock()
    before = reading(clock)
    clock.jump(-LEAST_S / 2)
    assert jump_between(before, reading(clock)) == Jump()


def job(number: int, host: int) -> Job:
    url = f"http://{host}.example/{number}"
    return PollJob(feed=Feed(id=number, url=url), settings=SETTINGS)


waits = st.lists(
    st.tuples(st.sampled_from(["job", "later", "defer", "open"]), st.integers(0, 10**8)),
    min_size=1,
    max_size=20,
)


@given(waits, steps, st.integers(0, 3))
def test_what_waits_in_memory_waits_as_long_as_before(
    work: list[tuple[str, int]], by: int, spacing: int
) -> None:
    def started(shift: int) -> list[tuple[int, int]]:
        schedule = Schedule(Locks().schedule, per_host=2, spacing_s=spacing, rng=random.Random(1))
        for number, (what, ms) in enumerate(work):
            host = f"{number % 3}.example"
            if what in ("job", "later"):
                schedule.add([job(number, number % 3)])
                if what == "later" and (taken := schedule.take(Lane.POLL, AT)):
                    schedule.again(taken, taken, AT + ms)
            elif what == "defer":
                schedule.defer_host(host, AT + ms)
            else:
                health = HostHealth(breaker=BreakerState.OPEN, opened=1, open_until=AT + ms)
                schedule.restore_host(host, health, None)
        schedule.shift(shift)
        found = []
        now = AT + shift
        for _ in range(100):
            while taken := schedule.take(Lane.POLL, now):
                found.append((taken.feed.id, now - shift))
                schedule.done(taken)
            wake = schedule.next_wake()
            if wake is None:
                break
            now = max(wake, now + 1)
        return found

    assert started(by) == started(0)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-YEAR, 40 * DAY), min_size=1, max_size=12), st.integers(1, 2 * YEAR))
def test_no_feed_waits_longer_and_none_is_due_sooner_when_the_clock_is_set_back(
    ahead: list[int], back: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as books:
        ids = books.add_feeds(*(f"https://{n}.example/" for n in range(len(ahead))))
        for feed_id, ms in zip(ids, ahead, strict=True):
            books.do(ChangeFeed(feed_id=feed_id, next_poll_at=AT + ms, at=AT))
        now = AT - back
        books.do(Reanchor(now=now, beyond=now, by=back))
        for feed_id, ms in zip(ids, ahead, strict=True):
            wait = books.row("feed", feed_id)["next_poll_at"] - now
            assert max(wait, 0) == max(ms, 0)


@pytest.mark.parametrize("back", [6 * HOUR, 30 * HOUR])
def test_a_host_waits_as_long_as_it_said_when_the_clock_is_set_back(
    tmp_path: Path, back: int
) -> None:
    with bench(tmp_path) as books:
        wait, pause = 2 * HOUR, 300_000
        books.do(SaveHost(host="told.example", not_before=AT + wait, at=AT))
        opened = BreakerState.OPEN
        books.do(SaveHost(host="open.example", breaker=opened, open_until=AT + pause, at=AT))
        books.do(SaveHost(host="past.example", not_before=AT - back - 1, at=AT))
        books.do(Reanchor(now=AT - back, beyond=AT - back, by=back))
        found = {row.name: row.held_until - (AT - back) for row in hosts(books.catalog)}
        assert found == {"told.example": wait, "open.example": pause, "past.example": -1}


def test_a_start_makes_due_what_no_setting_can_have_planned(tmp_path: Path) -> None:
    longest = longest_wait_ms(SETTINGS)
    with bench(tmp_path) as books:
        soon, far, paused = books.add_feeds(*(f"https://{n}.example/" for n in range(3)))
        (own,) = books.add_feeds("https://own.example/", interval=30 * 86400)
        plans = {soon: longest, far: YEAR, own: 40 * DAY, paused: YEAR}
        for feed_id, ms in plans.items():
            books.do(ChangeFeed(feed_id=feed_id, next_poll_at=AT + ms, at=AT))
        books.do(ChangeFeed(feed_id=paused, state=FeedState.PAUSED, at=AT))
        found = books.do(Reanchor(now=AT, beyond=AT + longest, by=2**53, per_interval_ms=1500))
        assert found == Reanchored(feeds=1, episodes=0)
        waits = {number: books.row("feed", number)["next_poll_at"] - AT for number in plans}
        assert waits == {**plans, far: 0}
