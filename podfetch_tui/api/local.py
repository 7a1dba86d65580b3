"""The doorway to an engine in the same process."""

from __future__ import annotations

import msgspec

from podfetch_tui.catalog import details, pages
from podfetch_tui.catalog.entries import entry
from podfetch_tui.catalog.evidence import evidence_document
from podfetch_tui.catalog.groups import groups
from podfetch_tui.catalog.history import history
from podfetch_tui.config.shown import ShownSetting
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
        if page.kind == "settings":
            return _part(self._engine.reconfigure.rows(), page)
        services = self._engine.services
        if page.kind in details.KINDS:
            return details.query(services.catalog, page)
        if page.kind == "evidence":
            return Page((evidence_document(services.catalog, page.feed_id or 0),), None)
        if page.kind == "groups":
            return groups(services.catalog, page)
        if page.kind == "history":
            return history(services.catalog, page)
        if page.kind == "entry":
            return entry(services.catalog, page)
        return pages.query(services.catalog, page, now=services.clock.now_ms())

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``; the next snapshot shows its effect."""
        result = self._engine.commands.apply(command)
        self._engine.governor.renew()
        return result


def _part(rows: list[ShownSetting], page: PageRequest) -> Page:
    """Return one page of the settings; ``after`` counts them."""
    end = page.after + max(1, page.limit)
    found = tuple(msgspec.to_builtins(row) for row in rows[page.after : end])
    return Page(found, end if end < len(rows) else None)
