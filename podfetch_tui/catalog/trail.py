"""What was done to one feed or episode, the newest first: outcomes and operators' actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.event_rows import UNTIL, number_of_action
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.schema_audit import (
    derivative,
    host,
    operator_action,
    outcome,
    outcome_day,
)
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.outcome import JobKind
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.policy.reasons import EpisodeFacts, HostFacts
from podfetch_tui.system.times import rfc3339

_Row = dict[str, JsonValue]

_OUTCOME = (
    "id",
    "at",
    "job",
    "result",
    "family",
    "code",
    "status",
    "host",
    "duration_ms",
    "bytes",
    "attempt",
    "detail",
)
_DAY = ("day", "job", "result", "family", "code", "count", "bytes")
_ACTION = ("id", "at", "action", "actor", "detail", "undone_at")
_UNTIL = "until"
_DERIVATIVE = ("kind", "state", "path", "bytes", "error", "attempts", "next_attempt_at")


def _newest(*conditions: ColumnElement[bool]) -> Select[Any]:
    statement = select(*(outcome.c[name] for name in _OUTCOME)).where(*conditions)
    return statement.order_by(outcome.c.id.desc()).limit(bindparam("most"))


_POLLS = Answer(
    lambda: _newest(outcome.c.feed_id == bindparam("feed"), outcome.c.job == JobKind.POLL.value),
    list[Any],
)
# The index of the feed serves this: an episode has no index of its own in the audit.
_ATTEMPTS = Answer(
    lambda: _newest(
        outcome.c.feed_id == bindparam("feed"), outcome.c.episode_id == bindparam("episode")
    ),
    list[Any],
)


# What was before the oldest single outcome: sums by day.
_DAYS = Answer(
    lambda: (
        select(*(outcome_day.c[name] for name in _DAY))
        .where(outcome_day.c.feed_id == bindparam("feed"))
        .order_by(outcome_day.c.feed_id, outcome_day.c.day.desc())
        .limit(bindparam("most"))
    ),
    list[Any],
)


def _acted(*conditions: ColumnElement[bool]) -> Select[Any]:
    statement = select(*(operator_action.c[name] for name in _ACTION), UNTIL)
    statement = statement.where(operator_action.c.feed_id.is_not(None), and_(*conditions))
    return statement.order_by(operator_action.c.id.desc()).limit(bindparam("most"))


_OF_FEED = Answer(
    lambda: _acted(
        operator_action.c.feed_id == bindparam("feed"), operator_action.c.episode_id.is_(None)
    ),
    list[Any],
)
_OF_EPISODE = Answer(
    lambda: _acted(
        operator_action.c.feed_id == bindparam("feed"),
        operator_action.c.episode_id == bindparam("episode"),
    ),
    list[Any],
)
_MADE = Answer(
    lambda: (
        select(*(derivative.c[name] for name in _DERIVATIVE))
        .where(derivative.c.episode_id == bindparam("episode"))
        .order_by(derivative.c.kind)
    ),
    list[Any],
)
_HOST = Answer(
    lambda: select(host.c.name, host.c.open_until, host.c.not_before, host.c.last_error).where(
        host.c.name == bindparam("wanted")
    ),
    list[Any],
)
_EPISODE = Answer(
    lambda: select(
        episode.c.state,
        episode.c.error,
        episode.c.family,
        episode.c.next_attempt_at,
        episode.c.attempts,
        episode.c.durable,
        episode.c.archived_at,
        episode.c.first_seen_at,
    ).where(episode.c.id == bindparam("episode")),
    list[Any],
)
_FEED = Answer(
    lambda: select(
        feed.c.state_at,
        feed.c.quarantined_at,
        feed.c.snoozed_until,
        feed.c.added_at,
        feed.c.probes,
    ).where(feed.c.id == bindparam("feed")),
    list[Any],
)
_COUNTS = Answer(
    lambda: (
        select(episode.c.state, func.count().label("n"))
        .where(episode.c.feed_id == bindparam("feed"))
        .group_by(episode.c.state)
    ),
    tuple[str, int],
)
_FAILING = Answer(
    lambda: (
        select(episode.c.state, episode.c.error, func.count().label("n"))
        .where(
            episode.c.feed_id == bindparam("feed"),
            episode.c.error != "",
            episode.c.state != "archived",
        )
        .group_by(episode.c.state, episode.c.error)
        .order_by(func.count().desc(), episode.c.state, episode.c.error)
        .limit(bindparam("most"))
    ),
    tuple[str, str, int],
)


class FeedTimes(msgspec.Struct, frozen=True):
    """Since when a feed is as it is, UTC milliseconds."""

    state_at: int
    quarantined_at: int | None
    snoozed_until: int | None
    added_at: int
    probes: int
    """Polls since it was quarantined."""


class EpisodeTimes(msgspec.Struct, frozen=True):
    """When an episode was seen and archived, UTC milliseconds."""

    archived_at: int | None
    first_seen_at: int


def polls(catalog: Catalog, feed_id: int, *, most: int) -> list[_Row]:
    """Return the newest polls of a feed. Raises :class:`Failure`."""
    return _read(catalog, _POLLS, _OUTCOME, feed=feed_id, most=most)


def days(catalog: Catalog, feed_id: int, *, most: int) -> list[_Row]:
    """Return sums of a feed's outcomes that are no longer kept, the newest day first.

    Raises:
        Failure: The catalogue could not be read.
    """
    return _read(catalog, _DAYS, _DAY, feed=feed_id, most=most)


def attempts(catalog: Catalog, feed_id: int, episode_id: int, *, most: int) -> list[_Row]:
    """Return the newest downloads of an episode. Raises :class:`Failure`."""
    return _read(catalog, _ATTEMPTS, _OUTCOME, feed=feed_id, episode=episode_id, most=most)


def feed_actions(catalog: Catalog, feed_id: int, *, most: int) -> list[_Row]:
    """Return what operators did to a feed as a whole. Raises :class:`Failure`."""
    return _acts(_read(catalog, _OF_FEED, (*_ACTION, _UNTIL), feed=feed_id, most=most))


def episode_actions(catalog: Catalog, feed_id: int, episode_id: int, *, most: int) -> list[_Row]:
    """Return what operators did to an episode. Raises :class:`Failure`."""
    return _acts(
        _read(catalog, _OF_EPISODE, (*_ACTION, _UNTIL), feed=feed_id, episode=episode_id, most=most)
    )


def derivatives(catalog: Catalog, episode_id: int) -> list[_Row]:
    """Return what was, or is to be, made of an episode's file. Raises :class:`Failure`."""
    return _read(catalog, _MADE, _DERIVATIVE, episode=episode_id)


def episode_counts(catalog: Catalog, feed_id: int) -> dict[str, int]:
    """Return how many episodes of a feed are in which state. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        return dict(_COUNTS.rows(cursor, feed=feed_id))


def episode_reasons(catalog: Catalog, feed_id: int, *, most: int) -> list[tuple[str, str, int]]:
    """Return (state, reason, how many) of a feed's episodes that are not archived.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return _FAILING.rows(cursor, feed=feed_id, most=most)


def host_facts(catalog: Catalog, name: str) -> HostFacts | None:
    """Return what an earlier process knew of a host. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        found = _HOST.rows(cursor, wanted=name)
    for known, open_until, not_before, error in found:
        return HostFacts(name=known, open_until=open_until, not_before=not_before, error=error)
    return None


def feed_times(catalog: Catalog, feed_id: int) -> FeedTimes:
    """Return since when a feed is as it is. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        (values,) = _FEED.rows(cursor, feed=feed_id)
    return FeedTimes(*values)


def episode_facts(catalog: Catalog, episode_id: int) -> tuple[EpisodeFacts, EpisodeTimes]:
    """Return what says when an episode is tried, and its times. Raises :class:`Failure`."""
    with catalog.reader().cursor() as cursor:
        ((state, error, family, next_at, tried, durable, archived, seen),) = _EPISODE.rows(
            cursor, episode=episode_id
        )
    facts = EpisodeFacts(
        state=EpisodeState(state),
        error=error,
        family=family,
        next_attempt_at=next_at,
        attempts=tried,
        durable=durable,
    )
    return facts, EpisodeTimes(archived, seen)


def _acts(rows: list[_Row]) -> list[_Row]:
    """Give operators' actions the ids that they have among events."""
    for row in rows:
        row["id"] = number_of_action(int(str(row["id"])))
    return rows


def _read(
    catalog: Catalog, answer: Answer[list[Any]], names: Sequence[str], **values: Any
) -> list[_Row]:
    with catalog.reader().cursor() as cursor:
        found = answer.rows(cursor, **values)
    rows: list[_Row] = [dict(zip(names, row, strict=True)) for row in found]
    for row in rows:
        if "day" in row:
            row["day"] = rfc3339(int(str(row["day"])))[:10]
        for name in ("at", "undone_at", "next_attempt_at", _UNTIL):
            at = row.get(name)
            if name in row:
                row[name] = rfc3339(at) if isinstance(at, int) else None
    return rows
