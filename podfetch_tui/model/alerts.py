"""What is watched for the operator, and what stands because of it."""

from __future__ import annotations

import msgspec


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold of ``[alerts]`` that is passed."""

    name: str
    """Key of ``[alerts]``: ``error_rate lateness_p95 …``."""
    since: int
    """UTC milliseconds at which it was raised."""
    text: str
    """One sentence with the figure as it is now."""
    value: float
    """The figure, in the unit of the key (percent, seconds, feeds, bytes)."""
    limit: float
    """What it is compared with."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What alerts are judged by; ``None`` is a figure that nobody knows."""

    jobs: int = 0
    """Jobs that ended in the last ten minutes."""
    failed: int = 0
    """Those of them that failed."""
    lateness_p95_s: float | None = None
    """95 % of the active feeds are no later than this after they were due."""
    new_quarantine: int | None = None
    """Feeds that went to quarantine within an hour."""
    free: int | None = None
    """Bytes free where the media go."""
    reserve: int = 0
    """Free space below which downloads wait."""
    oldest_pending_s: float | None = None
    """How long the oldest new episode has waited; back-catalogue does not count."""
