"""Bringing times that another clock wrote back to where they can be waited for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    update,
)

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.schema_audit import derivative, host
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.writes import Reanchor, Reanchored

_NOW: BindParameter[int] = bindparam("at_now")
_BY: BindParameter[int] = bindparam("nearer")
_BEYOND: BindParameter[int] = bindparam("beyond")
_FEEDS = Statement(
    lambda: (
        update(feed)
        .where(
            feed.c.state.in_((literal_column("'active'"), literal_column("'quarantined'"))),
            feed.c.next_poll_at > _BEYOND,
            feed.c.next_poll_at
            > _NOW + func.coalesce(feed.c.interval_s, literal_column("0")) * bindparam("own_ms"),
            or_(feed.c.snoozed_until.is_(None), feed.c.snoozed_until <= _NOW),
        )
        .values(
            next_poll_at=func.max(_NOW, feed.c.next_poll_at - _BY),
            open_until=case(
                (feed.c.open_until > _NOW, func.max(_NOW, feed.c.open_until - _BY)),
                else_=feed.c.open_until,
            ),
            # How often a feed is polled follows from both times.
            last_poll_at=case(
                (
                    and_(feed.c.last_poll_at > _NOW, feed.c.last_poll_at > _BY),
                    feed.c.last_poll_at - _BY,
                ),
                else_=feed.c.last_poll_at,
            ),
        )
    )
)
_EPISODES = Statement(
    lambda: (
        update(episode)
        .where(
            and_(
                episode.c.rank.in_([literal_column(str(rank)) for rank in range(4)]),
                episode.c.next_attempt_at > _BEYOND,
            )
        )
        .values(next_attempt_at=func.max(_NOW, episode.c.next_attempt_at - _BY))
    )
)
_DERIVATIVES = Statement(
    lambda: (
        update(derivative)
        .where(derivative.c.next_attempt_at > _BEYOND)
        .values(next_attempt_at=func.max(_NOW, derivative.c.next_attempt_at - _BY))
    )
)


def _nearer(moment: Column[Any]) -> ColumnElement[Any]:
    return case((moment > _BEYOND, func.max(_NOW, moment - _BY)), else_=moment)


_HOSTS = Statement(
    lambda: (
        update(host)
        .where(or_(host.c.not_before > _BEYOND, host.c.open_until > _BEYOND))
        .values(not_before=_nearer(host.c.not_before), open_until=_nearer(host.c.open_until))
    )
)


def reanchor(changes: Changes, write: Reanchor) -> Reanchored:
    """Bring what lies beyond a moment nearer; return how many feeds and episodes that were."""
    changes.settle()
    values = {"at_now": write.now, "nearer": write.by, "beyond": write.beyond}
    feeds = _FEEDS.run(changes.cursor, **values, own_ms=write.per_interval_ms).rowcount
    episodes = _EPISODES.run(changes.cursor, **values).rowcount
    _DERIVATIVES.run(changes.cursor, **values)
    _HOSTS.run(changes.cursor, **values)
    return Reanchored(feeds, episodes)
