"""How often a feed has something new, from the dates of its latest items."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from itertools import pairwise
from statistics import median

from podfetch_tui.model.feed import Rhythm
from podfetch_tui.model.job import PollHints

LATEST = 10
"""Items that are looked at."""
FEWEST_GAPS = 3
_DAY_MS = 86_400_000


def gaps_s(published: Iterable[int | None], now: int) -> tuple[float, ...]:
    """Return the seconds between the latest items; none while they say too little.

    Items of one moment count once, and those of the future not at all.

    Args:
        published: When the items were published, UTC milliseconds, in any order.
        now: UTC milliseconds.
    """
    moments = {at for at in published if at is not None and at <= now + _DAY_MS}
    gaps = tuple((new - old) / 1000 for new, old in pairwise(nlargest(LATEST, moments)))
    return gaps if len(gaps) >= FEWEST_GAPS else ()


def rhythm_of(hints: PollHints) -> Rhythm:
    """Return what is kept of what a document said."""
    return Rhythm(
        gap_ms=round(median(hints.gaps) * 1000) if hints.gaps else None,
        ttl_s=hints.ttl_s,
        skip_hours=hints.skip_hours,
        skip_days=hints.skip_days,
    )


def hints_of(rhythm: Rhythm, *, max_age_s: int | None = None) -> PollHints:
    """Return the hints of an answer without a document: what the last document said."""
    return PollHints(
        max_age_s=max_age_s,
        ttl_s=rhythm.ttl_s,
        skip_hours=rhythm.skip_hours,
        skip_days=rhythm.skip_days,
        gaps=() if rhythm.gap_ms is None else (rhythm.gap_ms / 1000,),
    )
