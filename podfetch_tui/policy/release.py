"""Letting feeds out of quarantine: when each is polled, and what would come of it.

Pure: a few feeds are due at once, many in waves, so that neither their hosts nor our polling
meet a storm of feeds that were asleep for weeks.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import FeedState, Health
from podfetch_tui.policy.classify import verdict_of

WAVE_MS = 30_000
"""Time between two waves: that of a batch."""


def stagger(
    hosts: Sequence[str],
    *,
    now: int,
    per_host: int,
    overall: int,
    over_ms: int | None = None,
) -> tuple[int, ...]:
    """Return when each of some feeds is polled, in UTC milliseconds.

    In one wave, every :data:`WAVE_MS`, there are at most ``per_host`` feeds of a host and
    ``overall`` in all; each feed is in the earliest wave that has room, in the given order.

    Args:
        hosts: The host of each feed.
        now: The first wave's time, UTC milliseconds.
        per_host: ``engine.per_host``.
        overall: ``engine.batch_min``.
        over_ms: Spread them evenly over so long a time instead; 0: all now.
    """
    if over_ms is not None:
        return tuple(now + over_ms * index // max(len(hosts), 1) for index in range(len(hosts)))
    per_host, overall = max(per_host, 1), max(overall, 1)
    sizes: list[int] = []
    next_free: list[int] = []
    last: dict[str, tuple[int, int]] = {}
    waves = []
    for host in hosts:
        wave, there = last.get(host, (0, 0))
        wanted = wave if there < per_host else wave + 1
        found = _with_room(wanted, sizes, next_free, overall)
        last[host] = (found, there + 1 if found == wave else 1)
        sizes[found] += 1
        waves.append(found)
    return tuple(now + wave * WAVE_MS for wave in waves)


def _with_room(wanted: int, sizes: list[int], next_free: list[int], most: int) -> int:
    """Return the first wave from ``wanted`` on that is not full; full ones are leapt over."""
    passed = []
    wave = wanted
    while True:
        while len(sizes) <= wave:
            sizes.append(0)
            next_free.append(len(sizes))
        if sizes[wave] < most:
            break
        passed.append(wave)
        wave = next_free[wave]
    for full in passed:
        next_free[full] = wave
    return wave


class Prospect(msgspec.Struct, frozen=True):
    """What would come of a release, as a look at the feed says."""

    word: str
    """``recovers``, ``waits``, ``goes_back``, ``goes`` or ``unknown``."""
    text: str
    """One sentence."""


def prospect(failure: Failure | None, health: Health, state: FeedState) -> Prospect:
    """Return what a release would lead to, if its poll ended as the look did.

    Args:
        failure: How the look failed; ``None``: it brought a feed.
        health: Health of the feed.
        state: Where it stands.
    """
    if failure is None:
        if state is not FeedState.QUARANTINED:
            return Prospect("recovers", "it answers: nothing has to be done")
        return Prospect("recovers", "released, it would be polled at once and be healthy again")
    verdict = verdict_of(failure)
    if failure.kind is Kind.REPLACED:
        return Prospect(
            "recovers",
            "another feed stands there: released, it would be taken in beside what is archived",
        )
    if verdict.family is Family.DEFERRED:
        return Prospect("waits", "released, it would wait as the host says, still on probation")
    if verdict.family is Family.SYSTEM or not verdict.feed_failure:
        return Prospect("unknown", "this says nothing about the feed: look again later")
    is_again = failure.status is not None and failure.status == health.last_status
    if verdict.gone_after and is_again and health.consecutive_failures + 1 >= verdict.gone_after:
        return Prospect("goes", f"released, it would end as gone: {verdict.text}")
    return Prospect("goes_back", "released, its first poll would fail and send it back")
