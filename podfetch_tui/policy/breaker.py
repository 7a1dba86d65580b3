"""The circuit breaker of one feed, as pure transitions of its ``Health``.

Closed: the feed is polled at its interval. Open: it is left alone until ``open_until``.
Half-open: exactly one poll is let through, and its result decides. A deferral and a
failure of our own machine are no result. Nothing here reads a clock or writes a row.
"""

from __future__ import annotations

import random

from msgspec.structs import replace

from podfetch_tui.model.feed import BreakerState, Health
from podfetch_tui.model.settings import QuarantineSettings
from podfetch_tui.model.text import counted
from podfetch_tui.policy.backoff import ceiling
from podfetch_tui.policy.classify import Verdict

_JITTER = 0.1
_LEAST_FAILURES = 5
_LEAST_DAYS = 3
_DAY_MS = 86_400_000


def admit(health: Health, now: int) -> Health | None:
    """Return the health a poll may start with at ``now``, or ``None`` if it may not.

    An open breaker whose time has come turns half-open, and then lets no other through.
    """
    if health.breaker is BreakerState.CLOSED:
        return health
    if health.breaker is BreakerState.OPEN and now >= (health.open_until or 0):
        return replace(health, breaker=BreakerState.HALF_OPEN)
    return None


def recovered(health: Health) -> Health:
    """Return the health to go on with after a crash: a probe that never ended is due again."""
    if health.breaker is BreakerState.HALF_OPEN:
        return replace(health, breaker=BreakerState.OPEN)
    return health


def after_success(health: Health, now: int, *, status: int | None = None) -> Health:
    """Return the health after a successful poll: closed, all failures forgotten.

    The cool-down steps down one doubling at a time, so that a feed that works now and
    then does not start over each time.
    """
    return Health(
        opened=max(0, health.opened - 1),
        last_success_at=now,
        last_status=status,
    )


def after_failure(
    health: Health,
    verdict: Verdict,
    status: int | None,
    detail: str,
    *,
    now: int,
    settings: QuarantineSettings,
    rng: random.Random,
) -> Health:
    """Return the health after a poll that did not succeed.

    Args:
        health: Health the poll started with.
        verdict: What the failure means; a deferral or a failure of this machine
            changes no counter and gives a half-open probe back.
        status: HTTP status, if there was one.
        detail: One cleaned line about it.
        now: UTC milliseconds.
        settings: The ``[quarantine]`` section.
        rng: Source of the jitter.
    """
    if not verdict.feed_failure:
        return recovered(health)
    today = now // _DAY_MS
    failed = replace(
        health,
        consecutive_failures=health.consecutive_failures + 1,
        first_failure_at=now if health.first_failure_at is None else health.first_failure_at,
        last_error=f"{verdict.code}: {detail or verdict.text}",
        last_family=verdict.family.value,
        last_status=status,
        failed_days=health.failed_days + (today != health.failed_day),
        failed_day=today,
    )
    opens = failed.consecutive_failures >= settings.open_after_failures
    if health.breaker is BreakerState.CLOSED and not opens:
        return failed
    opened = failed.opened + 1
    cooldown = ceiling(opened, settings.cooldown, settings.cooldown_max)
    cooldown *= rng.uniform(1 - _JITTER, 1 + _JITTER)
    return replace(
        failed,
        breaker=BreakerState.OPEN,
        opened=opened,
        open_until=now + round(cooldown * 1000),
    )


def should_quarantine(health: Health, now: int, settings: QuarantineSettings) -> str | None:
    """Return why a feed is to be handed to the operator, or ``None``.

    A long time without a success counts only with failed polls on several days: a machine
    that was off for a month proves nothing about its feeds.

    Args:
        health: Health after the failure.
        now: UTC milliseconds.
        settings: The ``[quarantine]`` section.
    """
    if health.probation:
        return f"failed on probation: {health.last_error}"
    failures = health.consecutive_failures
    if failures >= settings.quarantine_after_failures:
        return f"{counted(failures, 'failure')} in a row"
    since = health.last_success_at if health.last_success_at else health.first_failure_at
    if since is None or failures < _LEAST_FAILURES or health.failed_days < _LEAST_DAYS:
        return None
    if now - since < settings.quarantine_after * 1000:
        return None
    return f"no success for {counted((now - since) // _DAY_MS, 'day')}"
