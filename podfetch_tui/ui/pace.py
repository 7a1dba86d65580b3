"""How often a screen looks by itself: as often as it may without being a burden."""

from __future__ import annotations

SHARE = 0.03
"""Of one core, for all that the thread of the screen does between two looks."""
LONGEST_S = 1.0
"""A screen looks this often at least."""


class Pace:
    """Says when it is time for the next look."""

    def __init__(self) -> None:
        self._at = -LONGEST_S
        self._spent = 0.0

    def is_due(self, now: float, spent: float) -> bool:
        """Return whether to look now.

        Args:
            now: Monotonic seconds.
            spent: Processor seconds that the screen's thread has used.
        """
        if now - self._at < min(LONGEST_S, (spent - self._spent) / SHARE):
            return False
        self._at, self._spent = now, spent
        return True
