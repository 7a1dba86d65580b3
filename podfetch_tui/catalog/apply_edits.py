"""Writing an operator's edit of one feed down."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import bindparam, delete, insert, null, select, update

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.apply_feed_decisions import changed
from podfetch_tui.catalog.apply_moves import sight
from podfetch_tui.catalog.backlog import queue_wanted
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.feed_columns import COLUMNS, columns_of
from podfetch_tui.catalog.feed_own import read_own
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.reorder import reorder
from podfetch_tui.catalog.schema import feed, feed_tag, feed_url
from podfetch_tui.catalog.statements import Statement, bulk_insert
from podfetch_tui.model.decisions import Decided
from podfetch_tui.model.edits import EditFeed, FeedOwn, after
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Backlog, BreakerState, FeedState, Sighting
from podfetch_tui.model.text import redact

EDIT = "edit_feed"
"""The action of the audit."""
OWN_LIST = "command"
"""The list that tags belong to which were set by hand."""

_THIS = feed.c.id == bindparam("row")
_COLUMNS = (
    "own_title",
    "own_priority",
    "priority",
    "interval_s",
    "backlog_kind",
    "backlog_count",
    "backlog_since",
    "user_agent",
    "feed_max",
    "allow_private",
    "auth",
)
_CHANGE = Statement(lambda: update(feed).where(_THIS), _COLUMNS)
_OWNER = Statement(lambda: select(feed.c.id).where(feed.c.url == bindparam("url")))
# Nothing that was learned at the old URL holds at the new one.
_MOVE = Statement(
    lambda: (
        update(feed)
        .where(_THIS)
        .values(
            etag=null(),
            last_modified=null(),
            body_sha256=null(),
            last_full_at=null(),
            breaker=BreakerState.CLOSED.value,
            consecutive_failures=0,
            opened=0,
            open_until=null(),
            first_failure_at=null(),
            last_error=null(),
            last_family=null(),
            last_status=null(),
            page_url="",
        )
    ),
    ("url",),
)
_ON_PROBATION = Statement(lambda: update(feed).where(_THIS).values(probation=1))
_REMEMBER = Statement(lambda: insert(feed_url), ("feed_id", "url", "until"))
_DUE = Statement(lambda: update(feed).where(_THIS), ("next_poll_at",))
_TAGS = bulk_insert("feed_tag", ("feed_id", "tag", "list"), tail=" ON CONFLICT DO NOTHING")
_UNTAG = Statement(
    lambda: delete(feed_tag).where(
        feed_tag.c.feed_id == bindparam("row"), feed_tag.c.tag == bindparam("word")
    )
)
_ACCESS = ("user_agent", "feed_max", "allow_private", "auth")
"""What a failing feed may fail for: it is tried again at once."""


def edit_feed(changes: Changes, write: EditFeed, *, record: bool = True) -> Decided:
    """Change what ``write`` sets, and record it with what stood before, unless it is an undo.

    Where a wider backlog made episodes due, it cannot be undone: they may run by now.

    Raises:
        Failure: ``STOPPED``: the feed is no longer known, or not as it was seen; ``BUG``: another
            feed has the URL.
    """
    changes.settle()
    facts = changes.feed(write.feed_id)
    own = read_own(changes.cursor, write.feed_id)
    if own is None:
        raise Failure(Kind.STOPPED, f"feed {write.feed_id} is no longer known")
    columns = columns_of(changes, write.feed_id) or {}
    # Rows are shown with whole seconds.
    if write.seen is not None and write.seen // 1000 != columns["state_at"] // 1000:
        raise Failure(Kind.STOPPED, f"feed {write.feed_id}: {changed(columns)}")
    now, health = after(own, write), _health(changes, write.feed_id)
    priority = facts.priority
    if write.effective_priority is not UNSET:
        priority = write.effective_priority
    _CHANGE.run(changes.cursor, row=facts.id, **_columns(now, priority))
    _retag(changes, write)
    if now.url != own.url:
        _move(changes, write, own.url, now.url)
        if facts.state == FeedState.QUARANTINED.value:
            # Who names the URL vouches for it: as with a release, one failure sends it back.
            set_feed_state(changes, facts, FeedState.ACTIVE, reason="", at=write.at)
            _ON_PROBATION.run(changes.cursor, row=facts.id)
    elif any(getattr(now, name) != getattr(own, name) for name in _ACCESS):
        _DUE.run(changes.cursor, row=facts.id, next_poll_at=write.at)
    reorder(changes.cursor, facts.id, old=facts.priority, new=priority, now=changes.now)
    changes.forget(facts.id)
    if write.queue is not UNSET:
        queue_wanted(changes, facts.id, write.queue, at=write.at)
    if not record:
        return Decided((facts.id,))
    was = {
        **msgspec.to_builtins(own),
        "effective_priority": facts.priority,
        "health": health,
    }
    became = {**msgspec.to_builtins(now), "health": _health(changes, facts.id)}
    operation = record_action(
        changes,
        EDIT,
        at=write.at,
        actor=write.actor,
        feed_id=facts.id,
        detail="; ".join(_described(own, now)),
        was=was,
        became=became if write.queue is UNSET else None,
    )
    return Decided((facts.id,), operation=operation)


def _health(changes: Changes, feed_id: int) -> dict[str, Any]:
    columns = columns_of(changes, feed_id) or {}
    return {name: columns.get(name) for name in COLUMNS}


def _columns(own: FeedOwn, priority: int) -> dict[str, Any]:
    backlog = own.backlog or Backlog()
    return {
        "own_title": own.title,
        "own_priority": own.priority,
        "priority": priority,
        "interval_s": own.interval,
        "backlog_kind": None if own.backlog is None else backlog.kind.value,
        "backlog_count": backlog.count,
        "backlog_since": backlog.since,
        "user_agent": own.user_agent,
        "feed_max": own.feed_max,
        "allow_private": " ".join(own.allow_private),
        "auth": own.auth,
    }


def _move(changes: Changes, write: EditFeed, old: str, url: str) -> None:
    owner = _OWNER.first(changes.cursor, url=url)
    if owner is not None:
        raise Failure(Kind.BUG, f"feed {owner[0]} has that URL")
    _REMEMBER.run(changes.cursor, feed_id=write.feed_id, url=old, until=write.at)
    _MOVE.run(changes.cursor, row=write.feed_id, url=url)
    _DUE.run(changes.cursor, row=write.feed_id, next_poll_at=write.at)
    sight(changes, write.feed_id, Sighting())


def _retag(changes: Changes, write: EditFeed) -> None:
    for tag in write.untag:
        _UNTAG.run(changes.cursor, row=write.feed_id, word=tag)
    _TAGS.run(changes.cursor, [(write.feed_id, tag, OWN_LIST) for tag in write.tag])


def _described(own: FeedOwn, now: FeedOwn) -> list[str]:
    return [
        f"{name}: {_text(getattr(own, name))} → {_text(getattr(now, name))}"
        for name in FeedOwn.__struct_fields__
        if getattr(own, name) != getattr(now, name)
    ]


def _text(value: object) -> str:
    if isinstance(value, Backlog):
        return value.text
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "-"
    text = "-" if value in (None, "") else str(value)
    return redact(text) if "://" in text else text
