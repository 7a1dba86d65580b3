"""How fast something grows, judged so that noise is not taken for growth.

Memory moves in steps, so neighbouring samples say the same thing many times over: a line fitted
through them looks far more certain than it is. So half minutes are one point each, their median;
the slope is the median of the slopes between all pairs of points (Theil and Sen), and its 95 %
bounds come from their order (Kendall), which asks nothing of how the noise is distributed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

POINT_S = 30.0
FEWEST_POINTS = 10
"""Fewer say nothing: five minutes."""
_SURE = 1.96


class Growth(NamedTuple):
    """What was found, in units an hour."""

    slope: float
    low: float
    """With 95 % certainty it is at least this."""
    high: float
    """And at most this."""
    seconds: float
    """The window."""
    points: tuple[float, ...]

    def verdict(self, most: float) -> str:
        """Return ``grows``, ``steady`` or ``undecided`` against ``most`` an hour."""
        if len(self.points) < FEWEST_POINTS:
            return "undecided"
        return "grows" if self.low > most else "steady" if self.high <= most else "undecided"


def growth(seen: Sequence[tuple[float, float]]) -> Growth:
    """Return how ``seen``, pairs of second and value in the order of time, grows."""
    if not seen:
        return Growth(0.0, -math.inf, math.inf, 0.0, ())
    by: dict[int, list[float]] = {}
    for at, value in seen:
        by.setdefault(int((at - seen[0][0]) // POINT_S), []).append(value)
    points = {number * POINT_S / 3600: median(values) for number, values in by.items()}
    slopes = sorted((b - a) / (to - at) for (at, a), (to, b) in combinations(points.items(), 2))
    window, values = seen[-1][0] - seen[0][0], tuple(points.values())
    if not slopes:
        return Growth(0.0, -math.inf, math.inf, window, values)
    n, pairs = len(points), len(slopes)
    spread = _SURE * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    first, last = math.floor((pairs - spread) / 2) - 1, math.ceil((pairs + spread) / 2)
    return Growth(
        median(slopes),
        slopes[first] if first >= 0 else -math.inf,
        slopes[last] if last < pairs else math.inf,
        window,
        values,
    )
