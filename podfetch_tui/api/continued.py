"""Event numbers that go on when one engine follows another behind the same doorway.

Every engine counts its events from 1. A reader that saw event 300 of the first and asks the
second for what came after 300 would miss 300 events without a word. So the numbers of each
further engine begin where no earlier one can have come, and the reader is told ``lost``.
"""

from __future__ import annotations

from msgspec.structs import replace

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import Event, EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest

STRIDE = 1 << 40
"""More events than an engine makes; 8,000 engines stay exact in JSON."""


class Continued:
    """The client of one engine in a row of engines."""

    def __init__(self, client: EngineClient, number: int) -> None:
        """Wrap ``client``, which answers for engine ``number`` of the row, from 0."""
        self.client = client
        self.number = number
        self._first = number * STRIDE

    def snapshot(self) -> EngineSnapshot:
        """Return the engine's snapshot."""
        found = self.client.snapshot()
        if not self._first:
            return found
        return replace(found, seq=found.seq + self._first, recent=self._moved(found.recent))

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after ``after``; ``lost`` when that was another engine's number."""
        own = after - self._first
        is_ours = 0 <= own < STRIDE
        batch = self.client.watch(own if is_ours else 0, timeout if is_ours else 0.0)
        lost = batch.lost or not is_ours
        return EventBatch(self._moved(batch.events), batch.last_seq + self._first, lost)

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows."""
        return self.client.query(page)

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``."""
        return self.client.send(command)

    def _moved(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        if not self._first:
            return events
        return tuple(replace(event, seq=event.seq + self._first) for event in events)
