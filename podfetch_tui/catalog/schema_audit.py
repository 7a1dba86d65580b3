"""The tables of the catalogue that say what was done: outcomes, derivatives, counters, actions.

Only declares. Importing it completes ``schema.metadata``.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, text

from podfetch_tui.catalog.schema import episode, feed, metadata
from podfetch_tui.catalog.types import Blob, Int64, Words, one_of
from podfetch_tui.model.errors import Family
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.model.outcome import JobKind, Result

__all__ = [
    "batch",
    "batch_feed",
    "derivative",
    "erasure",
    "event",
    "host",
    "identity",
    "metadata",
    "operator_action",
    "outcome",
    "outcome_day",
    "setting_change",
    "tally",
]


def _word(name: str) -> Column[str]:
    return Column(name, Words, nullable=False, server_default=text("''"))


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
    _word("source_url"),  # empty unless it was fetched
    _word("media_type"),
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
Index("ix_derivative_source", derivative.c.source_url, sqlite_where=derivative.c.source_url != "")

erasure = Table(
    "erasure",
    metadata,
    Column("path", Words, primary_key=True),  # of a file to be removed: its episode is deleted
    Column("episode_id", Int64, ForeignKey(episode.c.id), nullable=False),
    Column("at", Int64, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

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
    Column("sha256", Blob),  # of the feed body that was parsed
    CheckConstraint(one_of("job", JobKind), name="ck_outcome_job"),
    CheckConstraint(one_of("result", Result), name="ck_outcome_result"),
    CheckConstraint(one_of("family", Family), name="ck_outcome_family"),
    sqlite_strict=True,
)
Index("ix_outcome_at", outcome.c.at)
Index("ix_outcome_feed", outcome.c.feed_id)
# The few that are not polls that went well: what failed is found among millions of those.
Index(
    "ix_outcome_kind",
    outcome.c.job,
    outcome.c.result,
    outcome.c.at,
    sqlite_where=text("NOT (job = 'poll' AND result = 'success')"),
)

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
    Column("family", Words),
    PrimaryKeyConstraint("day", "feed_id", "job", "result", "code"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index("ix_outcome_day_feed", outcome_day.c.feed_id, outcome_day.c.day)

tally = Table(
    "tally",
    metadata,
    Column("name", Words, primary_key=True),  # ``episode:<state>``, ``media:files`` …
    Column("value", Int64, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

identity = Table(
    "identity",
    metadata,
    Column("name", Words, primary_key=True),  # ``archive``, ``catalog``
    Column("value", Words, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

batch = Table(
    "batch",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("planned_at", Int64, nullable=False),
    Column("finished_at", Int64),
    Column("feeds", Int64, nullable=False, server_default=text("0")),
    sqlite_strict=True,
)
Index("ix_batch_open", batch.c.id, sqlite_where=batch.c.finished_at.is_(None))

batch_feed = Table(
    "batch_feed",
    metadata,
    Column("batch_id", Int64, ForeignKey(batch.c.id), nullable=False),
    Column("feed_id", Int64, ForeignKey(feed.c.id), nullable=False),
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
    _word("was"),  # what stood before, as JSON: an undo puts it back
    Column("undone_at", Int64),
    _word("became"),  # what it made of that: what differs by now was touched since
    Column("operation", Int64),  # id of the first action of the same operation; NULL: its own
    sqlite_strict=True,
)
Index("ix_operator_action_at", operator_action.c.at)
Index(
    "ix_operator_action_operation",
    operator_action.c.operation,
    sqlite_where=operator_action.c.operation.is_not(None),
)
Index(
    "ix_operator_action_feed",
    operator_action.c.feed_id,
    sqlite_where=operator_action.c.feed_id.is_not(None),
)

event = Table(
    "event",
    metadata,
    Column("id", Int64, primary_key=True),
    Column("at", Int64, nullable=False),
    Column("kind", Words, nullable=False),  # what no outcome says: starts, alerts, reloads …
    Column("feed_id", Int64),
    Column("episode_id", Int64),
    Column("family", Words),
    _word("code"),
    _word("text"),
    sqlite_strict=True,
)
Index("ix_event_at", event.c.at)
Index("ix_event_feed", event.c.feed_id, event.c.at, sqlite_where=event.c.feed_id.is_not(None))

host = Table(
    "host",
    metadata,
    Column("name", Words, primary_key=True),
    Column("breaker", Words, nullable=False, server_default=BreakerState.CLOSED.value),
    Column("opened", Int64, nullable=False, server_default=text("0")),
    Column("open_until", Int64),
    Column("not_before", Int64),  # it told us to wait so long
    _word("last_error"),
    Column("at", Int64, nullable=False),
    CheckConstraint(one_of("breaker", BreakerState), name="ck_host_breaker"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
