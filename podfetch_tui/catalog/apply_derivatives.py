"""Writing down what is made from an archived file: sidecars, tagged copies, transcodes, extras."""

from __future__ import annotations

from sqlalchemy import bindparam, case, delete, literal_column, null, select, update
from sqlalchemy.dialects.sqlite import insert

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.derivatives import LOOK_AGAIN
from podfetch_tui.catalog.path_keys import free_path, is_like, path_key
from podfetch_tui.catalog.schema import episode, media
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.decisions import Decided
from podfetch_tui.model.derivatives import (
    Derive,
    DeriveEpisodes,
    PostponeDerivatives,
    Rejudge,
    SealDerivative,
    Shared,
)
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.writes import Reserved

_FILE = ("path", "path_key", "sha256", "bytes", "media_type", "source_url")
_END_COLUMNS = ("state", "error", "next_attempt_at")
_KEY = ["episode_id", "kind"]
_THIS = (derivative.c.episode_id == bindparam("row"), derivative.c.kind == bindparam("what"))

_DUE = Statement(
    lambda: (
        insert(derivative)
        .values(state="pending", attempts=0)
        .on_conflict_do_update(
            index_elements=_KEY,
            set_={"state": "pending", "error": "", "next_attempt_at": bindparam("again_at")},
        )
    ),
    (*_KEY, "next_attempt_at"),
)
_AGAIN = Statement(
    lambda: (
        update(derivative)
        .where(derivative.c.episode_id == bindparam("row"))
        .values(
            state="pending",
            attempts=0,
            error=case((derivative.c.state == "done", LOOK_AGAIN), else_=derivative.c.error),
        )
    ),
    ("next_attempt_at",),
)
_ADD = Statement(
    lambda: (
        insert(derivative)
        .values(state="pending", attempts=0)
        .on_conflict_do_nothing(index_elements=_KEY)
    ),
    (*_KEY, "next_attempt_at"),
)
_REST = Statement(
    lambda: (
        update(derivative)
        .where(derivative.c.episode_id == bindparam("row"))
        .values(next_attempt_at=null())
    )
)
_WAKE = Statement(
    lambda: (
        update(derivative)
        .where(
            derivative.c.episode_id == bindparam("row"),
            derivative.c.state != literal_column("'done'"),
        )
        .values(next_attempt_at=bindparam("again_at"))
    )
)
_POSTPONE = Statement(
    lambda: (
        update(derivative)
        .where(
            derivative.c.episode_id == bindparam("row"),
            derivative.c.next_attempt_at < bindparam("until"),
        )
        .values(state="failed", attempts=derivative.c.attempts + 1)
    ),
    ("error", "next_attempt_at"),
)
_REJUDGE = Statement(
    lambda: (
        update(media)
        .where(
            media.c.id
            == select(episode.c.media_id).where(episode.c.id == bindparam("row")).scalar_subquery(),
            media.c.validity == literal_column("'unverified'"),
        )
        .values(validity=bindparam("new"))
    ),
    ("problem",),
)
_STRIKE = Statement(lambda: delete(derivative).where(*_THIS))
_ROW = Statement(lambda: select(derivative.c.path, derivative.c.path_key).where(*_THIS))
_SAME = Statement(
    lambda: (
        select(derivative.c.path)
        .join_from(derivative, episode, episode.c.id == derivative.c.episode_id)
        .where(
            derivative.c.source_url == bindparam("source"),
            derivative.c.source_url != literal_column("''"),
            derivative.c.sha256 == bindparam("digest"),
            derivative.c.path != "",
            derivative.c.state != "failed",
            derivative.c.error != LOOK_AGAIN,
            episode.c.feed_id == bindparam("feed"),
            derivative.c.episode_id != bindparam("row"),
        )
        .limit(1)
    )
)


def _upsert(columns: tuple[str, ...], *, more: int) -> Statement:
    """Return the insert of a row, or the update of those columns; it counts ``more`` attempts."""
    return Statement(
        lambda: (
            insert(derivative)
            .values(attempts=more)
            .on_conflict_do_update(
                index_elements=_KEY,
                set_={
                    **{name: insert(derivative).excluded[name] for name in columns},
                    "attempts": derivative.c.attempts + more,
                },
            )
        ),
        (*_KEY, *columns),
    )


_SEAL = _upsert((*_FILE, *_END_COLUMNS), more=0)
_DONE = _upsert((*_FILE, *_END_COLUMNS), more=1)
_FAILED = _upsert((*_END_COLUMNS, "source_url"), more=1)


def make_due(changes: Changes, episode_id: int, kind: str, at: int) -> None:
    """Record that a derivative has to be made, from ``at`` on."""
    _DUE.run(changes.cursor, episode_id=episode_id, kind=kind, next_attempt_at=at, again_at=at)


def derive_episodes(changes: Changes, write: DeriveEpisodes) -> Decided:
    """Make all derivatives of archived episodes due; others stay as they are and are named."""
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    for episode_id in write.episode_ids:
        row = changes.episode(episode_id)
        if row.state is not EpisodeState.ARCHIVED:
            refused.append((row.id, f"is {row.state.value}: there is nothing to make more of"))
            continue
        _AGAIN.run(changes.cursor, row=row.id, next_attempt_at=write.at)
        for kind in write.kinds:
            _ADD.run(changes.cursor, episode_id=row.id, kind=kind, next_attempt_at=write.at)
        record_action(
            changes,
            "derive_episode",
            at=write.at,
            actor=write.actor,
            feed_id=row.feed_id,
            episode_id=row.id,
            detail=write.reason,
        )
        done.append(row.id)
    return Decided(tuple(done), tuple(refused))


def rejudge(changes: Changes, write: Rejudge) -> None:
    """Say something else of bytes that were not verified; what was judged meanwhile stays."""
    _REJUDGE.run(
        changes.cursor, row=write.episode_id, new=write.validity.value, problem=write.problem
    )


def postpone(changes: Changes, write: PostponeDerivatives) -> None:
    """Let what is due wait: the run that was to make it broke off."""
    _POSTPONE.run(
        changes.cursor,
        row=write.episode_id,
        until=write.until,
        next_attempt_at=write.until,
        error=write.error,
    )


def rest(changes: Changes, episode_id: int) -> None:
    """Try no derivative of an episode any more: its file is gone or deleted."""
    _REST.run(changes.cursor, row=episode_id)


def seal_derivative(changes: Changes, write: SealDerivative) -> Reserved | Shared:
    """P8: reserve a name for a whole file, with its digest, before it is published."""
    row = changes.episode(write.episode_id)
    if row.state is not EpisodeState.ARCHIVED:
        raise Failure(Kind.STOPPED, f"episode {row.id} is {row.state.value} by now")
    if write.source_url and not write.alone:
        values = {"source": write.source_url, "digest": write.sha256, "feed": row.feed_id}
        found = _SAME.first(changes.cursor, row=row.id, **values)
        if found is not None:
            return Shared(found[0])
    before = _ROW.first(changes.cursor, row=row.id, what=write.kind)
    path, key = before if before is not None else ("", None)
    if key is None or write.taken or not is_like(path, write.path, seed=row.id):
        path, key = free_path(
            write.path,
            seed=row.id,
            taken=lambda keys: changes.taken_paths(keys, row.id, kind=write.kind),
            after=key if write.taken else None,
        )
    _SEAL.run(
        changes.cursor,
        episode_id=row.id,
        kind=write.kind,
        state="pending",
        path=path,
        path_key=key,
        sha256=write.sha256,
        bytes=write.size,
        media_type=write.media_type,
        source_url=write.source_url,
        error="",
        next_attempt_at=write.at,
    )
    return Reserved(path)


def derive(changes: Changes, write: Derive) -> None:
    """P8: record how one derivative ended."""
    changes.episode(write.episode_id)
    if write.struck:
        _STRIKE.run(changes.cursor, row=write.episode_id, what=write.kind)
        return
    failed = bool(write.error) and not write.absent
    ended = {
        "episode_id": write.episode_id,
        "kind": write.kind,
        "state": "failed" if failed else "done",
        "error": write.error,
        "next_attempt_at": write.next_attempt_at if failed else None,
        "source_url": write.source_url,
    }
    if failed:
        _FAILED.run(changes.cursor, **ended)
        return
    _DONE.run(
        changes.cursor,
        **ended,
        path=write.path,
        path_key=path_key(write.path) if write.path else None,
        sha256=write.sha256 or None,
        bytes=write.size,
        media_type=write.media_type,
    )


def wake(changes: Changes, episode_id: int) -> None:
    """Make what is not made yet of an episode due: its file is there again."""
    _WAKE.run(changes.cursor, row=episode_id, again_at=changes.now)
