"""Writing down that a feed moved, or that it may be about to."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from podfetch_tui.catalog.changes import Changes, FeedFacts
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.schema import feed, feed_url
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.feed import FeedState, Sighting

_OWNER = Statement(lambda: select(feed.c.id, feed.c.state).where(feed.c.url == bindparam("url")))
_WAITING = Statement(lambda: select(feed.c.pending).where(feed.c.id == bindparam("row")))
_MOVE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("url",))
_MERGE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("merged_into",))
_SIGHT = Statement(
    lambda: update(feed).where(feed.c.id == bindparam("row")),
    ("redirect_url", "redirect_by", "redirect_seen", "redirect_since"),
)
_REMEMBER = Statement(lambda: insert(feed_url), ("feed_id", "url", "until"))
_OVER = (FeedState.GONE.value, FeedState.RETIRED.value)
_NOWHERE = Sighting()


def sight(changes: Changes, feed_id: int, sighting: Sighting) -> None:
    """Remember where the answers of a feed lead."""
    _SIGHT.run(
        changes.cursor,
        row=feed_id,
        redirect_url=sighting.url,
        redirect_by=sighting.by,
        redirect_seen=sighting.seen,
        redirect_since=sighting.since,
    )


def move(changes: Changes, facts: FeedFacts, url: str, *, at: int) -> bool:
    """Give a feed its new URL; return whether it ended in another feed that is there already.

    It ends only when nothing of it waits any more, since the other feed may not list what it
    listed; and never in a feed that is over itself, or nobody would ask that URL. Until then
    it goes on through its redirect.
    """
    owner = _OWNER.first(changes.cursor, url=url)
    if owner is None:
        _REMEMBER.run(changes.cursor, feed_id=facts.id, url=facts.url, until=at)
        _MOVE.run(changes.cursor, row=facts.id, url=url)
        sight(changes, facts.id, _NOWHERE)
        facts.url = url
        return False
    number, state = owner
    if state in _OVER:
        sight(changes, facts.id, _NOWHERE)
        return False
    if _WAITING.first(changes.cursor, row=facts.id)[0]:
        return False
    _MERGE.run(changes.cursor, row=facts.id, merged_into=number)
    sight(changes, facts.id, _NOWHERE)
    reason = f"moved to the URL of feed {number}"
    set_feed_state(changes, facts, FeedState.GONE, reason=reason, at=at)
    return True
