"""Rows for people and programs: pages in the shape of the command line's JSON.

Keyset pages by id; a page is one short read transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import (
    episode,
    episode_key,
    episode_note,
    feed,
    feed_note,
    feed_tag,
    feed_url,
    list_source,
    media,
)
from podfetch_tui.catalog.schema_audit import derivative, outcome
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.system.times import rfc3339

PAGE = 500
_Row = dict[str, JsonValue]
_TIMES = frozenset({"last_success_at", "next_poll_at", "published_at", "at"})
_LISTS = frozenset({"tags", "derivatives"})
_SEPARATOR = "\x1f"
_EVENT_KINDS = {
    ("poll", "success"): "feed_polled",
    ("poll", "failure"): "feed_failed",
    ("poll", "deferred"): "feed_deferred",
    ("poll", "stopped"): "feed_stopped",
    ("download", "success"): "episode_archived",
    ("download", "partial"): "episode_partial",
    ("download", "failure"): "episode_failed",
    ("download", "deferred"): "episode_deferred",
    ("download", "stopped"): "episode_stopped",
    ("derive", "success"): "episode_derived",
    ("derive", "partial"): "episode_partial",
    ("derive", "failure"): "episode_partial",
}


def query(catalog: Catalog, request: PageRequest) -> Page:
    """Return one page of rows.

    Raises:
        UsageError: There are no rows of that kind.
        Failure: The catalogue could not be read.
    """
    build = {"feeds": _feeds, "episodes": _episodes, "events": _events}.get(request.kind)
    if build is None:
        raise UsageError(f"there are no rows of kind {request.kind!r}")
    names, statement = build(request)
    found = _fetch(catalog, statement)
    page = tuple(_row(names, values) for values in found)
    last = found[-1][0] if len(found) == request.limit else None
    return Page(page, int(last) if last is not None else None)


def rows(catalog: Catalog, request: PageRequest, *, limit: int | None = None) -> Iterator[_Row]:
    """Return all rows of a kind, at most ``limit``, a page at a time."""
    after, left = request.after, limit
    while True:
        size = PAGE if left is None else min(PAGE, left)
        page = query(
            catalog,
            PageRequest(
                kind=request.kind,
                after=after,
                limit=size,
                feed_id=request.feed_id,
                state=request.state,
                text=request.text,
            ),
        )
        yield from page.rows
        left = None if left is None else left - len(page.rows)
        if page.next_after is None or left == 0:
            return
        after = page.next_after


def events(catalog: Catalog, *, since: int = 0, limit: int | None = None) -> Iterator[_Row]:
    """Return outcomes at or after ``since`` as events, oldest first; the newest ``limit``."""
    start = 0
    if since or limit is not None:
        statement = select(outcome.c.id).where(outcome.c.at >= since)
        if limit is None:
            statement = statement.order_by(outcome.c.id).limit(1)
        else:
            statement = statement.order_by(outcome.c.id.desc()).limit(limit)
        found = _fetch(catalog, statement)
        if not found:
            return
        start = int(found[-1][0]) - 1
    yield from rows(catalog, PageRequest(kind="events", after=start))


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
    return _one(catalog, select(feed_url.c.feed_id).where(feed_url.c.url == url).limit(1))


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
    row["metadata"] = note[0][0] if note else None
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
    row["note"] = found[0][0] if found else None
    return row


def _fetch(catalog: Catalog, statement: Select[Any]) -> list[list[Any]]:
    with catalog.reader().cursor() as cursor:
        return Answer(lambda: statement, list[Any]).rows(cursor)


def _one(catalog: Catalog, statement: Select[Any]) -> int | None:
    found = _fetch(catalog, statement)
    return int(found[0][0]) if found else None


def _row(names: list[str], values: list[Any]) -> _Row:
    row: _Row = {}
    for name, value in zip(names, values, strict=True):
        if name in _TIMES:
            row[name] = None if value is None else rfc3339(value)
        elif name in _LISTS:
            row[name] = value.split(_SEPARATOR) if value else []
        else:
            row[name] = value
    return row


def _feed_title() -> ColumnElement[str]:
    return case((feed.c.name != "", feed.c.name), else_=feed.c.title)


def _feeds(request: PageRequest) -> tuple[list[str], Select[Any]]:
    tags = (
        select(func.group_concat(feed_tag.c.tag, _SEPARATOR))
        .where(feed_tag.c.feed_id == feed.c.id)
        .correlate(feed)
        .scalar_subquery()
    )
    plain = [
        "state",
        "state_reason",
        "breaker",
        "consecutive_failures",
        "last_error",
        "last_family",
        "last_status",
        "last_success_at",
        "next_poll_at",
        "priority",
    ]
    counters = ["episodes", "archived", "pending", "failed", "bytes"]
    names = ["id", "url", "title", *plain, "tags", *counters]
    statement = select(
        feed.c.id,
        feed.c.url,
        _feed_title().label("title"),
        *(feed.c[name] for name in plain),
        tags.label("tags"),
        *(feed.c[name] for name in counters),
    ).where(feed.c.id > request.after)
    if request.feed_id is not None:
        statement = statement.where(feed.c.id == request.feed_id)
    if request.state:
        statement = statement.where(feed.c.state == request.state)
    if request.text:
        wanted = f"%{request.text}%"
        statement = statement.where(_feed_title().like(wanted) | feed.c.url.like(wanted))
    return names, statement.order_by(feed.c.id).limit(request.limit)


def _episodes(request: PageRequest) -> tuple[list[str], Select[Any]]:
    made = (
        select(func.group_concat(derivative.c.kind + ":" + derivative.c.state, _SEPARATOR))
        .where(derivative.c.episode_id == episode.c.id)
        .correlate(episode)
        .scalar_subquery()
    )
    columns: dict[str, ColumnElement[Any]] = {
        "id": episode.c.id,
        "feed_id": episode.c.feed_id,
        "feed_url": feed.c.url,
        "guid": episode.c.guid,
        "title": episode.c.title,
        "published_at": episode.c.published,
        "state": episode.c.state,
        "path": func.coalesce(func.nullif(episode.c.path, ""), func.nullif(media.c.path, "")),
        "bytes": media.c.bytes,
        "sha256": func.lower(func.nullif(func.hex(media.c.sha256), "")),
        "media_type": func.coalesce(
            func.nullif(media.c.media_type, ""), func.nullif(episode.c.enclosure_type, "")
        ),
        "duration_s": media.c.duration_s,
        "validity": media.c.validity,
        "attempts": episode.c.attempts,
        "family": func.nullif(episode.c.family, ""),
        "error": func.nullif(episode.c.error, ""),
        "derivatives": made,
        "enclosure_url": episode.c.enclosure_url,
    }
    statement = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(
            episode.join(feed, feed.c.id == episode.c.feed_id).outerjoin(
                media, media.c.id == episode.c.media_id
            )
        )
        .where(episode.c.id > request.after)
    )
    if request.feed_id is not None:
        statement = statement.where(episode.c.feed_id == request.feed_id)
    if request.state:
        statement = statement.where(episode.c.state == request.state)
    if request.text:
        statement = statement.where(episode.c.title.like(f"%{request.text}%"))
    return list(columns), statement.order_by(episode.c.id).limit(request.limit)


def _events(request: PageRequest) -> tuple[list[str], Select[Any]]:
    kind = case(
        *(
            ((outcome.c.job == job) & (outcome.c.result == result), word)
            for (job, result), word in _EVENT_KINDS.items()
        ),
        else_=outcome.c.job + "_" + outcome.c.result,
    )
    columns: dict[str, ColumnElement[Any]] = {
        "id": outcome.c.id,
        "at": outcome.c.at,
        "kind": kind,
        "feed_id": outcome.c.feed_id,
        "episode_id": outcome.c.episode_id,
        "family": outcome.c.family,
        "code": outcome.c.code,
        "text": outcome.c.detail,
    }
    statement = select(*(column.label(name) for name, column in columns.items())).where(
        outcome.c.id > request.after
    )
    if request.feed_id is not None:
        statement = statement.where(outcome.c.feed_id == request.feed_id)
    return list(columns), statement.order_by(outcome.c.id).limit(request.limit)
