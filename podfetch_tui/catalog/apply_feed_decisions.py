"""Writing down what an operator decided about feeds.

Each action keeps the columns it changed as they were and as it left them: an undo puts the
first back where the second still stand (``apply_undo``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, null, update

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.event_rows import record_event
from podfetch_tui.catalog.feed_columns import COLUMNS, STATE, columns_of
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.decisions import (
    DONE,
    Decided,
    DecideFeeds,
    FeedDecision,
    decided_by,
)
from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.text import counted
from podfetch_tui.policy.decisions import changed_meanwhile, feed_refusal
from podfetch_tui.system.times import rfc3339

_TOUCHED: dict[FeedDecision, tuple[str, ...]] = {
    FeedDecision.RELEASE: COLUMNS,
    FeedDecision.SNOOZE: (*STATE, "next_poll_at"),
    FeedDecision.QUARANTINE: (*STATE, "probation", "next_poll_at"),
}
"""What a decision changes besides the state; no run may have changed it before an undo."""
_THIS = feed.c.id == bindparam("row")
_RELEASE = Statement(
    lambda: (
        update(feed)
        .where(_THIS)
        .values(breaker=BreakerState.CLOSED.value, open_until=null(), probation=1)
    ),
    ("next_poll_at",),
)
_HOLD = Statement(lambda: update(feed).where(_THIS).values(probation=0), ("next_poll_at",))
_SNOOZE = Statement(lambda: update(feed).where(_THIS), ("snoozed_until", "next_poll_at"))


def decide_feeds(changes: Changes, write: DecideFeeds) -> Decided:
    """Carry a decision out; feeds it does not fit, or that changed, stay and are named."""
    changes.settle()
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    operation = write.operation
    for index, feed_id in enumerate(write.feed_ids):
        before = columns_of(changes, feed_id)
        why = "is not known" if before is None else _refusal(write, index, before)
        if before is None or why:
            refused.append((feed_id, why))
            continue
        _carry_out(changes, write, index)
        after = columns_of(changes, feed_id) or {}
        touched = _TOUCHED.get(write.decision, STATE)
        operation = record_action(
            changes,
            f"{write.decision.value}_feed",
            at=write.at,
            actor=write.actor,
            feed_id=feed_id,
            detail=write.reason,
            was={name: before[name] for name in touched},
            became={name: after[name] for name in touched},
            operation=operation,
        )
        done.append(feed_id)
    if done:
        until = "" if write.until is None else f" until {rfc3339(write.until)}"
        text = f"{feeds_word(done)} {DONE[write.decision]}{until} by {write.actor}"
        tell(changes, write.decision.value, text, write.reason, done, write.at)
    return Decided(tuple(done), tuple(refused), operation if done else 0)


def _refusal(write: DecideFeeds, index: int, before: dict[str, Any]) -> str:
    state = FeedState(before["state"])
    # Rows are shown with whole seconds.
    if write.seen and write.seen[index] // 1000 != before["state_at"] // 1000:
        return changed(before)
    return feed_refusal(write.decision, state, before["merged_into"])


def _carry_out(changes: Changes, write: DecideFeeds, index: int) -> None:
    feed_id = write.feed_ids[index]
    if write.decision is FeedDecision.SNOOZE:
        until = write.at if write.until is None else write.until
        _SNOOZE.run(changes.cursor, row=feed_id, snoozed_until=until, next_poll_at=until)
        return
    facts, wanted = changes.feed(feed_id), write.decision.state
    shown = "" if wanted is FeedState.ACTIVE else decided_by(write.reason)
    set_feed_state(changes, facts, wanted, reason=shown, at=write.at)
    if write.decision is FeedDecision.RELEASE:
        at = write.due_at[index] if write.due_at else write.at
        _RELEASE.run(changes.cursor, row=feed_id, next_poll_at=at)
    elif write.decision is FeedDecision.QUARANTINE:
        _HOLD.run(changes.cursor, row=feed_id, next_poll_at=write.until or write.at)


def changed(row: Mapping[str, Any]) -> str:
    """Return the refusal for a feed whose columns are ``row`` by now."""
    state = FeedState(row["state"])
    return changed_meanwhile(state, row["state_reason"], rfc3339(row["state_at"]))


def feeds_word(ids: Sequence[int]) -> str:
    """Return how many feeds, in words."""
    return counted(len(ids), "feed")


def tell(changes: Changes, code: str, text: str, reason: str, done: Sequence[int], at: int) -> None:
    """Keep the event that somebody acted.

    Args:
        changes: The transaction it belongs to.
        code: What was done, in a word.
        text: The same for people.
        reason: Why, if it was said.
        done: The feeds.
        at: UTC milliseconds.
    """
    words = f"{text}: {reason}" if reason else text
    one = done[0] if len(done) == 1 else None
    record_event(changes, "operator_acted", words, at=at, feed_id=one, code=code)
