"""Whose turn it is among the feeds that are due, and where a feed's priority comes from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from podfetch_tui.model.feed import BreakerState, Feed, FeedState
from podfetch_tui.model.text import counted

STEP_MS = 60_000
"""Each step of priority is worth so much lateness."""
MOST_STEPS = 10
"""Beyond it a priority counts as this: nobody may be held back for long."""


def turn(next_poll_at: int, priority: int) -> int:
    """Return the order key of a feed that is due; the smallest goes first.

    Priority decides between feeds that are about equally late, and lateness in the end
    beats it: a feed of the lowest priority never stands behind one of the highest that
    became due more than ``2 * MOST_STEPS * STEP_MS`` after it.

    Args:
        next_poll_at: When the feed became due, UTC milliseconds.
        priority: Higher first.
    """
    return next_poll_at - max(-MOST_STEPS, min(priority, MOST_STEPS)) * STEP_MS


def effective(own: int | None, tags: Collection[str], rules: Sequence[tuple[str, int]]) -> int:
    """Return the priority that holds for a feed.

    Args:
        own: Set for this feed alone; it holds if given.
        tags: The feed's tags.
        rules: ``[feeds] priority``: (tag, number). Of several that fit the highest holds.
    """
    if own is not None:
        return own
    return max((number for tag, number in rules if tag in tags), default=0)


def reason(feed: Feed, now: int) -> str:
    """Return in a few words why it is the turn of a feed that is due.

    Args:
        feed: The feed.
        now: UTC milliseconds.
    """
    if feed.state is FeedState.QUARANTINED:
        return "probe of a quarantined feed"
    if feed.health.breaker is not BreakerState.CLOSED:
        return f"probe after {counted(feed.health.consecutive_failures, 'failure')}"
    first = "" if feed.polls_ok else "first poll, "
    words = f"{first}due for {_span(max(0, now - feed.next_poll_at) // 1000)}"
    return f"{words}, priority {feed.priority}" if feed.priority else words


def _span(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
