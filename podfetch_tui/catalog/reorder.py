"""Moving the episodes of a feed that wait, when the feed's priority changes."""

from __future__ import annotations

import sqlite3

from sqlalchemy import bindparam, func, update

from podfetch_tui.catalog.schema import episode
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.catalog.turn import shift

_REORDER = Statement(
    lambda: (
        update(episode)
        .where(
            episode.c.feed_id == bindparam("row"),
            episode.c.next_attempt_at <= bindparam("now"),
        )
        .values(
            next_attempt_at=func.max(
                0, func.min(episode.c.next_attempt_at + bindparam("by"), bindparam("now"))
            )
        )
    )
)


def reorder(cursor: sqlite3.Cursor, feed_id: int, *, old: int, new: int, now: int) -> None:
    """Move what is due of a feed from the turn of priority ``old`` to that of ``new``.

    Args:
        cursor: Of the writing connection.
        feed_id: The feed.
        old: Priority before.
        new: Priority from now on.
        now: UTC milliseconds.
    """
    if old != new:
        _REORDER.run(cursor, row=feed_id, by=shift(old, new), now=now)
