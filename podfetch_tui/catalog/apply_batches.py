"""Writing down which feeds are polled together, and the priorities that follow from tags."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.reorder import reorder
from podfetch_tui.catalog.schema import feed, feed_tag
from podfetch_tui.catalog.schema_audit import batch, batch_feed
from podfetch_tui.catalog.statements import Answer, Statement, bulk_insert
from podfetch_tui.model.writes import ApplyPriorities, FinishBatch, PlanBatch

_KEPT = 1000
"""Finished batches that are remembered."""
_PLAN = Statement(lambda: insert(batch), ("id", "planned_at", "feeds"))
_FEEDS = bulk_insert("batch_feed", ("batch_id", "feed_id"))
_FINISH = Statement(lambda: update(batch).where(batch.c.id == bindparam("row")), ("finished_at",))
_FORGET_FEEDS = Statement(
    lambda: delete(batch_feed).where(batch_feed.c.batch_id == bindparam("row"))
)
_FORGET_OLD = Statement(
    lambda: delete(batch).where(
        batch.c.id
        <= select(batch.c.id)
        .where(batch.c.finished_at.is_not(None))
        .order_by(batch.c.id.desc())
        .limit(1)
        .offset(_KEPT)
        .scalar_subquery(),
        batch.c.finished_at.is_not(None),
    )
)


def plan_batch(changes: Changes, write: PlanBatch) -> None:
    """Remember a batch and its feeds."""
    _PLAN.run(changes.cursor, id=write.batch_id, planned_at=write.at, feeds=len(write.feed_ids))
    _FEEDS.run(changes.cursor, [(write.batch_id, feed_id) for feed_id in write.feed_ids])


def finish_batch(changes: Changes, write: FinishBatch) -> None:
    """Close a batch; its feeds need not be remembered any more."""
    _FINISH.run(changes.cursor, row=write.batch_id, finished_at=write.at)
    _FORGET_FEEDS.run(changes.cursor, row=write.batch_id)
    _FORGET_OLD.run(changes.cursor)


_RULES = func.json_each(bindparam("rules")).table_valued("key", "value")
_BY_TAG = (
    select(func.max(_RULES.c.value))
    .select_from(feed_tag.join(_RULES, _RULES.c.key == feed_tag.c.tag))
    .where(feed_tag.c.feed_id == feed.c.id)
    .correlate(feed)
    .scalar_subquery()
)
_WRONG = Answer(
    lambda: select(feed.c.id, feed.c.priority, func.coalesce(_BY_TAG, 0).label("wanted")).where(
        feed.c.own_priority.is_(None), feed.c.priority != func.coalesce(_BY_TAG, 0)
    ),
    tuple[int, int, int],
)
_SET = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("priority",))


def apply_priorities(changes: Changes, write: ApplyPriorities) -> None:
    """Set the priorities that follow from tags where they differ from what stands."""
    changes.settle()
    highest: dict[str, int] = {}
    for tag, number in write.rules:
        highest[tag] = max(number, highest.get(tag, number))
    rules = msgspec.json.encode(highest).decode()
    for feed_id, old, new in _WRONG.rows(changes.cursor, rules=rules):
        _SET.run(changes.cursor, row=feed_id, priority=new)
        reorder(changes.cursor, feed_id, old=old, new=new, now=changes.now)
        changes.forget(feed_id)
