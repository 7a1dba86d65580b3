"""Episodes that were skipped because so much of the back-catalogue was not wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, select

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import HELD, episode
from podfetch_tui.catalog.statements import Answer, bulk_update
from podfetch_tui.catalog.turn import first_turn
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import Backlog, BacklogKind

REASON = "backlog "
"""How the reason of such an episode begins."""


class _Row(msgspec.Struct, array_like=True):
    id: int
    state: EpisodeState
    rank: int
    published: int | None
    error: str

    @property
    def is_skipped(self) -> bool:
        return self.state is EpisodeState.SKIPPED and self.error.startswith(REASON)

    @property
    def is_old(self) -> bool:
        return self.rank % HELD == 1


_OF_FEED = Answer(
    lambda: select(*(episode.c[name] for name in _Row.__struct_fields__)).where(
        episode.c.feed_id == bindparam("row")
    ),
    _Row,
)
_QUEUE = bulk_update(
    "episode",
    ("id", "at", "rank"),
    {"state": "'pending'", "error": "''", "next_attempt_at": "v.at", "rank": "v.rank"},
)


def count_wanted(catalog: Catalog, feed_id: int, backlog: Backlog) -> int:
    """Return how many episodes skipped for the backlog ``backlog`` would want.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return len(_wanted(cursor, feed_id, backlog))


def queue_wanted(changes: Changes, feed_id: int, backlog: Backlog, *, at: int) -> int:
    """Make them pending and due, as back-catalogue; return how many there were."""
    changes.settle()
    facts = changes.feed(feed_id)
    rank = 1 + (0 if facts.state == "active" else HELD)
    rows = [
        (row.id, first_turn(at, priority=facts.priority, published=row.published), rank)
        for row in _wanted(changes.cursor, feed_id, backlog)
    ]
    _QUEUE.run(changes.cursor, rows)
    changes.count(feed_id, EpisodeState.SKIPPED, -len(rows))
    changes.count(feed_id, EpisodeState.PENDING, len(rows))
    return len(rows)


def _wanted(cursor: sqlite3.Cursor, feed_id: int, backlog: Backlog) -> Sequence[_Row]:
    """Which of them a policy wants; the same answer as the feed's first poll gives."""
    rows = _OF_FEED.rows(cursor, row=feed_id)
    if backlog.kind is BacklogKind.NONE:
        return ()
    if backlog.kind is BacklogKind.SINCE:
        since = backlog.since
        rows = [row for row in rows if row.published is None or row.published >= since]
    elif backlog.kind is BacklogKind.NEWEST:
        old = [row for row in rows if row.is_old]
        rows = sorted(old, key=lambda row: (-(row.published or 0), row.id))[: backlog.count]
    return [row for row in rows if row.is_skipped]
