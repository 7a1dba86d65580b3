"""The three locks of the engine.

Taken in this order only, usually one at a time: ``schedule`` → ``slots`` → ``telemetry``.
None is held across I/O, SQL, a child process, a callback or a log line.
"""

from __future__ import annotations

from podfetch_tui.system.locks import Rank, RankedLock


class Locks:
    """The locks of one engine."""

    def __init__(self) -> None:
        self.schedule = RankedLock(Rank.SCHEDULE)
        """Guards :class:`engine.schedule.Schedule`: host lanes, delayed jobs, what runs."""
        self.slots = RankedLock(Rank.SLOTS)
        """Guards :class:`engine.slots.Slots`; its condition is what the dispatcher waits on."""
        self.telemetry = RankedLock(Rank.TELEMETRY)
        """Guards counters and the ring of events; a leaf."""
