"""A feed is polled at its own pace, within bounds, and never in step with others."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest

from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import BreakerState, Feed, Health
from podfetch_tui.model.job import PollHints
from podfetch_tui.model.settings import FeedSettings
from podfetch_tui.policy.classify import classify
from podfetch_tui.policy.interval import interval_s, next_poll, next_poll_after_failure
from podfetch_tui.policy.rhythm import gaps_s, hints_of, rhythm_of

NOW = 1_700_000_000_000
HOUR = 3600.0
SETTINGS = FeedSettings()
NO_HINTS = PollHints()
FEED = Feed(id=1, url="https://example.org/feed")


def waits(
    feed: Feed = FEED,
    hints: PollHints = NO_HINTS,
    settings: FeedSettings = SETTINGS,
) -> list[float]:
    rng = random.Random(11)
    return [
        (next_poll(feed, now=NOW, hints=hints, settings=settings, rng=rng) - NOW) / 1000
        for _ in range(300)
    ]


def test_feeds_do_not_march_in_step() -> None:
    seen = waits()
    assert min(seen) >= 0.9 * HOUR
    assert max(seen) <= 1.1 * HOUR
    assert max(seen) - min(seen) > 0.19 * HOUR


@pytest.mark.parametrize("at", [FeedSettings().min_interval, FeedSettings().max_interval])
def test_feeds_at_a_bound_do_not_march_in_step_either(at: float) -> None:
    seen = waits(settings=FeedSettings(default_interval=at))
    assert min(seen) >= SETTINGS.min_interval
    assert max(seen) <= SETTINGS.max_interval
    assert max(seen) - min(seen) > 0.19 * at


@pytest.mark.parametrize(
    "hints", [PollHints(max_age_s=7200), PollHints(ttl_s=7200), PollHints(max_age_s=60, ttl_s=7200)]
)
def test_a_publisher_may_ask_for_more_rest(hints: PollHints) -> None:
    assert min(waits(hints=hints)) >= 7200


def test_a_publisher_cannot_ask_for_more_polls_or_for_ever() -> None:
    assert min(waits(hints=PollHints(max_age_s=1, ttl_s=1))) >= 0.9 * HOUR
    assert max(waits(hints=PollHints(max_age_s=10**15))) <= SETTINGS.max_interval
    assert min(waits(hints=PollHints(max_age_s=-5, ttl_s=-5))) >= 0.9 * HOUR


def test_an_interval_set_for_the_feed_holds() -> None:
    daily = Feed(id=1, url="https://example.org/feed", interval=7 * 86400)
    assert interval_s(daily, SETTINGS, PollHints(max_age_s=1)) == 7 * 86400
    seen = waits(daily)
    assert min(seen) >= 0.9 * 7 * 86400
    assert max(seen) <= 1.1 * 7 * 86400


def test_a_feed_list_cannot_make_us_hammer_a_host() -> None:
    greedy = Feed(id=1, url="https://example.org/feed", interval=1)
    assert min(waits(greedy)) >= SETTINGS.min_interval


def test_the_rhythm_of_a_feed_sets_its_pace() -> None:
    week, day = 7 * 86400.0, 86400.0
    assert interval_s(FEED, SETTINGS, PollHints(gaps=(day, day, week))) == day / 4
    assert interval_s(FEED, SETTINGS, PollHints(gaps=(week,))) == SETTINGS.max_interval
    assert interval_s(FEED, SETTINGS, PollHints(gaps=(60.0,))) == SETTINGS.min_interval
    assert interval_s(FEED, SETTINGS, PollHints()) == SETTINGS.default_interval
    fixed = FeedSettings(adaptive=False)
    assert interval_s(FEED, fixed, PollHints(gaps=(day,))) == SETTINGS.default_interval


def test_the_gaps_are_those_between_the_latest_moments() -> None:
    day = 86_400_000
    dates = [NOW - n * day for n in range(30)]
    assert gaps_s([*dates, *dates, None, NOW + 40 * day], NOW) == (86_400.0,) * 9
    assert gaps_s(dates[::-1], NOW) == (86_400.0,) * 9
    assert gaps_s(dates[:3], NOW) == ()
    assert gaps_s([None], NOW) == ()


def test_an_answer_without_a_document_keeps_the_rhythm() -> None:
    said = PollHints(max_age_s=60, ttl_s=7200, skip_hours=3, skip_days=1, gaps=(1.0, 9.0, 4.0))
    kept = hints_of(rhythm_of(said), max_age_s=5)
    assert kept == PollHints(max_age_s=5, ttl_s=7200, skip_hours=3, skip_days=1, gaps=(4.0,))
    assert rhythm_of(kept) == rhythm_of(said)


def hour_and_day(at: float) -> tuple[int, int]:
    moment = datetime.fromtimestamp(NOW / 1000 + at, tz=timezone.utc)
    return moment.hour, moment.weekday()


def test_a_feed_rests_in_the_hours_and_on_the_days_its_publisher_names() -> None:
    night = sum(1 << hour for hour in range(22, 24)) | sum(1 << hour for hour in range(6))
    seen = waits(hints=PollHints(skip_hours=night))
    assert {hour_and_day(at)[0] for at in seen} == {6}  # NOW is shortly after ten in the evening
    seen = waits(hints=PollHints(skip_days=1 << 1 | 1 << 2))  # NOW is a Tuesday
    assert {hour_and_day(at) for at in seen} == {(0, 3)}
    assert max(seen) - min(seen) > 1800


def test_rest_without_end_is_not_kept() -> None:
    assert max(waits(hints=PollHints(skip_hours=2**24 - 1))) <= 1.1 * HOUR
    assert max(waits(hints=PollHints(skip_days=0b0111110))) <= 1.1 * HOUR  # Tuesday to Saturday
    own = Feed(id=1, url="https://example.org/feed", interval=3600)
    assert max(waits(own, hints=PollHints(skip_hours=2**24 - 2))) <= 1.1 * HOUR


def failed(
    kind: Kind, status: int | None = None, *, health: Health, retry_after: float | None = None
) -> float:
    return (
        next_poll_after_failure(
            FEED,
            health,
            classify(kind, status, retry_after=retry_after),
            now=NOW,
            settings=SETTINGS,
            rng=random.Random(2),
            retry_after=retry_after,
        )
        - NOW
    ) / 1000


def test_after_a_failure_it_is_tried_sooner_but_never_below_the_floor() -> None:
    assert 900 <= failed(Kind.RESET, health=Health(consecutive_failures=1)) <= 990
    assert 3600 <= failed(Kind.RESET, health=Health(consecutive_failures=4)) <= 3960
    assert 3600 <= failed(Kind.HTTP_STATUS, 404, health=Health(consecutive_failures=1)) <= 3960


def test_an_open_breaker_holds_longer_than_the_table() -> None:
    until = NOW + 5 * 3_600_000
    health = Health(consecutive_failures=5, breaker=BreakerState.OPEN, open_until=until)
    assert failed(Kind.RESET, health=health) == 5 * HOUR
    assert failed(Kind.HTTP_STATUS, 500, health=health, retry_after=86400.0) >= 86400
    past = Health(consecutive_failures=5, breaker=BreakerState.OPEN, open_until=NOW - 1000)
    assert failed(Kind.STOPPED, health=past) == 0


def test_a_deferral_comes_back_when_the_host_said() -> None:
    named = failed(Kind.HTTP_STATUS, 429, health=Health(), retry_after=30.0)
    assert 30 <= named <= 33
    unnamed = failed(Kind.HTTP_STATUS, 429, health=Health())
    assert unnamed >= SETTINGS.min_interval


def test_a_failure_that_names_a_time_does_not_come_back_before_it() -> None:
    assert (
        failed(Kind.HTTP_STATUS, 500, health=Health(consecutive_failures=1), retry_after=7200.0)
        >= 7200
    )


def test_our_own_trouble_delays_a_feed_as_little_as_possible() -> None:
    assert failed(Kind.DISK_FULL, health=Health()) < 60
    assert failed(Kind.HOST_BUSY, health=Health()) < 60
    assert failed(Kind.STOPPED, health=Health()) == 0
