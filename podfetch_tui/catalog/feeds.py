"""Reading feeds: which are due, and one by its id."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.rows import FeedRow, feed_columns, to_feed
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.feed import Feed, FeedState
from podfetch_tui.policy.priority import turn

_POLLED = (FeedState.ACTIVE, FeedState.QUARANTINED)
"""States whose feeds are polled: the second only to probe, now and then."""
# Only the index is read: the rows of those whose turn it is come after.
_DUE = Answer(
    lambda: (
        select(feed.c.next_poll_at, feed.c.id)
        .where(
            feed.c.state == bindparam("wanted"),
            feed.c.priority == bindparam("priority"),
            feed.c.next_poll_at <= bindparam("now"),
        )
        .order_by(feed.c.next_poll_at)
        .limit(bindparam("most"))
    ),
    tuple[int, int],
)
_DUE_COUNT = Statement(
    lambda: select(func.count()).where(
        feed.c.state == bindparam("wanted"),
        feed.c.priority == bindparam("priority"),
        feed.c.next_poll_at <= bindparam("now"),
    )
)
_NEXT_PRIORITY = Statement(
    lambda: select(func.max(feed.c.priority)).where(
        feed.c.state == bindparam("wanted"), feed.c.priority < bindparam("below")
    )
)
_NEXT_AT = Statement(
    lambda: select(func.min(feed.c.next_poll_at)).where(
        feed.c.state == bindparam("wanted"), feed.c.priority == bindparam("priority")
    )
)
_BY_ID = Answer(
    lambda: select(*feed_columns()).where(
        feed.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    ),
    FeedRow,
)
_PAGE = 1_000
_AFTER = Answer(
    lambda: (
        select(feed.c.id).where(feed.c.id > bindparam("after")).order_by(feed.c.id).limit(_PAGE)
    ),
    tuple[int],
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
    """Return feeds whose time has come, in the order of :func:`policy.priority.turn`.

    A feed with an open breaker is due when its cool-down ends, one in quarantine when it is
    to be probed: both is its ``next_poll_at``.

    Args:
        catalog: An open catalogue.
        now: UTC milliseconds.
        limit: At most so many.
        exclude: Feeds that are queued or running.

    Raises:
        Failure: The catalogue could not be read.
    """
    most = limit + len(exclude)
    turns: list[tuple[int, int]] = []
    with catalog.reader().snapshot() as cursor:
        for state in _POLLED:
            for priority in _priorities(cursor, state):
                rows = _DUE.rows(cursor, wanted=state.value, priority=priority, now=now, most=most)
                turns += [(turn(at, priority), number) for at, number in rows]
        turns.sort()
        ids = [number for _, number in turns if number not in exclude][:limit]
        found = feeds_by_id(cursor, ids)
    return [found[number] for number in ids]


def due_of(
    catalog: Catalog, now: int, feed_ids: Iterable[int], *, exclude: Collection[int] = ()
) -> list[Feed]:
    """Return those of some feeds whose time has come.

    Args:
        catalog: An open catalogue.
        now: UTC milliseconds.
        feed_ids: Which ones, in the order that they are wanted in.
        exclude: Feeds that are queued or running.

    Raises:
        Failure: The catalogue could not be read.
    """
    wanted = [number for number in feed_ids if number not in exclude]
    with catalog.reader().cursor() as cursor:
        found = feeds_by_id(cursor, wanted)
    return [
        feed
        for number in wanted
        if (feed := found.get(number)) is not None
        and feed.state in _POLLED
        and feed.next_poll_at <= now
    ]


def due_count(catalog: Catalog, now: int) -> int:
    """Return how many feeds are due at ``now``. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return sum(
            _DUE_COUNT.first(cursor, wanted=state.value, priority=priority, now=now)[0]
            for state in _POLLED
            for priority in _priorities(cursor, state)
        )


def due_times(cursor: sqlite3.Cursor, now: int, most: int) -> list[int]:
    """Return when active feeds became due, in UTC milliseconds: of each priority the first."""
    return [
        at
        for priority in _priorities(cursor, FeedState.ACTIVE)
        for at, _ in _DUE.rows(
            cursor, wanted=FeedState.ACTIVE.value, priority=priority, now=now, most=most
        )
    ]


def next_due_at(catalog: Catalog) -> int | None:
    """Return when the next feed is due, in UTC milliseconds; ``None`` if there is none.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        times = [
            _NEXT_AT.first(cursor, wanted=state.value, priority=priority)[0]
            for state in _POLLED
            for priority in _priorities(cursor, state)
        ]
    return min(times, default=None)


def get_feed(catalog: Catalog, feed_id: int) -> Feed | None:
    """Return one feed, or ``None``. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return feeds_by_id(cursor, (feed_id,)).get(feed_id)


def feeds_by_id(cursor: sqlite3.Cursor, feed_ids: Iterable[int]) -> dict[int, Feed]:
    """Return those of some feeds that exist, by id."""
    ids = msgspec.json.encode(sorted(set(feed_ids))).decode()
    return {row.id: to_feed(row) for row in _BY_ID.rows(cursor, ids=ids)}


def all_feeds(catalog: Catalog) -> Iterator[Feed]:
    """Yield every feed, in order of ids. Raises :class:`Failure`."""
    after = 0
    while True:
        with catalog.reader().cursor() as cursor:
            page = [number for (number,) in _AFTER.rows(cursor, after=after)]
            found = feeds_by_id(cursor, page)
        for number in page:
            yield found[number]
        if len(page) < _PAGE:
            return
        after = page[-1]


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


def _priorities(cursor: sqlite3.Cursor, state: FeedState) -> Iterable[int]:
    """Yield the priorities of feeds in ``state``, highest first: a jump in the index for each."""
    below = _TOP
    while True:
        (priority,) = _NEXT_PRIORITY.first(cursor, wanted=state.value, below=below)
        if priority is None:
            return
        yield priority
        below = priority
