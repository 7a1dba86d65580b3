"""Pages of a long list: only what is near the screen is held, and nothing is lost."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, feed_row, feed_rows

from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.feed_rows import feed_row as convert
from podfetch_tui.ui.rows import PAGE, PAGES_KEPT, ListRows, PagedRows


def paged() -> PagedRows[FeedRow]:
    return PagedRows(PageRequest(kind="feeds"), convert)


def read(rows: PagedRows[FeedRow], client: FakeClient) -> int:
    """Answer every request; return how many there were."""
    asked = 0
    while (wanted := rows.next_request()) is not None:
        rows.take(wanted[0], client.query(wanted[1]))
        asked += 1
        assert asked < 2000, "it asks for ever"
    return asked


def test_the_first_screenful_costs_one_page() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(10_412))
    rows.expected = 10_412
    rows.look(0, 30)
    assert rows.row(0) is None
    assert read(rows, client) == 1
    assert rows.count == 10_412
    assert [rows.id_at(index) for index in (0, 30, PAGE - 1, PAGE)] == [1, 31, PAGE, None]


def test_the_end_is_reached_and_memory_stays_bounded() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(10_412))
    rows.expected = 10_412
    rows.look(10_380, 10_411)
    read(rows, client)
    last = rows.row(10_411)
    assert last is not None
    assert last.id == 10_412
    assert rows.is_counted
    assert len(rows._pages) <= PAGES_KEPT
    assert rows.row(0) is None, "the first page was let go"
    rows.look(0, 30)
    assert read(rows, client) == 1
    assert rows.id_at(0) == 1


def test_every_row_is_shown_once_and_in_order() -> None:
    rows, client = paged(), FakeClient(feeds=[feed_row(3 * n) for n in range(1, 1002)])
    seen = []
    for first in range(0, 1001, 100):
        rows.look(first, first + 99)
        read(rows, client)
        seen += [rows.id_at(index) for index in range(first, min(first + 100, rows.count))]
    assert seen == [3 * n for n in range(1, 1002)]


def test_what_changes_on_the_screen_is_read_again() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(50))
    rows.look(0, 20)
    read(rows, client)
    assert rows.next_request() is None
    client.feeds[4] = feed_row(5, title="renamed")
    rows.expire()
    assert read(rows, client) == 1
    renamed = rows.row(4)
    assert renamed is not None
    assert renamed.title == "renamed"


def test_a_feed_that_goes_moves_the_others_up() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(700))
    rows.look(0, 699)
    read(rows, client)
    del client.feeds[10]
    rows.expire()
    read(rows, client)
    assert rows.count == 699
    assert [rows.id_at(index) for index in (9, 10, PAGE - 1, PAGE, 698)] == [10, 12, 201, 202, 700]
    assert rows.index_of(700) == 698


def test_feeds_that_come_are_found_at_the_end() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(200))
    rows.look(190, 199)
    read(rows, client)
    assert rows.count == 200
    client.feeds += [feed_row(201), feed_row(202)]
    rows.expire()
    rows.look(190, 205)
    read(rows, client)
    assert rows.count == 202


def test_an_empty_archive_is_asked_once() -> None:
    rows, client = paged(), FakeClient()
    rows.look(0, 30)
    assert read(rows, client) == 1
    assert rows.count == 0
    assert rows.row(0) is None


def test_an_archive_that_became_smaller_ends_where_it_ends() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(900))
    rows.look(880, 899)
    read(rows, client)
    client.feeds = client.feeds[:100]
    rows.expire()
    rows.look(0, 99)
    read(rows, client)
    assert rows.count == 100
    assert rows.row(150) is None


@pytest.mark.parametrize("index", [-1, -200, 10**9])
def test_there_is_no_row_beyond_the_ends(index: int) -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(10))
    rows.look(0, 9)
    read(rows, client)
    assert rows.row(index) is None
    assert rows.id_at(index) is None


def test_a_late_answer_to_a_forgotten_question_is_dropped() -> None:
    rows, client = paged(), FakeClient(feeds=feed_rows(900))
    rows.look(0, 899)
    read(rows, client)
    late = client.query(PageRequest(kind="feeds", after=800))
    client.feeds = client.feeds[:10]
    rows.expire()
    rows.look(0, 9)
    read(rows, client)
    rows.take(4, late)
    assert rows.count == 10


def test_rows_at_hand_are_found_by_id() -> None:
    rows: ListRows[int] = ListRows(lambda row: row * 10)
    rows.replace((5, 7, 9))
    assert (rows.count, rows.row(1), rows.id_at(2), rows.index_of(90)) == (3, 7, 90, 2)
    assert (rows.row(3), rows.row(-1), rows.id_at(9), rows.index_of(1)) == (None, None, None, None)
