"""When a feed that names another URL is believed.

A redirect that calls itself permanent is often a mistake of an hour, and a document can say
anything: so a move is made only after several polls in a row named the same place.
"""

from __future__ import annotations

from podfetch_tui.model.feed import Sighting

SIGHTINGS = 3
"""Polls in a row that have to name it."""
LEAST_MS = 24 * 3600 * 1000
"""Time that has to lie between the first of them and the move."""


def sighted(before: Sighting, url: str, by: str, now: int) -> Sighting:
    """Return what is known of a move after one more answer.

    Args:
        before: What was known.
        url: Where the answer leads, normalised; empty: it names no other place.
        by: ``redirect`` or ``document``.
        now: UTC milliseconds.
    """
    if not url:
        return Sighting()
    if (url, by) != (before.url, before.by) or before.since is None:
        return Sighting(url, by, 1, now)
    # The count is not kept beyond what is asked: it would cost a write at every poll.
    return Sighting(url, by, min(before.seen + 1, SIGHTINGS), before.since)


def is_ripe(sighting: Sighting, now: int) -> bool:
    """Return whether the move is to be made."""
    return (
        sighting.since is not None
        and sighting.seen >= SIGHTINGS
        and now - sighting.since >= LEAST_MS
    )
