"""What must hold of every decision, whatever the facts."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import BreakerState, Feed, Health
from podfetch_tui.model.job import PollHints
from podfetch_tui.model.settings import FeedSettings, QuarantineSettings, RetrySettings
from podfetch_tui.policy.backoff import ceiling, clamp_retry_after, full_jitter
from podfetch_tui.policy.breaker import admit, after_failure, after_success
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.interval import LONGEST_REST_MS, next_poll, next_poll_after_failure
from podfetch_tui.policy.retry import next_attempt

NOW = 1_700_000_000_000
SEEDS = st.integers(0, 2**32)
WAITS = st.none() | st.floats(allow_nan=True, allow_infinity=True)
FAILURES = st.builds(
    Failure,
    st.sampled_from(Kind),
    status=st.none() | st.integers(),
    retry_after=WAITS,
)


@given(st.integers(-5, 10**6), st.floats(0.01, 100), st.floats(0.01, 1000), SEEDS)
def test_a_backoff_stays_between_nothing_and_its_cap(
    attempt: int, base: float, cap: float, seed: int
) -> None:
    assert 0 <= full_jitter(attempt, base, cap, random.Random(seed)) <= cap
    assert ceiling(attempt, base, cap) <= ceiling(attempt + 1, base, cap)


@given(WAITS, SEEDS)
def test_a_named_time_stays_within_a_day(seconds: float | None, seed: int) -> None:
    assert 1 <= clamp_retry_after(seconds, random.Random(seed)) <= 86400 * 1.1


@given(FAILURES, st.booleans(), st.integers(1, 9), st.integers(0, 10**6), st.integers(1, 5), SEEDS)
def test_every_failure_is_tried_again_in_bounds(
    failure: Failure, media: bool, attempt: int, before: int, attempts: int, seed: int
) -> None:
    verdict = verdict_of(failure, media=media)
    found = next_attempt(
        verdict,
        attempt,
        before + attempt,
        RetrySettings(attempts=attempts),
        now=NOW,
        retry_after=failure.retry_after,
        rng=random.Random(seed),
    )
    assert found.at is not None
    assert NOW <= found.at <= NOW + 31 * 86_400_000 * 1.1
    if found.in_run:
        assert attempt < attempts
        assert verdict.family is Family.TRANSIENT
        assert failure.retry_after is None
        assert found.at <= NOW + 60_000


@given(st.lists(FAILURES | st.none(), max_size=60), SEEDS)
def test_a_breaker_is_open_only_after_enough_failures_in_a_row(
    history: list[Failure | None], seed: int
) -> None:
    settings, rng = QuarantineSettings(), random.Random(seed)
    health, now, in_row = Health(), NOW, 0
    for failure in history:
        started = admit(health, now)
        assert started is not None
        assert admit(started, now) is (started if health.breaker is BreakerState.CLOSED else None)
        if failure is None:
            health, in_row = after_success(started, now), 0
            assert health.breaker is BreakerState.CLOSED
        else:
            verdict = verdict_of(failure)
            in_row += verdict.feed_failure
            health = after_failure(
                started, verdict, failure.status, "", now=now, settings=settings, rng=rng
            )
        assert health.consecutive_failures == in_row
        assert (health.breaker is BreakerState.OPEN) == (in_row >= settings.open_after_failures)
        assert health.breaker is not BreakerState.HALF_OPEN
        if health.breaker is BreakerState.OPEN:
            assert health.open_until is not None
            assert health.open_until <= now + settings.cooldown_max * 1200
            now = max(now, health.open_until)


@given(st.integers(5, 200), SEEDS)
def test_the_ceiling_of_the_cool_down_never_falls(failures: int, seed: int) -> None:
    settings = QuarantineSettings()
    caps = [ceiling(n, settings.cooldown, settings.cooldown_max) for n in range(1, failures)]
    assert all(earlier <= later for earlier, later in pairwise(caps))
    assert max(caps) <= settings.cooldown_max


@st.composite
def feed_settings(draw: st.DrawFn) -> FeedSettings:
    low = draw(st.floats(1, 10**5))
    high = draw(st.floats(low, 10**7))
    return FeedSettings(
        min_interval=low, max_interval=high, default_interval=draw(st.floats(low, high))
    )


@given(
    feed_settings(),
    st.none() | st.integers(-10, 10**8),
    st.none() | st.integers(-(10**18), 10**18),
    st.none() | st.integers(-(10**18), 10**18),
    st.lists(st.floats(0, 10**9), max_size=8),
    st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 127)),
    SEEDS,
)
def test_a_poll_is_never_outside_the_bounds(
    settings: FeedSettings,
    interval: int | None,
    max_age: int | None,
    ttl: int | None,
    gaps: list[float],
    rest: tuple[int, int],
    seed: int,
) -> None:
    feed = Feed(id=1, url="https://example.org/", interval=interval)
    hints = PollHints(
        max_age_s=max_age, ttl_s=ttl, gaps=tuple(gaps), skip_hours=rest[0], skip_days=rest[1]
    )
    rng = random.Random(seed)
    wait = next_poll(feed, now=NOW, hints=hints, settings=settings, rng=rng) - NOW
    assert wait >= settings.min_interval * 1000 - 1
    longest = LONGEST_REST_MS + 3_600_000 if rest != (0, 0) and interval is None else 0
    assert wait <= max(settings.max_interval, (interval or 0) * 1.1) * 1000 + 1 + longest


@given(feed_settings(), st.none() | st.integers(0, 10**8), FAILURES, st.integers(0, 50), SEEDS)
def test_a_poll_after_a_failure_is_never_in_the_past_nor_lost(
    settings: FeedSettings, interval: int | None, failure: Failure, failures: int, seed: int
) -> None:
    feed = Feed(id=1, url="https://example.org/", interval=interval)
    at = next_poll_after_failure(
        feed,
        Health(consecutive_failures=failures),
        verdict_of(failure),
        now=NOW,
        settings=settings,
        rng=random.Random(seed),
        retry_after=failure.retry_after,
    )
    longest = max(settings.max_interval, interval or 0, 86400)
    assert NOW <= at <= NOW + longest * 1100 + 1
