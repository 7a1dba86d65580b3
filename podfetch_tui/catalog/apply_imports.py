"""Writing a feed list down: new feeds, and what the list says about feeds that are known.

A list that is read again says everything about its feeds, so that taking a tag or a priority
out of it takes effect; a second list that names a known feed only adds what it sets.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import episode, feed, feed_tag, feed_url, list_source
from podfetch_tui.catalog.statements import Answer, Statement, bulk_insert
from podfetch_tui.catalog.turn import shift
from podfetch_tui.model.feed import Backlog, FeedState
from podfetch_tui.model.writes import Imported, ImportFeeds, NewFeed

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


class _Settings(msgspec.Struct, array_like=True):
    """What lists say of a feed, as it stands."""

    id: int
    state: str
    state_reason: str
    name: str
    priority: int
    interval_s: int | None
    backlog_kind: str | None
    backlog_count: int
    backlog_since: int
    line: int | None
    tags: str | None

    def settings(self) -> tuple[str, int, int | None, str | None, int, int]:
        """Return what an import may change, in the order of :data:`_CHANGE`'s columns."""
        return (
            self.name,
            self.priority,
            self.interval_s,
            self.backlog_kind,
            self.backlog_count,
            self.backlog_since,
        )


_SEPARATOR = "\x1f"
_OWN_TAGS = (
    select(func.group_concat(feed_tag.c.tag, _SEPARATOR))
    .where(feed_tag.c.feed_id == feed.c.id, feed_tag.c.list == bindparam("list"))
    .scalar_subquery()
)
_STANDING = Answer(
    lambda: (
        select(
            *(feed.c[name] for name in _Settings.__struct_fields__[:-2]),
            list_source.c.line,
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
    _Settings,
)
_COLUMNS = ("name", "priority", "interval_s", "backlog_kind", "backlog_count", "backlog_since")
_CHANGE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), _COLUMNS)
_NEW = bulk_insert(
    "feed",
    ("id", "url", "state", "state_reason", "state_at", "next_poll_at", "added_at", *_COLUMNS),
)
_SOURCES = bulk_insert(
    "list_source",
    ("feed_id", "list", "line", "at"),
    tail=" ON CONFLICT DO UPDATE SET line = excluded.line, at = excluded.at",
)
_TAGS = bulk_insert("feed_tag", ("feed_id", "tag", "list"), tail=" ON CONFLICT DO NOTHING")
_UNTAG = Statement(
    lambda: delete(feed_tag).where(
        feed_tag.c.feed_id == bindparam("row"), feed_tag.c.list == bindparam("source")
    )
)
_REORDER = Statement(
    lambda: (
        update(episode)
        .where(
            episode.c.feed_id == bindparam("row"),
            episode.c.next_attempt_at <= bindparam("now"),
        )
        .values(
            next_attempt_at=func.max(
                0, func.min(episode.c.next_attempt_at + bindparam("by"), bindparam("now"))
            )
        )
    )
)


def import_feeds(changes: Changes, write: ImportFeeds) -> Imported:
    """Add the feeds that are new and merge the settings of those that are known."""
    changes.settle()
    known = _known(changes, write)
    fresh: dict[str, NewFeed] = {}
    again: dict[int, NewFeed] = {}
    for line in write.feeds:
        if line.url in known:
            again[known[line.url]] = line
        else:
            fresh.setdefault(line.url, line)
    new = _add(changes, write, list(fresh.values()))
    _merge(changes, write, again)
    return Imported(new=new, duplicate=len(write.feeds) - len(new))


def _known(changes: Changes, write: ImportFeeds) -> dict[str, int]:
    """Return the ids of feeds that have, or once had, one of the URLs."""
    urls = msgspec.json.encode([line.url for line in write.feeds]).decode()
    known = dict(_BY_OLD_URL.rows(changes.cursor, urls=urls))
    known.update(_BY_URL.rows(changes.cursor, urls=urls))
    return known


def _add(changes: Changes, write: ImportFeeds, lines: list[NewFeed]) -> tuple[int, ...]:
    first = changes.ids.feed
    changes.ids.feed += len(lines)
    numbered = list(enumerate(lines, first))
    rows = []
    for number, line in numbered:
        state, reason = FeedState.ACTIVE, ""
        if write.paused:
            state, reason = FeedState.PAUSED, "imported paused"
        elif not line.enabled:
            state, reason = FeedState.PAUSED, _disabled(write)
        rows.append(
            (number, line.url, state.value, reason, write.at, write.at, write.at, *_wanted(line))
        )
    _NEW.run(changes.cursor, rows)
    _SOURCES.run(changes.cursor, [(n, write.source, line.line, write.at) for n, line in numbered])
    _TAGS.run(changes.cursor, [(n, tag, write.source) for n, line in numbered for tag in line.tags])
    return tuple(range(first, changes.ids.feed))


def _merge(changes: Changes, write: ImportFeeds, again: dict[int, NewFeed]) -> None:
    ids = msgspec.json.encode(list(again)).decode()
    moved = []
    for row in _STANDING.rows(changes.cursor, ids=ids, list=write.source):
        line = again[row.id]
        if row.line != line.line:
            moved.append((row.id, write.source, line.line, write.at))
        _merge_settings(changes, row, line)
        if set((row.tags or "").split(_SEPARATOR)) - {""} != set(line.tags):
            _UNTAG.run(changes.cursor, row=row.id, source=write.source)
            _TAGS.run(changes.cursor, [(row.id, tag, write.source) for tag in line.tags])
        _merge_enabled(changes, write, row, line)
    _SOURCES.run(changes.cursor, moved)


def _merge_settings(changes: Changes, row: _Settings, line: NewFeed) -> None:
    wanted = _wanted(line)
    if row.line is None:  # another list spoke of it first: only what this one sets
        had = row.settings()
        backlog = wanted[3:] if line.backlog is not None else had[3:]
        wanted = (
            line.title or had[0],
            line.priority or had[1],
            line.interval if line.interval is not None else had[2],
            *backlog,
        )
    if wanted == row.settings():
        return
    _CHANGE.run(changes.cursor, row=row.id, **dict(zip(_COLUMNS, wanted, strict=True)))
    if wanted[1] != row.priority:
        by = shift(row.priority, wanted[1])
        _REORDER.run(changes.cursor, row=row.id, by=by, now=changes.now)


def _merge_enabled(changes: Changes, write: ImportFeeds, row: _Settings, line: NewFeed) -> None:
    reason = _disabled(write)
    if not line.enabled and row.state == FeedState.ACTIVE.value:
        state, why = FeedState.PAUSED, reason
    elif line.enabled and row.state == FeedState.PAUSED.value and row.state_reason == reason:
        state, why = FeedState.ACTIVE, ""
    else:
        return
    set_feed_state(changes, changes.feed(row.id), state, reason=why, at=write.at)


def _disabled(write: ImportFeeds) -> str:
    return f"disabled in {write.source}"


def _wanted(line: NewFeed) -> tuple[str, int, int | None, str | None, int, int]:
    backlog = line.backlog or Backlog()
    kind = backlog.kind.value if line.backlog is not None else None
    return (line.title, line.priority, line.interval, kind, backlog.count, backlog.since)
