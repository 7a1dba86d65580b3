"""Taking back what an operator did, where nobody touched it since."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import bindparam, delete, or_, select, update

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.apply_edits import EDIT, edit_feed
from podfetch_tui.catalog.apply_feed_decisions import changed, feeds_word
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.feed_columns import columns_of, put_columns
from podfetch_tui.catalog.feed_own import read_own
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import feed_url
from podfetch_tui.catalog.schema_audit import operator_action
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.decisions import UNDO_MS, Undone, UndoOperation
from podfetch_tui.model.edits import EditFeed, FeedOwn
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.system.decoding import from_json

_NAMES = ("id", "at", "action", "feed_id", "detail", "was", "became", "undone_at")
_OPERATION = Statement(
    lambda: select(*(operator_action.c[name] for name in _NAMES)).where(
        or_(
            operator_action.c.id == bindparam("one"),
            operator_action.c.operation == bindparam("one"),
        )
    )
)
_UNDONE = Statement(
    lambda: update(operator_action).where(operator_action.c.id == bindparam("row")), ("undone_at",)
)
_FORGET_URLS = Statement(
    lambda: delete(feed_url).where(
        feed_url.c.feed_id == bindparam("row"), feed_url.c.until >= bindparam("since")
    )
)
_Row = dict[str, Any]


def undo_operation(changes: Changes, write: UndoOperation) -> Undone:
    """Put feeds back as they were before an operation; those touched since are named.

    Raises:
        Failure: ``STOPPED``: there is no such operation, it is too old, undone already, or
            of a kind that cannot be undone.
    """
    changes.settle()
    rows = _OPERATION.run(changes.cursor, one=write.operation).fetchall()
    actions = [dict(zip(_NAMES, row, strict=True)) for row in sorted(rows)]
    _check(actions, write)
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    for action in actions:
        feed_id = int(action["feed_id"] or 0)
        why = "" if write.elsewhere else _put_back(changes, action, write)
        if why:
            refused.append((feed_id, why))
            continue
        _UNDONE.run(changes.cursor, row=action["id"], undone_at=write.at)
        done.append(feed_id)
    word = str(actions[0]["action"])
    if done:
        _record(changes, write, word, done)
    return Undone(word, tuple(done), tuple(refused))


def _record(changes: Changes, write: UndoOperation, word: str, done: list[int]) -> None:
    one = done[0] if len(done) == 1 and not write.elsewhere else None
    what = word if write.elsewhere else f"{word} of {feeds_word(done)}"
    detail = f"{what} ({write.operation})"
    record_action(changes, "undo", at=write.at, actor=write.actor, feed_id=one, detail=detail)


def _check(actions: list[_Row], write: UndoOperation) -> None:
    number = write.operation
    if not actions:
        raise Failure(Kind.STOPPED, f"there is no operation {number}")
    elsewhere = actions[0]["feed_id"] is None
    if elsewhere is not write.elsewhere or not all(action["became"] for action in actions):
        raise Failure(Kind.STOPPED, f"{actions[0]['action']} ({number}) cannot be undone")
    if all(action["undone_at"] is not None for action in actions):
        raise Failure(Kind.STOPPED, f"operation {number} is undone already")
    if not 0 <= write.at - actions[-1]["at"] <= UNDO_MS:
        raise Failure(
            Kind.STOPPED, f"operation {number} is too old: undo is for {UNDO_MS // 1000} s"
        )


def _put_back(changes: Changes, action: _Row, write: UndoOperation) -> str:
    """Undo one action; return why not, or nothing."""
    if action["undone_at"] is not None:
        return "is undone already"
    feed_id = int(action["feed_id"])
    now = columns_of(changes, feed_id)
    if now is None:
        return "is not known"
    if action["action"] == EDIT:
        return _put_edit_back(changes, feed_id, action, write)
    was, became = (msgspec.json.decode(action[name]) for name in ("was", "became"))
    # When it is polled next may change without a poll: its host told us to wait.
    touched = {n for n, value in became.items() if now[n] != value} - {"next_poll_at"}
    if touched:
        polled = not touched.intersection(("state", "state_at", "snoozed_until"))
        return f"was polled since and is {now['state']}" if polled else changed(now)
    facts = changes.feed(feed_id)
    reason = was["state_reason"]
    set_feed_state(changes, facts, FeedState(was["state"]), reason=reason, at=write.at)
    put_columns(changes, feed_id, was)
    return ""


def _put_edit_back(changes: Changes, feed_id: int, action: _Row, write: UndoOperation) -> str:
    """Edit a feed back; what a new URL made it forget is remembered, but for its validators."""
    was, became = (from_json(action[n], FeedOwn) for n in ("was", "became"))
    if read_own(changes.cursor, feed_id) != became:
        return "was edited since"
    more, left = (msgspec.json.decode(action[n]) for n in ("was", "became"))
    if was.url != became.url and not _is_untouched(changes, feed_id, left["health"]):
        return "was polled at its new URL since"
    edit = EditFeed(
        feed_id=feed_id,
        at=write.at,
        actor=write.actor,
        url=was.url if was.url != became.url else UNSET,
        title=was.title,
        priority=was.priority,
        effective_priority=more["effective_priority"],
        interval=was.interval,
        backlog=was.backlog,
        user_agent=was.user_agent,
        feed_max=was.feed_max,
        allow_private=was.allow_private,
        auth=was.auth,
        tag=tuple(set(was.tags) - set(became.tags)),
        untag=tuple(set(became.tags) - set(was.tags)),
    )
    edit_feed(changes, edit, record=False)
    if was.url != became.url:
        was_known = more["health"]
        if was_known["state"] != left["health"]["state"]:  # the new URL took it out of quarantine
            facts, state = changes.feed(feed_id), FeedState(was_known["state"])
            set_feed_state(changes, facts, state, reason=was_known["state_reason"], at=write.at)
        put_columns(changes, feed_id, was_known)
        _FORGET_URLS.run(changes.cursor, row=feed_id, since=action["at"])
    return ""


def _is_untouched(changes: Changes, feed_id: int, left: _Row) -> bool:
    now = columns_of(changes, feed_id) or {}
    return all(now[name] == value for name, value in left.items() if name != "next_poll_at")
