"""How many feeds are taken into the next batch, and how fast late ones are caught up with."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

BATCH_S = 30.0
"""A batch is meant to take so long at the present rate."""
CATCH_UP = 1.5
"""After an outage feeds are polled at so many times the normal rate: below twice by far."""
LEAST_RATE = 0.1
"""Feeds a second that are caught up with in any case: a small archive is not kept waiting."""
_SMOOTHING = 0.3


def batch_size(rate: float, low: int, high: int) -> int:
    """Return how many feeds the next batch takes.

    Args:
        rate: Feeds polled in a second, lately; 0 when that is not known.
        low: ``engine.batch_min``.
        high: ``engine.batch_max``.
    """
    return max(min(round(rate * BATCH_S), max(high, low)), low)


def smoothed(rate: float, polled: int, seconds: float) -> float:
    """Return the rate after ``polled`` feeds more in ``seconds``."""
    latest = polled / max(seconds, 0.001)
    return latest if not rate else rate + _SMOOTHING * (latest - rate)


class Pace(msgspec.Struct, frozen=True):
    """A token bucket over re-polls: so many feeds that were polled before may begin now."""

    tokens: float = float("inf")
    at: float = 0.0
    """Monotonic seconds of the last change."""
    granted: int = 0
    """So many more may begin, however long that takes: an operator asked for them."""

    @property
    def room(self) -> int:
        """How many feeds may begin."""
        return int(self.tokens) + self.granted

    def refilled(self, now: float, normal: float, burst: int) -> Pace:
        """Return the pace at ``now``.

        Args:
            now: Monotonic seconds.
            normal: Feeds that become due in a second when all is well.
            burst: So many may begin at once; ``engine.batch_min``.
        """
        rate = max(CATCH_UP * normal, LEAST_RATE)
        most = max(float(burst), rate * BATCH_S)
        return replace(self, tokens=min(most, self.tokens + (now - self.at) * rate), at=now)

    def granting(self, feeds: int) -> Pace:
        """Return the pace with ``feeds`` more that may begin."""
        return replace(self, granted=self.granted + feeds)

    def spent(self, feeds: int) -> Pace:
        """Return the pace after ``feeds`` began; what was asked for goes first."""
        asked = min(feeds, self.granted)
        return replace(self, tokens=self.tokens - (feeds - asked), granted=self.granted - asked)
