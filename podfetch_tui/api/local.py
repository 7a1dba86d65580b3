"""The doorway to an engine in the same process."""

from __future__ import annotations

from podfetch_tui.catalog import pages
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest


class LocalClient:
    """Answers the four verbs from an engine's own memory and catalogue."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def snapshot(self) -> EngineSnapshot:
        """Return the newest snapshot."""
        return self._engine.governor.latest

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after ``after``, waiting up to ``timeout`` seconds."""
        return self._engine.events.watch(after, timeout)

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows."""
        return pages.query(self._engine.services.catalog, page)

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``."""
        return self._engine.commands.apply(command)
