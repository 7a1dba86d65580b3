"""When a derivative that failed is tried again, and when it is not to be had at all.

The download is safe by then: nothing here is in a hurry, and nothing is tried without end.
"""

from __future__ import annotations

import random

import msgspec

from podfetch_tui.model.errors import Family
from podfetch_tui.policy.backoff import clamp_retry_after
from podfetch_tui.policy.classify import MINUTE, Verdict
from podfetch_tui.policy.retry import step

SOONEST_S = 5 * MINUTE
PAUSED_S = MINUTE / 2
MOST_ATTEMPTS = 8
"""After so many failures only a person tries again, unless it was this machine's fault."""
MOST_SIGHTINGS = 5
"""So many times "not found" in a row mean that there is no such file."""


class Again(msgspec.Struct, frozen=True):
    """What comes after a failure."""

    after_s: float | None
    """Seconds until the next attempt; ``None``: only when someone asks for it."""
    absent: bool = False
    """Its host says that there is no such file: that is settled."""


def again(
    verdict: Verdict, attempts: int, *, retry_after: float | None = None, rng: random.Random
) -> Again:
    """Decide what comes after a failure.

    Args:
        verdict: What the failure means.
        attempts: How often it failed, this time included.
        retry_after: Seconds the host named.
        rng: Source of the jitter.
    """
    if verdict.gone_after and attempts >= min(verdict.gone_after, MOST_SIGHTINGS):
        return Again(None, absent=True)
    ours = verdict.family in (Family.SYSTEM, Family.DEFERRED)
    if not verdict.recheck or (attempts >= MOST_ATTEMPTS and not ours):
        return Again(None)
    wait = max(step(verdict.recheck, attempts), PAUSED_S if verdict.pause else SOONEST_S)
    if retry_after is not None and verdict.family in (Family.DEFERRED, Family.TRANSIENT):
        wait = max(wait, clamp_retry_after(retry_after, rng))
    return Again(wait)
