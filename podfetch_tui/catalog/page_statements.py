"""The statements behind pages of rows: one per kind, filter and order, compiled once.

Each returns the columns of the command line's JSON in its order. The usual order, by id, is
read by keyset and sorts nothing; others look at all rows that pass, a page at a time.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from sqlalchemy import (
    FromClause,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.derivatives import SHOWN_STATE
from podfetch_tui.catalog.filter_columns import (
    code_of,
    episode_path,
    feed_title,
    host_in,
    media_type,
    waits_until,
)
from podfetch_tui.catalog.filters import condition, key_of, order
from podfetch_tui.catalog.schema import episode, feed, feed_tag, media
from podfetch_tui.catalog.schema_audit import derivative, outcome
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.feed import FeedState
from podfetch_tui.policy.filter_fields import language_of
from podfetch_tui.policy.filters import Filter

BY_ID = ("id", False)
"""The usual order."""
SEPARATOR = "\x1f"
"""Between the members of a list column."""
LISTS = frozenset({"tags", "derivatives"})
WORDS = frozenset({"allow_private"})
"""List columns whose members are separated by blanks."""
BACKLOGS = frozenset({"backlog"})
"""Columns that hold ``kind|count|since``."""
TIMES = frozenset({"last_success_at", "next_poll_at", "published_at", "at"}) | frozenset(
    {"since", "next_probe_at", "snoozed_until", "waits_until"}
)
_EVERYTHING = Filter()
_KEPT = 64
"""Statements that are kept compiled, the latest used ones."""

EVENT_KINDS = {
    ("poll", "success"): "feed_polled",
    ("poll", "partial"): "feed_partial",
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

    The last column is what the rows are sorted by, after the id; it has no name.
    """

    names: tuple[str, ...]
    answer: Answer[list[Any]]


@functools.lru_cache(maxsize=_KEPT)
def page_of(
    kind: str,
    wanted: Filter = _EVERYTHING,
    sort: tuple[str, bool] = BY_ID,
    *,
    feed_id: bool = False,
    keyed: bool = False,
) -> PageOf | None:
    """Return how to read rows of ``kind``, or ``None`` for no such kind.

    The statement takes ``after``, ``most`` and ``now``, ``feed`` where it is of one feed, and
    ``key`` where it goes on after a row: what that row is sorted by.

    Args:
        kind: ``feeds``, ``quarantine``, ``episodes`` or ``events``.
        wanted: Which rows.
        sort: Field, and whether the greatest comes first; those alike follow by id.
        feed_id: Only rows of one feed.
        keyed: It goes on after a row of an order that is not by id.
    """
    made = _made(kind)
    if made is None:
        return None
    columns, statement = made
    statement = _narrowed(statement, kind, wanted, feed_id=feed_id)
    key = statement.selected_columns["id"]
    if sort == BY_ID:
        statement = statement.add_columns(null()).where(key > bindparam("after")).order_by(key)
    else:
        name, descending = sort
        by = order(name, language_of(kind))
        statement = statement.add_columns(by.label("sorted_by"))
        if keyed:
            beyond = by < bindparam("key") if descending else by > bindparam("key")
            alike = (by == bindparam("key")) & (key > bindparam("after"))
            statement = statement.where(beyond | alike)
        statement = statement.order_by(by.desc() if descending else by, key)
    statement = statement.limit(bindparam("most"))
    return PageOf(tuple(columns), Answer(lambda: statement, list[Any]))


@functools.lru_cache(maxsize=_KEPT)
def ids_of(
    kind: str, wanted: Filter, sort: tuple[str, bool] = BY_ID, *, feed_id: bool = False
) -> Answer[list[Any]]:
    """Return how to read the ids of feeds or episodes; parameters as for :func:`page_of`.

    Only the order by id can be read in parts: for others ``after`` has to be 0.
    """
    key = key_of(language_of(kind))
    statement = select(key.label("id")).select_from(_tables(kind))
    statement = _narrowed(statement, kind, wanted, feed_id=feed_id)
    statement = statement.where(key > bindparam("after"))
    if sort == BY_ID:
        statement = statement.order_by(key)
    else:
        by = order(sort[0], language_of(kind))
        statement = statement.order_by(by.desc() if sort[1] else by, key)
    statement = statement.limit(bindparam("most"))
    return Answer(lambda: statement, list[Any])


@functools.cache
def rows_by_id(kind: str) -> PageOf:
    """Return how to read the rows of ``kind`` whose ids are in the JSON list ``ids``, ``now``."""
    made = _made(kind)
    if made is None:
        raise ValueError(kind)
    columns, statement = made
    members = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
    statement = statement.add_columns(null()).where(key_of(language_of(kind)).in_(members))
    return PageOf(tuple(columns), Answer(lambda: statement, list[Any]))


_Made = tuple[dict[str, ColumnElement[Any]], Select[Any]]


def _made(kind: str) -> _Made | None:
    makers = {
        "feeds": _feeds,
        "quarantine": _quarantine,
        "episodes": _episodes,
        "events": outcome_columns,
    }
    return makers[kind]() if kind in makers else None


def _narrowed(
    statement: Select[Any], kind: str, wanted: Filter, *, feed_id: bool = False
) -> Select[Any]:
    kind, held = language_of(kind), kind == "quarantine"
    if held:
        statement = statement.where(feed.c.state == FeedState.QUARANTINED.value)
    if feed_id:
        owner = {"feeds": feed.c.id, "episodes": episode.c.feed_id, "events": outcome.c.feed_id}
        statement = statement.where(owner[kind] == bindparam("feed"))
    return statement.where(condition(wanted, kind)) if wanted.any_of else statement


def _selected(columns: dict[str, ColumnElement[Any]]) -> Select[Any]:
    return select(*(column.label(name) for name, column in columns.items()))


def _tables(kind: str) -> FromClause:
    if language_of(kind) == "feeds":
        return feed
    joined = episode.join(feed, feed.c.id == episode.c.feed_id)
    return joined.outerjoin(media, media.c.id == episode.c.media_id)


def _feeds() -> _Made:
    columns = _feed_columns()
    return columns, _selected(columns)


def _quarantine() -> _Made:
    columns = {
        **_feed_columns(),
        "since": func.coalesce(feed.c.quarantined_at, feed.c.state_at),
        "reason": feed.c.state_reason,
        "probes": feed.c.probes,
        "next_probe_at": feed.c.next_poll_at,
        "cause": func.nullif(code_of(func.coalesce(feed.c.last_error, "")), ""),
        "host": host_in(feed.c.url),
    }
    return columns, _selected(columns)


def _feed_columns() -> dict[str, ColumnElement[Any]]:
    of_feed = (
        select(feed_tag.c.tag)
        .where(feed_tag.c.feed_id == feed.c.id)
        .distinct()
        .order_by(feed_tag.c.tag)
        .correlate(feed)
        .subquery()
    )
    tags = select(func.group_concat(of_feed.c.tag, SEPARATOR)).scalar_subquery()
    return {
        "id": feed.c.id,
        "url": feed.c.url,
        "title": feed_title(),
        **{name: feed.c[name] for name in _FEED_PLAIN},
        "tags": tags,
        **{name: feed.c[name] for name in _FEED_COUNTERS},
        "interval_s": feed.c.interval_s,
        "backlog": feed.c.backlog_kind
        + "|"
        + cast(feed.c.backlog_count, Text)
        + "|"
        + cast(feed.c.backlog_since, Text),
        "user_agent": func.nullif(feed.c.user_agent, ""),
        "feed_max": feed.c.feed_max,
        "allow_private": feed.c.allow_private,
        "auth": func.nullif(feed.c.auth, ""),
        "own_priority": feed.c.own_priority,
        "since": feed.c.state_at,
        "snoozed_until": feed.c.snoozed_until,
        "waits_until": waits_until(),
    }


def _episodes() -> _Made:
    made = (
        select(func.group_concat(derivative.c.kind + ":" + SHOWN_STATE, SEPARATOR))
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
        "path": episode_path(),
        "bytes": media.c.bytes,
        "sha256": func.lower(func.nullif(func.hex(media.c.sha256), "")),
        "media_type": media_type(),
        "duration_s": media.c.duration_s,
        "validity": media.c.validity,
        "attempts": episode.c.attempts,
        "family": func.nullif(episode.c.family, ""),
        "error": func.nullif(episode.c.error, ""),
        "derivatives": made,
        "enclosure_url": episode.c.enclosure_url,
        "feed_title": func.nullif(feed_title(), ""),
    }
    return columns, _selected(columns).select_from(_tables("episodes"))


def outcome_columns() -> _Made:
    """Return the columns of an outcome as an event, and the statement that selects them."""
    words: list[tuple[ColumnElement[bool], ColumnElement[str]]] = [
        ((outcome.c.job == job) & (outcome.c.result == result), literal_column(f"'{word}'"))
        for (job, result), word in EVENT_KINDS.items()
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
        "feed_title": func.nullif(feed_title(), ""),
        "episode_title": func.nullif(episode.c.title, ""),
    }
    tables = outcome.outerjoin(feed, feed.c.id == outcome.c.feed_id).outerjoin(
        episode, episode.c.id == outcome.c.episode_id
    )
    return columns, _selected(columns).select_from(tables)
