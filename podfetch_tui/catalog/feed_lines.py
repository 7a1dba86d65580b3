"""Feeds as the lines of a feed list: what an import into another archive needs to know."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from sqlalchemy import Select, bindparam, case, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed, feed_tag
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.writes import NewFeed

_PAGE = 1_000
_MEMBERS, _PARTS = "\x1f", "\x1e"


class _Row(msgspec.Struct, array_like=True):
    id: int
    url: str
    title: str
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
    state: FeedState
    state_reason: str
    tags: str | None
    """``list depth tag``, of all lists."""


def _page() -> Select[tuple[object, ...]]:
    member = feed_tag.c.list.concat(_PARTS).concat(feed_tag.c.depth).concat(_PARTS)
    tags = (
        select(func.group_concat(member.concat(feed_tag.c.tag), _MEMBERS))
        .where(feed_tag.c.feed_id == feed.c.id)
        .scalar_subquery()
    )
    title = case(
        (feed.c.own_title != "", feed.c.own_title),
        (feed.c.title != "", feed.c.title),
        else_=feed.c.name,
    )
    plain = [feed.c[name] for name in _Row.__struct_fields__[3:-1]]
    return (
        select(feed.c.id, feed.c.url, title.label("title"), *plain, tags.label("tags"))
        .where(feed.c.id > bindparam("after"))
        .order_by(feed.c.id)
        .limit(bindparam("most"))
    )


_LINES = Answer(_page, _Row)


def feed_lines(catalog: Catalog, *, only: Collection[int] | None = None) -> Iterator[NewFeed]:
    """Yield all feeds in the order of their ids, or only some, as lines of a list.

    Raises:
        Failure: The catalogue could not be read.
    """
    wanted = None if only is None else frozenset(only)
    after = 0
    while True:
        with catalog.reader().cursor() as cursor:
            rows = _LINES.rows(cursor, after=after, most=_PAGE)
        for row in rows:
            if wanted is None or row.id in wanted:
                yield _line(row)
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _line(row: _Row) -> NewFeed:
    folders, tags = _tags(row.tags or "")
    backlog = None
    if row.backlog_kind is not None:
        backlog = Backlog(row.backlog_kind, row.backlog_count, row.backlog_since)
    is_active = row.state is FeedState.ACTIVE
    return NewFeed(
        url=row.url,
        title=row.title,
        own_title=row.own_title,
        priority=row.own_priority,
        tags=(*folders, *tags),
        folders=len(folders),
        interval=row.interval_s,
        backlog=backlog,
        enabled=is_active,
        state=None if is_active else row.state,
        state_reason="" if is_active else row.state_reason,
        user_agent=row.user_agent,
        feed_max=row.feed_max,
        allow_private=tuple(row.allow_private.split()),
        auth=row.auth,
    )


def _tags(members: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders of the first list that has some, and all other tags."""
    paths: dict[str, list[tuple[int, str]]] = {}
    tags: set[str] = set()
    for member in members.split(_MEMBERS) if members else ():
        name, depth, tag = member.split(_PARTS)
        tags.add(tag)
        if depth != "0":
            paths.setdefault(name, []).append((int(depth), tag))
    path = sorted(paths[min(paths)]) if paths else []
    folders = tuple(dict.fromkeys(tag for _, tag in path))
    return folders, tuple(sorted(tags.difference(folders)))
