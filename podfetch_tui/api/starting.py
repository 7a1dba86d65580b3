"""The doorway to an engine that is still on its way: the screen is there before the engine.

The engine may be followed by another one: after a crash the operator starts it again.
"""

from __future__ import annotations

import threading

from msgspec.structs import replace

from podfetch_tui.api.client import EngineClient
from podfetch_tui.api.continued import Continued
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest


class StartingClient:
    """Answers "starting" until :meth:`opened` was called, then as the engine's own client."""

    def __init__(self, archive: str, at: int) -> None:
        """Create it.

        Args:
            archive: Path of the archive that is being opened.
            at: Now, UTC milliseconds.
        """
        self._first = EngineSnapshot(seq=0, at=at, state="starting", archive=archive)
        self._client: EngineClient | None = None
        self._engines = 0
        self._ready = threading.Event()

    def opened(self, client: EngineClient) -> None:
        """Answer by ``client`` from now on."""
        self._client = Continued(client, self._engines)
        self._engines += 1
        self._ready.set()

    def reopening(self, at: int) -> None:
        """Answer "starting" again: the engine is gone, and another one on its way."""
        self._ready.clear()
        self._client = None
        self._first = replace(self._first, state="starting", reason="", at=at)

    def failed(self, reason: str, at: int) -> None:
        """Answer "stopped": the engine could not be started again."""
        self._first = replace(self._first, state="stopped", reason=reason, at=at)

    def snapshot(self) -> EngineSnapshot:
        """Return the engine's snapshot, or one that says ``starting``."""
        return self._client.snapshot() if self._client else self._first

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after ``after``; there are none before the engine is there."""
        if self._client is None and not self._ready.wait(timeout):
            return EventBatch((), 0, lost=False)
        return self._there().watch(after, timeout)

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows.

        Raises:
            Failure: ``CATALOG_BUSY``: the archive is still being opened.
        """
        return self._there().query(page)

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``; while the engine starts it is refused."""
        if self._client is None:
            text = self._first.reason or "the engine is still starting"
            return CommandResult(ok=False, text=text)
        return self._client.send(command)

    def _there(self) -> EngineClient:
        if self._client is None:
            text = self._first.reason or "the archive is still being opened"
            raise Failure(Kind.CATALOG_BUSY, text)
        return self._client
