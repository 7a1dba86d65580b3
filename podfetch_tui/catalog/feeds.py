"""Reading feeds: which are due, and one by its id."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.rows import FeedRow, feed_columns, to_feed
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.feed import Feed, FeedState

_DUE = Answer(
    lambda: (
        select(*feed_columns())
        .where(
            feed.c.state == FeedState.ACTIVE.value,
            feed.c.priority == bindparam("priority"),
            feed.c.next_poll_at <= bindparam("now"),
        )
        .order_by(feed.c.next_poll_at)
        .limit(bindparam("most"))
    ),
    FeedRow,
)
_NEXT_PRIORITY = Statement(
    lambda: select(func.max(feed.c.priority)).where(
        feed.c.state == FeedState.ACTIVE.value, feed.c.priority < bindparam("below")
    )
)
_NEXT_AT = Statement(
    lambda: select(func.min(feed.c.next_poll_at)).where(
        feed.c.state == FeedState.ACTIVE.value, feed.c.priority == bindparam("priority")
    )
)
_BY_ID = Answer(
    lambda: select(*feed_columns()).where(
        feed.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    ),
    FeedRow,
)
_IN_STATE = Answer(
    lambda: (
        select(feed.c.id, feed.c.state_reason)
        .where(feed.c.state == bindparam("wanted"))
        .order_by(feed.c.id)
    ),
    tuple[int, str],
)
_TOP = 2**62


def due_feeds(
    catalog: Catalog, now: int, limit: int, *, exclude: Collection[int] = ()
) -> list[Feed]:
    """Return active feeds whose time has come: highest priority first, then the latest.

    A feed with an open breaker is due when its cool-down ends, which is its ``next_poll_at``.

    Args:
        catalog: An open catalogue.
        now: UTC milliseconds.
        limit: At most so many.
        exclude: Feeds that are queued or running.

    Raises:
        Failure: The catalogue could not be read.
    """
    found: list[Feed] = []
    with catalog.reader().cursor() as cursor:
        for priority in _priorities(cursor):
            most = limit - len(found) + len(exclude)
            rows = _DUE.rows(cursor, priority=priority, now=now, most=most)
            found += [to_feed(row) for row in rows if row.id not in exclude]
            if len(found) >= limit:
                break
    return found[:limit]


def next_due_at(catalog: Catalog) -> int | None:
    """Return when the next active feed is due, in UTC milliseconds; ``None`` if there is none.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        times = [_NEXT_AT.first(cursor, priority=p)[0] for p in _priorities(cursor)]
    return min(times, default=None)


def get_feed(catalog: Catalog, feed_id: int) -> Feed | None:
    """Return one feed, or ``None``. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return feeds_by_id(cursor, (feed_id,)).get(feed_id)


def feeds_by_id(cursor: sqlite3.Cursor, feed_ids: Iterable[int]) -> dict[int, Feed]:
    """Return those of some feeds that exist, by id."""
    ids = msgspec.json.encode(sorted(set(feed_ids))).decode()
    return {row.id: to_feed(row) for row in _BY_ID.rows(cursor, ids=ids)}


def ids_in_state(
    catalog: Catalog, state: FeedState, *, reason: str | None = None
) -> tuple[int, ...]:
    """Return the ids of all feeds in ``state``, or of those for one reason.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _IN_STATE.rows(cursor, wanted=state.value)
    return tuple(number for number, why in found if reason is None or why == reason)


def _priorities(cursor: sqlite3.Cursor) -> Iterable[int]:
    """Yield the priorities of active feeds, highest first: a jump in the index for each."""
    below = _TOP
    while True:
        (priority,) = _NEXT_PRIORITY.first(cursor, below=below)
        if priority is None:
            return
        yield priority
        below = priority
