"""Rows for people and programs: pages in the shape of the command line's JSON.

Keyset pages by id; a page is one short read transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.page_statements import LISTS, SEPARATOR, TIMES, page_of
from podfetch_tui.catalog.schema import (
    episode,
    episode_key,
    episode_note,
    feed,
    feed_note,
    feed_url,
    list_source,
)
from podfetch_tui.catalog.schema_audit import outcome
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.system.times import rfc3339

PAGE = 500
_DISORDER = 2_000
"""Outcomes are written in the order they were submitted: one may stand so far from its time."""
_Row = dict[str, JsonValue]

_SINCE = Statement(
    lambda: select(
        func.min(
            select(outcome.c.id.label("id"))
            .where(outcome.c.at >= bindparam("since"))
            .order_by(outcome.c.at)
            .limit(_DISORDER)
            .subquery()
            .c.id
        )
    )
)
_NEWEST = Statement(
    lambda: select(
        func.min(
            select(outcome.c.id.label("id"))
            .where(outcome.c.id >= bindparam("first"), outcome.c.at >= bindparam("since"))
            .order_by(outcome.c.id.desc())
            .limit(bindparam("most"))
            .subquery()
            .c.id
        )
    )
)


def query(catalog: Catalog, request: PageRequest) -> Page:
    """Return one page of rows.

    Raises:
        UsageError: There are no rows of that kind.
        Failure: The catalogue could not be read.
    """
    page = page_of(
        request.kind,
        feed_id=request.feed_id is not None,
        state=bool(request.state),
        text=bool(request.text),
    )
    if page is None:
        raise UsageError(f"there are no rows of kind {request.kind!r}")
    with catalog.reader().cursor() as cursor:
        found = page.answer.rows(
            cursor,
            after=request.after,
            most=request.limit,
            feed=request.feed_id,
            wanted=request.state,
            part=request.text,
        )
    rows = tuple(_row(page.names, values) for values in found)
    return Page(rows, int(found[-1][0]) if found and len(found) == request.limit else None)


def rows(catalog: Catalog, request: PageRequest, *, limit: int | None = None) -> Iterator[_Row]:
    """Yield all rows of a kind, at most ``limit``, a page at a time; raises as :func:`query`."""
    after, left = request.after, limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = query(catalog, msgspec.structs.replace(request, after=after, limit=size))
        yield from page.rows
        left = None if left is None else left - len(page.rows)
        if page.next_after is None:
            return
        after = page.next_after


def events(catalog: Catalog, *, since: int = 0, limit: int | None = None) -> Iterator[_Row]:
    """Yield outcomes at or after ``since`` as events, oldest first; the newest ``limit``.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        (first,) = _SINCE.first(cursor, since=since)
        if first is not None and limit is not None:
            (first,) = _NEWEST.first(cursor, first=first, since=since, most=limit)
    if first is None:
        return
    earliest = rfc3339(since)
    for row in rows(catalog, PageRequest(kind="events", after=first - 1)):
        if str(row["at"]) >= earliest:
            yield row


def feed_ids(catalog: Catalog, *, state: FeedState | None = None) -> tuple[int, ...]:
    """Return the ids of all feeds, or of those in ``state``."""
    statement = select(feed.c.id).order_by(feed.c.id)
    if state is not None:
        statement = statement.where(feed.c.state == state.value)
    return tuple(int(values[0]) for values in _fetch(catalog, statement))


def feed_by_id(catalog: Catalog, feed_id: int) -> int | None:
    """Return ``feed_id`` if there is such a feed."""
    return _one(catalog, select(feed.c.id).where(feed.c.id == feed_id))


def feed_by_url(catalog: Catalog, url: str) -> int | None:
    """Return the feed that is, or was once, at ``url`` (normalised)."""
    found = _one(catalog, select(feed.c.id).where(feed.c.url == url))
    if found is not None:
        return found
    once = select(feed_url.c.feed_id).where(feed_url.c.url == url)
    return _one(catalog, once.order_by(feed_url.c.until.desc()).limit(1))


def episode_ids(catalog: Catalog, *, state: EpisodeState) -> tuple[int, ...]:
    """Return the ids of the episodes in ``state``."""
    statement = select(episode.c.id).where(episode.c.state == state.value).order_by(episode.c.id)
    return tuple(int(values[0]) for values in _fetch(catalog, statement))


def episode_by_id(catalog: Catalog, episode_id: int) -> int | None:
    """Return ``episode_id`` if there is such an episode."""
    return _one(catalog, select(episode.c.id).where(episode.c.id == episode_id))


def episode_by_url(catalog: Catalog, url: str) -> int | None:
    """Return the first episode with this enclosure URL; a scan, for the command line only."""
    statement = select(episode.c.id).where(episode.c.enclosure_url == url)
    return _one(catalog, statement.order_by(episode.c.id).limit(1))


def feed_detail(catalog: Catalog, feed_id: int) -> _Row:
    """Return a feed's row with its history, lists and channel facts."""
    (row,) = query(catalog, PageRequest(kind="feeds", after=feed_id - 1, limit=1)).rows
    note = _fetch(catalog, select(feed_note.c.metadata).where(feed_note.c.feed_id == feed_id))
    urls = select(feed_url.c.url, feed_url.c.until).where(feed_url.c.feed_id == feed_id)
    sources = select(list_source.c.list, list_source.c.line).where(list_source.c.feed_id == feed_id)
    folder = _fetch(catalog, select(feed.c.folder).where(feed.c.id == feed_id))
    row["folder"] = folder[0][0]
    row["earlier_urls"] = [{"url": u, "until": rfc3339(at)} for u, at in _fetch(catalog, urls)]
    row["lists"] = [{"list": name, "line": line} for name, line in _fetch(catalog, sources)]
    row["metadata"] = msgspec.json.decode(note[0][0]) if note and note[0][0] else None
    return row


def episode_detail(catalog: Catalog, episode_id: int) -> _Row:
    """Return an episode's row with its note and the keys it is known by."""
    (row,) = query(catalog, PageRequest(kind="episodes", after=episode_id - 1, limit=1)).rows
    keys = select(episode_key.c.reason, episode_key.c.text).where(
        episode_key.c.feed_id == row["feed_id"], episode_key.c.episode_id == episode_id
    )
    note = select(episode_note.c.note).where(episode_note.c.episode_id == episode_id)
    row["keys"] = [{"reason": reason, "text": text} for reason, text in _fetch(catalog, keys)]
    found = _fetch(catalog, note)
    row["note"] = msgspec.json.decode(found[0][0]) if found else None
    return row


def _fetch(catalog: Catalog, statement: Select[Any]) -> list[list[Any]]:
    with catalog.reader().cursor() as cursor:
        return Answer(lambda: statement, list[Any]).rows(cursor)


def _one(catalog: Catalog, statement: Select[Any]) -> int | None:
    found = _fetch(catalog, statement)
    return int(found[0][0]) if found else None


def _row(names: tuple[str, ...], values: list[Any]) -> _Row:
    row: _Row = dict(zip(names, values, strict=True))
    for name in TIMES.intersection(names):
        at = row[name]
        row[name] = rfc3339(at) if isinstance(at, int) else None
    for name in LISTS.intersection(names):
        members = row[name]
        row[name] = list(members.split(SEPARATOR)) if isinstance(members, str) else []
    return row
