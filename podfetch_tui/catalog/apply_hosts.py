"""Writing down how hosts stand, putting off the work that waits for one, and their release."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, bindparam, delete, literal_column, or_, select

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.schema_audit import host
from podfetch_tui.catalog.statements import Answer, Statement, bulk_insert, bulk_update
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.figures import rfc3339
from podfetch_tui.model.host_writes import HostsReleased, PutOff, ReleaseHosts, SaveHost
from podfetch_tui.policy.hosts import host_of

# What an operator, or a run that ended meanwhile, put off further stays so. What an earlier
# process left in flight has no time yet, and would wait for the next start without one.
_FEEDS = bulk_update("feed", ("id", "at"), {"next_poll_at": "max(feed.next_poll_at, v.at)"})
_EPISODES = bulk_update(
    "episode",
    ("id", "at"),
    {
        "next_attempt_at": (
            "CASE WHEN episode.next_attempt_at IS NOT NULL"
            " THEN max(episode.next_attempt_at, v.at)"
            " WHEN episode.state IN ('claimed', 'sealed') THEN v.at END"
        )
    },
)
_SAVE = bulk_insert(
    "host",
    ("name", "breaker", "opened", "open_until", "not_before", "last_error", "at"),
    tail=" ON CONFLICT (name) DO UPDATE SET breaker = excluded.breaker,"
    " opened = excluded.opened, open_until = excluded.open_until,"
    " not_before = excluded.not_before, at = excluded.at,"
    " last_error = CASE WHEN excluded.last_error = '' AND excluded.breaker <> 'closed'"
    " THEN host.last_error ELSE excluded.last_error END",
)
_LEAST_SPREAD_MS = 60_000
_SPREAD = 0.25
"""What waits for a host comes back by up to so much of the wait later, with its jitter."""


class _Held(msgspec.Struct, array_like=True, frozen=True):
    open_until: int | None
    not_before: int | None
    at: int


class _Waiting(msgspec.Struct, array_like=True, frozen=True):
    id: int
    url: str


_HELD = Answer(
    lambda: select(host.c.open_until, host.c.not_before, host.c.at).where(
        host.c.name == bindparam("row")
    ),
    _Held,
)


def _waiting(
    columns: tuple[Column[Any], Column[Any]],
    state: ColumnElement[bool],
    at: Column[Any],
    tries: Column[Any],
) -> Answer[_Waiting]:
    """Return what selects rows that wait for a time after ``now``, each as id and URL.

    Those wait for a host that wait not beyond ``until``, or tried before and failed.
    """
    return Answer(
        lambda: select(*columns).where(
            state, at > bindparam("now"), or_(at <= bindparam("until"), tries > 0)
        ),
        _Waiting,
    )


_FEEDS_WAITING = _waiting(
    (feed.c.id, feed.c.url),
    feed.c.state == FeedState.ACTIVE.value,
    feed.c.next_poll_at,
    feed.c.consecutive_failures,
)
_ON_THEIR_WAY = (EpisodeState.PENDING, EpisodeState.CLAIMED, EpisodeState.SEALED)
_EPISODES_WAITING = _waiting(
    (episode.c.id, episode.c.enclosure_url),
    episode.c.state.in_([literal_column(f"'{state.value}'") for state in _ON_THEIR_WAY]),
    episode.c.next_attempt_at,
    episode.c.attempts,
)
_FEEDS_DUE = bulk_update("feed", ("id", "at"), {"next_poll_at": "v.at"})
_EPISODES_DUE = bulk_update("episode", ("id", "at"), {"next_attempt_at": "v.at"})
_FORGET = Statement(lambda: delete(host).where(host.c.name == bindparam("row")))


def put_off(changes: Changes, write: PutOff) -> None:
    """Move due feeds and episodes to later."""
    changes.settle()
    _FEEDS.run(changes.cursor, write.feeds)
    _EPISODES.run(changes.cursor, write.episodes)


def save_host(changes: Changes, write: SaveHost) -> None:
    """Keep what is known of a host; one that is well and named no time is forgotten."""
    if write.breaker is BreakerState.CLOSED and write.not_before is None:
        _FORGET.run(changes.cursor, row=write.host)
        return
    row = (
        write.host,
        write.breaker.value,
        write.opened,
        write.open_until,
        write.not_before,
        write.error,
        write.at,
    )
    _SAVE.run(changes.cursor, [row])


def release_hosts(changes: Changes, write: ReleaseHosts) -> HostsReleased:
    """Forget what holds hosts back, and make due what was put off for that or failed there."""
    changes.settle()
    done: dict[str, int] = {}
    refused: list[str] = []
    for name in dict.fromkeys(write.hosts):
        held = _HELD.rows(changes.cursor, row=name)
        if not held:
            refused.append(name)
            continue
        until = max(held[0].open_until or 0, held[0].not_before or 0, write.at)
        spread = max(_LEAST_SPREAD_MS, round((until - held[0].at) * _SPREAD))
        done[name] = until + spread
        _FORGET.run(changes.cursor, row=name)
        detail = f"{name}, which was to be left alone until {rfc3339(until)}"
        record_action(changes, "release_host", at=write.at, actor=write.actor, detail=detail)
    if not done:
        return HostsReleased(refused=tuple(refused))
    span = {"now": write.at, "until": max(done.values())}
    feeds = _FEEDS_WAITING.rows(changes.cursor, **span)
    episodes = _EPISODES_WAITING.rows(changes.cursor, **span)
    feeds_due = [(row.id, write.at) for row in feeds if host_of(row.url) in done]
    episodes_due = [(row.id, write.at) for row in episodes if host_of(row.url) in done]
    _FEEDS_DUE.run(changes.cursor, feeds_due)
    _EPISODES_DUE.run(changes.cursor, episodes_due)
    return HostsReleased(
        done=tuple(done), refused=tuple(refused), feeds=len(feeds_due), episodes=len(episodes_due)
    )
