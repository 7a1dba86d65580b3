"""Whose turn it is: the order of the episodes that are due.

``episode.next_attempt_at`` says both when an episode may be tried and in which order: what is
due is taken smallest first. An episode that becomes due for the first time gets a moment in
the past, the earlier the higher its feed's priority and the newer it is; a retry gets the
moment it was put off to, and so stands behind.
"""

from __future__ import annotations

_DAY = 86_400_000
_STEP = 30 * _DAY
_HIGHEST = 100


def first_turn(at: int, *, priority: int, published: int | None) -> int:
    """Return the order key of an episode that is due from now on; always below ``at``.

    Priority decides first; within one, an episode published 1,000 s earlier stands as far back
    as one found a second later, so the newest go first without the old ones waiting for ever.

    Args:
        at: Now, UTC milliseconds.
        priority: The feed's; beyond ±100 it counts as that.
        published: UTC milliseconds, if known; else it counts as very old.
    """
    age = at - published if published is not None else at
    behind = min(max(age // 1000, 0), _STEP - _DAY)
    steps = _HIGHEST + 1 + _within(priority)
    return at - steps * _STEP + behind


def shift(old: int, new: int) -> int:
    """Return by how much the order key of a waiting episode changes with its feed's priority."""
    return (_within(old) - _within(new)) * _STEP


def _within(priority: int) -> int:
    return max(-_HIGHEST, min(priority, _HIGHEST))
