"""Rows of a long list: only what is near the screen is held, and nothing is lost."""

from __future__ import annotations

from support.fake_client import FakeClient, feed_row, feed_rows

from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.feed_rows import feed_row as convert
from podfetch_tui.ui.rows import ASKED_AT_ONCE, ROWS_KEPT, IndexedRows, ListRows


def ordered(client: FakeClient) -> IndexedRows[FeedRow]:
    rows: IndexedRows[FeedRow] = IndexedRows(convert)
    rows.take_order(client.query(PageRequest(kind="feeds", only_ids=True, limit=100_000)).ids)
    return rows


def read(rows: IndexedRows[FeedRow], client: FakeClient) -> int:
    """Answer every question; return how many there were."""
    asked = 0
    while wanted := rows.wanted():
        assert len(wanted) <= ASKED_AT_ONCE
        rows.take_rows(wanted, client.query(PageRequest(kind="feeds", ids=wanted)).rows)
        asked += 1
        assert asked < 2000, "it asks for ever"
    return asked


def test_any_place_is_reached_at_once_and_memory_stays_bounded() -> None:
    client = FakeClient(feeds=feed_rows(10_412))
    rows = ordered(client)
    rows.look(10_380, 10_411)
    assert rows.row(10_411) is None
    assert read(rows, client) == 1
    last = rows.row(10_411)
    assert last is not None
    assert (last.id, rows.count) == (10_412, 10_412)
    for first in range(0, 10_000, 30):
        rows.look(first, first + 29)
        read(rows, client)
        assert all(rows.row(index) is not None for index in range(first, first + 30))
    assert len(rows._rows) <= ROWS_KEPT
    rows.look(20_000, 20_030)
    assert read(rows, client) == 0, "beyond the end is nothing"


def test_rows_are_found_by_id_in_another_order_and_without_being_read_again() -> None:
    client = FakeClient(feeds=feed_rows(50))
    rows = ordered(client)
    rows.look(0, 49)
    read(rows, client)
    rows.take_order(tuple(range(50, 0, -1)))
    assert rows.index_of(7) == 43
    seventh = rows.row(43)
    assert seventh is not None
    assert seventh.id == 7
    assert rows.wanted() == ()
    assert rows.index_of(51) is None


def test_stale_rows_stand_until_new_ones_are_there() -> None:
    client = FakeClient(feeds=feed_rows(9))
    rows = ordered(client)
    rows.look(0, 8)
    read(rows, client)
    client.feeds[2] = feed_row(3, title="renamed")
    del client.feeds[5]
    rows.expire()
    assert rows.row(2) is not None
    assert read(rows, client) == 1
    third = rows.row(2)
    assert third is not None
    assert third.title == "renamed"
    assert rows.row(5) is None, "it is gone, and not asked for again"


def test_a_cursor_that_goes_down_row_by_row_asks_rarely_and_never_too_late() -> None:
    client = FakeClient(feeds=feed_rows(1000))
    rows = ordered(client)
    rows.look(0, 29)
    asked = read(rows, client)
    for first in range(1, 971):
        rows.look(first, first + 29)
        assert all(rows.row(index) is not None for index in range(first, first + 30))
        asked += read(rows, client)
    assert asked <= 970 / 30 + 2


def test_a_page_further_is_at_hand_before_one_goes_there() -> None:
    client = FakeClient(feeds=feed_rows(1000))
    rows = ordered(client)
    for first in range(0, 900, 30):
        rows.look(first, first + 29)
        assert first == 0 or rows.row(first + 29) is not None
        read(rows, client)


def test_a_list_at_hand_knows_its_rows() -> None:
    rows: ListRows[str] = ListRows(len)
    rows.replace(["a", "bb", "ccc"])
    assert (rows.count, rows.row(1), rows.row(3), rows.id_at(2)) == (3, "bb", None, 3)
    assert (rows.index_of(3), rows.index_of(4), list(rows.ids)) == (2, None, [1, 2, 3])
