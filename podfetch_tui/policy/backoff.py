"""How long to wait: full jitter, and what to make of ``Retry-After``.

It waits for nothing itself: callers turn the seconds into a "not before".
"""

from __future__ import annotations

import math
import random

SHORTEST_S = 1.0
LONGEST_S = 86400.0
_UNNAMED_S = 60.0
"""For an answer that asks to wait without a usable time."""
_MOST_DOUBLINGS = 60
"""Beyond it every cap is long reached, and floats would overflow."""


def ceiling(attempt: int, base: float, cap: float) -> float:
    """Return the longest wait, in seconds, after attempt number ``attempt`` (from 1)."""
    return min(cap, base * 2.0 ** min(max(attempt - 1, 0), _MOST_DOUBLINGS))


def full_jitter(attempt: int, base: float, cap: float, rng: random.Random) -> float:
    """Return a wait in seconds, evenly spread over 0..``ceiling(attempt, base, cap)``.

    Full jitter spreads clients that failed together (Brooker, "Exponential Backoff and
    Jitter", 2015).
    """
    return rng.uniform(0.0, ceiling(attempt, base, cap))


def clamp_retry_after(seconds: float | None, rng: random.Random) -> float:
    """Return how long to leave a host alone, in seconds.

    ``seconds`` is what the host named (RFC 9110 10.2.3); it is held within 1 s..24 h,
    and up to a tenth is added so that its feeds do not come back all at once.
    """
    if seconds is None or math.isnan(seconds):
        seconds = _UNNAMED_S
    return min(max(seconds, SHORTEST_S), LONGEST_S) * rng.uniform(1.0, 1.1)
