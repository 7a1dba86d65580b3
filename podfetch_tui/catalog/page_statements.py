"""The statements behind pages of rows: one per kind and set of filters, compiled once.

Each returns the columns of the command line's JSON in its order, by keyset on the id.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, case, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.schema import episode, feed, feed_tag, media
from podfetch_tui.catalog.schema_audit import derivative, outcome
from podfetch_tui.catalog.statements import Answer

SEPARATOR = "\x1f"
"""Between the members of a list column."""
LISTS = frozenset({"tags", "derivatives"})
TIMES = frozenset({"last_success_at", "next_poll_at", "published_at", "at"})

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
_FEED_PLAIN = (
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
)
_FEED_COUNTERS = ("episodes", "archived", "pending", "failed", "bytes")


class PageOf(NamedTuple):
    """How to read a page: names of the columns, and the statement.

    The statement takes ``after`` and ``most``, and ``feed``, ``wanted`` or ``part`` where it
    was made for that filter.
    """

    names: tuple[str, ...]
    answer: Answer[list[Any]]


@functools.cache
def page_of(kind: str, *, feed_id: bool, state: bool, text: bool) -> PageOf | None:
    """Return how to read rows of ``kind`` with those filters, or ``None`` for no such kind."""
    makers = {"feeds": _feeds, "episodes": _episodes, "events": _events}
    if kind not in makers:
        return None
    columns, statement, filters = makers[kind]()
    key = statement.selected_columns["id"]
    chosen = {"feed": feed_id, "wanted": state, "part": text}
    for name, used in chosen.items():
        if used and name in filters:
            statement = statement.where(filters[name])
    statement = statement.where(key > bindparam("after")).order_by(key).limit(bindparam("most"))
    return PageOf(tuple(columns), Answer(lambda: statement, list[Any]))


_Made = tuple[dict[str, ColumnElement[Any]], Select[Any], dict[str, ColumnElement[bool]]]


def _selected(columns: dict[str, ColumnElement[Any]]) -> Select[Any]:
    return select(*(column.label(name) for name, column in columns.items()))


def _contains(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.instr(func.lower(column), func.lower(bindparam("part"))) > 0


def _feeds() -> _Made:
    title = case((feed.c.title != "", feed.c.title), else_=feed.c.name)
    of_feed = (
        select(feed_tag.c.tag)
        .where(feed_tag.c.feed_id == feed.c.id)
        .distinct()
        .order_by(feed_tag.c.tag)
        .correlate(feed)
        .subquery()
    )
    tags = select(func.group_concat(of_feed.c.tag, SEPARATOR)).scalar_subquery()
    columns: dict[str, ColumnElement[Any]] = {
        "id": feed.c.id,
        "url": feed.c.url,
        "title": title,
        **{name: feed.c[name] for name in _FEED_PLAIN},
        "tags": tags,
        **{name: feed.c[name] for name in _FEED_COUNTERS},
    }
    filters = {
        "feed": feed.c.id == bindparam("feed"),
        "wanted": feed.c.state == bindparam("wanted"),
        "part": _contains(title) | _contains(feed.c.url),
    }
    return columns, _selected(columns), filters


def _episodes() -> _Made:
    made = (
        select(func.group_concat(derivative.c.kind + ":" + derivative.c.state, SEPARATOR))
        .where(derivative.c.episode_id == episode.c.id)
        .correlate(episode)
        .scalar_subquery()
    )
    shared = case((episode.c.state == "archived", media.c.path))
    columns: dict[str, ColumnElement[Any]] = {
        "id": episode.c.id,
        "feed_id": episode.c.feed_id,
        "feed_url": feed.c.url,
        "guid": episode.c.guid,
        "title": episode.c.title,
        "published_at": episode.c.published,
        "state": episode.c.state,
        "path": func.coalesce(func.nullif(episode.c.path, ""), shared),
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
    joined = episode.join(feed, feed.c.id == episode.c.feed_id).outerjoin(
        media, media.c.id == episode.c.media_id
    )
    filters = {
        "feed": episode.c.feed_id == bindparam("feed"),
        "wanted": episode.c.state == bindparam("wanted"),
        "part": _contains(episode.c.title) | _contains(episode.c.enclosure_url),
    }
    return columns, _selected(columns).select_from(joined), filters


def _events() -> _Made:
    words: list[tuple[ColumnElement[bool], ColumnElement[str]]] = [
        ((outcome.c.job == job) & (outcome.c.result == result), literal_column(f"'{word}'"))
        for (job, result), word in _EVENT_KINDS.items()
    ]
    columns: dict[str, ColumnElement[Any]] = {
        "id": outcome.c.id,
        "at": outcome.c.at,
        "kind": case(*words, else_=outcome.c.job + "_" + outcome.c.result),
        "feed_id": outcome.c.feed_id,
        "episode_id": outcome.c.episode_id,
        "family": outcome.c.family,
        "code": outcome.c.code,
        "text": outcome.c.detail,
    }
    filters = {"feed": outcome.c.feed_id == bindparam("feed")}
    return columns, _selected(columns), filters
