"""Which columns the fields of the filter language mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

from sqlalchemy import bindparam, case, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.derivatives import SHOWN_STATE
from podfetch_tui.catalog.schema import episode, feed, feed_tag, list_source, media
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.schema_audit import host as host_table
from podfetch_tui.catalog.types import Int64

Expression = ColumnElement[Any]
Has = Callable[[Callable[[Expression], ColumnElement[bool]]], ColumnElement[bool]]
"""Of rows that belong to it: whether one of them passes a test of a text."""
Column = Union[Expression, Has]
NOW = bindparam("now", type_=Int64)
"""UTC milliseconds at which the statement runs."""


def feed_title() -> Expression:
    """Return what a feed is called: as the operator says, else it itself, else its list."""
    return case(
        (feed.c.own_title != "", feed.c.own_title),
        (feed.c.title != "", feed.c.title),
        else_=feed.c.name,
    )


def feed_columns() -> dict[str, Column]:
    """Return field → column for rows of ``feed``."""
    plain = ("id", "url", "folder", "priority", "episodes", "archived", "pending", "failed")
    return {
        **{name: feed.c[name] for name in (*plain, "bytes", "breaker")},
        # The index that begins with the state would cost the order of the ids.
        "state": unindexed(feed.c.state),
        "title": feed_title(),
        "host": host_in(feed.c.url),
        "tag": _tag(feed.c.id),
        "list": _list,
        "reason": feed.c.state_reason,
        "since": func.nullif(feed.c.state_at, 0),
        "err": code_of(feed.c.last_error),
        "family": feed.c.last_family,
        "status": feed.c.last_status,
        "fail": feed.c.consecutive_failures,
        "interval": feed.c.interval_s,
        "age": func.coalesce(feed.c.last_success_at, feed.c.added_at),
        "late": case((feed.c.state == literal("active"), feed.c.next_poll_at)),
        "next": feed.c.next_poll_at,
        "waits": waits_until(),
        "last": feed.c.last_success_at,
        "polled": feed.c.last_poll_at,
        "added": feed.c.added_at,
    }


def waits_until() -> Expression:
    """Return until when an active feed waits for its host; null for one that does not."""
    until = func.max(
        func.coalesce(host_table.c.open_until, 0), func.coalesce(host_table.c.not_before, 0)
    )
    held = select(until).where(host_table.c.name == host_in(feed.c.url), until > NOW)
    return case((feed.c.state == literal("active"), held.correlate(feed).scalar_subquery()))


def episode_columns() -> dict[str, Column]:
    """Return field → column for rows of ``episode``, joined with ``feed`` and ``media``."""
    plain = ("id", "guid", "title", "family", "attempts", "published")
    return {
        **{name: episode.c[name] for name in plain},
        "feed": feed_title() + "\n" + feed.c.url,
        "tag": _tag(episode.c.feed_id),
        "url": episode.c.enclosure_url,
        "host": host_in(episode.c.enclosure_url),
        "state": unindexed(episode.c.state),
        "reason": episode.c.error,
        "err": code_of(episode.c.error),
        "next": episode.c.next_attempt_at,
        "age": func.coalesce(episode.c.published, episode.c.first_seen_at),
        "seen": episode.c.first_seen_at,
        "archived": episode.c.archived_at,
        "path": episode_path(),
        "bytes": media.c.bytes,
        "duration": media.c.duration_s,
        "type": media_type(),
        "validity": media.c.validity,
        "sha256": func.hex(media.c.sha256),
        "derivative": _derivative,
    }


def episode_path() -> Expression:
    """Return where an episode's file is: its own name, else that of its equal bytes."""
    shared = case((episode.c.state == "archived", media.c.path))
    return func.coalesce(func.nullif(episode.c.path, ""), shared)


def media_type() -> Expression:
    """Return what the bytes are, else what the feed says they are."""
    declared = func.nullif(episode.c.enclosure_type, "")
    return func.coalesce(func.nullif(media.c.media_type, ""), declared)


def unindexed(column: Expression) -> Expression:
    """Return ``column`` in a form that no index serves: rows then come in the order of ids."""
    return column.op("||")(literal(""))


def code_of(error: Expression) -> Expression:
    """Return the stable word in front of an error's text."""
    return func.substr(error, 1, func.instr(error.op("||")(literal(":")), literal(":")) - 1)


def host_in(url: Expression) -> Expression:
    """Return the host of a URL, with its port, as ``host_of`` does; empty when it is none."""
    rest = func.substr(url, func.instr(url, literal("://")) + 3)
    for end in "/?#":
        rest = func.substr(rest, 1, func.instr(rest.op("||")(literal(end)), literal(end)) - 1)
    host = func.lower(func.substr(rest, func.instr(rest, literal("@")) + 1))
    host = func.replace(func.replace(host, literal("["), literal("")), literal("]"), literal(""))
    return case((func.instr(url, literal("://")) > 0, host), else_="")


def _tag(feed_id: Expression) -> Has:
    def has(test: Callable[[Expression], ColumnElement[bool]]) -> ColumnElement[bool]:
        rows = select(literal(1)).select_from(feed_tag).where(feed_tag.c.feed_id == feed_id)
        return rows.where(test(feed_tag.c.tag)).exists()

    return has


def _list(test: Callable[[Expression], ColumnElement[bool]]) -> ColumnElement[bool]:
    rows = select(literal(1)).select_from(list_source).where(list_source.c.feed_id == feed.c.id)
    return rows.where(test(list_source.c.list)).exists()


def _derivative(test: Callable[[Expression], ColumnElement[bool]]) -> ColumnElement[bool]:
    rows = select(literal(1)).select_from(derivative)
    word = derivative.c.kind + ":" + SHOWN_STATE
    return rows.where(derivative.c.episode_id == episode.c.id, test(word)).exists()
