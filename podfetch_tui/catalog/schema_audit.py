"""The tables of the catalogue that say what was done: outcomes, derivatives, counters, actions.

Only declares. Importing it completes ``schema.metadata``.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, text

from podfetch_tui.catalog.schema import episode, feed, metadata
from podfetch_tui.catalog.types import Blob, Int64, Words, one_of
from podfetch_tui.model.errors import Family
from podfetch_tui.model.outcome import JobKind, Result

__all__ = [
    "batch",
    "batch_feed",
    "derivative",
    "metadata",
    "operator_action",
    "outcome",
    "outcome_day",
    "setting_change",
    "tally",
]

derivative = Table(
    "derivative",
    metadata,
    Column("episode_id", Int64, ForeignKey(episode.c.id), nullable=False),
    Column("kind", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("path", Words, nullable=False, server_default=text("''")),
    Column("path_key", Blob),
    Column("sha256", Blob),
    Column("bytes", Int64, nullable=False, server_default=text("0")),
    Column("error", Words, nullable=False, server_default=text("''")),
    Column("attempts", Int64, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Int64),
    PrimaryKeyConstraint("episode_id", "kind"),
    CheckConstraint("state IN ('pending', 'done', 'failed')", name="ck_derivative_state"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index(
    "ix_derivative_due",
    derivative.c.next_attempt_at,
    sqlite_where=derivative.c.next_attempt_at.is_not(None),
)
Index("ix_derivative_failed", derivative.c.episode_id, sqlite_where=derivative.c.state == "failed")
Index("ix_derivative_path", derivative.c.path_key, sqlite_where=derivative.c.path_key.is_not(None))

outcome = Table(
    "outcome",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("at", Int64, nullable=False),
    Column("job", Words, nullable=False),
    Column("result", Words, nullable=False),
    Column("feed_id", Int64, ForeignKey(feed.c.id), nullable=False),
    Column("episode_id", Int64, ForeignKey(episode.c.id)),
    Column("family", Words),
    Column("code", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("status", Int64),
    Column("host", Words, nullable=False),
    Column("duration_ms", Int64, nullable=False),
    Column("bytes", Int64, nullable=False),
    Column("attempt", Int64, nullable=False),
    CheckConstraint(one_of("job", JobKind), name="ck_outcome_job"),
    CheckConstraint(one_of("result", Result), name="ck_outcome_result"),
    CheckConstraint(one_of("family", Family), name="ck_outcome_family"),
    sqlite_strict=True,
)
Index("ix_outcome_at", outcome.c.at)
Index("ix_outcome_feed", outcome.c.feed_id)

outcome_day = Table(
    "outcome_day",
    metadata,
    Column("day", Int64, nullable=False),  # UTC milliseconds of its first moment
    Column("feed_id", Int64, ForeignKey(feed.c.id), nullable=False),
    Column("job", Words, nullable=False),
    Column("result", Words, nullable=False),
    Column("code", Words, nullable=False),
    Column("count", Int64, nullable=False),
    Column("bytes", Int64, nullable=False),
    Column("duration_ms", Int64, nullable=False),
    PrimaryKeyConstraint("day", "feed_id", "job", "result", "code"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

tally = Table(
    "tally",
    metadata,
    Column("name", Words, primary_key=True),  # ``episode:<state>``, ``media:files`` …
    Column("value", Int64, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

batch = Table(
    "batch",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("planned_at", Int64, nullable=False),
    Column("finished_at", Int64),
    sqlite_strict=True,
)

batch_feed = Table(
    "batch_feed",
    metadata,
    Column("batch_id", Int64, ForeignKey(batch.c.id), nullable=False),
    Column("feed_id", Int64, ForeignKey(feed.c.id), nullable=False),
    Column("done_at", Int64),
    PrimaryKeyConstraint("batch_id", "feed_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

setting_change = Table(
    "setting_change",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("at", Int64, nullable=False),
    Column("key", Words, nullable=False),
    Column("old", Words, nullable=False),
    Column("new", Words, nullable=False),
    Column("source", Words, nullable=False),
    sqlite_strict=True,
)

operator_action = Table(
    "operator_action",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("at", Int64, nullable=False),
    Column("action", Words, nullable=False),
    Column("feed_id", Int64, ForeignKey(feed.c.id)),
    Column("episode_id", Int64, ForeignKey(episode.c.id)),
    Column("actor", Words, nullable=False),
    Column("detail", Words, nullable=False),
    sqlite_strict=True,
)
