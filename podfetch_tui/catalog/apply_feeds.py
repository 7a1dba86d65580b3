"""Writing down feed lists, an operator's changes to feeds, and a feed's health after a run."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from podfetch_tui.catalog import bulks
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.writes import ChangeFeed, FeedSchedule

_DUE_AT = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("next_poll_at",))
_DECIDED = (FeedState.PAUSED.value, FeedState.RETIRED.value)


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
    health = write.health
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
            write.next_poll_at,
        ),
    )
    if write.evidence:
        changes.add(bulks.EVIDENCE, (write.feed_id, write.evidence))
    if write.state is not None and facts.state not in _DECIDED:
        reason = write.state_reason
        set_feed_state(changes, facts, write.state, reason=reason, at=changes.now)
