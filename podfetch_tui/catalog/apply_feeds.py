"""Writing down feed lists, an operator's changes to feeds, and a feed's health after a run."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from podfetch_tui.catalog import bulks
from podfetch_tui.catalog.changes import Changes, FeedFacts
from podfetch_tui.catalog.event_rows import record_event
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.writes import ChangeFeed, FeedSchedule

_DUE_AT = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("next_poll_at",))
RECOVERED = "feed_recovered"
_POLLED = {FeedState.ACTIVE.value, FeedState.QUARANTINED.value}
_DECIDED = (FeedState.PAUSED.value, FeedState.RETIRED.value, FeedState.GONE.value)
"""States that no run ends: an operator's, and that of a feed that ended in another."""


def change_feed(changes: Changes, write: ChangeFeed) -> None:
    """Set a feed's state, or make it due."""
    changes.settle()
    facts = changes.feed(write.feed_id)
    if write.state is not None:
        set_feed_state(changes, facts, write.state, reason=write.reason, at=write.at)
    if write.next_poll_at is not None:
        _DUE_AT.run(changes.cursor, row=write.feed_id, next_poll_at=write.next_poll_at)


def schedule_feed(changes: Changes, write: FeedSchedule) -> None:
    """Set health and next poll of a feed; a state an operator chose meanwhile stands."""
    facts = changes.feed(write.feed_id)
    health, state = write.health, write.state
    if _was_moved(facts, write.polled_as):
        if health.consecutive_failures:
            return  # it is due, or held, as the operator said
        state = FeedState.ACTIVE  # it answers: nobody is needed any more
    next_poll_at = write.next_poll_at
    if facts.state == FeedState.QUARANTINED.value and state is None:
        next_poll_at = max(next_poll_at, facts.snoozed_until or 0)
    changes.add(
        bulks.SCHEDULES,
        (
            write.feed_id,
            health.breaker.value,
            health.consecutive_failures,
            health.opened,
            health.open_until,
            health.first_failure_at,
            health.last_success_at,
            health.last_error,
            health.last_family,
            health.last_status,
            int(health.probation),
            health.failed_days,
            health.failed_day,
            next_poll_at,
        ),
    )
    if write.evidence:
        changes.add(bulks.EVIDENCE, (write.feed_id, write.evidence))
    if state is not None and facts.state not in _DECIDED:
        _record_change(changes, facts, state, write.state_reason)
        set_feed_state(changes, facts, state, reason=write.state_reason, at=changes.now)


def _was_moved(facts: FeedFacts, polled_as: FeedState | None) -> bool:
    """Say whether an operator took it out of quarantine, or put it back, during the run."""
    if polled_as is None or facts.state == polled_as.value:
        return False
    return {facts.state, polled_as.value} == _POLLED


def _record_change(changes: Changes, facts: FeedFacts, state: FeedState, reason: str) -> None:
    """Write down what the engine decided about quarantine."""
    kind = None
    if state is FeedState.QUARANTINED and facts.state != state.value:
        kind = "feed_quarantined"
    elif state is FeedState.ACTIVE:
        was_held = facts.state == FeedState.QUARANTINED.value
        kind, reason = RECOVERED, "it answered " + ("its probe" if was_held else "on probation")
    if kind is not None:
        record_event(changes, kind, reason, at=changes.now, feed_id=facts.id)
