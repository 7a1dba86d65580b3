"""Feeds are counted by what they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cataloguing import AT, Bench, bench

from podfetch_tui.catalog.groups import groups
from podfetch_tui.model.decisions import DecideFeeds, FeedDecision
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import PageRequest


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def found(
    books: Bench, field: str, wanted: str = "", *, limit: int = 200
) -> list[tuple[object, object]]:
    request = PageRequest(kind="groups", sort=field, filter=wanted, limit=limit)
    page = groups(books.catalog, request)
    return [(row["value"], row["feeds"]) for row in page.rows]


def test_groups_come_with_their_numbers_the_largest_first(books: Bench) -> None:
    one, two, three = books.add_feeds(
        "https://a.example/1", "https://b.example/", "https://a.example/2"
    )
    books.do(DecideFeeds(feed_ids=(two,), decision=FeedDecision.PAUSE, at=AT))
    books.do(EditFeed(feed_id=one, at=AT, tag=("news", "talk")))
    books.do(EditFeed(feed_id=three, at=AT, tag=("news",)))
    assert found(books, "host") == [("a.example", 2), ("b.example", 1)]
    assert found(books, "host", limit=1) == [("a.example", 2)]
    assert found(books, "host", "state:paused") == [("b.example", 1)]
    assert found(books, "state") == [("active", 2), ("paused", 1)]
    assert found(books, "tag") == [("news", 2), ("talk", 1)]
    assert found(books, "err") == []


def test_other_fields_are_refused_by_name(books: Bench) -> None:
    with pytest.raises(UsageError, match="not grouped by 'title': state, host, err, tag"):
        found(books, "title")
