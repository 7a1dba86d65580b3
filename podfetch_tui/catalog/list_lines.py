"""Taking the lines of a feed list in: new feeds, and what the lines say about known ones.

A list that is read again says everything about its feeds, so that taking a tag or a priority
out of it takes effect; a second list that names a known feed only adds what it sets. What a
line said last is kept as a digest: a list that is only read again changes nothing that was
edited by hand meanwhile, unless the line itself changed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from podfetch_tui.catalog.backlog import queue_wanted
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.reorder import reorder
from podfetch_tui.catalog.schema import feed, feed_tag, feed_url, list_source
from podfetch_tui.catalog.statements import Answer, Row, Statement, bulk_insert
from podfetch_tui.model.feed import REMOVED, Backlog, FeedState
from podfetch_tui.model.writes import NewFeed

_URLS = select(func.json_each(bindparam("urls")).table_valued("value").c.value)
_BY_URL = Answer(
    lambda: select(feed.c.url, feed.c.id).where(feed.c.url.in_(_URLS)), tuple[str, int]
)
_BY_OLD_URL = Answer(
    lambda: (
        select(feed_url.c.url, feed_url.c.feed_id)
        .where(feed_url.c.url.in_(_URLS))
        .order_by(feed_url.c.until)
    ),
    tuple[str, int],
)


IMPORTED_PAUSED = "imported paused"
"""Why a feed waits for the operator's word to begin."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The list that is taken in, and how."""

    name: str
    at: int
    paused: bool = False
    """New feeds start paused."""
    only_changed: bool = False
    """Lines that say what they said last change nothing."""

    @property
    def disabled(self) -> str:
        """The reason of a feed that this list pauses."""
        return f"disabled in {self.name}"


class Taken(msgspec.Struct, frozen=True):
    """What the lines did."""

    new: tuple[int, ...]
    known: frozenset[int]
    """Feeds that were there already."""
    updated: int
    """Those among them that were changed."""
    resumed: int
    """Those that were paused because no list named them any more."""


class _Standing(msgspec.Struct, array_like=True):
    """What lists say of a feed, as it stands."""

    id: int
    state: str
    state_reason: str
    name: str
    own_title: str
    own_priority: int | None
    priority: int
    interval_s: int | None
    backlog_kind: str | None
    backlog_count: int
    backlog_since: int
    user_agent: str
    feed_max: int | None
    allow_private: str
    auth: str
    line: int | None
    digest: str | None
    tags: str | None

    @property
    def is_removed(self) -> bool:
        return self.state == FeedState.PAUSED.value and self.state_reason.startswith(REMOVED)


_COLUMNS = _Standing.__struct_fields__[3:-3]
"""What a line may change."""
_BACKLOG = ("backlog_kind", "backlog_count", "backlog_since")
_SEPARATOR = "\x1f"
_OWN_TAGS = (
    select(func.group_concat(feed_tag.c.depth.concat(":").concat(feed_tag.c.tag), _SEPARATOR))
    .where(feed_tag.c.feed_id == feed.c.id, feed_tag.c.list == bindparam("list"))
    .scalar_subquery()
)
_STANDING = Answer(
    lambda: (
        select(
            *(feed.c[name] for name in _Standing.__struct_fields__[:-3]),
            list_source.c.line,
            func.hex(list_source.c.digest).label("digest"),
            _OWN_TAGS,
        )
        .select_from(
            feed.outerjoin(
                list_source,
                (list_source.c.feed_id == feed.c.id) & (list_source.c.list == bindparam("list")),
            )
        )
        .where(
            feed.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
        )
    ),
    _Standing,
)
_CHANGE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), _COLUMNS)
_NEW = bulk_insert(
    "feed",
    (
        "id",
        "url",
        "state",
        "state_reason",
        "state_at",
        "next_poll_at",
        "added_at",
        "quarantined_at",
        *_COLUMNS,
    ),
)
_SOURCES = bulk_insert(
    "list_source",
    ("feed_id", "list", "line", "at", "digest"),
    tail=" ON CONFLICT DO UPDATE SET line = excluded.line, at = excluded.at,"
    " digest = excluded.digest",
)
_SAID = Statement(
    lambda: select(list_source.c.digest).where(
        list_source.c.feed_id == bindparam("row"), list_source.c.list == bindparam("list")
    )
)
_TAGS = bulk_insert("feed_tag", ("feed_id", "tag", "list", "depth"), tail=" ON CONFLICT DO NOTHING")
_UNTAG = Statement(
    lambda: delete(feed_tag).where(
        feed_tag.c.feed_id == bindparam("row"), feed_tag.c.list == bindparam("source")
    )
)


def take_lines(changes: Changes, lines: Sequence[NewFeed], source: Source) -> Taken:
    """Add the feeds that are new and merge what is said of those that are known."""
    changes.settle()
    known = ids_of(changes.cursor, [line.url for line in lines])
    fresh: dict[str, NewFeed] = {}
    again: dict[int, NewFeed] = {}
    for line in lines:
        if line.url in known:
            again[known[line.url]] = line
        else:
            fresh.setdefault(line.url, line)
    new = _add(changes, source, list(fresh.values()))
    updated, resumed = _merge(changes, source, again)
    return Taken(new, frozenset(again), updated, resumed)


def ids_of(cursor: sqlite3.Cursor, urls: Sequence[str]) -> dict[str, int]:
    """Return the ids of feeds that have, or once had, one of ``urls``, by URL."""
    wanted = msgspec.json.encode(urls).decode()
    known = dict(_BY_OLD_URL.rows(cursor, urls=wanted))
    known.update(_BY_URL.rows(cursor, urls=wanted))
    return known


def says_the_same(cursor: sqlite3.Cursor, feed_id: int, line: NewFeed, name: str) -> bool:
    """Return whether the list ``name`` said of a feed just what ``line`` says."""
    row = _SAID.first(cursor, row=feed_id, list=name)
    return row is not None and row[0] == _digest(line)


def _digest(line: NewFeed) -> bytes:
    said = msgspec.json.encode(msgspec.structs.replace(line, line=0))
    return hashlib.blake2b(said, digest_size=16).digest()


def _add(changes: Changes, source: Source, lines: list[NewFeed]) -> tuple[int, ...]:
    first = changes.ids.feed
    changes.ids.feed += len(lines)
    numbered = list(enumerate(lines, first))
    at = source.at
    rows: list[Row] = []
    for number, line in numbered:
        state, reason = _first_state(source, line)
        since = at if state is FeedState.QUARANTINED else None
        rows.append((number, line.url, state.value, reason, at, at, at, since, *_wanted(line)))
    _NEW.run(changes.cursor, rows)
    _SOURCES.run(
        changes.cursor, [(n, source.name, line.line, at, _digest(line)) for n, line in numbered]
    )
    _TAGS.run(changes.cursor, [row for n, line in numbered for row in _tag_rows(n, line, source)])
    return tuple(range(first, changes.ids.feed))


def _first_state(source: Source, line: NewFeed) -> tuple[FeedState, str]:
    if line.state is not None and line.state is not FeedState.ACTIVE:
        return line.state, line.state_reason
    if source.paused:
        return FeedState.PAUSED, IMPORTED_PAUSED
    if not line.enabled:
        return FeedState.PAUSED, source.disabled
    return FeedState.ACTIVE, ""


def _tag_rows(feed_id: int, line: NewFeed, source: Source) -> list[tuple[int, str, str, int]]:
    depths = [*range(1, line.folders + 1), *[0] * len(line.tags)]
    return [
        (feed_id, tag, source.name, depth)
        for tag, depth in zip(line.tags, depths)  # noqa: B905 - as many as there are tags
    ]


def _merge(changes: Changes, source: Source, again: dict[int, NewFeed]) -> tuple[int, int]:
    """Return how many feeds were changed, and how many of these were resumed."""
    ids = msgspec.json.encode(list(again)).decode()
    said: list[Row] = []
    updated = resumed = 0
    for row in _STANDING.rows(changes.cursor, ids=ids, list=source.name):
        line = again[row.id]
        digest = _digest(line)
        is_same = row.digest == digest.hex().upper()
        if row.line != line.line or not is_same:
            said.append((row.id, source.name, line.line, source.at, digest))
        if is_same and source.only_changed:
            continue
        state = _state_after(source, row, line)
        if state is not None:
            why = "" if state is FeedState.ACTIVE else source.disabled
            set_feed_state(changes, changes.feed(row.id), state, reason=why, at=source.at)
        is_changed = _merge_settings(changes, row, line)
        is_changed |= _merge_tags(changes, source, row, line)
        updated += is_changed or state is not None
        resumed += row.is_removed and state is FeedState.ACTIVE
    _SOURCES.run(changes.cursor, said)
    return updated, resumed


def _merge_settings(changes: Changes, row: _Standing, line: NewFeed) -> bool:
    had: dict[str, Any] = dict(zip(_COLUMNS, msgspec.structs.astuple(row)[3:-3], strict=True))
    wanted: dict[str, Any] = dict(zip(_COLUMNS, _wanted(line), strict=True))
    if row.line is None:  # another list spoke of it first: only what this one sets
        kept = {name for name, value in wanted.items() if value in (None, "")}
        if line.backlog is None:
            kept.update(_BACKLOG)
        wanted.update((name, had[name]) for name in kept)
    if wanted["own_priority"] is None:
        # Nothing of its own now: what follows from its tags stands, if that is what it had.
        wanted["priority"] = had["priority"] if had["own_priority"] is None else 0
    else:
        wanted["priority"] = wanted["own_priority"]
    if wanted == had:
        return False
    _CHANGE.run(changes.cursor, row=row.id, **wanted)
    reorder(changes.cursor, row.id, old=row.priority, new=wanted["priority"], now=changes.now)
    if line.backlog is not None and any(wanted[name] != had[name] for name in _BACKLOG):
        queue_wanted(changes, row.id, line.backlog, at=changes.now)
    return True


def _merge_tags(changes: Changes, source: Source, row: _Standing, line: NewFeed) -> bool:
    tags = _tag_rows(row.id, line, source)
    had = set((row.tags or "").split(_SEPARATOR)) - {""}
    if had == {f"{depth}:{tag}" for _, tag, _, depth in tags}:
        return False
    _UNTAG.run(changes.cursor, row=row.id, source=source.name)
    _TAGS.run(changes.cursor, tags)
    return True


def _state_after(source: Source, row: _Standing, line: NewFeed) -> FeedState | None:
    """Return the state a line asks for, or ``None`` when it stays as it is."""
    is_active = row.state == FeedState.ACTIVE.value
    is_wanted = line.enabled and line.state in (None, FeedState.ACTIVE)
    if not is_wanted:
        return FeedState.PAUSED if is_active or row.is_removed else None
    is_disabled = row.state == FeedState.PAUSED.value and row.state_reason == source.disabled
    return FeedState.ACTIVE if is_disabled or row.is_removed else None


def _wanted(line: NewFeed) -> Row:
    """Return what the line says, in the order of :data:`_COLUMNS`."""
    backlog = line.backlog or Backlog()
    return (
        line.title,
        line.own_title,
        line.priority,
        line.priority or 0,
        line.interval,
        backlog.kind.value if line.backlog is not None else None,
        backlog.count,
        backlog.since,
        line.user_agent,
        line.feed_max,
        " ".join(line.allow_private),
        line.auth,
    )
