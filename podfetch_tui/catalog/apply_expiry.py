"""The audit's old rows: outcomes become sums by day and feed, events go.

What an operator did and which settings changed is kept for ever; it is little.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, delete, func, literal_column, select

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema_audit import event, outcome
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.upkeep_writes import ExpireAudit, Expired

DAY_MS = 86_400_000
# The newest row stays: the ids of new ones follow from it.
_OLD = Answer(
    lambda: (
        select(outcome.c.id)
        .where(
            outcome.c.at < bindparam("before"),
            outcome.c.id < select(func.max(outcome.c.id)).scalar_subquery(),
        )
        .order_by(outcome.c.at)
        .limit(bindparam("most"))
    ),
    tuple[int],
)
# What stands is found by the events of its alert, however old they are.
_OLD_EVENTS = Answer(
    lambda: (
        select(event.c.id)
        .where(
            event.c.at < bindparam("before"),
            event.c.kind != literal_column("'alert_raised'"),
            event.c.kind != literal_column("'alert_cleared'"),
        )
        .order_by(event.c.at)
        .limit(bindparam("most"))
    ),
    tuple[int],
)
_SUM_UP = (
    "INSERT INTO outcome_day"
    " (day, feed_id, job, result, code, family, count, bytes, duration_ms)"
    f" SELECT at - at % {DAY_MS} AS day, feed_id, job, result, code, max(family), count(*),"
    " sum(bytes), sum(duration_ms)"
    " FROM outcome WHERE id IN (SELECT value FROM json_each(?))"
    " GROUP BY 1, 2, 3, 4, 5"
    " ON CONFLICT (day, feed_id, job, result, code) DO UPDATE SET"
    " count = count + excluded.count, bytes = bytes + excluded.bytes,"
    " duration_ms = duration_ms + excluded.duration_ms"
)
_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
_FORGET = Statement(lambda: delete(outcome).where(outcome.c.id.in_(_IDS)))
_FORGET_EVENTS = Statement(lambda: delete(event).where(event.c.id.in_(_IDS)))


def expire_audit(changes: Changes, write: ExpireAudit) -> Expired:
    """Sum up and delete what is old, a part at a time; return how many rows that were."""
    changes.settle()
    cursor, values = changes.cursor, {"before": write.before, "most": write.most}
    ids = [number for (number,) in _OLD.rows(cursor, **values)]
    if ids:
        members = msgspec.json.encode(ids).decode()
        cursor.execute(_SUM_UP, (members,))
        _FORGET.run(cursor, ids=members)
    events = [number for (number,) in _OLD_EVENTS.rows(cursor, **values)]
    if events:
        _FORGET_EVENTS.run(cursor, ids=msgspec.json.encode(events).decode())
    return Expired(len(ids), len(events))
