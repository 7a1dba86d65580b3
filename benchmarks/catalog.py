"""What the catalogue's writer and readers cost against SQLite's module used barely.

Run: ``python -m benchmarks.catalog [folder]``. Variants are interleaved in one run; figures are
medians and ratios of medians, because machines differ and are shared.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from podfetch_tui.catalog import episodes, feeds, totals
from podfetch_tui.catalog.bulks import EPISODES, KEYS, NOTES
from podfetch_tui.catalog.connections import driver_of, writer_engine
from podfetch_tui.catalog.note import encode_note
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.document import Enclosure, Item
from podfetch_tui.model.episode import Draft, EpisodeState
from podfetch_tui.model.feed import Health, Validators
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.writes import FeedSchedule, Finish, ImportFeeds, NewFeed, RecordPoll
from podfetch_tui.system.clock import Clock

FEEDS = 400
ITEMS = 100
ROUNDS = 5
AT = 1_700_000_000_000
IN_FLIGHT = 32
"""Polls that wait for their receipt at a time, as 32 workers do."""


def draft(feed: int, number: int, rng: random.Random) -> Draft:
    guid = f"https://host{feed}.example/guid/{number}-{rng.getrandbits(32):08x}"
    url = f"https://cdn.host{feed}.example/media/{number}/episode.mp3?x={number}"
    link = f"https://host{feed}.example/{number}"
    keys = tuple(
        (hashlib.blake2b(f"{feed}{word}{guid}".encode(), digest_size=16).digest(), word)
        for word in ("guid", "enclosure", "link")
    )
    item = Item(
        guid=guid,
        title=f"Episode {number} of feed {feed}: a title of usual length",
        link=link,
        published=AT - number * 86_400_000,
        duration_s=1800.0,
        author="Somebody",
        summary=f"<p>Notes of {number}.</p>" + "lorem ipsum dolor sit amet " * 56,
    )
    enclosure = Enclosure(url=url, media_type="audio/mpeg", length=12_345_678 + number)
    return Draft(item=item, enclosure=enclosure, keys=keys)


def polls() -> list[Finish]:
    rng = random.Random(1)
    made = []
    for feed in range(1, FEEDS + 1):
        drafts = tuple(draft(feed, number, rng) for number in range(ITEMS))
        record = RecordPoll(
            feed_id=feed,
            at=AT,
            title=f"Feed {feed}",
            folder=f"Feed {feed}",
            validators=Validators('"abc"', None),
            body_sha256=hashlib.sha256(str(feed).encode()).digest(),
            full=True,
            metadata={"link": f"https://host{feed}.example/", "language": "en"},
            new=drafts,
            new_states=(EpisodeState.PENDING,) * ITEMS,
            new_reasons=("",) * ITEMS,
            backlog=True,
        )
        made.append(Finish(outcome=outcome(feed), schedule=schedule(feed), writes=(record,)))
    rng.shuffle(made)
    return made


def outcome(feed: int, code: str = "ok") -> Outcome:
    return Outcome(
        at=AT, job=JobKind.POLL, result=Result.SUCCESS, feed_id=feed, code=code, status=200
    )


def schedule(feed: int) -> FeedSchedule:
    health = Health(last_success_at=AT)
    return FeedSchedule(feed_id=feed, health=health, next_poll_at=AT + feed * 1000)


def open_with_feeds(folder: Path) -> tuple[Catalog, Writer]:
    catalog = Catalog.open(folder / "catalog.db", create=True)
    writer = Writer(catalog, Clock())
    lines = tuple(NewFeed(url=f"https://host{n}.example/feed.xml") for n in range(1, FEEDS + 1))
    writer.submit(ImportFeeds(source="bench", feeds=lines, at=AT)).result()
    return catalog, writer


def bare_rows(finishes: list[Finish]) -> Iterator[tuple[list[tuple[object, ...]], ...]]:
    number = 0
    for finish in finishes:
        (record,) = finish.writes
        assert isinstance(record, RecordPoll)
        rows: tuple[list[tuple[object, ...]], ...] = ([], [], [])
        for new in record.new:
            number += 1
            item, enclosure = new.item, new.enclosure
            rows[0].append(
                (
                    number,
                    record.feed_id,
                    item.guid,
                    item.title,
                    item.published,
                    enclosure.url,
                    enclosure.media_type,
                    enclosure.length,
                    AT,
                    "pending",
                    1,
                    AT,
                    "",
                )
            )
            rows[1].extend((record.feed_id, key, number, word) for key, word in new.keys)
            rows[2].append((number, encode_note(item)))
        yield rows


def bare(folder: Path, finishes: list[Finish]) -> float:
    """One thread, ``executemany`` of rows that are made already, eight polls to a commit."""
    open_and_close(folder)
    engine = writer_engine(folder / "catalog.db")
    rows = list(bare_rows(finishes))
    with engine.connect() as connection:
        driver: sqlite3.Connection = driver_of(connection)
        start = time.perf_counter()
        for at in range(0, len(rows), 8):
            driver.execute("BEGIN IMMEDIATE")
            for group in rows[at : at + 8]:
                for bulk, part in zip((EPISODES, KEYS, NOTES), group, strict=True):
                    driver.executemany(bulk.text(1), part)
            driver.execute("COMMIT")
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return time.perf_counter() - start


def open_and_close(folder: Path) -> None:
    catalog, writer = open_with_feeds(folder)
    writer.close()
    catalog.close()


def written(folder: Path, finishes: list[Finish]) -> float:
    catalog, writer = open_with_feeds(folder)
    start = time.perf_counter()
    waiting = []
    for finish in finishes:
        waiting.append(writer.submit(finish))
        if len(waiting) == IN_FLIGHT:
            waiting.pop(0).result()
    writer.flush()
    seconds = time.perf_counter() - start
    writer.close()
    catalog.close()
    return seconds


def written_beside_a_busy_thread(folder: Path, finishes: list[Finish]) -> float:
    stop = threading.Event()

    def compute() -> None:
        number = 0
        while not stop.is_set():
            number += 1

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        return written(folder, finishes)
    finally:
        stop.set()
        thread.join()


def not_modified(folder: Path) -> float:
    """Lazy ends of polls that brought nothing: 20,000 of them."""
    catalog, writer = open_with_feeds(folder)
    ends = [
        Finish(outcome=outcome(n, "not_modified"), schedule=schedule(n))
        for n in range(1, FEEDS + 1)
    ]
    start = time.perf_counter()
    for _ in range(50):
        for end in ends:
            writer.submit(end, lazy=True)
    writer.flush()
    seconds = time.perf_counter() - start
    writer.close()
    catalog.close()
    return seconds


def reading(folder: Path, finishes: list[Finish]) -> None:
    written(folder, finishes)
    catalog = Catalog.open(folder / "catalog.db", create=False)
    cases: dict[str, Callable[[], object]] = {
        f"known() of {ITEMS} episodes": lambda: episodes.known(catalog, 7),
        "due_feeds(200)": lambda: feeds.due_feeds(catalog, AT * 2, 200),
        "due_episodes(200)": lambda: episodes.due_episodes(catalog, AT * 2, 200),
        "counts()": lambda: totals.counts(catalog),
    }
    for name, call in cases.items():
        times = []
        for _ in range(50):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        print(f"  {name:44}{statistics.median(times) * 1000:8.2f} ms")
    catalog.close()


def in_new_folder(call: Callable[..., float], *args: object) -> float:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        return call(Path(folder), *args)


def main() -> None:
    finishes = polls()
    variants: dict[str, Callable[..., float]] = {
        "bare executemany of rows made before": bare,
        "Writer, Finish with RecordPoll": written,
        "the same beside a thread that computes": written_beside_a_busy_thread,
    }
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, call in variants.items():
            seconds[name].append(in_new_folder(call, finishes))
    base = statistics.median(seconds["bare executemany of rows made before"])
    print(f"\n{FEEDS} polls with {ITEMS} new items, 3 keys and 1.6 KB of notes each")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"  {name:44}{FEEDS / median:8.0f} polls/s  {base / median:5.2f} of bare")
    lazy = statistics.median(in_new_folder(not_modified) for _ in range(ROUNDS))
    print(f"  {'Writer, lazy Finish of a 304':44}{50 * FEEDS / lazy:8.0f} /s")
    with tempfile.TemporaryDirectory() as folder:
        reading(Path(folder), finishes)


if __name__ == "__main__":
    main()
