"""The statements that take many rows at once, in the order in which a transaction runs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

from podfetch_tui.catalog.statements import Row, Value, bulk_insert, bulk_update

EPISODES = bulk_insert(
    "episode",
    (
        "id",
        "feed_id",
        "guid",
        "title",
        "published",
        "enclosure_url",
        "enclosure_type",
        "enclosure_length",
        "first_seen_at",
        "state",
        "rank",
        "next_attempt_at",
        "error",
    ),
)
KEYS = bulk_insert("episode_key", ("feed_id", "key", "episode_id", "reason"))
NOTES = bulk_insert("episode_note", ("episode_id", "note"))
FEED_NOTES = bulk_insert(
    "feed_note",
    ("feed_id", "metadata"),
    tail=" ON CONFLICT (feed_id) DO UPDATE SET metadata = excluded.metadata"
    " WHERE metadata <> excluded.metadata",
)
EVIDENCE = bulk_insert(
    "feed_note",
    ("feed_id", "evidence"),
    tail=" ON CONFLICT (feed_id) DO UPDATE SET evidence = excluded.evidence",
)
BODIES = bulk_insert(
    "feed_body",
    ("feed_id", "at", "sha256", "bytes", "content_type", "body"),
    tail=" ON CONFLICT (feed_id) DO UPDATE SET at = excluded.at, sha256 = excluded.sha256,"
    " bytes = excluded.bytes, content_type = excluded.content_type, body = excluded.body"
    " WHERE sha256 <> excluded.sha256",
)
POLLS = bulk_update(
    "feed",
    (
        "id",
        "at",
        "title",
        "etag",
        "last_modified",
        "body_sha256",
        "full_at",
        "folder",
        "folder_key",
        "heard",
        "rhythm_ms",
        "ttl_s",
        "skip_hours",
        "skip_days",
    ),
    {
        "last_poll_at": "v.at",
        "title": "coalesce(v.title, feed.title)",
        "etag": "v.etag",
        "last_modified": "v.last_modified",
        "body_sha256": "coalesce(v.body_sha256, feed.body_sha256)",
        "last_full_at": "coalesce(v.full_at, feed.last_full_at)",
        "folder": "coalesce(v.folder, feed.folder)",
        "folder_key": "coalesce(v.folder_key, feed.folder_key)",
        "polls_ok": "feed.polls_ok + 1",
        **{
            name: f"CASE WHEN v.heard THEN v.{name} ELSE feed.{name} END"
            for name in ("rhythm_ms", "ttl_s", "skip_hours", "skip_days")
        },
    },
)
# Validators are forgotten after a failure: the next poll asks for the whole body.
SCHEDULES = bulk_update(
    "feed",
    (
        "id",
        "breaker",
        "consecutive_failures",
        "opened",
        "open_until",
        "first_failure_at",
        "last_success_at",
        "last_error",
        "last_family",
        "last_status",
        "probation",
        "failed_days",
        "failed_day",
        "next_poll_at",
    ),
    {
        "breaker": "v.breaker",
        "consecutive_failures": "v.consecutive_failures",
        "opened": "v.opened",
        "open_until": "v.open_until",
        "first_failure_at": "v.first_failure_at",
        "last_success_at": "v.last_success_at",
        "last_error": "v.last_error",
        "last_family": "v.last_family",
        "last_status": "v.last_status",
        "probation": "v.probation",
        "failed_days": "v.failed_days",
        "failed_day": "v.failed_day",
        "next_poll_at": "v.next_poll_at",
        "probes": "feed.probes + (feed.state = 'quarantined')",
        "etag": "CASE WHEN v.consecutive_failures > 0 THEN NULL ELSE feed.etag END",
        "last_modified": (
            "CASE WHEN v.consecutive_failures > 0 THEN NULL ELSE feed.last_modified END"
        ),
    },
)
OUTCOMES = bulk_insert(
    "outcome",
    (
        "id",
        "at",
        "job",
        "result",
        "feed_id",
        "episode_id",
        "family",
        "code",
        "detail",
        "status",
        "host",
        "duration_ms",
        "bytes",
        "attempt",
        "sha256",
    ),
)
IN_ORDER = (EPISODES, KEYS, NOTES, FEED_NOTES, EVIDENCE, BODIES, POLLS, SCHEDULES, OUTCOMES)
"""Parents before children."""

COUNTERS = bulk_update(
    "feed",
    ("id", "episodes", "archived", "pending", "failed", "bytes"),
    {
        name: f"feed.{name} + v.{name}"
        for name in ("episodes", "archived", "pending", "failed", "bytes")
    },
)
TALLIES = bulk_insert(
    "tally",
    ("name", "value"),
    tail=" ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
)

_IN_SIZES = (1, 4, 16, 64, 256)


def select_in(
    cursor: sqlite3.Cursor, query: str, values: Collection[Value], *, first: Row = ()
) -> list[Any]:
    """Run ``query``, which ends with ``IN``, for ``values``; return all rows.

    Lists are filled up to a few sizes, so that the driver's cache holds all the statements.
    """
    rows: list[Any] = []
    rest = list(values)
    while rest:
        size = next((size for size in _IN_SIZES if size >= len(rest)), _IN_SIZES[-1])
        part, rest = rest[:size], rest[size:]
        part += part[:1] * (size - len(part))
        rows += cursor.execute(f"{query}({', '.join('?' * size)})", (*first, *part)).fetchall()
    return rows
