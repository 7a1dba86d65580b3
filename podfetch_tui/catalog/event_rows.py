"""What happened that no outcome says: one row an event."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import (
    Select,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.filter_columns import feed_title
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.schema_audit import event, operator_action
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.system.times import rfc3339

ACTED = "operator_acted"
"""Kind of what an operator did."""
_NO_LIMIT = -1


class EventRow(msgspec.Struct, array_like=True):
    """An event, or an action as one."""

    id: int
    at: int
    kind: str
    feed_id: int | None
    episode_id: int | None
    family: str | None
    code: str
    text: str
    feed_title: str | None
    episode_title: str | None


_PLAIN = ("id", "at", "kind", "feed_id", "episode_id", "family", "code", "text")


def _newest(
    of: Table, *columns: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> Select[Any]:
    return (
        select(*columns, func.nullif(feed_title(), ""), func.nullif(episode.c.title, ""))
        .select_from(
            of.outerjoin(feed, feed.c.id == of.c.feed_id).outerjoin(
                episode, episode.c.id == of.c.episode_id
            )
        )
        .where(of.c.at >= bindparam("since"), true() if where is None else where)
        .order_by(of.c.at.desc(), of.c.id.desc())
        .limit(bindparam("most"))
    )


def newest_events() -> Select[Any]:
    """Return the statement of the newest ``most`` events since ``since``, as :class:`EventRow`."""
    return _newest(event, *(event.c[name] for name in _PLAIN))


# What was done, by whom, and why where somebody said so.
_DONE = (
    func.replace(operator_action.c.action, literal_column("'_'"), literal_column("' '"))
    .concat(literal_column("' by '"))
    .concat(operator_action.c.actor)
    .concat(
        case(
            (
                operator_action.c.detail != literal_column("''"),
                literal_column("': '").concat(operator_action.c.detail),
            ),
            else_=literal_column("''"),
        )
    )
)


def newest_actions() -> Select[Any]:
    """Return the statement of the newest ``most`` actions since ``since``, as events."""
    return _newest(
        operator_action,
        operator_action.c.id,
        operator_action.c.at,
        literal_column(f"'{ACTED}'").label("kind"),
        operator_action.c.feed_id,
        operator_action.c.episode_id,
        null().label("family"),
        operator_action.c.action,
        _DONE.label("text"),
        # Of feeds that were decided about one event tells, for the whole operation.
        where=or_(
            operator_action.c.became == literal_column("''"),
            operator_action.c.feed_id.is_(None),
            operator_action.c.action == literal_column("'edit_feed'"),
        ),
    )


_EVENTS = Answer(newest_events, EventRow)
_ACTIONS = Answer(newest_actions, EventRow)
_HOLDS = or_(
    operator_action.c.action == literal_column("'snooze_feed'"),
    operator_action.c.action == literal_column("'quarantine_feed'"),
)
UNTIL = case(
    (
        _HOLDS,
        func.json_extract(
            func.nullif(operator_action.c.became, literal_column("''")),
            literal_column("'$.next_poll_at'"),
        ),
    ),
    else_=null(),
).label("until")
"""Until when an action left its feed alone, UTC milliseconds."""
_RECORD = Statement(lambda: insert(event), ("at", "kind", "feed_id", "family", "code", "text"))


def record_event(
    changes: Changes,
    kind: str,
    text: str,
    *,
    at: int,
    feed_id: int | None = None,
    family: str | None = None,
    code: str = "",
) -> None:
    """Write an event down.

    Args:
        changes: The transaction it belongs to.
        kind: A stable word: ``list_held``.
        text: One line for people, without secrets.
        at: UTC milliseconds.
        feed_id: The feed it is about, if it is about one.
        family: The family of a failure, if it is one.
        code: A stable word for why, if there is one.
    """
    _RECORD.run(
        changes.cursor, at=at, kind=kind, feed_id=feed_id, family=family, code=code, text=text
    )


def recorded_events(
    cursor: sqlite3.Cursor, *, since: int = 0, limit: int | None = None
) -> Iterator[dict[str, JsonValue]]:
    """Yield the newest ``limit`` events at or after ``since``, and operators' actions, by time.

    Actions that an event tells of are left out. They have the keys of outcomes that are shown
    as events. Their ids are below zero, so that no outcome has the same: even ones are events,
    odd ones actions.
    """
    values = {"since": since, "most": _NO_LIMIT if limit is None else limit}
    events = [
        event_shown(row, number_of_event(row.id))
        for row in reversed(_EVENTS.rows(cursor, **values))
    ]
    actions = [
        event_shown(row, number_of_action(row.id))
        for row in reversed(_ACTIONS.rows(cursor, **values))
    ]
    return heapq.merge(events, actions, key=lambda row: str(row["at"]))


def number_of_event(row_id: int) -> int:
    """Return the id that an event has beside outcomes."""
    return -2 * row_id


def number_of_action(row_id: int) -> int:
    """Return the id that an operator's action has among events."""
    return -2 * row_id - 1


def event_shown(row: EventRow, number: int) -> dict[str, JsonValue]:
    """Return ``row`` with the keys of an outcome that is shown as an event."""
    return {
        "id": number,
        "at": rfc3339(row.at),
        "kind": row.kind,
        "feed_id": row.feed_id,
        "episode_id": row.episode_id,
        "family": row.family,
        "code": row.code,
        "text": row.text,
        "feed_title": row.feed_title,
        "episode_title": row.episode_title,
    }
