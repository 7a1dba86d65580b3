"""Whether the clock was set, or the machine slept, between two looks. Pure: told the times."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.settings import Settings

LEAST_S = 30.0
"""A smaller step is one of ``ntpd``; what waits is that much early or late, once."""
_SLACK = 1.5
"""Waits have jitter; none is longer than so many times its setting."""
_LEAST_MS = 9 * 86_400_000
"""What hardly ever heals is tried again after a week (``policy.classify``)."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks at one moment."""

    wall_ms: int
    monotonic_s: float
    """Stands still in suspend."""
    since_boot_s: float
    """Goes on in suspend, where the system has such a clock."""


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """What happened between two readings; both 0 when nothing did."""

    set_by_ms: int = 0
    """The wall clock was set by so much, forward or (negative) back."""
    slept_s: float = 0.0
    """The machine was suspended for so long."""


def jump_between(before: Reading, after: Reading) -> Jump:
    """Return how the wall clock was set, and how long the machine slept, between two looks."""
    real_s = after.since_boot_s - before.since_boot_s
    set_by = after.wall_ms - before.wall_ms - round(real_s * 1000)
    slept = real_s - (after.monotonic_s - before.monotonic_s)
    return Jump(
        set_by_ms=set_by if abs(set_by) >= LEAST_S * 1000 else 0,
        slept_s=slept if slept >= LEAST_S else 0.0,
    )


def longest_wait_ms(settings: Settings) -> int:
    """Return how far ahead a poll can be planned, in milliseconds; a later one is an error.

    Only a feed with an interval of its own, or one that was snoozed, waits longer.
    """
    rules = settings.quarantine
    longest = max(settings.feeds.max_interval, rules.cooldown_max, rules.quarantine_probe)
    return max(round(longest * 1000 * _SLACK), _LEAST_MS)
