"""When one job is tried again: within this run, at a later time, or never by itself."""

from __future__ import annotations

import random

import msgspec

from podfetch_tui.model.errors import Family
from podfetch_tui.model.settings import RetrySettings
from podfetch_tui.policy.backoff import clamp_retry_after, full_jitter
from podfetch_tui.policy.classify import Verdict

FREE_RETRIES = 100
BUDGET = 0.1
_SPREAD = 0.1


class NextAttempt(msgspec.Struct, frozen=True):
    """When a failed job runs again."""

    in_run: bool
    """It is a further attempt of the same run."""
    at: int | None
    """Not before this UTC millisecond; ``None``: only when someone asks for it."""


def next_attempt(
    verdict: Verdict,
    attempt: int,
    attempts_total: int,
    settings: RetrySettings,
    *,
    now: int,
    retry_after: float | None = None,
    rng: random.Random,
) -> NextAttempt:
    """Decide about the next attempt of a job that just failed.

    Args:
        verdict: What the failure means.
        attempt: Number of the attempt within this run, from 1.
        attempts_total: Attempts over the job's whole life, this one included.
        settings: The ``[retry]`` section.
        now: UTC milliseconds.
        retry_after: Seconds the host named; it is never waited for within the run.
        rng: Source of the jitter.
    """
    if retry_after is not None and verdict.family in (Family.DEFERRED, Family.TRANSIENT):
        return NextAttempt(False, now + _ms(clamp_retry_after(retry_after, rng)))
    if verdict.retry and attempt < settings.attempts:
        return NextAttempt(True, now + _ms(full_jitter(attempt, settings.base, settings.cap, rng)))
    if not verdict.recheck:
        return NextAttempt(False, None)
    per_run = max(settings.attempts, 1) if verdict.retry else 1
    runs = -(-max(attempts_total, 1) // per_run)
    return NextAttempt(False, now + _ms(spread(step(verdict.recheck, runs), rng)))


def step(ladder: tuple[float, ...], number: int) -> float:
    """Return rung ``number`` (from 1) of a ladder in seconds; the last one repeats."""
    return ladder[min(max(number, 1), len(ladder)) - 1]


def spread(seconds: float, rng: random.Random) -> float:
    """Return ``seconds`` or up to a tenth more, so that what failed together parts."""
    return seconds * rng.uniform(1.0, 1.0 + _SPREAD)


def within_budget(retries: int, requests: int) -> bool:
    """Return whether one more retry fits the engine's budget.

    Both are counts of the last 10 minutes. A tenth of all requests may be retries, and
    the first hundred always may: a small archive is never refused its attempts.
    """
    return retries < FREE_RETRIES or retries < requests * BUDGET


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
