"""Reading what is set for single feeds."""

from __future__ import annotations

import sqlite3

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed, feed_tag
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.edits import FeedOwn
from podfetch_tui.model.feed import Backlog, BacklogKind

_SEPARATOR = "\x1f"
_TAGS = (
    select(func.group_concat(feed_tag.c.tag, _SEPARATOR))
    .where(feed_tag.c.feed_id == feed.c.id)
    .scalar_subquery()
)


class _Row(msgspec.Struct, array_like=True):
    url: str
    own_title: str
    own_priority: int | None
    interval_s: int | None
    backlog_kind: BacklogKind | None
    backlog_count: int
    backlog_since: int
    user_agent: str
    feed_max: int | None
    allow_private: str
    auth: str
    tags: str | None


_OWN = Answer(
    lambda: select(*(feed.c[name] for name in _Row.__struct_fields__[:-1]), _TAGS).where(
        feed.c.id == bindparam("row")
    ),
    _Row,
)


def feed_own(catalog: Catalog, feed_id: int) -> FeedOwn | None:
    """Return what is set for a feed alone; ``None`` when there is no such feed.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return read_own(cursor, feed_id)


def read_own(cursor: sqlite3.Cursor, feed_id: int) -> FeedOwn | None:
    """Return what is set for a feed alone, on an open cursor."""
    found = _OWN.rows(cursor, row=feed_id)
    if not found:
        return None
    (row,) = found
    backlog = None
    if row.backlog_kind is not None:
        backlog = Backlog(row.backlog_kind, row.backlog_count, row.backlog_since)
    return FeedOwn(
        url=row.url,
        title=row.own_title,
        priority=row.own_priority,
        interval=row.interval_s,
        backlog=backlog,
        user_agent=row.user_agent,
        feed_max=row.feed_max,
        allow_private=tuple(row.allow_private.split()),
        auth=row.auth,
        tags=tuple(sorted(set((row.tags or "").split(_SEPARATOR)) - {""})),
    )
