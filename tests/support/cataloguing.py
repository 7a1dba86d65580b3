"""A catalogue with its writer, values to put in, and a second opinion on its counters."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.document import Enclosure, Item
from podfetch_tui.model.episode import Draft, Episode, EpisodeState
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import Health, Validators
from podfetch_tui.model.media import MediaInfo, Validity
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.writes import (
    Archive,
    Claim,
    FeedSchedule,
    Finish,
    Imported,
    ImportFeeds,
    NewFeed,
    Polled,
    RecordPoll,
    Reserved,
    Seal,
    Sealed,
    Write,
)
from podfetch_tui.system.clock import Clock

AT = 1_700_000_000_000
"""A moment, UTC milliseconds."""
DAY = 86_400_000


class Bench:
    """A catalogue and its writer, with short words for what tests do with them."""

    def __init__(self, catalog: Catalog, writer: Writer) -> None:
        self.catalog = catalog
        self.writer = writer

    def do(self, write: Write) -> Any:
        """Apply ``write`` and return its receipt."""
        return self.writer.submit(write).result(30)

    def failure(self, write: Write) -> Failure:
        """Apply ``write``, which must fail, and return why."""
        error = self.writer.submit(write).exception(30)
        assert isinstance(error, Failure)
        return error

    def add_feeds(self, *urls: str, **settings: Any) -> tuple[int, ...]:
        receipt = self.do(
            ImportFeeds(source="test", feeds=tuple(NewFeed(url=u, **settings) for u in urls), at=AT)
        )
        assert isinstance(receipt, Imported)
        return receipt.new

    def add_episodes(self, feed_id: int, *drafts: Draft, **more: Any) -> tuple[int, ...]:
        receipt = self.do(poll(feed_id, *drafts, **more))
        assert isinstance(receipt, Polled)
        return receipt.pending

    def claim(self, episode_id: int, path: str = "Show/one.mp3", part: str = "p") -> str:
        receipt = self.do(Claim(episode_id=episode_id, part=part, path=path, at=AT))
        assert isinstance(receipt, Reserved)
        return receipt.path

    def seal(self, episode_id: int, path: str = "Show/one.mp3", body: bytes = b"sound") -> Sealed:
        receipt = self.do(seal(episode_id, path, body))
        assert isinstance(receipt, Sealed)
        return receipt

    def archive(self, episode_id: int, path: str = "Show/one.mp3", body: bytes = b"sound") -> str:
        """Take an episode through the protocol; return the path it got."""
        self.claim(episode_id, path)
        sealed = self.seal(episode_id, path, body)
        self.do(archive(self.feed_of(episode_id), episode_id, sealed.path))
        return sealed.path

    def feed_of(self, episode_id: int) -> int:
        return int(self.one("SELECT feed_id FROM episode WHERE id = ?", episode_id))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.catalog.reader().cursor() as cursor:
            return cursor.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        ((value,),) = self.rows(sql, *values)
        return value

    def row(self, table: str, row_id: int) -> dict[str, Any]:
        with self.catalog.reader().cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} WHERE id = ?", (row_id,))
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchall()[0], strict=True))

    def state(self, episode_id: int) -> str:
        return str(self.one("SELECT state FROM episode WHERE id = ?", episode_id))


@contextlib.contextmanager
def bench(folder: Path, clock: Clock | None = None, **more: Any) -> Iterator[Bench]:
    """Open (or create) the catalogue in ``folder`` for one test."""
    with Catalog.open(folder / "catalog.db", create=True) as catalog:
        writer = Writer(catalog, clock or Clock(), **more)
        try:
            yield Bench(catalog, writer)
        finally:
            writer.close()


def key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def draft(name: str, **changes: Any) -> Draft:
    """A draft of an episode; ``changes`` are the item's, ``url`` and ``keys``."""
    url = changes.pop("url", f"https://media.example/{name}.mp3")
    length = changes.pop("length", 1234)
    keys = changes.pop("keys", ((key(f"guid {name}"), "guid"), (key(f"url {url}"), "enclosure")))
    facts = {"guid": name, "title": f"Title {name}", "published": AT - DAY, **changes}
    enclosure = Enclosure(url=url, media_type="audio/mpeg", length=length)
    return Draft(item=Item(**facts), enclosure=enclosure, keys=keys)


def poll(feed_id: int, *drafts: Draft, **more: Any) -> RecordPoll:
    states = more.pop("new_states", (EpisodeState.PENDING,) * len(drafts))
    reasons = more.pop("new_reasons", ("",) * len(drafts))
    facts = {"at": AT, "validators": Validators(), **more}
    return RecordPoll(feed_id=feed_id, new=drafts, new_states=states, new_reasons=reasons, **facts)


def outcome(feed_id: int, **more: Any) -> Outcome:
    return Outcome(
        **{"at": AT, "job": JobKind.POLL, "result": Result.SUCCESS, "feed_id": feed_id, **more}
    )


def finish(feed_id: int, *writes: Any, next_poll_at: int = AT, **health: Any) -> Finish:
    schedule = FeedSchedule(feed_id=feed_id, health=Health(**health), next_poll_at=next_poll_at)
    return Finish(outcome=outcome(feed_id), schedule=schedule, writes=writes)


def seal(episode_id: int, path: str, body: bytes = b"sound") -> Seal:
    return Seal(
        episode_id=episode_id,
        sha256=hashlib.sha256(body).digest(),
        size=len(body),
        path=path,
        media_type="audio/mpeg",
        info=MediaInfo(container="mp3", codec="mp3", duration_s=1.5),
        validity=Validity.VALID,
        at=AT,
    )


def archive(feed_id: int, episode_id: int, path: str, **more: Any) -> Archive:
    done = outcome(feed_id, job=JobKind.DOWNLOAD, episode_id=episode_id, code="archived")
    return Archive(episode_id=episode_id, media_path=path, outcome=done, at=AT, **more)


def pick(episodes: list[Episode], episode_id: int) -> Episode:
    (found,) = [episode for episode in episodes if episode.id == episode_id]
    return found


def recount(path: Path) -> list[str]:
    """Count everything again from the rows; return what the counters have wrong."""
    connection = sqlite3.connect(path)
    try:
        wrong = [f"integrity: {row}" for row in connection.execute("PRAGMA quick_check")]
        wrong = [] if wrong == ["integrity: ('ok',)"] else wrong
        wrong += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        wrong += [
            f"{name}: {row}" for name, sql in _RULES.items() for row in connection.execute(sql)
        ]
        return wrong
    finally:
        connection.close()


_RULES = {
    "feed counters": """
        SELECT f.id, f.episodes, f.archived, f.pending, f.failed, f.bytes, c.* FROM feed f JOIN (
            SELECT g.id AS feed,
                count(e.id) AS n,
                total(e.state = 'archived') AS a,
                total(e.state IN ('pending', 'claimed', 'sealed')) AS p,
                total(e.state = 'failed') AS x,
                total(CASE WHEN e.state = 'archived' THEN m.bytes END) AS b
            FROM feed g LEFT JOIN episode e ON e.feed_id = g.id
            LEFT JOIN media m ON m.id = e.media_id GROUP BY g.id
        ) c ON c.feed = f.id
        WHERE (f.episodes, f.archived, f.pending, f.failed, f.bytes) IS NOT (n, a, p, x, b)""",
    "totals": """
        SELECT t.name, t.value FROM tally t WHERE t.value <> CASE
            WHEN t.name = 'media:files'
                THEN (SELECT count(*) FROM media WHERE published_at IS NOT NULL)
            WHEN t.name = 'media:bytes'
                THEN (SELECT total(bytes) FROM media WHERE published_at IS NOT NULL)
            ELSE (SELECT count(*) FROM episode WHERE 'episode:' || state = t.name) END""",
    "held": """
        SELECT e.id, e.rank, f.state FROM episode e JOIN feed f ON f.id = e.feed_id
        WHERE e.next_attempt_at IS NOT NULL AND (e.rank >= 2) <> (f.state <> 'active')""",
    "path without key": """
        SELECT id, path FROM episode WHERE path <> '' AND path_key IS NULL""",
    "episode without key": """
        SELECT id FROM episode e WHERE NOT EXISTS (
            SELECT 1 FROM episode_key k WHERE k.feed_id = e.feed_id AND k.episode_id = e.id)""",
    "episode without note": """
        SELECT id FROM episode WHERE id NOT IN (SELECT episode_id FROM episode_note)""",
    "archived without media": """
        SELECT id FROM episode WHERE state IN ('sealed', 'archived') AND media_id IS NULL""",
    "in flight and waiting": """
        SELECT id FROM episode WHERE state IN ('claimed', 'archived', 'deleted')
        AND next_attempt_at IS NOT NULL""",
    "published without path": """
        SELECT id FROM media WHERE published_at IS NOT NULL AND path = ''""",
}
