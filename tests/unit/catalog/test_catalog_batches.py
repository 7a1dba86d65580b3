"""Batches survive a kill, priorities follow from tags, and what is put off stays put off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cataloguing import AT, DAY, Bench, bench, draft

from podfetch_tui.catalog import batches, episodes, feeds
from podfetch_tui.model.feed import Health
from podfetch_tui.model.host_writes import PutOff
from podfetch_tui.model.writes import (
    ApplyPriorities,
    ChangeFeed,
    FeedSchedule,
    FinishBatch,
    PlanBatch,
)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def test_a_batch_is_finished_after_a_kill_without_its_finished_part(books: Bench) -> None:
    books.add_feeds(*(f"https://{n}.example/" for n in range(4)))
    books.do(PlanBatch(batch_id=AT, feed_ids=(1, 2, 3), at=AT))
    books.do(FeedSchedule(feed_id=1, health=Health(), next_poll_at=AT + DAY))
    books.do(ChangeFeed(feed_id=2, state=None, next_poll_at=AT - 5, at=AT))
    (left,) = batches.open_batches(books.catalog)
    assert (left.id, [feed.id for feed in left.feeds]) == (AT, [2, 3])
    assert batches.last_batch(books.catalog) == AT
    books.do(FinishBatch(batch_id=AT, at=AT + 1))
    assert batches.open_batches(books.catalog) == []
    assert books.one("SELECT count(*) FROM batch_feed") == 0
    assert books.rows("SELECT feeds, finished_at FROM batch") == [(3, AT + 1)]


def test_only_so_many_finished_batches_are_remembered(
    books: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 1010):
        books.writer.submit(PlanBatch(batch_id=number, feed_ids=(), at=AT), lazy=True)
        books.writer.submit(FinishBatch(batch_id=number, at=AT), lazy=True)
    books.do(PlanBatch(batch_id=2000, feed_ids=(), at=AT))
    assert books.one("SELECT count(*) FROM batch") == 1001
    assert len(batches.open_batches(books.catalog)) == 1


def test_priorities_follow_from_tags_unless_a_feed_has_its_own(books: Bench) -> None:
    books.add_feeds("https://news.example/", tags=("news", "daily"))
    books.add_feeds("https://own.example/", tags=("news",), priority=2)
    books.add_feeds("https://plain.example/")
    for feed_id in (1, 2, 3):
        books.add_episodes(feed_id, draft(f"g{feed_id}", published=AT - DAY))
    books.do(ApplyPriorities(rules=(("news", 7), ("daily", 3))))
    assert [p for (p,) in books.rows("SELECT priority FROM feed ORDER BY id")] == [7, 2, 0]
    waiting = [feed.id for _, feed in episodes.due_episodes(books.catalog, AT, 9)]
    assert waiting == [1, 2, 3]
    books.do(ApplyPriorities(rules=(("news", -1),)))
    assert [p for (p,) in books.rows("SELECT priority FROM feed ORDER BY id")] == [-1, 2, 0]
    waiting = [feed.id for _, feed in episodes.due_episodes(books.catalog, AT, 9)]
    assert waiting == [2, 3, 1]


def test_what_is_put_off_is_due_later_and_never_sooner(books: Bench) -> None:
    books.add_feeds("https://a.example/", "https://b.example/")
    (episode,) = books.add_episodes(1, draft("g", published=AT - DAY))
    books.do(ChangeFeed(feed_id=2, next_poll_at=AT + 2 * DAY, at=AT))
    books.do(PutOff(feeds=((1, AT + DAY), (2, AT + DAY)), episodes=((episode, AT + DAY),)))
    assert feeds.due_feeds(books.catalog, AT + DAY - 1, 9) == []
    assert [f.id for f in feeds.due_feeds(books.catalog, AT + DAY, 9)] == [1]
    assert episodes.due_episodes(books.catalog, AT + DAY - 1, 9) == []
    assert len(episodes.due_episodes(books.catalog, AT + DAY, 9)) == 1


def test_the_normal_rate_is_the_sum_of_what_the_intervals_say(books: Bench) -> None:
    assert batches.normal_rate(books.catalog, 60) == 0
    books.add_feeds("https://a.example/", "https://b.example/", "https://c.example/")
    for feed_id, interval_s in ((1, 100), (2, 1)):
        books.add_episodes(feed_id, draft(f"g{feed_id}"))
        last = books.one("SELECT last_poll_at FROM feed WHERE id = ?", feed_id)
        at = last + interval_s * 1000
        books.do(FeedSchedule(feed_id=feed_id, health=Health(), next_poll_at=at))
    assert batches.normal_rate(books.catalog, 50) == pytest.approx(1 / 100 + 1 / 50)


def test_new_episodes_that_wait_are_counted_back_catalogue_is_not(books: Bench) -> None:
    books.add_feeds("https://a.example/", "https://b.example/")
    books.add_episodes(1, draft("a"), draft("b"), draft("c"))
    books.add_episodes(2, draft("d"), draft("e"), backlog=True)
    assert episodes.new_waiting(books.catalog, AT + DAY, 99) == 3
    assert episodes.new_waiting(books.catalog, AT + DAY, 2) == 2
