"""The audit of settings: which key meant what, from when on."""

from __future__ import annotations

from sqlalchemy import insert

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema_audit import setting_change
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.setting_writes import RecordSettings

_RECORD = Statement(lambda: insert(setting_change), ("at", "key", "old", "new", "source"))


def record_settings(changes: Changes, write: RecordSettings) -> None:
    """Write a row for each key."""
    for change in write.changes:
        _RECORD.run(
            changes.cursor,
            at=write.at,
            key=change.key,
            old=change.old,
            new=change.new,
            source=write.source,
        )
