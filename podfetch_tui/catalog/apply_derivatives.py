"""Writing down what is made from an archived file: sidecars, tagged copies, transcodes."""

from __future__ import annotations

from sqlalchemy import bindparam
from sqlalchemy.dialects.sqlite import insert

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.path_keys import path_key
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.writes import Derive

_DUE = Statement(
    lambda: (
        insert(derivative)
        .values(state="pending", attempts=0)
        .on_conflict_do_update(
            index_elements=["episode_id", "kind"],
            set_={"state": "pending", "error": "", "next_attempt_at": bindparam("again_at")},
        )
    ),
    ("episode_id", "kind", "next_attempt_at"),
)
_END = Statement(
    lambda: (
        insert(derivative)
        .values(attempts=1)
        .on_conflict_do_update(
            index_elements=["episode_id", "kind"],
            set_={
                **{
                    name: insert(derivative).excluded[name]
                    for name in (
                        "state",
                        "path",
                        "path_key",
                        "sha256",
                        "bytes",
                        "error",
                        "next_attempt_at",
                    )
                },
                "attempts": derivative.c.attempts + 1,
            },
        )
    ),
    (
        "episode_id",
        "kind",
        "state",
        "path",
        "path_key",
        "sha256",
        "bytes",
        "error",
        "next_attempt_at",
    ),
)


def make_due(changes: Changes, episode_id: int, kind: str, at: int) -> None:
    """Record that a derivative has to be made, from ``at`` on."""
    _DUE.run(changes.cursor, episode_id=episode_id, kind=kind, next_attempt_at=at, again_at=at)


def derive(changes: Changes, write: Derive) -> None:
    """P8: record how one derivative ended."""
    changes.episode(write.episode_id)
    failed = bool(write.error)
    _END.run(
        changes.cursor,
        episode_id=write.episode_id,
        kind=write.kind,
        state="failed" if failed else "done",
        path=write.path,
        path_key=path_key(write.path) if write.path else None,
        sha256=write.sha256 or None,
        bytes=write.size,
        error=write.error,
        next_attempt_at=write.next_attempt_at if failed else None,
    )
