"""Old outcomes become sums of their days, in small parts; the log stays small whatever reads."""

from __future__ import annotations

import contextlib
import itertools
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cataloguing import AT, DAY, Bench, bench, outcome

from podfetch_tui.catalog import alert_figures, pages, trail
from podfetch_tui.catalog.connections import WAL_LIMIT
from podfetch_tui.model.errors import Family
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.upkeep_writes import ExpireAudit, Expired
from podfetch_tui.model.writes import Finish, RawBody, RecordEvent, RecordPoll

TODAY = AT // DAY * DAY


def expire(books: Bench, *, most: int = 1000, days: int = 90) -> Expired:
    found = books.do(ExpireAudit(before=TODAY - days * DAY, most=most))
    assert isinstance(found, Expired)
    return found


def sums(books: Bench) -> list[tuple[Any, ...]]:
    return books.rows(
        "SELECT day, feed_id, job, result, code, family, count, bytes FROM outcome_day"
        " ORDER BY day, feed_id"
    )


def test_what_is_old_is_summed_up_by_day_and_feed_and_the_rest_stays(books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/", "https://b.example/")
    old = TODAY - 100 * DAY
    failed = {"result": Result.FAILURE, "family": Family.TRANSIENT, "code": "read_timeout"}
    for feed_id, at, more in (
        (one, old + 1, {"bytes": 10}),
        (one, old + DAY - 1, {"bytes": 5}),
        (one, old + DAY, {}),
        (two, old + 2, failed),
        (one, TODAY - 90 * DAY, {}),
        (one, AT, {}),
    ):
        books.do(Finish(outcome=outcome(feed_id, at=at, **more)))
    assert expire(books) == Expired(4, 0)
    assert sums(books) == [
        (old, one, "poll", "success", "ok", None, 2, 15),
        (old, two, "poll", "failure", "read_timeout", "transient", 1, 0),
        (old + DAY, one, "poll", "success", "ok", None, 1, 0),
    ]
    assert [row["at"] for row in pages.events(books.catalog)] == [
        row["at"] for row in trail.polls(books.catalog, one, most=9)[::-1]
    ]
    (newest, oldest) = trail.days(books.catalog, one, most=9)
    assert (newest["count"], oldest["count"]) == (1, 2)
    assert str(newest["day"]) > str(oldest["day"])
    assert expire(books) == Expired(0, 0)


def test_the_newest_outcome_stays_so_that_no_id_is_given_twice(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        (feed_id,) = books.add_feeds("https://a.example/")
        for number in range(3):
            books.do(Finish(outcome=outcome(feed_id, at=TODAY - 200 * DAY + number)))
        assert expire(books) == Expired(2, 0)
    with bench(tmp_path) as books:
        books.do(Finish(outcome=outcome(feed_id, at=AT)))
        assert [number for (number,) in books.rows("SELECT id FROM outcome")] == [3, 4]


def test_old_events_go_but_an_alert_that_stands_is_still_known(books: Bench) -> None:
    for kind, code in (("engine_started", ""), ("alert_raised", "free_space")):
        books.do(RecordEvent(kind=kind, at=TODAY - 400 * DAY, code=code))
    books.do(RecordEvent(kind="engine_stopped", at=AT))
    assert expire(books) == Expired(0, 1)
    assert [alert.name for alert in alert_figures.raised(books.catalog)] == ["free_space"]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10), st.integers(0, 99)), max_size=30),
    st.integers(1, 7),
)
def test_the_sums_are_right_whatever_the_size_of_the_parts(
    rows: list[tuple[int, int, int]], most: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as books:
        ids = books.add_feeds("https://a.example/", "https://b.example/")
        wanted: Counter[tuple[int, int]] = Counter()
        for place, (feed, day, size) in enumerate(rows):
            at = TODAY - (200 + day) * DAY + place
            books.do(Finish(outcome=outcome(ids[feed], at=at, bytes=size)))
            wanted[at // DAY * DAY, ids[feed]] += 1
        books.do(Finish(outcome=outcome(ids[0], at=AT)))
        while expire(books, most=most).outcomes:
            pass
        found = {(row[0], row[1]): row[6] for row in sums(books)}
        assert found == dict(wanted)
        assert sum(row[7] for row in sums(books)) == sum(size for _, _, size in rows)
        assert books.one("SELECT count(*) FROM outcome") == 1


@contextlib.contextmanager
def snapshot_held(books: Bench) -> Iterator[None]:
    """A reader, ours or a foreign one, that does not end its transaction."""
    with books.catalog.reader().snapshot() as cursor:
        cursor.execute("SELECT count(*) FROM feed").fetchall()
        yield


def test_the_log_shrinks_when_a_reader_lets_go_and_is_said_to_be_held(
    books: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "catalog.db-wal"
    ids = books.add_feeds(*(f"https://{n}.example/" for n in range(4)))
    numbers = itertools.count()

    def write(rounds: int) -> None:
        for _ in range(rounds):
            for feed_id in ids:
                packed = bytes([next(numbers)]) * (8 << 20)  # else SQLite leaves pages alone
                body = RawBody(size=len(packed), content_type="", packed=packed)
                books.do(RecordPoll(feed_id=feed_id, at=AT, body_sha256=packed[:32], body=body))

    write(3)
    assert log.stat().st_size <= WAL_LIMIT, "nobody reads: never above it"
    with snapshot_held(books), caplog.at_level(logging.WARNING):
        write(3)
        assert log.stat().st_size > WAL_LIMIT, "or this shows nothing"
    said = [record for record in caplog.records if "write-ahead log" in record.getMessage()]
    assert len(said) == 1
    write(1)
    assert log.stat().st_size <= WAL_LIMIT
