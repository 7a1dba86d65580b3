"""The audit trail, page by page and by what it is filtered."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from support.cataloguing import AT, Bench, draft, outcome

from podfetch_tui.catalog import history_statements
from podfetch_tui.catalog.create import create
from podfetch_tui.catalog.history import history
from podfetch_tui.model.decisions import DecideFeeds, FeedDecision
from podfetch_tui.model.errors import Family, Kind, UsageError
from podfetch_tui.model.list_writes import ListFailed
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.model.writes import Finish

MINUTE = 60_000


def page(books: Bench, **asked: Any) -> Page:
    return history(books.catalog, PageRequest(kind="history", **asked))


def walked(books: Bench, **asked: Any) -> list[object]:
    """Return the ids of all pages, one behind the other."""
    found: list[object] = []
    key = None
    for _ in range(1_000):
        part = page(books, key=key, **asked)
        found += [row["id"] for row in part.rows]
        key = part.next_key
        if key is None:
            return found
    raise AssertionError("there is no end")


def a_past(books: Bench) -> tuple[int, int]:
    """Write polls of two feeds, a list that failed and a pause; some at the same moment."""
    first, second = books.add_feeds("https://a.example/", "https://b.example/")
    for number in range(6):
        owner = (first, second)[number % 2]
        books.do(Finish(outcome=outcome(owner, at=AT + number // 2 * MINUTE)))
        books.do(ListFailed(source="/l", problem="broken", at=AT + number // 2 * MINUTE))
    books.do(
        Finish(
            outcome=outcome(
                second,
                at=AT + MINUTE,
                result=Result.FAILURE,
                family=Family.TRANSIENT,
                code=Kind.READ_TIMEOUT.value,
            )
        )
    )
    books.do(
        DecideFeeds(
            feed_ids=(first,), decision=FeedDecision.PAUSE, actor="test", at=AT + 2 * MINUTE
        )
    )
    return first, second


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
def test_pages_behind_each_other_have_every_entry_once_the_newest_first(
    books: Bench, limit: int
) -> None:
    a_past(books)
    every = page(books)
    assert every.next_key is None
    times = [str(row["at"]) for row in every.rows]
    assert times == sorted(times, reverse=True)
    ids = [row["id"] for row in every.rows]
    assert len(set(ids)) == len(ids) >= 9
    assert walked(books, limit=limit) == ids


@pytest.mark.parametrize("text", ["feed:2", "kind:failed", "kind:list", "!kind:polled", "family:*"])
def test_a_filter_finds_on_pages_what_it_finds_at_once(books: Bench, text: str) -> None:
    a_past(books)
    at_once = [row["id"] for row in page(books, filter=text).rows]
    assert at_once
    assert walked(books, filter=text, limit=1) == at_once


def test_what_happened_to_a_feed_is_found_behind_any_number_of_others(
    books: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podfetch_tui.catalog.history.LOOKED_AT", 3)
    rare, busy = books.add_feeds("https://a.example/", "https://b.example/")
    books.do(Finish(outcome=outcome(rare, at=AT)))
    (episode_id,) = books.add_episodes(rare, draft("x"), at=AT + 1)
    books.do(
        Finish(
            outcome=outcome(
                rare, at=AT + 2, job=JobKind.DOWNLOAD, result=Result.FAILURE, code="http_404",
                family=Family.PERMANENT, episode_id=episode_id,
            )
        )
    )  # fmt: skip
    for number in range(20):
        books.do(Finish(outcome=outcome(busy, at=AT + (number + 1) * MINUTE)))
    assert {row["feed_id"] for row in page(books, filter=f"feed:{rare}").rows} == {rare}
    for text in (f"episode:{episode_id}", "kind:episode_failed", "family:permanent"):
        (row,) = page(books, filter=text).rows
        assert (row["kind"], row["episode_id"]) == ("episode_failed", episode_id), text


def test_words_are_looked_for_in_so_many_rows_at_a_time_and_then_in_older_ones(
    books: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podfetch_tui.catalog.history.LOOKED_AT", 3)
    (feed_id,) = books.add_feeds("https://a.example/")
    for number in range(8):
        said = "a rare word" if number == 1 else "as ever"
        books.do(Finish(outcome=outcome(feed_id, at=AT + number * MINUTE, detail=said)))
    first = page(books, filter="rare")
    assert first.rows == ()
    assert first.next_key is not None, "there is more to look at"
    assert walked(books, filter="rare") == [2]


@pytest.mark.parametrize(
    "text", ["feed:99999999999999999999", "episode:9999999999999999999", "feed:²"]
)
def test_a_number_that_no_feed_can_have_is_refused(books: Bench, text: str) -> None:
    with pytest.raises(UsageError, match="takes a number"):
        page(books, filter=text)


@pytest.mark.parametrize("key", [7, "x", [1], [1, 2, "x"], [1, 2, None], {}])
def test_a_key_that_no_page_gave_is_refused(books: Bench, key: Any) -> None:
    with pytest.raises(UsageError, match="next_key"):
        page(books, key=key)


def statements() -> list[tuple[str, str]]:
    made = [
        (f"outcomes by {by}", history_statements.outcomes(by).sql)
        for by in ("time", "kind", "feed", "episode")
    ]
    made += [
        (f"{what} by {by}", answer(by).sql)
        for what, answer in (
            ("events", history_statements.events),
            ("actions", history_statements.actions),
        )
        for by in ("time", "feed", "episode")
    ]
    return made


@pytest.mark.parametrize(("name", "sql"), [pytest.param(*one, id=one[0]) for one in statements()])
def test_every_part_of_the_trail_is_read_by_an_index(name: str, sql: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection)
    asked = f"EXPLAIN QUERY PLAN {sql}"
    how = "\n".join(
        str(row[3]) for row in connection.execute(asked, [None] * sql.count("?")).fetchall()
    )
    connection.close()
    assert not re.search(r"SCAN (feed|episode|outcome|event|operator_action)\b", how), how
    if name.endswith(("by time", "by kind")):  # of one feed or episode there are not many
        assert "TEMP B-TREE" not in how, how
    if name in ("outcomes by feed", "outcomes by episode"):
        assert "ix_outcome_feed (feed_id=?)" in how, how
    if name == "outcomes by kind":
        assert "ix_outcome_kind (job=? AND result=?" in how, how
