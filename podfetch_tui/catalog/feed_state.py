"""Setting a feed's state: its episodes are held while it is not active."""

from __future__ import annotations

from sqlalchemy import bindparam, null, or_, update

from podfetch_tui.catalog.changes import Changes, FeedFacts
from podfetch_tui.catalog.schema import HELD, episode, feed
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.feed import FeedState

_SET = Statement(
    lambda: (
        update(feed).where(feed.c.id == bindparam("row")).values(probes=0, snoozed_until=null())
    ),
    ("state", "state_reason", "state_at", "quarantined_at"),
)
_REASON = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("state_reason",))
_WAITING = or_(
    episode.c.next_attempt_at.is_not(None),
    episode.c.state == "claimed",
    episode.c.state == "sealed",
)
# ``+ rank`` keeps SQLite on the index of the feed's episodes.
_HOLD = Statement(
    lambda: (
        update(episode)
        .where(episode.c.feed_id == bindparam("row"), (episode.c.rank + 0) < HELD, _WAITING)
        .values(rank=episode.c.rank + HELD)
    )
)
_RELEASE = Statement(
    lambda: (
        update(episode)
        .where(episode.c.feed_id == bindparam("row"), (episode.c.rank + 0) >= HELD, _WAITING)
        .values(rank=episode.c.rank - HELD)
    )
)


def set_feed_state(
    changes: Changes, facts: FeedFacts, state: FeedState, *, reason: str, at: int
) -> None:
    """Set the state of a feed and hold or release what waits of it."""
    changes.settle()
    if facts.state == state.value:
        _REASON.run(changes.cursor, row=facts.id, state_reason=reason)
        return
    _SET.run(
        changes.cursor,
        row=facts.id,
        state=state.value,
        state_reason=reason,
        state_at=at,
        quarantined_at=at if state is FeedState.QUARANTINED else None,
    )
    if state is FeedState.ACTIVE:
        _RELEASE.run(changes.cursor, row=facts.id)
    elif facts.state == FeedState.ACTIVE.value:
        _HOLD.run(changes.cursor, row=facts.id)
    changes.forget(facts.id)
