"""The circuit breaker of one host, as pure transitions of a :class:`HostHealth`.

Closed: its jobs run. It opens when at least half of its latest calls failed at the level of
the connection or with 5xx, over two feeds or more: one bad feed says nothing about its host.
Open: nothing starts there until ``open_until``. Half-open: exactly one job probes, and its
result decides. Answers of the 4xx kind, deferrals and our own trouble are no failure of a host.
"""

from __future__ import annotations

import random

import msgspec
from msgspec.structs import replace

from podfetch_tui.model.feed import BreakerState

WINDOW_MS = 60_000
MOST_CALLS = 20
LEAST_CALLS = 5
LEAST_FEEDS = 2
BAD_SHARE = 0.5
OPEN_MS = 30_000
MOST_STEPS = 10
"""The pause grows by :data:`OPEN_MS` with every opening in a row, so many times at most."""
_JITTER = 0.1


class Call(msgspec.Struct, frozen=True, array_like=True):
    """One finished job at a host."""

    at: int
    """UTC milliseconds."""
    feed_id: int
    bad: bool


class HostHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Breaker and latest calls of a host."""

    breaker: BreakerState = BreakerState.CLOSED
    opened: int = 0
    """How many times in a row it opened."""
    open_until: int | None = None
    """UTC milliseconds at which an open breaker lets one probe through."""
    calls: tuple[Call, ...] = ()
    """Oldest first; at most :data:`MOST_CALLS` of the last :data:`WINDOW_MS`."""


def admit(health: HostHealth, now: int) -> HostHealth | None:
    """Return the health a job may start with at ``now``, or ``None`` if it may not."""
    if health.breaker is BreakerState.CLOSED:
        return health
    if health.breaker is BreakerState.OPEN and now >= (health.open_until or 0):
        return replace(health, breaker=BreakerState.HALF_OPEN)
    return None


def observe(health: HostHealth, call: Call, *, rng: random.Random) -> HostHealth:
    """Return the health after a call.

    While it is open, calls that had begun before it opened change nothing.
    """
    if health.breaker is BreakerState.OPEN:
        return health
    if health.breaker is BreakerState.HALF_OPEN:
        if call.bad:
            return _open(health, call.at, rng)
        return HostHealth(opened=max(0, health.opened - 1), calls=(call,))
    since = call.at - WINDOW_MS
    calls = (*(old for old in health.calls if old.at > since), call)[-MOST_CALLS:]
    closed = replace(health, calls=calls)
    return _open(closed, call.at, rng) if _is_bad(calls) else closed


def given_back(health: HostHealth) -> HostHealth:
    """Return the health after a probe that had no result: the next job probes again."""
    if health.breaker is BreakerState.HALF_OPEN:
        return replace(health, breaker=BreakerState.OPEN)
    return health


def shifted(health: HostHealth, by: int) -> HostHealth:
    """Return the health with all times moved by ``by`` milliseconds."""
    calls = tuple(replace(call, at=call.at + by) for call in health.calls)
    until = health.open_until
    return replace(health, calls=calls, open_until=None if until is None else until + by)


def is_idle(health: HostHealth, now: int) -> bool:
    """Return whether nothing is lost by forgetting it."""
    if health.breaker is not BreakerState.CLOSED:
        return False
    return not health.calls or health.calls[-1].at <= now - WINDOW_MS


def _is_bad(calls: tuple[Call, ...]) -> bool:
    bad = [call for call in calls if call.bad]
    return (
        len(calls) >= LEAST_CALLS
        and len(bad) >= BAD_SHARE * len(calls)
        and len({call.feed_id for call in bad}) >= LEAST_FEEDS
    )


def _open(health: HostHealth, now: int, rng: random.Random) -> HostHealth:
    opened = health.opened + 1
    pause = OPEN_MS * min(opened, MOST_STEPS) * rng.uniform(1.0, 1.0 + _JITTER)
    return HostHealth(breaker=BreakerState.OPEN, opened=opened, open_until=now + round(pause))
