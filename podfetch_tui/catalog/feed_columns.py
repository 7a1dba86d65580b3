"""The columns of a feed that decisions change, read and put back as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select, update

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Statement

STATE = (
    "state",
    "state_reason",
    "state_at",
    "quarantined_at",
    "snoozed_until",
    "probes",
)
HEALTH = (
    "breaker",
    "consecutive_failures",
    "opened",
    "open_until",
    "first_failure_at",
    "last_success_at",
    "last_error",
    "last_family",
    "last_status",
    "probation",
    "next_poll_at",
)
COLUMNS = (*STATE, *HEALTH)
_THIS = feed.c.id == bindparam("row")
_READ = Statement(lambda: select(*(feed.c[n] for n in COLUMNS), feed.c.merged_into).where(_THIS))
_PUT = Statement(lambda: update(feed).where(_THIS), COLUMNS)


def columns_of(changes: Changes, feed_id: int) -> dict[str, Any] | None:
    """Return :data:`COLUMNS` and ``merged_into`` of a feed, by name; ``None``: it is not known."""
    found = _READ.first(changes.cursor, row=feed_id)
    return None if found is None else dict(zip((*COLUMNS, "merged_into"), found, strict=True))


def put_columns(changes: Changes, feed_id: int, values: Mapping[str, Any]) -> None:
    """Set those of :data:`COLUMNS` that ``values`` has; the others stay."""
    now = columns_of(changes, feed_id) or {}
    _PUT.run(changes.cursor, row=feed_id, **{name: values.get(name, now[name]) for name in COLUMNS})
    changes.forget(feed_id)
