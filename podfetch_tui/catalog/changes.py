"""What one transaction of the writer is about to write, and what it looked up for it.

Rows of the hot tables are gathered over all writes of a transaction and flushed a table at a
time; counters are added up and written once. A write that has to see the rows of an earlier
one in the same transaction flushes first: :meth:`Changes.settle`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Table, bindparam, func, select

from podfetch_tui.catalog import bulks
from podfetch_tui.catalog.intake import Intake
from podfetch_tui.catalog.schema import HELD, episode, feed, media
from podfetch_tui.catalog.schema_audit import outcome
from podfetch_tui.catalog.statements import Answer, Bulk, Row, Statement
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.outcome import Outcome


class FeedFacts(msgspec.Struct, array_like=True):
    """What writes have to know of a feed."""

    id: int
    state: str
    url: str
    folder: str
    priority: int
    episodes: int
    snoozed_until: int | None


class EpisodeFacts(msgspec.Struct, frozen=True):
    """What writes have to know of an episode."""

    id: int
    feed_id: int
    state: EpisodeState
    rank: int
    guid: str
    title: str
    published: int | None
    enclosure_url: str
    enclosure_type: str
    path: str
    path_key: bytes | None
    part: str
    media_id: int | None


class Ids:
    """The next free row ids. Only the writer inserts, so counting here is enough."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.feed = _next_id(cursor, feed)
        self.episode = _next_id(cursor, episode)
        self.media = _next_id(cursor, media)
        self.outcome = _next_id(cursor, outcome)


def _next_id(cursor: sqlite3.Cursor, table: Table) -> int:
    (last,) = cursor.execute(f"SELECT max(id) FROM {table.name}").fetchone()
    return (last or 0) + 1


_FEEDS = Answer(
    lambda: select(*(feed.c[name] for name in FeedFacts.__struct_fields__)).where(
        feed.c.id.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))
    ),
    FeedFacts,
)

_EPISODE = Statement(
    lambda: select(*(episode.c[name] for name in EpisodeFacts.__struct_fields__)).where(
        episode.c.id == bindparam("row")
    )
)

_COUNTED = {
    EpisodeState.PENDING: 2,
    EpisodeState.CLAIMED: 2,
    EpisodeState.SEALED: 2,
    EpisodeState.ARCHIVED: 1,
    EpisodeState.FAILED: 3,
}
"""State → place in a feed's counters: episodes, archived, pending, failed, bytes."""


class Changes:
    """The rows gathered for one transaction. Used by the writer's thread alone."""

    def __init__(self, cursor: sqlite3.Cursor, ids: Ids, *, now: int) -> None:
        """Begin with nothing.

        Args:
            cursor: Of the writing connection, within a transaction.
            ids: Where new rows get their ids.
            now: UTC milliseconds.
        """
        self.cursor = cursor
        self.ids = ids
        self.now = now
        self.intakes: dict[int, Intake] = {}
        """What was made ready of polls, by ``id()`` of the poll."""
        self.drop()

    def drop(self) -> None:
        """Forget everything gathered and looked up (after a rollback)."""
        self._rows: dict[Bulk, list[Row]] = {bulk: [] for bulk in bulks.IN_ORDER}
        self._counters: dict[int, list[int]] = {}
        self._tally: Counter[str] = Counter()
        self._facts: dict[int, FeedFacts] = {}
        self._gathered: set[int] = set()
        self.folder_keys: set[bytes] = set()

    # --- feeds -------------------------------------------------------------------------

    def load(self, feed_ids: Iterable[int]) -> None:
        """Look feeds up, all in one statement."""
        wanted = [i for i in set(feed_ids) if i not in self._facts]
        if wanted:
            for facts in _FEEDS.rows(self.cursor, ids=msgspec.json.encode(wanted).decode()):
                self._facts[facts.id] = facts

    def feed(self, feed_id: int) -> FeedFacts:
        """Return what is known of a feed.

        Raises:
            Failure: ``STOPPED``: there is no such feed any more.
        """
        if feed_id not in self._facts:
            self.load((feed_id,))
        try:
            return self._facts[feed_id]
        except KeyError:
            raise Failure(Kind.STOPPED, f"feed {feed_id} is no longer known") from None

    def forget(self, feed_id: int) -> None:
        """Look the feed up again when it is asked for: its row was changed."""
        self._facts.pop(feed_id, None)

    def episode(self, episode_id: int) -> EpisodeFacts:
        """Return an episode as it stands now.

        Raises:
            Failure: ``STOPPED``: there is no such episode any more.
        """
        row = _EPISODE.first(self.cursor, row=episode_id)
        if row is None:
            raise Failure(Kind.STOPPED, f"episode {episode_id} is no longer known")
        return EpisodeFacts(row[0], row[1], EpisodeState(row[2]), *row[3:])

    def rank(self, row: EpisodeFacts, *, backlog: bool | None = None) -> int:
        """Return the rank of an episode that is to wait again: held where its feed is."""
        late = row.rank % HELD if backlog is None else int(backlog)
        return late + (0 if self.feed(row.feed_id).state == "active" else HELD)

    # --- gathering ---------------------------------------------------------------------

    def add(self, bulk: Bulk, row: Row) -> None:
        """Gather a row for ``bulk``."""
        self._rows[bulk].append(row)

    def extend(self, bulk: Bulk, rows: Iterable[Row]) -> None:
        """Gather rows for ``bulk``."""
        self._rows[bulk].extend(rows)

    def gather_for(self, feed_id: int) -> None:
        """Say that a write gathers rows of a feed; those of an earlier write go first."""
        if feed_id in self._gathered:
            self.settle()
        self._gathered.add(feed_id)

    def outcome(self, result: Outcome) -> None:
        """Gather an outcome row."""
        number = self.ids.outcome
        self.ids.outcome += 1
        self._rows[bulks.OUTCOMES].append(
            (
                number,
                result.at,
                result.job.value,
                result.result.value,
                result.feed_id,
                result.episode_id,
                result.family.value if result.family else None,
                result.code,
                result.detail,
                result.status,
                result.host,
                result.duration_ms,
                result.bytes,
                result.attempt,
                result.sha256 or None,
            )
        )

    # --- counters ----------------------------------------------------------------------

    def count(self, feed_id: int, state: EpisodeState, number: int, *, new: bool = False) -> None:
        """Count ``number`` episodes of a feed into (or, negative, out of) a state."""
        self._tally[f"episode:{state.value}"] += number
        counters = self._counters.setdefault(feed_id, [0, 0, 0, 0, 0])
        if new:
            counters[0] += number
        place = _COUNTED.get(state)
        if place is not None:
            counters[place] += number

    def move(self, feed_id: int, old: EpisodeState, new: EpisodeState) -> None:
        """Count an episode out of one state and into another."""
        if old is not new:
            self.count(feed_id, old, -1)
            self.count(feed_id, new, 1)

    def count_bytes(self, feed_id: int, size: int) -> None:
        """Count bytes of archived episodes into, or out of, a feed."""
        self._counters.setdefault(feed_id, [0, 0, 0, 0, 0])[4] += size

    def count_media(self, files: int, size: int) -> None:
        """Count published files and their bytes."""
        self._tally["media:files"] += files
        self._tally["media:bytes"] += size

    # --- writing -----------------------------------------------------------------------

    def settle(self) -> None:
        """Write everything gathered; what was looked up may have changed by it."""
        for bulk, rows in self._rows.items():
            if rows:
                bulk.run(self.cursor, rows)
                self._rows[bulk] = []
        self._gathered.clear()
        self.folder_keys.clear()
        self._facts.clear()

    def finish(self) -> None:
        """Write everything gathered, counters too."""
        self.settle()
        counted = [(i, *c) for i, c in self._counters.items() if any(c)]
        bulks.COUNTERS.run(self.cursor, counted)
        tallied = [(name, value) for name, value in self._tally.items() if value]
        bulks.TALLIES.run(self.cursor, tallied)
        self._counters.clear()
        self._tally.clear()

    def taken_paths(
        self, keys: Collection[bytes], episode_id: int, *, kind: str = ""
    ) -> set[bytes]:
        """Return those of ``keys`` under which somebody else has reserved a path.

        Args:
            keys: Keys of the paths.
            episode_id: Who asks; its media when there is no ``kind``.
            kind: Which of its derivatives asks.
        """
        found = bulks.select_in(
            self.cursor, "SELECT path_key, id FROM episode WHERE path_key IN ", keys
        )
        taken = {key for key, owner in found if kind or owner != episode_id}
        query = "SELECT path_key, episode_id, kind FROM derivative WHERE path_key IN "
        made = bulks.select_in(self.cursor, query, keys)
        return taken | {key for key, owner, of in made if (owner, of) != (episode_id, kind)}

    def taken_folders(self, keys: Collection[bytes]) -> set[bytes]:
        """Return those of ``keys`` under which a feed has its folder."""
        query = "SELECT folder_key FROM feed WHERE folder_key IN "
        taken = {key for (key,) in bulks.select_in(self.cursor, query, keys)}
        return taken | self.folder_keys.intersection(keys)
