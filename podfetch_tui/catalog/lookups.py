"""One feed or episode: whether it is there, and all that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.pages import ids, query
from podfetch_tui.catalog.schema import (
    episode,
    episode_key,
    episode_note,
    feed,
    feed_note,
    feed_url,
    list_source,
)
from podfetch_tui.catalog.shown import shown_note
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.snapshot import JsonValue, PageRequest
from podfetch_tui.model.text import redact
from podfetch_tui.system.times import rfc3339

_Row = dict[str, JsonValue]


def _answer(build: Callable[[], Select[Any]]) -> Answer[list[Any]]:
    return Answer(build, list[Any])


_FEED_URLS = _answer(lambda: select(feed.c.url))
_FEED_BY_ID = _answer(lambda: select(feed.c.id).where(feed.c.id == bindparam("row")))
_FEED_AT = _answer(lambda: select(feed.c.id).where(feed.c.url == bindparam("url")))
_FEED_ONCE_AT = _answer(
    lambda: (
        select(feed_url.c.feed_id)
        .where(feed_url.c.url == bindparam("url"))
        .order_by(feed_url.c.until.desc())
        .limit(1)
    )
)
_EPISODE_BY_ID = _answer(lambda: select(episode.c.id).where(episode.c.id == bindparam("row")))
_EPISODE_BY_URL = _answer(
    lambda: (
        select(episode.c.id)
        .where(episode.c.enclosure_url == bindparam("url"))
        .order_by(episode.c.id)
        .limit(1)
    )
)
_MORE_OF_FEED = ("folder", "url", "merged_into", "page_url")
_MOVE_OF_FEED = ("redirect_url", "redirect_by", "redirect_seen", "redirect_since")
_FEED = _answer(
    lambda: select(*(feed.c[name] for name in (*_MORE_OF_FEED, *_MOVE_OF_FEED))).where(
        feed.c.id == bindparam("row")
    )
)
_FEED_NOTE = _answer(
    lambda: select(feed_note.c.metadata).where(feed_note.c.feed_id == bindparam("row"))
)
_EARLIER_URLS = _answer(
    lambda: select(feed_url.c.url, feed_url.c.until).where(feed_url.c.feed_id == bindparam("row"))
)
_LISTS = _answer(
    lambda: select(list_source.c.list, list_source.c.line).where(
        list_source.c.feed_id == bindparam("row")
    )
)
_URL_OF_FEED = _answer(lambda: select(feed.c.url).where(feed.c.id == bindparam("row")))
_EPISODE_NOTE = _answer(
    lambda: select(episode_note.c.note).where(episode_note.c.episode_id == bindparam("row"))
)
_EPISODE_KEYS = _answer(
    lambda: select(episode_key.c.reason, episode_key.c.text).where(
        episode_key.c.feed_id == bindparam("feed"), episode_key.c.episode_id == bindparam("row")
    )
)


def feed_ids(catalog: Catalog, *, state: FeedState | None = None) -> tuple[int, ...]:
    """Return the ids of all feeds, or of those in ``state``."""
    wanted = "" if state is None else f"state:{state.value}"
    return tuple(ids(catalog, PageRequest(kind="feeds", filter=wanted)))


def feed_urls(catalog: Catalog) -> frozenset[str]:
    """Return the whole URL of every feed, secrets included: to compare with, not to show."""
    return frozenset(str(values[0]) for values in _fetch(catalog, _FEED_URLS))


def feed_by_id(catalog: Catalog, feed_id: int) -> int | None:
    """Return ``feed_id`` if there is such a feed."""
    return _one(catalog, _FEED_BY_ID, row=feed_id)


def feed_at(catalog: Catalog, url: str) -> int | None:
    """Return the feed that is polled at ``url`` (normalised) now."""
    return _one(catalog, _FEED_AT, url=url)


def feed_by_url(catalog: Catalog, url: str) -> int | None:
    """Return the feed that is, or was once, at ``url`` (normalised)."""
    found = feed_at(catalog, url)
    return _one(catalog, _FEED_ONCE_AT, url=url) if found is None else found


def episode_by_id(catalog: Catalog, episode_id: int) -> int | None:
    """Return ``episode_id`` if there is such an episode."""
    return _one(catalog, _EPISODE_BY_ID, row=episode_id)


def episode_by_url(catalog: Catalog, url: str) -> int | None:
    """Return the first episode with this enclosure URL; a scan, for the command line only."""
    return _one(catalog, _EPISODE_BY_URL, url=url)


def feed_detail(catalog: Catalog, feed_id: int) -> _Row:
    """Return a feed's row with its history, lists and channel facts."""
    (row,) = query(catalog, PageRequest(kind="feeds", after=feed_id - 1, limit=1)).rows
    ((folder, url, merged_into, page_url, to, by, seen, since),) = _fetch(
        catalog, _FEED, row=feed_id
    )
    row["folder"], row["merged_into"] = folder, merged_into
    row["page_url"] = redact(page_url) or None
    # A move that its answers name, and that was not made yet.
    row["move"] = (
        {"url": redact(to), "by": by, "seen": seen, "since": rfc3339(since)} if to else None
    )
    row["earlier_urls"] = [
        {"url": redact(earlier), "until": rfc3339(at)}
        for earlier, at in _fetch(catalog, _EARLIER_URLS, row=feed_id)
    ]
    row["lists"] = [
        {"list": name, "line": line} for name, line in _fetch(catalog, _LISTS, row=feed_id)
    ]
    note = _fetch(catalog, _FEED_NOTE, row=feed_id)
    facts = msgspec.json.decode(note[0][0]) if note and note[0][0] else None
    row["metadata"] = shown_note(facts, url)
    return row


def episode_detail(catalog: Catalog, episode_id: int) -> _Row:
    """Return an episode's row with its note and the keys it is known by."""
    (row,) = query(catalog, PageRequest(kind="episodes", after=episode_id - 1, limit=1)).rows
    ((url,),) = _fetch(catalog, _URL_OF_FEED, row=row["feed_id"])
    row["keys"] = [
        {"reason": reason, "text": shown_note(text, url)}
        for reason, text in _fetch(catalog, _EPISODE_KEYS, feed=row["feed_id"], row=episode_id)
    ]
    note = _fetch(catalog, _EPISODE_NOTE, row=episode_id)
    row["note"] = shown_note(msgspec.json.decode(note[0][0]), url) if note else None
    return row


def _fetch(catalog: Catalog, answer: Answer[list[Any]], **values: Any) -> list[list[Any]]:
    with catalog.reader().cursor() as cursor:
        return answer.rows(cursor, **values)


def _one(catalog: Catalog, answer: Answer[list[Any]], **values: Any) -> int | None:
    found = _fetch(catalog, answer, **values)
    return int(found[0][0]) if found else None
