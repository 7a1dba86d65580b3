"""Whose turn it is: the order of the episodes that are due.

``episode.next_attempt_at`` says both when an episode may be tried and in which order: what is
due is taken smallest first. An episode that becomes due for the first time gets a moment in
the past, the earlier the higher its feed's priority and the newer it is; a retry gets the
moment it was put off to, and so stands behind.
"""

from __future__ import annotations

from collections.abc import Iterable

_DAY = 86_400_000
_STEP = 30 * _DAY
_OLDEST = _STEP - _DAY
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
    (turn,) = first_turns(at, priority=priority, published=(published,))
    return turn


def first_turns(at: int, *, priority: int, published: Iterable[int | None]) -> list[int]:
    """Return :func:`first_turn` for every moment of ``published``."""
    base = at - (_HIGHEST + 1 + _within(priority)) * _STEP
    ages = [(at - moment) // 1000 if moment is not None else at // 1000 for moment in published]
    return [base + (age if 0 <= age <= _OLDEST else _OLDEST if age > 0 else 0) for age in ages]


def at_risk_turn(at: int, place: int) -> int:
    """Return the order key of an episode that is about to fall out of its feed.

    It is before that of any other that is found about now, whatever the feeds' priorities.

    Args:
        at: Now, UTC milliseconds.
        place: 0 for the first that will be gone.
    """
    return at - (2 * _HIGHEST + 2) * _STEP + place


def shift(old: int, new: int) -> int:
    """Return by how much the order key of a waiting episode changes with its feed's priority."""
    return (_within(old) - _within(new)) * _STEP


def _within(priority: int) -> int:
    return max(-_HIGHEST, min(priority, _HIGHEST))
