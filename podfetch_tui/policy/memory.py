"""What is done about the memory of our own process: give some back, or end. Pure."""

from __future__ import annotations

from enum import Enum

import msgspec

LOW = 0.9
"""Below this share of the soft limit all is well again."""
FREE_EVERY_S = 60.0
"""While it is high, what can be given back is given back again after so long."""
HARD_S = 3.0
"""Above the hard limit for so long, though what could be given back was: it ends."""


class Step(Enum):
    """What to do now."""

    NOTHING = "nothing"
    FREE = "free"
    """Give back what can be had again: caches, garbage, idle connections and children."""
    END = "end"


class MemoryState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of our memory after a reading."""

    is_high: bool = False
    """Above the soft limit, and not well below it since."""
    hard_since: float | None = None
    freed_at: float = float("-inf")


def watched(
    before: MemoryState, rss: int, now: float, *, soft: int, hard: int
) -> tuple[MemoryState, Step]:
    """Return what is known after a reading, and what to do.

    Args:
        before: What was known.
        rss: Resident bytes of the process.
        now: Monotonic seconds.
        soft: ``engine.rss_soft``; 0 for none.
        hard: ``engine.rss_hard``; 0 for none.
    """
    is_high = bool(soft) and (rss >= soft or (before.is_high and rss >= LOW * soft))
    is_above = bool(hard) and rss >= hard
    hard_since = (now if before.hard_since is None else before.hard_since) if is_above else None
    if hard_since is not None and now - hard_since >= HARD_S:
        return MemoryState(is_high=is_high, hard_since=hard_since, freed_at=now), Step.END
    is_new = (is_high and not before.is_high) or (is_above and before.hard_since is None)
    frees = is_new or ((is_high or is_above) and now - before.freed_at >= FREE_EVERY_S)
    freed_at = now if frees else before.freed_at
    state = MemoryState(is_high=is_high, hard_since=hard_since, freed_at=freed_at)
    return state, Step.FREE if frees else Step.NOTHING
