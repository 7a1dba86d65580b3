"""The four verbs every front end has, and no others.

``LocalClient`` answers them in the engine's own process; a remote client answers them
over a socket. A front end holds one of the two and cannot tell which.
"""

from __future__ import annotations

from typing import Protocol

from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest


class EngineClient(Protocol):
    """What a front end may ask of an engine. Every method may be called from any thread.

    A client of another process raises :class:`~podfetch_tui.model.errors.NoEngine` from any of
    them when the engine is gone.
    """

    def snapshot(self) -> EngineSnapshot:
        """Return the engine as it stands; bounded in size, at most 250 ms old."""
        ...

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after sequence number ``after``.

        Waits up to ``timeout`` seconds for the first one. ``lost`` in the answer says
        that the ring has moved past ``after``: take a snapshot and go on from there.
        """
        ...

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows from the catalogue.

        Raises:
            UsageError: There is no such kind, or the filter cannot be read.
            Failure: The catalogue cannot be read now.
        """
        ...

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command`` and say what came of it."""
        ...
