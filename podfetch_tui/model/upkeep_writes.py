"""Writes by which the engine keeps its catalogue small."""

from __future__ import annotations

import msgspec


class ExpireAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Add old outcomes to the sums of their days, and delete them; old events are deleted.

    Both or neither, so that the sums are right whenever the process dies.
    """

    before: int
    """UTC milliseconds; older rows go. The newest outcome stays in any case."""
    most: int
    """Rows of each kind at a time."""


class Expired(msgspec.Struct, frozen=True):
    """Receipt of :class:`ExpireAudit`: how many rows went."""

    outcomes: int
    events: int
