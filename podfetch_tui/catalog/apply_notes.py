"""Writing down what somebody did that changes no row of its own: a probe, another limit."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select, update

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema_audit import operator_action
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.decisions import Decided, NoteAction
from podfetch_tui.model.setting_writes import SettingChange
from podfetch_tui.system.decoding import from_json

_NAMES = ("id", "action", "actor", "at", "was", "became", "undone_at")
_NEWEST = Statement(
    lambda: (
        select(*(operator_action.c[name] for name in _NAMES))
        .order_by(operator_action.c.id.desc())
        .limit(1)
    )
)
_GO_ON = Statement(
    lambda: update(operator_action).where(operator_action.c.id == bindparam("row")),
    ("at", "detail", "became"),
)


def note_action(changes: Changes, write: NoteAction) -> Decided:
    """Write a note down, or make it part of the newest action that it goes on with."""
    changes.settle()
    joined = _go_on(changes, write) if write.joins_ms else None
    if joined is not None:
        return joined
    number = record_action(
        changes,
        write.action,
        at=write.at,
        actor=write.actor,
        feed_id=write.feed_id,
        detail=write.detail,
        was=write.was,
        became=write.became,
    )
    return Decided((), operation=number)


def _go_on(changes: Changes, write: NoteAction) -> Decided | None:
    """Let the newest action lead to what ``write`` leads to, if they are steps of one decision.

    One that leads back to where it began stays two: the audit shows that there was something.
    """
    newest = _NEWEST.first(changes.cursor)
    if newest is None:
        return None
    row = dict(zip(_NAMES, newest, strict=True))
    is_near = 0 <= write.at - row["at"] <= write.joins_ms and row["undone_at"] is None
    if not is_near or (row["action"], row["actor"]) != (write.action, write.actor):
        return None
    first, last = _values(row["was"]), _values(row["became"])
    if last != write.was or first == write.became:
        return None
    detail = ", ".join(
        SettingChange(key=key, old=first[key], new=value).text
        for key, value in write.became.items()
    )
    became = msgspec.json.encode(write.became).decode()
    _GO_ON.run(changes.cursor, row=row["id"], at=write.at, detail=detail, became=became)
    return Decided((), operation=row["id"], detail=detail)


def _values(text: str) -> dict[str, str]:
    return from_json(text, dict[str, str]) if text else {}
