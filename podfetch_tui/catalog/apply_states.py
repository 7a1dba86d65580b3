"""Writing down how a run left its episode, and what became of its file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, null, select, update

from podfetch_tui.catalog.apply_derivatives import rest, wake
from podfetch_tui.catalog.apply_episodes import NO_PART
from podfetch_tui.catalog.changes import Changes, EpisodeFacts
from podfetch_tui.catalog.schema import episode, feed, media
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.writes import EpisodeEnd, SetEpisodeState

_THIS = episode.c.id == bindparam("row")
_END = Statement(
    lambda: update(episode).where(_THIS),
    ("state", "rank", "next_attempt_at", "family", "error", "evidence"),
)
_UNCHARGED = Statement(lambda: update(episode).where(_THIS), ("attempts",))
# Another URL is another body; the part is overwritten, and so not left behind.
_NEW_BODY = Statement(
    lambda: (
        update(episode)
        .where(_THIS)
        .values(durable=0, total=null(), etag=null(), last_modified=null(), resume_failures=0)
    )
)
_FORGET_PART = Statement(
    lambda: (
        update(episode)
        .where(_THIS)
        .values({**NO_PART, "path": "", "path_key": null(), "own_path": ""})
    )
)
_SET = Statement(
    lambda: update(episode).where(_THIS).values(family=""),
    ("state", "rank", "next_attempt_at", "error"),
)
_MEDIA = Statement(
    lambda: select(media.c.bytes, media.c.path, media.c.published_at).where(
        media.c.id == bindparam("row")
    )
)
_SIBLING = Statement(
    lambda: (
        select(episode.c.path)
        .where(
            episode.c.media_id == bindparam("media"),
            episode.c.state == "archived",
            episode.c.id != bindparam("row"),
            episode.c.path.not_in(("", bindparam("gone"))),
        )
        .limit(1)
    )
)
_PUBLISHED = Statement(
    lambda: update(media).where(media.c.id == bindparam("row")), ("path", "published_at")
)
_ASK_FEED = Statement(
    lambda: update(feed).where(
        feed.c.id == bindparam("row"),
        feed.c.state == "active",
        feed.c.breaker == "closed",
        feed.c.next_poll_at > bindparam("now"),
        feed.c.last_poll_at < bindparam("after"),
    ),
    ("next_poll_at",),
)
_SETTLED = (
    EpisodeState.ARCHIVED,
    EpisodeState.SKIPPED,
    EpisodeState.MISSING,
    EpisodeState.DELETED,
)
_RETRIED = (EpisodeState.PENDING, EpisodeState.FAILED, EpisodeState.GONE)
_IN_FLIGHT = (EpisodeState.CLAIMED, EpisodeState.SEALED)
"""Their rank follows the state of their feed; that of others is found when they wait again."""


def end_episode(changes: Changes, write: EpisodeEnd) -> None:
    """Leave an episode as its run left it; what an operator decided meanwhile stands.

    A sealed episode whose part is kept stays sealed: its bytes are whole, perhaps published.
    """
    row = changes.episode(write.episode_id)
    if row.state in _SETTLED:
        return
    sealed = row.state is EpisodeState.SEALED and write.keep_part
    has_new_url = (
        not sealed and write.url not in ("", row.enclosure_url) and write.state in _RETRIED
    )
    retried = EpisodeState.PENDING if has_new_url else write.state
    state = EpisodeState.SEALED if sealed else retried
    _END.run(
        changes.cursor,
        row=row.id,
        state=state.value,
        rank=row.rank if row.state in _IN_FLIGHT else changes.rank(row),
        next_attempt_at=changes.now if has_new_url else write.next_attempt_at,
        family=write.family,
        error=write.error,
        evidence=write.evidence or None,
    )
    if write.attempts is not None:
        _UNCHARGED.run(changes.cursor, row=row.id, attempts=write.attempts)
    if not write.keep_part:
        _FORGET_PART.run(changes.cursor, row=row.id)
    elif has_new_url:
        _NEW_BODY.run(changes.cursor, row=row.id)
    changes.move(row.feed_id, row.state, state)
    if write.ask_feed_after is not None:
        changes.settle()
        _ASK_FEED.run(
            changes.cursor,
            row=row.feed_id,
            now=changes.now,
            next_poll_at=changes.now,
            after=write.ask_feed_after,
        )


def set_episode_state(changes: Changes, write: SetEpisodeState) -> None:
    """Set a state that needs no file, or say that the file is gone, or back.

    Raises:
        Failure: ``BUG``: the state belongs to the archive protocol.
    """
    changes.settle()
    row = changes.episode(write.episode_id)
    if write.state in (EpisodeState.CLAIMED, EpisodeState.SEALED):
        raise Failure(Kind.BUG, f"an episode is not set {write.state.value} by hand")
    if row.state is EpisodeState.ARCHIVED and write.state is not EpisodeState.ARCHIVED:
        _withdraw(changes, row)
        rest(changes, row.id)
    if write.state is EpisodeState.ARCHIVED and row.state is not EpisodeState.ARCHIVED:
        _restore(changes, row)
        wake(changes, row.id)
    values: dict[str, Any] = {"next_attempt_at": write.next_attempt_at, "error": write.reason}
    _SET.run(changes.cursor, row=row.id, state=write.state.value, rank=changes.rank(row), **values)
    if write.state in (EpisodeState.DELETED, EpisodeState.SKIPPED):
        _FORGET_PART.run(changes.cursor, row=row.id)
    changes.move(row.feed_id, row.state, write.state)


def _withdraw(changes: Changes, row: EpisodeFacts) -> None:
    """Take an archived episode's file out of the books; equal bytes elsewhere stand in."""
    if row.media_id is None:
        return
    size, path, published_at = _MEDIA.first(changes.cursor, row=row.media_id)
    changes.count_bytes(row.feed_id, -size)
    if published_at is None or row.path not in ("", path):
        return
    other = _SIBLING.first(changes.cursor, media=row.media_id, row=row.id, gone=path)
    if other is not None:
        _PUBLISHED.run(changes.cursor, row=row.media_id, path=other[0], published_at=published_at)
        return
    _PUBLISHED.run(changes.cursor, row=row.media_id, path=path, published_at=None)
    changes.count_media(-1, -size)


def _restore(changes: Changes, row: EpisodeFacts) -> None:
    """Take a file that was missing into the books again."""
    if row.state is not EpisodeState.MISSING or row.media_id is None:
        raise Failure(Kind.BUG, f"episode {row.id} was never archived")
    size, path, published_at = _MEDIA.first(changes.cursor, row=row.media_id)
    changes.count_bytes(row.feed_id, size)
    if published_at is None:
        where = row.path or path
        _PUBLISHED.run(changes.cursor, row=row.media_id, path=where, published_at=changes.now)
        changes.count_media(1, size)
