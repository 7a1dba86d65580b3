"""A list that is read again and again: added, changed, returned, and above all removed lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from support.cataloguing import AT, Bench, draft

from podfetch_tui.catalog import episodes, pages
from podfetch_tui.catalog.list_members import list_states, would_pause
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.list_writes import ListFailed, ListRead, ReadList
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, ImportFeeds, NewFeed

LIST = "/lists/mine.csv"


def url(number: int) -> str:
    return f"https://{number}.example/feed"


def read(
    books: Bench, numbers: Iterable[int], *, source: str = LIST, at: int = AT, **more: Any
) -> ListRead:
    """Read the list with feeds of these numbers; ``line`` settings go to all of them."""
    settings = more.pop("line", {})
    feeds = tuple(NewFeed(url=url(number), line=number, **settings) for number in numbers)
    receipt = books.do(ReadList(source=source, feeds=feeds, at=at, **more))
    assert isinstance(receipt, ListRead)
    return receipt


def states(books: Bench) -> dict[int, tuple[str, str]]:
    rows = books.rows("SELECT url, state, state_reason FROM feed ORDER BY id")
    return {int(u.split("/")[2].split(".")[0]): (state, reason) for u, state, reason in rows}


def paused(books: Bench) -> set[int]:
    return {number for number, (state, _) in states(books).items() if state == "paused"}


def events(books: Bench) -> list[str]:
    return [kind for (kind,) in books.rows("SELECT kind FROM event ORDER BY id")]


def test_added_lines_add_and_removed_lines_pause_and_delete_nothing(books: Bench) -> None:
    done = read(books, [1, 2])
    assert (len(done.new), done.removed, done.of) == (2, 0, 0)
    (episode_id,) = books.add_episodes(1, draft("one"))
    done = read(books, [2, 3], at=AT + 5)
    assert (len(done.new), done.duplicate, done.updated, done.removed) == (1, 1, 0, 1)
    assert states(books) == {
        1: ("paused", f"removed from {LIST}"),
        2: ("active", ""),
        3: ("active", ""),
    }
    assert books.state(episode_id) == "pending"
    assert not episodes.due_episodes(books.catalog, AT + 10**9, 9)
    assert events(books) == ["list_read", "list_read"]
    assert books.one("SELECT text FROM event WHERE id = 2").startswith(
        f"{LIST}: 1 feed new, 0 changed, 1 paused"
    )


def test_a_line_that_returns_resumes_its_feed_and_one_paused_by_hand_stays(books: Bench) -> None:
    read(books, [1, 2, 3])
    books.do(ChangeFeed(feed_id=2, state=FeedState.PAUSED, reason="by hand", at=AT))
    read(books, [3])
    assert states(books)[2] == ("paused", "by hand")
    done = read(books, [1, 2, 3])
    assert (done.resumed, done.updated, done.new) == (1, 1, ())
    assert states(books) == {1: ("active", ""), 2: ("paused", "by hand"), 3: ("active", "")}


def test_a_feed_that_another_list_or_the_operator_holds_is_never_touched(books: Bench) -> None:
    for source in ("command", "/lists/other.opml", "-"):
        books.do(ImportFeeds(source=source, feeds=(NewFeed(url=url(len(source))),), at=AT))
    read(books, [7, 17, 1, 99], line={"tags": ("mine",)})
    done = read(books, [])
    assert (done.removed, done.dropped) == (1, 3)
    assert paused(books) == {99}
    rows = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert [row["tags"] for row in rows] == [[], [], [], ["mine"]]


def test_a_line_moved_to_another_list_keeps_its_feed_whichever_is_read_first(books: Bench) -> None:
    read(books, [1, 2])
    read(books, [3], source="/b")
    read(books, [1])
    assert paused(books) == {2}
    read(books, [2, 3], source="/b")
    assert paused(books) == set()
    read(books, [1, 3], source="/b")
    read(books, [])
    assert paused(books) == {2}


@pytest.mark.parametrize("state", [FeedState.GONE, FeedState.RETIRED])
def test_a_feed_that_is_not_polled_anyway_keeps_its_state(books: Bench, state: FeedState) -> None:
    read(books, [1])
    books.do(ChangeFeed(feed_id=1, state=state, reason="why", at=AT))
    assert read(books, []).removed == 0
    assert states(books) == {1: (state.value, "why")}


def test_quarantined_feeds_and_those_that_wait_to_begin_are_paused_too(books: Bench) -> None:
    read(books, [1, 2], paused=True)
    books.do(ChangeFeed(feed_id=1, state=FeedState.QUARANTINED, reason="fails", at=AT))
    assert read(books, []).removed == 2
    assert set(states(books).values()) == {("paused", f"removed from {LIST}")}


def test_a_list_changes_what_its_lines_change_and_nothing_edited_by_hand(books: Bench) -> None:
    read(books, [1, 2], line={"priority": 5, "tags": ("a",)})
    with books.catalog.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE feed SET own_priority = 9, priority = 9 WHERE id = 1")
    assert read(books, [1, 2], line={"priority": 5, "tags": ("a",)}).updated == 0
    assert books.row("feed", 1)["priority"] == 9
    assert read(books, [1, 2], line={"priority": 5, "tags": ("b",)}).updated == 2
    assert books.row("feed", 1)["priority"] == 5
    # An import is somebody's word: it always holds.
    with books.catalog.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE feed SET own_priority = 9, priority = 9 WHERE id = 1")
    line = NewFeed(url=url(1), priority=5, tags=("b",), line=1)
    books.do(ImportFeeds(source=LIST, feeds=(line,), at=AT))
    assert books.row("feed", 1)["priority"] == 5


def test_a_wider_backlog_in_a_list_queues_what_was_skipped(books: Bench) -> None:
    read(books, [1], line={"backlog": Backlog(BacklogKind.NONE)})
    books.add_episodes(
        1,
        draft("old"),
        new_states=(EpisodeState.SKIPPED,),
        new_reasons=("backlog none",),
        backlog=True,
    )
    assert books.one("SELECT state FROM episode") == "skipped"
    read(books, [1], line={"backlog": Backlog()})
    assert books.one("SELECT state FROM episode") == "pending"


@pytest.mark.parametrize(
    ("total", "left", "held"),
    [
        (40, 20, 0),  # 20 are never too many
        (40, 19, 21),
        (420, 399, 0),  # 5 % are not too many either
        (400, 379, 21),
        (2000, 0, 2000),
    ],
)
def test_many_removals_at_once_wait(books: Bench, total: int, left: int, held: int) -> None:
    read(books, range(total))
    done = read(books, range(left))
    assert (done.held, done.removed, done.of) == (held, 0 if held else total - left, total)
    assert len(paused(books)) == done.removed
    assert list_states(books.catalog)[LIST].held == held
    assert events(books).count("list_held") == (1 if held else 0)


def test_what_is_held_is_said_once_and_ends_with_the_operators_word(books: Bench) -> None:
    read(books, range(100))
    for _ in range(3):
        assert read(books, [0, 1, 500]).held == 98
    assert events(books) == ["list_read", "list_read", "list_held"]
    assert states(books)[500] == ("active", "")
    urls = [url(number) for number in (0, 1, 500)]
    assert len(would_pause(books.catalog, LIST, urls)) == 98
    done = read(books, [0, 1, 500], accept=True)
    assert (done.held, done.removed) == (0, 98)
    assert list_states(books.catalog)[LIST].held == 0
    assert books.rows("SELECT action, detail FROM operator_action") == [
        ("accept_removals", f"{LIST}: 98 feeds paused")
    ]
    assert read(books, range(100)).resumed == 98


def test_a_list_that_is_whole_again_ends_the_hold(books: Bench) -> None:
    read(books, range(100))
    read(books, range(10))
    assert read(books, range(100)).held == 0
    assert list_states(books.catalog)[LIST].held == 0
    assert paused(books) == set()


def test_a_bad_line_still_holds_its_feed(books: Bench) -> None:
    read(books, [1, 2])
    done = read(books, [1], mentioned=(url(2),))
    assert (done.removed, done.held) == (0, 0)
    # A line of which nobody knows which feed it means may mean the one that is missing …
    done = read(books, [1], unreadable=1)
    assert (done.removed, done.held) == (0, 1)
    assert done.reason == "1 of its lines cannot be read"
    assert read(books, [1, 2], unreadable=1).held == 0
    # … but not when it was there already while nothing was missing.
    assert read(books, [1], unreadable=1).removed == 1


def test_a_last_line_that_is_cut_off_removes_and_adds_nothing(books: Bench) -> None:
    read(books, [1, 2, 33])
    done = read(books, [1, 3], tail=url(3))
    assert (done.new, done.removed, done.held) == ((), 0, 2)
    assert set(states(books)) == {1, 2, 33}
    line = NewFeed(url=url(2), title="Fe", line=2)
    write = ReadList(source=LIST, feeds=(line,), tail=url(2), at=AT)
    assert (books.do(write).held, books.row("feed", 2)["name"]) == (2, "")
    # A whole line without its end is whole.
    assert read(books, [1, 2], tail=url(2)).removed == 1
    assert len(read(books, [1, 2, 4], tail=url(4)).new) == 1


def test_a_list_that_cannot_be_read_pauses_nothing_and_says_so_once(books: Bench) -> None:
    read(books, [1])
    for _ in range(3):
        books.do(ListFailed(source=LIST, problem="mine.csv: cannot be read", at=AT))
    assert states(books) == {1: ("active", "")}
    assert events(books) == ["list_read", "list_unread"]
    assert list_states(books.catalog)[LIST].problem == "mine.csv: cannot be read"
    read(books, [1])
    assert list_states(books.catalog)[LIST].problem == ""
    books.do(ListFailed(source=LIST, problem="mine.csv: cannot be read", at=AT))
    assert events(books) == ["list_read", "list_unread", "list_unread"]


def test_only_a_list_that_was_taken_in_whole_is_known_by_its_digest(books: Bench) -> None:
    def digest() -> str | None:
        return list_states(books.catalog)[LIST].digest

    read(books, range(50), digest=b"one")
    assert digest() == b"one".hex().upper()
    assert read(books, range(5), digest=b"two").held == 45
    assert not digest()
    read(books, range(50), digest=b"one")
    books.do(ListFailed(source=LIST, problem="mine.csv: cannot be read", at=AT))
    assert not digest()


def test_a_feed_that_moved_is_held_by_the_line_with_its_old_url(books: Bench) -> None:
    read(books, [1])
    with books.catalog.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE feed SET url = 'https://new.example/'")
        connection.exec_driver_sql(
            f"INSERT INTO feed_url (feed_id, url, until) VALUES (1, '{url(1)}', 1)"
        )
    done = read(books, [1])
    assert (done.new, done.removed) == ((), 0)


def test_ten_thousand_lines_are_read_again_without_a_change(books: Bench) -> None:
    read(books, range(10_000), line={"tags": ("t",), "priority": 3})
    done = read(books, range(10_000), line={"tags": ("t",), "priority": 3})
    assert (done.duplicate, done.updated, done.removed) == (10_000, 0, 0)
    assert read(books, range(100), accept=True).removed == 9_900
