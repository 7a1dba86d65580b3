"""A failed job runs again when the table, the settings and the host permit."""

from __future__ import annotations

import random

import pytest

from podfetch_tui.model.errors import Kind
from podfetch_tui.model.settings import RetrySettings
from podfetch_tui.policy.backoff import ceiling, clamp_retry_after, full_jitter
from podfetch_tui.policy.classify import classify
from podfetch_tui.policy.retry import NextAttempt, next_attempt, step, within_budget

NOW = 1_700_000_000_000
HOUR = 3_600_000


def after(
    kind: Kind,
    status: int | None = None,
    *,
    attempt: int = 1,
    total: int = 1,
    retry_after: float | None = None,
    settings: RetrySettings = RetrySettings(),  # noqa: B008 - frozen
) -> NextAttempt:
    verdict = classify(kind, status, media=True, retry_after=retry_after)
    return next_attempt(
        verdict,
        attempt,
        total,
        settings,
        now=NOW,
        retry_after=retry_after,
        rng=random.Random(7),
    )


def test_a_run_makes_three_attempts_and_no_more() -> None:
    in_run = [after(Kind.RESET, attempt=number, total=number).in_run for number in (1, 2, 3)]
    assert in_run == [True, True, False]


def test_a_single_attempt_can_be_asked_for() -> None:
    assert not after(Kind.RESET, settings=RetrySettings(attempts=1)).in_run


def test_a_missing_episode_is_not_retried_in_the_run() -> None:
    found = after(Kind.HTTP_STATUS, 404)
    assert not found.in_run
    assert found.at is not None
    assert 15 * 60_000 <= found.at - NOW <= 16.5 * 60_000


def test_each_run_that_fails_waits_longer_than_the_last() -> None:
    waits = []
    for run in range(1, 7):
        found = after(Kind.RESET, attempt=3, total=run * 3)
        assert found.at is not None
        waits.append(found.at - NOW)
    assert waits[0] < HOUR < waits[1] < waits[2] < waits[3] < waits[4]
    assert waits[5] <= 24 * HOUR * 1.1


@pytest.mark.parametrize("status", [413, 429, 500, 503])
def test_a_named_time_is_kept_and_never_waited_for_in_the_run(status: int) -> None:
    found = after(Kind.HTTP_STATUS, status, retry_after=120.0)
    assert not found.in_run
    assert found.at is not None
    assert 120_000 <= found.at - NOW <= 132_000


def test_a_named_time_does_not_hurry_a_permanent_failure() -> None:
    found = after(Kind.HTTP_STATUS, 404, retry_after=1.0)
    assert found.at is not None
    assert found.at - NOW >= 15 * 60_000


def test_a_stopped_job_goes_on_at_once() -> None:
    assert after(Kind.STOPPED) == NextAttempt(False, NOW)


def test_without_rechecks_only_an_operator_brings_it_back() -> None:
    import msgspec

    verdict = msgspec.structs.replace(classify(Kind.BOMB), recheck=())
    found = next_attempt(verdict, 1, 1, RetrySettings(), now=NOW, rng=random.Random(1))
    assert found == NextAttempt(False, None)


def test_the_ladder_stays_on_its_last_rung() -> None:
    assert [step((1.0, 2.0, 3.0), number) for number in (0, 1, 2, 3, 4, 10**9)] == [
        1,
        1,
        2,
        3,
        3,
        3,
    ]


def test_backoff_doubles_up_to_its_cap() -> None:
    assert [ceiling(attempt, 1.0, 60.0) for attempt in (1, 2, 3, 7, 10**6)] == [1, 2, 4, 60, 60]


def test_full_jitter_uses_the_whole_range() -> None:
    rng = random.Random(3)
    waits = [full_jitter(4, 1.0, 60.0, rng) for _ in range(400)]
    assert min(waits) < 0.5
    assert max(waits) > 7.5


@pytest.mark.parametrize(
    ("named", "shortest"),
    [(None, 60.0), (float("nan"), 60.0), (-5.0, 1.0), (0.0, 1.0), (30.0, 30.0), (1e300, 86400.0)],
)
def test_a_host_cannot_name_an_absurd_time(named: float | None, shortest: float) -> None:
    wait = clamp_retry_after(named, random.Random(1))
    assert shortest <= wait <= shortest * 1.1


def test_a_small_archive_is_never_refused_its_retries() -> None:
    assert within_budget(99, 0)
    assert not within_budget(100, 0)
    assert not within_budget(100, 1000)
    assert within_budget(100, 1001)
