"""Writing down what an operator decided about episodes, each with its row in the audit."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, insert, null, select, update

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.apply_episodes import NO_PART
from podfetch_tui.catalog.apply_states import set_episode_state
from podfetch_tui.catalog.changes import Changes, EpisodeFacts
from podfetch_tui.catalog.schema import episode, media
from podfetch_tui.catalog.schema_audit import derivative, erasure
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.decisions import (
    Decided,
    DecideEpisodes,
    EpisodeDecision,
    ForgetErasures,
    NoteFiles,
    decided_by,
)
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.writes import SetEpisodeState
from podfetch_tui.policy.decisions import episode_changed, episode_refusal

_LOST = "its file was not there"
_FOUND = "its file is there again"

_THIS = episode.c.id == bindparam("row")
_STANDS = Statement(
    lambda: select(
        episode.c.error, episode.c.family, episode.c.next_attempt_at, episode.c.own_path
    ).where(_THIS)
)
_RETRY = Statement(
    lambda: (
        update(episode).where(_THIS).values(state="pending", next_attempt_at=0, resume_failures=0)
    ),
    ("rank",),
)
_NO_FILE = {
    "path": "",
    "path_key": null(),
    "own_path": "",
    "family": "",
    "next_attempt_at": null(),
    "evidence": null(),
}
_SETTLE = Statement(
    lambda: update(episode).where(_THIS).values({**NO_PART, **_NO_FILE}),
    ("state", "error", "rank"),
)
_SKIP = Statement(
    lambda: update(episode).where(_THIS).values(_NO_FILE),
    ("state", "error", "rank"),
)
_MEDIA = Statement(
    lambda: select(media.c.bytes, media.c.path, media.c.published_at).where(
        media.c.id == bindparam("row")
    )
)
_SHARERS = Statement(
    lambda: select(episode.c.state, episode.c.path).where(
        episode.c.media_id == bindparam("media"),
        episode.c.id != bindparam("row"),
        episode.c.state.in_((bindparam("a"), bindparam("b"))),
    )
)
_MEDIA_AT = Statement(
    lambda: update(media).where(media.c.id == bindparam("row")), ("path", "published_at")
)
_OTHER = derivative.alias("other")
# A cover of the feed belongs to all episodes that have it.
_MADE = Statement(
    lambda: select(derivative.c.path).where(
        derivative.c.episode_id == bindparam("row"),
        derivative.c.path != "",
        ~exists().where(
            _OTHER.c.path_key == derivative.c.path_key,
            _OTHER.c.episode_id != derivative.c.episode_id,
        ),
    )
)
_UNMADE = Statement(lambda: delete(derivative).where(derivative.c.episode_id == bindparam("row")))
_ERASE = Statement(lambda: insert(erasure).prefix_with("OR IGNORE"), ("path", "episode_id", "at"))
_FORGET = Statement(lambda: delete(erasure).where(erasure.c.path == bindparam("gone")))


def decide_episodes(changes: Changes, write: DecideEpisodes) -> Decided:
    """Skip, retry or delete episodes; those it does not fit stay and are named."""
    changes.settle()
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    seen = dict(zip(write.episode_ids, write.seen, strict=False))
    for episode_id in write.episode_ids:
        row = changes.episode(episode_id)
        if changed := episode_changed(seen.get(episode_id, ""), row.state):
            refused.append((row.id, changed))
            continue
        if row.state is EpisodeState.ARCHIVED and episode_id in write.lost:
            missing = EpisodeState.MISSING
            set_episode_state(
                changes, SetEpisodeState(episode_id=row.id, state=missing, reason=_LOST)
            )
            row = changes.episode(episode_id)
        why = episode_refusal(
            write.decision,
            row.state,
            undelete=write.undelete,
            lets_part_go=bool(row.part) and not write.keep_part,
        )
        sharers = _sharers(changes, row) if write.decision is EpisodeDecision.DELETE else []
        if any(state == EpisodeState.SEALED.value for state, _ in sharers):
            why = "has the bytes of an episode that is being stored: try again later"
        if why:
            refused.append((episode_id, why))
            continue
        _record(changes, write, row)
        if write.decision is EpisodeDecision.RETRY:
            _retry(changes, row)
        else:
            _settle(changes, write, row, sharers)
        done.append(episode_id)
    return Decided(tuple(done), tuple(refused))


def note_files(changes: Changes, write: NoteFiles) -> Decided:
    """Say of episodes that their file is gone, or back; bytes and files are counted anew."""
    changes.settle()
    done: list[int] = []
    looks = (
        (write.gone, EpisodeState.ARCHIVED, EpisodeState.MISSING, "lose_episode", _LOST),
        (write.back, EpisodeState.MISSING, EpisodeState.ARCHIVED, "find_episode", _FOUND),
    )
    for ids, before, after, action, why in looks:
        for episode_id in ids:
            row = changes.episode(episode_id)
            if row.state is not before:
                continue
            record_action(
                changes,
                action,
                at=write.at,
                actor=write.actor,
                feed_id=row.feed_id,
                episode_id=row.id,
                detail=why,
            )
            reason = why if after is EpisodeState.MISSING else ""
            set_episode_state(
                changes, SetEpisodeState(episode_id=row.id, state=after, reason=reason)
            )
            done.append(row.id)
    return Decided(tuple(done))


def forget_erasures(changes: Changes, write: ForgetErasures) -> None:
    """Forget files that were to be removed."""
    for path in write.paths:
        _FORGET.run(changes.cursor, gone=path)


def _record(changes: Changes, write: DecideEpisodes, row: EpisodeFacts) -> None:
    error, family, next_attempt_at, own_path = _STANDS.first(changes.cursor, row=row.id)
    was = {
        "state": row.state.value,
        "error": error,
        "family": family,
        "next_attempt_at": next_attempt_at,
        "path": row.path or own_path,
        "media_id": row.media_id,
    }
    record_action(
        changes,
        f"{write.decision.value}_episode",
        at=write.at,
        actor=write.actor,
        feed_id=row.feed_id,
        episode_id=row.id,
        detail=write.reason,
        was=was,
    )


def _retry(changes: Changes, row: EpisodeFacts) -> None:
    """Make it due before all others."""
    _RETRY.run(changes.cursor, row=row.id, rank=changes.rank(row, backlog=False))
    changes.move(row.feed_id, row.state, EpisodeState.PENDING)


def _settle(
    changes: Changes, write: DecideEpisodes, row: EpisodeFacts, sharers: list[_Sharer]
) -> None:
    """Skip it, or make it a tombstone and name its files for erasure."""
    is_deletion = write.decision is EpisodeDecision.DELETE
    state = EpisodeState.DELETED if is_deletion else EpisodeState.SKIPPED
    if is_deletion:
        paths = [path for (path,) in _MADE.run(changes.cursor, row=row.id).fetchall()]
        if row.state is EpisodeState.ARCHIVED:
            paths += _withdraw(changes, row, sharers)
        for path in paths:
            _ERASE.run(changes.cursor, path=path, episode_id=row.id, at=write.at)
        _UNMADE.run(changes.cursor, row=row.id)
    # The part of a skipped episode is one that a row names: no sweep takes it.
    statement = _SKIP if write.keep_part and not is_deletion else _SETTLE
    statement.run(
        changes.cursor,
        row=row.id,
        state=state.value,
        error=decided_by(write.reason),
        rank=changes.rank(row),
    )
    changes.move(row.feed_id, row.state, state)


class _Sharer(NamedTuple):
    """Another episode with the same bytes."""

    state: str
    path: str
    """Empty: its file is where the media row says."""


def _sharers(changes: Changes, row: EpisodeFacts) -> list[_Sharer]:
    if row.state is not EpisodeState.ARCHIVED or row.media_id is None:
        return []
    found = _SHARERS.run(
        changes.cursor,
        media=row.media_id,
        row=row.id,
        a=EpisodeState.ARCHIVED.value,
        b=EpisodeState.SEALED.value,
    )
    return [_Sharer(*values) for values in found.fetchall()]


def _withdraw(changes: Changes, row: EpisodeFacts, sharers: list[_Sharer]) -> list[str]:
    """Take its file out of the books and return the names that nobody else needs."""
    if row.media_id is None:
        return [row.path] if row.path else []
    size, path, published_at = _MEDIA.first(changes.cursor, row=row.media_id)
    changes.count_bytes(row.feed_id, -size)
    if published_at is None:
        return [row.path] if row.path else []
    if not sharers:
        _MEDIA_AT.run(changes.cursor, row=row.media_id, path=path, published_at=None)
        changes.count_media(-1, -size)
        return sorted({name for name in (row.path, path) if name})
    if row.path != path:
        return [row.path] if row.path else []
    if any(not sharer.path for sharer in sharers):
        return []  # they have no name of their own: this one stays for them
    _MEDIA_AT.run(changes.cursor, row=row.media_id, path=sharers[0].path, published_at=published_at)
    return [path]
