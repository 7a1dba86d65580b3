"""The breaker of a host opens on its own failures only, probes once, and closes."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.feed import BreakerState
from podfetch_tui.policy.host_breaker import (
    LEAST_CALLS,
    MOST_CALLS,
    MOST_STEPS,
    OPEN_MS,
    WINDOW_MS,
    Call,
    HostHealth,
    admit,
    given_back,
    is_idle,
    observe,
)

NOW = 1_700_000_000_000


def after(*calls: tuple[int, bool], health: HostHealth | None = None, at: int = NOW) -> HostHealth:
    health = health or HostHealth()
    for number, (feed_id, bad) in enumerate(calls):
        health = observe(health, Call(at + number, feed_id, bad), rng=random.Random(1))
    return health


def opened() -> HostHealth:
    return after(*((number, True) for number in range(LEAST_CALLS)))


def test_it_opens_when_half_of_enough_calls_over_two_feeds_failed() -> None:
    health = after((1, False), (2, False), (1, True), (2, True))
    assert health.breaker is BreakerState.CLOSED
    health = after((3, True), health=health)
    assert health.breaker is BreakerState.OPEN
    assert health.open_until is not None
    assert OPEN_MS <= health.open_until - NOW <= 1.1 * OPEN_MS


def test_one_bad_feed_never_opens_its_host() -> None:
    assert after(*[(1, True)] * 50).breaker is BreakerState.CLOSED
    assert after(*[(1, True), (2, False)] * 25).breaker is BreakerState.CLOSED


def test_what_is_older_than_the_window_says_nothing() -> None:
    health = after(*[(n, True) for n in range(LEAST_CALLS - 1)])
    assert after((9, True), health=health, at=NOW + 2 * WINDOW_MS).breaker is BreakerState.CLOSED


def test_half_open_lets_exactly_one_probe_through() -> None:
    health = opened()
    assert health.open_until is not None
    assert admit(health, health.open_until - 1) is None
    probing = admit(health, health.open_until)
    assert probing is not None
    assert probing.breaker is BreakerState.HALF_OPEN
    assert admit(probing, health.open_until) is None
    assert admit(given_back(probing), health.open_until) == probing


def test_calls_that_began_before_it_opened_change_nothing() -> None:
    health = opened()
    assert after((1, True), (2, False), health=health) == health


def test_the_pause_grows_with_every_failed_probe_up_to_its_cap() -> None:
    health = opened()
    pauses = []
    for _ in range(MOST_STEPS + 5):
        assert health.open_until is not None
        probing = admit(health, health.open_until)
        assert probing is not None
        begun = health.open_until
        health = after((1, True), health=probing, at=begun)
        assert health.breaker is BreakerState.OPEN
        assert health.open_until is not None
        pauses.append(health.open_until - begun)
    assert 2 * OPEN_MS <= pauses[0] <= 2.2 * OPEN_MS
    assert MOST_STEPS * OPEN_MS <= pauses[-1] <= 1.1 * MOST_STEPS * OPEN_MS


def test_a_probe_that_is_answered_closes_it() -> None:
    probing = admit(opened(), NOW + 10 * OPEN_MS)
    assert probing is not None
    closed = after((1, False), health=probing, at=NOW + 10 * OPEN_MS)
    assert closed.breaker is BreakerState.CLOSED
    assert not is_idle(closed, NOW + 10 * OPEN_MS)
    assert is_idle(closed, NOW + 10 * OPEN_MS + WINDOW_MS)
    assert not is_idle(opened(), NOW + 99 * WINDOW_MS)


@given(
    st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 4), st.booleans()), max_size=80),
    st.integers(0, 2**32),
)
def test_whatever_happens_it_is_bounded_and_opens_only_for_cause(
    steps: list[tuple[int, int, bool]], seed: int
) -> None:
    health, now, rng = HostHealth(), NOW, random.Random(seed)
    seen = [health]
    for wait, feed_id, bad in steps:
        now += wait
        health = admit(health, now) or health
        health = observe(health, Call(now, feed_id, bad), rng=rng)
        seen.append(health)
        assert len(health.calls) <= MOST_CALLS
        assert (health.breaker is BreakerState.OPEN) == (health.open_until is not None)
    for before, later in pairwise(seen):
        if before.breaker is BreakerState.CLOSED and later.breaker is BreakerState.OPEN:
            feeds = {call.feed_id for call in before.calls if call.bad}
            assert len(before.calls) >= LEAST_CALLS - 1
            assert feeds
