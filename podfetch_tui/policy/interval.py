"""When a feed is polled next.

Every time is spread at random over a window, so that feeds imported together, or failing
together, do not march in step.
"""

from __future__ import annotations

import random
from statistics import median

from msgspec.structs import replace

from podfetch_tui.model.errors import Family
from podfetch_tui.model.feed import BreakerState, Feed, Health
from podfetch_tui.model.job import PollHints
from podfetch_tui.model.settings import FeedSettings
from podfetch_tui.policy.backoff import clamp_retry_after
from podfetch_tui.policy.classify import Verdict
from podfetch_tui.policy.retry import spread, step
from podfetch_tui.policy.rhythm import hints_of

_NO_HINTS = PollHints()
_WIDTH = 0.2
"""Width of the window, as a part of the interval."""
LONGEST_REST_MS = 3 * 86_400_000
LONGEST_RECHECK_S = 4 * 3600.0
"""A feed that fails is asked again within this until its breaker opens, so that a dead one is
in quarantine within 8 days whatever it died of."""
_HOUR_MS = 3_600_000
_FIRST_WEEKDAY = 3
"""The first of January 1970 was a Thursday; Monday is 0."""
_POLLS_PER_EPISODE = 4
"""How often a feed is asked between two of its episodes."""


def interval_s(
    feed: Feed,
    settings: FeedSettings,
    hints: PollHints = _NO_HINTS,
) -> float:
    """Return the interval of ``feed`` in seconds, before it is spread.

    An interval set for this feed holds, but not below ``min_interval``: feed lists come
    from strangers too. Else it is the feed's own rhythm, or ``default_interval``, never
    shorter than the publisher asks for, within ``min_interval`` and ``max_interval``.

    Args:
        feed: The feed.
        settings: The ``[feeds]`` section.
        hints: What the answer said about when to come back.
    """
    if feed.interval is not None:
        return max(float(feed.interval), settings.min_interval)
    wanted = settings.default_interval
    if settings.adaptive and hints.gaps:
        wanted = median(hints.gaps) / _POLLS_PER_EPISODE
    wanted = max(wanted, hints.max_age_s or 0, hints.ttl_s or 0)
    return max(min(wanted, settings.max_interval), settings.min_interval)


def next_poll(
    feed: Feed,
    *,
    now: int,
    hints: PollHints = _NO_HINTS,
    settings: FeedSettings,
    rng: random.Random,
) -> int:
    """Return when to poll ``feed`` after a success, in UTC milliseconds.

    See :func:`interval_s` for the arguments. The time lies in a window of a fifth of
    the interval, placed around it where the bounds permit, and is put off to the end of
    the hours and days in which the publisher asks for no polls.
    """
    if hints.soon:
        hints = PollHints()
        settings = replace(settings, default_interval=settings.min_interval)
    wanted = interval_s(feed, settings, hints)
    named = 0 if feed.interval is not None else max(hints.max_age_s or 0, hints.ttl_s or 0)
    own = feed.interval or 0
    low = max(wanted * (1 - _WIDTH / 2), settings.min_interval, min(named, wanted))
    high = min(low + wanted * _WIDTH, max(settings.max_interval, own * (1 + _WIDTH / 2), low))
    # A window pushed against the upper bound grows downwards, or all would meet there.
    low = max(min(low, high - wanted * _WIDTH), min(settings.min_interval, high))
    at = now + round(rng.uniform(low, high) * 1000)
    return at if feed.interval is not None else after_rest(at, hints, rng)


def after_rest(at: int, hints: PollHints, rng: random.Random) -> int:
    """Return ``at``, or a moment of the first hour behind it that is no hour of rest.

    Rest that lasts longer than :data:`LONGEST_REST_MS` is not kept: a feed that names every
    hour, or all days but one, would lose episodes of its publisher's.
    """
    if not hints.skip_hours and not hints.skip_days:
        return at
    hour = at // _HOUR_MS
    for later in range(hour, hour + LONGEST_REST_MS // _HOUR_MS + 1):
        day = (later // 24 + _FIRST_WEEKDAY) % 7
        if not (hints.skip_hours >> later % 24 & 1 or hints.skip_days >> day & 1):
            return at if later == hour else later * _HOUR_MS + rng.randrange(_HOUR_MS)
    return at


def next_poll_after_failure(
    feed: Feed,
    health: Health,
    verdict: Verdict,
    *,
    now: int,
    settings: FeedSettings,
    rng: random.Random,
    retry_after: float | None = None,
) -> int:
    """Return when to poll ``feed`` after a poll that did not succeed, in UTC milliseconds.

    Args:
        feed: The feed.
        health: Its health after the failure; an open breaker's time holds.
        verdict: What the failure means. Its re-check holds where that is sooner than
            the feed's interval: one bad answer must not cost a whole day.
        now: UTC milliseconds.
        settings: The ``[feeds]`` section.
        rng: Source of the jitter.
        retry_after: Seconds the host named; never undercut.
    """
    named = 0.0 if retry_after is None else clamp_retry_after(retry_after, rng)
    earliest = now + round(named * 1000)
    if health.breaker is not BreakerState.CLOSED and health.open_until is not None:
        return max(health.open_until, earliest, now)
    if verdict.family is Family.DEFERRED and named:
        return earliest
    own = interval_s(feed, settings, hints_of(feed.rhythm))
    delay = own
    if verdict.recheck:
        delay = min(step(verdict.recheck, health.consecutive_failures), own)
    if verdict.feed_failure:
        delay = min(delay, LONGEST_RECHECK_S)
    # Our own trouble put no load on the host, so the floor need not spare it.
    if verdict.feed_failure or verdict.code.startswith("http_"):
        delay = max(delay, settings.min_interval)
    return max(now + round(spread(delay, rng) * 1000), earliest)
