"""The breaker of a feed opens, probes once, and closes."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import BreakerState, Health
from podfetch_tui.model.settings import QuarantineSettings
from podfetch_tui.policy.breaker import (
    admit,
    after_failure,
    after_success,
    recovered,
    should_quarantine,
)
from podfetch_tui.policy.classify import classify

NOW = 1_700_000_000_000
DAY = 86_400_000
SETTINGS = QuarantineSettings()


def fail(health: Health, kind: Kind = Kind.RESET, *, now: int = NOW, times: int = 1) -> Health:
    for _ in range(times):
        health = after_failure(
            health, classify(kind), None, "why", now=now, settings=SETTINGS, rng=random.Random(5)
        )
    return health


def test_it_opens_at_the_set_number_of_failures_in_a_row() -> None:
    almost = fail(Health(), times=SETTINGS.open_after_failures - 1)
    assert almost.breaker is BreakerState.CLOSED
    assert almost.open_until is None
    opened = fail(almost)
    assert opened.breaker is BreakerState.OPEN
    assert opened.open_until is not None
    assert 0.8 * 3600_000 <= opened.open_until - NOW <= 1.2 * 3600_000


def test_a_success_in_between_starts_the_count_again() -> None:
    health = after_success(fail(Health(), times=SETTINGS.open_after_failures - 1), NOW)
    assert fail(health).breaker is BreakerState.CLOSED


def test_while_open_nothing_is_let_through() -> None:
    opened = fail(Health(), times=5)
    assert opened.open_until is not None
    assert admit(opened, opened.open_until - 1) is None


def test_half_open_lets_exactly_one_probe_through() -> None:
    opened = fail(Health(), times=5)
    assert opened.open_until is not None
    probing = admit(opened, opened.open_until)
    assert probing is not None
    assert probing.breaker is BreakerState.HALF_OPEN
    assert admit(probing, opened.open_until + DAY) is None


def test_a_failed_probe_doubles_the_cool_down_up_to_its_cap() -> None:
    health = fail(Health(), times=5)
    waits = []
    for _ in range(12):
        assert health.open_until is not None
        probing = admit(health, health.open_until)
        assert probing is not None
        health = fail(probing, now=health.open_until)
        assert health.breaker is BreakerState.OPEN
        assert health.open_until is not None
        assert probing.open_until is not None
        waits.append((health.open_until - probing.open_until) / 1000)
    assert waits[0] == pytest.approx(2 * 3600, rel=0.2)
    assert waits[1] == pytest.approx(4 * 3600, rel=0.2)
    assert waits[-1] == pytest.approx(SETTINGS.cooldown_max, rel=0.2)


def test_a_probe_that_succeeds_closes_it() -> None:
    probing = replace(fail(Health(), times=5), breaker=BreakerState.HALF_OPEN)
    closed = after_success(probing, NOW, status=200)
    assert closed == Health(last_success_at=NOW, last_status=200)
    assert admit(closed, NOW) is closed


def test_a_feed_that_works_now_and_then_does_not_start_over() -> None:
    flapping = replace(fail(Health(), times=5), opened=4)
    again = fail(after_success(flapping, NOW), times=5)
    assert again.opened == 4
    assert again.open_until is not None
    assert again.open_until - NOW >= 0.8 * 8 * 3600_000


@pytest.mark.parametrize("kind", [Kind.DISK_FULL, Kind.NETWORK_DOWN, Kind.BUG, Kind.STOPPED])
def test_our_own_trouble_is_never_charged(kind: Kind) -> None:
    almost = fail(Health(), times=4)
    assert fail(almost, kind, times=20) == almost


def test_a_deferral_is_neither_a_failure_nor_a_success() -> None:
    almost = fail(Health(), times=4)
    verdict = classify(Kind.HTTP_STATUS, 429, retry_after=9.0)
    same = after_failure(almost, verdict, 429, "", now=NOW, settings=SETTINGS, rng=random.Random(1))
    assert same == almost


def test_a_probe_without_a_result_may_be_made_again() -> None:
    opened = fail(Health(), times=5)
    assert opened.open_until is not None
    probing = admit(opened, opened.open_until)
    assert probing is not None
    given_back = fail(probing, Kind.STOPPED)
    assert admit(given_back, opened.open_until) == probing
    assert admit(recovered(probing), opened.open_until) == probing


def test_what_went_wrong_is_kept_for_the_operator() -> None:
    verdict = classify(Kind.HTTP_STATUS, 404)
    health = after_failure(
        Health(), verdict, 404, "", now=NOW, settings=SETTINGS, rng=random.Random(1)
    )
    assert health.last_error == "http_404: The host has no such feed."
    assert (health.last_family, health.last_status) == ("permanent", 404)
    assert health.first_failure_at == NOW
    assert fail(health, now=NOW + DAY).first_failure_at == NOW


def test_a_feed_is_handed_over_after_so_many_failures() -> None:
    settings = QuarantineSettings(quarantine_after_failures=12)
    assert should_quarantine(Health(consecutive_failures=11), NOW, settings) is None
    reason = should_quarantine(Health(consecutive_failures=12), NOW, settings)
    assert reason == "12 failures in a row"


def test_a_feed_is_handed_over_after_long_without_success() -> None:
    silent = Health(consecutive_failures=5, last_success_at=NOW - 15 * DAY)
    assert (
        should_quarantine(replace(silent, failed_days=3), NOW, SETTINGS) == "no success for 15 days"
    )
    never = Health(consecutive_failures=5, first_failure_at=NOW - 14 * DAY)
    assert (
        should_quarantine(replace(never, failed_days=3), NOW, SETTINGS) == "no success for 14 days"
    )


def test_a_machine_that_was_off_proves_nothing() -> None:
    silent = Health(consecutive_failures=5, last_success_at=NOW - 60 * DAY)
    assert should_quarantine(replace(silent, failed_days=2), NOW, SETTINGS) is None
    few = replace(silent, consecutive_failures=4)
    assert should_quarantine(replace(few, failed_days=9), NOW, SETTINGS) is None
    assert should_quarantine(Health(failed_days=9), NOW, SETTINGS) is None


def test_days_with_a_failure_are_counted_once_each_and_forgotten_with_a_success() -> None:
    health = fail(fail(Health(), times=3), now=NOW + DAY)
    assert health.failed_days == 2
    assert after_success(health, NOW).failed_days == 0


def test_one_failure_on_probation_sends_a_feed_back() -> None:
    health = fail(Health(probation=True))
    reason = should_quarantine(health, NOW, SETTINGS)
    assert reason == "failed on probation: reset: why"
    assert not after_success(Health(probation=True), NOW).probation
