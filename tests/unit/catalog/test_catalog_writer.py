"""The writer: what a receipt promises, and what happens when the disk does not play along."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from support.cataloguing import AT, Bench, bench, draft, finish, poll, recount

from podfetch_tui.catalog import session
from podfetch_tui.catalog.checkpoints import PASSIVE_AT, TRUNCATE_AT, Checkpoints
from podfetch_tui.catalog.connections import driver_of
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.writes import (
    ChangeFeed,
    EpisodeEnd,
    ImportFeeds,
    NewFeed,
    Write,
)
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import LockOrderError, Rank, RankedLock

BIG = "x" * 200_000


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.db", create=True) as opened:
        yield opened


def on_connect(catalog: Catalog, *pragmas: str) -> None:
    """Run PRAGMAs on the writing connection, after its own."""

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(catalog.engine, "connect", prepare)


def feeds_in(path: Path) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM feed").fetchone()
    connection.close()
    return int(count)


def one_feed(number: int) -> ImportFeeds:
    return ImportFeeds(source="t", feeds=(NewFeed(url=f"https://{number}.example/"),), at=AT)


def test_a_receipt_means_that_others_see_it(books: Bench, tmp_path: Path) -> None:
    for number in range(1, 6):
        books.do(one_feed(number))
        assert feeds_in(tmp_path / "catalog.db") == number


def test_a_bad_write_fails_alone(books: Bench, caplog: pytest.LogCaptureFixture) -> None:
    ids = books.add_feeds(*(f"https://{n}.example/" for n in range(20)))
    writes = [poll(feed_id, draft(str(feed_id))) for feed_id in ids]
    bad: list[Write] = [
        poll(999, draft("no such feed")),
        poll(ids[1], draft("b"), title=b"x"),
        EpisodeEnd(episode_id=5555, state=EpisodeState.FAILED, next_attempt_at=None),
        DecideEpisodes(episode_ids=(7777,), decision=EpisodeDecision.RETRY, at=AT),
    ]
    with caplog.at_level(logging.CRITICAL):
        futures = [books.writer.submit(write) for write in [*writes[:9], *bad, *writes[9:]]]
        errors = [future.exception(30) for future in futures]
    assert [isinstance(error, Failure) for error in errors] == [False] * 9 + [True] * 4 + [
        False
    ] * 11
    assert books.one("SELECT count(*) FROM episode") == 20


def test_writes_of_one_submitter_are_applied_in_order(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    for state in (FeedState.PAUSED, FeedState.GONE, FeedState.ACTIVE, FeedState.RETIRED):
        books.writer.submit(finish(feed_id, next_poll_at=AT + 1), lazy=True)
        books.writer.submit(ChangeFeed(feed_id=feed_id, state=state, at=AT), lazy=True)
        books.writer.submit(finish(feed_id, next_poll_at=AT + 2), lazy=True)
    books.writer.flush()
    row = books.row("feed", feed_id)
    assert (row["state"], row["next_poll_at"]) == ("retired", AT + 2)
    assert books.one("SELECT count(*) FROM outcome") == 8


def test_lazy_writes_are_gathered_and_flushed(books: Bench) -> None:
    ids = books.add_feeds(*(f"https://{n}.example/" for n in range(50)))
    futures = [
        books.writer.submit(finish(feed_id, next_poll_at=AT + number), lazy=True)
        for number, feed_id in enumerate(ids)
    ]
    books.writer.flush()
    assert all(future.done() for future in futures)
    assert books.rows("SELECT next_poll_at FROM feed ORDER BY id") == [(AT + n,) for n in range(50)]


def test_a_lazy_write_is_done_without_being_asked_for(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    assert books.writer.submit(finish(feed_id), lazy=True).result(30) is None


def test_more_writes_than_a_commit_takes_are_all_done(
    books: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_WRITES", 7)
    monkeypatch.setattr(session, "MOST_BYTES", 300_000)
    ids = books.add_feeds(*(f"https://{n}.example/" for n in range(40)))
    futures = [books.writer.submit(poll(n, draft("x", summary=BIG))) for n in ids]
    assert all(future.result(30) for future in futures)


def test_a_cancelled_write_is_not_applied(books: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()
    first = books.writer.submit(one_feed(1))
    first.result(30)
    blocking = books.writer.submit(one_feed(2), lazy=True)

    def block(_: object) -> None:
        entered.set()
        go_on.wait(30)

    blocking.add_done_callback(block)
    assert entered.wait(30)
    cancelled = books.writer.submit(one_feed(3))
    assert cancelled.cancel()
    go_on.set()
    books.writer.flush()
    assert books.one("SELECT count(*) FROM feed") == 2


def test_closing_finishes_what_is_queued(catalog: Catalog) -> None:
    writer = Writer(catalog, Clock())
    futures = [writer.submit(one_feed(number), lazy=True) for number in range(30)]
    writer.close()
    assert all(future.done() and not future.exception() for future in futures)
    assert feeds_in(catalog.path) == 30
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(one_feed(99))
    with pytest.raises(RuntimeError, match="closed"):
        writer.flush()


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        books.add_feeds("https://a.example/")
    assert [entry.name for entry in tmp_path.iterdir()] == ["catalog.db"]


def test_nobody_waits_for_the_catalogue_holding_a_lock(books: Bench) -> None:
    lock = RankedLock(Rank.TELEMETRY)
    future = books.writer.submit(one_feed(1))
    with lock:
        with pytest.raises(LockOrderError):
            books.writer.flush()
        with pytest.raises(LockOrderError):
            books.writer.wait(future)
        with pytest.raises(LockOrderError):
            books.writer.close()
        with pytest.raises(LockOrderError), books.catalog.reader().cursor():
            pass
    assert books.writer.wait(future) is not None


def test_a_full_disk_fails_the_commit_whole_and_the_writer_goes_on(catalog: Catalog) -> None:
    on_connect(catalog, "max_page_count=60")
    writer = Writer(catalog, Clock())
    writer.submit(one_feed(1)).result(30)
    write = finish(1, poll(1, draft("x", summary=BIG * 10)))
    for _ in range(3):
        error = writer.submit(write).exception(30)
        assert isinstance(error, Failure)
        assert error.kind is Kind.DISK_FULL
    assert writer.submit(poll(1, draft("small"))).result(30) is not None
    writer.close()
    assert recount(catalog.path) == []
    connection = sqlite3.connect(catalog.path)
    assert connection.execute("SELECT title FROM episode").fetchall() == [("Title small",)]
    assert connection.execute("SELECT count(*) FROM outcome").fetchone() == (0,)
    connection.close()


def test_a_catalogue_that_became_read_only_is_reported_and_tried_again(catalog: Catalog) -> None:
    on_connect(catalog, "query_only=1")
    writer = Writer(catalog, Clock())
    for _ in range(2):
        error = writer.submit(one_feed(1)).exception(30)
        assert isinstance(error, Failure)
        assert error.kind is Kind.READ_ONLY
    writer.close()


def test_a_foreign_writer_is_waited_for_then_reported(catalog: Catalog) -> None:
    on_connect(catalog, "busy_timeout=20")
    writer = Writer(catalog, Clock())
    other = sqlite3.connect(catalog.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    error = writer.submit(one_feed(1)).exception(30)
    assert isinstance(error, Failure)
    assert error.kind is Kind.CATALOG_BUSY
    other.execute("ROLLBACK")
    other.close()
    assert writer.submit(one_feed(1)).result(30) is not None
    writer.close()


def test_damage_stops_the_writer_and_is_told_once(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        for number in range(1, 40):
            books.add_feeds(f"https://{number}.example/")
            books.add_episodes(number, draft("x", summary=BIG))
    path = tmp_path / "catalog.db"
    connection = sqlite3.connect(path)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'episode'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xaa" * size)
    told: list[Failure] = []
    with Catalog.open(path, create=False) as catalog:
        writer = Writer(catalog, Clock(), on_fatal=told.append)
        for _ in range(3):
            error = writer.submit(poll(1, draft("y"))).exception(30)
            assert isinstance(error, Failure)
            assert error.kind is Kind.CATALOG_CORRUPT
            assert "restore" in error.detail
        writer.flush()
        writer.close()
    assert len(told) == 1


FAILING_DISK = """
import resource, signal, sys
from pathlib import Path
from support.cataloguing import bench, draft, poll
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
told = []
with bench(Path(sys.argv[1]), on_fatal=told.append) as books:
    books.add_feeds("https://a.example/")
    limit = Path(sys.argv[1], "catalog.db-wal").stat().st_size + 4096
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    first = books.failure(poll(1, draft("one", summary="x" * 200_000)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    second = books.failure(poll(1, draft("two")))
    print(first.kind.value, second.kind.value, len(told))
"""


def test_a_failing_disk_stops_the_writer_for_good(tmp_path: Path) -> None:
    tests = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FAILING_DISK, os.fspath(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"},
        timeout=100,
    )
    assert done.stdout.split() == ["io_error", "io_error", "1"], done.stderr
    assert recount(tmp_path / "catalog.db") == []


def test_an_error_of_ours_ends_the_writer_but_answers_everybody(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ouch(BaseException):
        pass

    def fail(*_: object) -> None:
        raise Ouch

    monkeypatch.setattr(session, "apply", fail)
    told: list[str] = []
    writer = Writer(catalog, Clock())
    writer.heart.on_death = lambda name, _: told.append(name)
    error = writer.submit(one_feed(1)).exception(30)
    assert isinstance(error, Failure)
    assert error.kind is Kind.BUG
    writer.close()
    assert told == ["the writer of the catalogue"]


@pytest.fixture
def driver(catalog: Catalog) -> Iterator[sqlite3.Connection]:
    with catalog.engine.connect() as connection:
        yield driver_of(connection)


def fill(driver: sqlite3.Connection, size: int) -> None:
    driver.execute("BEGIN IMMEDIATE")
    driver.execute("INSERT INTO setting_change VALUES (NULL, 0, '', '', ?, '')", ("x" * size,))
    driver.execute("COMMIT")


def test_the_log_is_checkpointed_in_time_and_never_grows_beyond_its_limit(
    catalog: Catalog, driver: sqlite3.Connection
) -> None:
    checkpoints = Checkpoints(driver, catalog.path)
    largest = 0
    for _ in range(60):
        fill(driver, 2 << 20)
        checkpoints.note(size=2 << 20, rows=1)
        checkpoints.after_commit()
        largest = max(largest, checkpoints.log_size())
    assert largest < PASSIVE_AT * 3
    assert checkpoints.truncate()
    assert checkpoints.log_size() == 0


def test_a_reader_in_the_way_delays_the_checkpoint_and_is_named(
    catalog: Catalog, driver: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(driver, catalog.path)
    fill(driver, 1000)
    with catalog.reader().snapshot() as cursor:
        cursor.execute("SELECT count(*) FROM feed").fetchall()
        for _ in range(3):
            fill(driver, 24 << 20)
            checkpoints.note(size=24 << 20, rows=1)
            checkpoints.after_commit()
        assert checkpoints.log_size() > TRUNCATE_AT
        assert len([record for record in caplog.records if "reader" in record.message]) == 1
    checkpoints.note(size=PASSIVE_AT, rows=1)
    checkpoints.after_commit()
    assert checkpoints.log_size() == 0


def test_room_is_made_for_a_large_commit(catalog: Catalog, driver: sqlite3.Connection) -> None:
    checkpoints = Checkpoints(driver, catalog.path)
    fill(driver, 30 << 20)
    checkpoints.make_room(1000)
    assert checkpoints.log_size() > TRUNCATE_AT / 2
    checkpoints.make_room(20 << 20)
    assert checkpoints.log_size() == 0
