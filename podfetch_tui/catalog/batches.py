"""Reading batches that a process before this one did not finish, and the pace of polling."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from podfetch_tui.catalog.feeds import feeds_by_id
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.schema_audit import batch, batch_feed
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.feed import Feed, FeedState


class OpenBatch(msgspec.Struct, frozen=True):
    """A batch that was begun and not finished."""

    id: int
    planned_at: int
    feeds: tuple[Feed, ...]
    """Those that were not polled since it was planned."""


_OPEN = Answer(
    lambda: (
        select(batch.c.id, batch.c.planned_at)
        .where(batch.c.finished_at.is_(None))
        .order_by(batch.c.id)
        .limit(1000)
    ),
    tuple[int, int],
)
_LEFT = Answer(
    lambda: (
        select(batch_feed.c.feed_id)
        .join_from(batch_feed, feed, feed.c.id == batch_feed.c.feed_id)
        .where(
            batch_feed.c.batch_id == bindparam("row"),
            feed.c.next_poll_at <= bindparam("planned_at"),
            feed.c.state == FeedState.ACTIVE.value,
        )
    ),
    tuple[int],
)
_LAST = Statement(lambda: select(func.max(batch.c.id)))
# What a feed's own interval is, its last two times say; one that was made due says nothing.
_NORMAL = Statement(
    lambda: select(
        func.sum(
            1000.0 / func.max(feed.c.next_poll_at - feed.c.last_poll_at, bindparam("least_ms"))
        )
    ).where(feed.c.state == FeedState.ACTIVE.value, feed.c.breaker == literal_column("'closed'"))
)


def open_batches(catalog: Catalog) -> list[OpenBatch]:
    """Return batches that are not finished, oldest first, with the feeds that are left.

    Every poll that ended moved its feed's next time beyond the batch's beginning: that is
    what tells a finished part from the rest, and no row is written for it.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        found = []
        for number, planned_at in _OPEN.rows(cursor):
            left = [i for (i,) in _LEFT.rows(cursor, row=number, planned_at=planned_at)]
            known = feeds_by_id(cursor, left)
            found.append(OpenBatch(number, planned_at, tuple(known[i] for i in left)))
        return found


def last_batch(catalog: Catalog) -> int:
    """Return the number of the newest batch; 0 if there was none. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return int(_LAST.first(cursor)[0] or 0)


def normal_rate(catalog: Catalog, least_interval_s: float) -> float:
    """Return how many feeds become due in a second when all is well.

    Args:
        catalog: An open catalogue.
        least_interval_s: ``feeds.min_interval``.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        (rate,) = _NORMAL.first(cursor, least_ms=round(least_interval_s * 1000))
    return float(rate or 0.0)
