"""Feed lists in the catalogue: what is new, what is merged, what an operator changes."""

from __future__ import annotations

from support.cataloguing import AT, DAY, Bench, draft, finish, poll

from podfetch_tui.catalog import episodes, feeds, lookups, pages
from podfetch_tui.model.feed import Backlog, BacklogKind, BreakerState, FeedState, Health
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, FeedSchedule, ImportFeeds, NewFeed
from podfetch_tui.policy.priority import MOST_STEPS, STEP_MS

URL = "https://a.example/feed"


def take(books: Bench, *lines: NewFeed, source: str = "list.csv", paused: bool = False) -> int:
    receipt = books.do(ImportFeeds(source=source, feeds=lines, at=AT, paused=paused))
    return int(receipt.duplicate)


def test_a_list_becomes_feeds_that_are_due(books: Bench) -> None:
    line = NewFeed(
        url=URL,
        title="A",
        priority=5,
        tags=("news", "de"),
        interval=900,
        backlog=Backlog(BacklogKind.NEWEST, 3),
        line=2,
    )
    take(books, line)
    (feed,) = feeds.due_feeds(books.catalog, AT, 9)
    assert (feed.url, feed.title, feed.priority, feed.interval) == (URL, "A", 5, 900)
    assert feed.backlog == Backlog(BacklogKind.NEWEST, 3)
    assert feed.health == Health()
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert row["tags"] == ["de", "news"]
    assert lookups.feed_detail(books.catalog, feed.id)["lists"] == [{"list": "list.csv", "line": 2}]


def test_the_title_of_a_list_stands_until_the_feed_says_its_own(books: Bench) -> None:
    take(books, NewFeed(url=URL, title="From the list"))
    books.do(poll(1, title="Its own"))
    (feed,) = feeds.due_feeds(books.catalog, AT, 9)
    assert feed.title == "Its own"


def test_a_list_read_again_says_everything_about_its_feeds(books: Bench) -> None:
    take(books, NewFeed(url=URL, priority=5, tags=("a", "b"), interval=900, line=1))
    assert take(books, NewFeed(url=URL, tags=("b", "c"), line=4)) == 1
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert (row["priority"], row["tags"]) == (0, ["b", "c"])
    assert books.row("feed", 1)["interval_s"] is None
    assert books.one("SELECT line FROM list_source") == 4


def test_another_list_only_adds_what_it_sets(books: Bench) -> None:
    take(books, NewFeed(url=URL, title="A", priority=5, tags=("a",), interval=900))
    take(books, NewFeed(url=URL, tags=("b",)), source="other.txt")
    take(books, NewFeed(url=URL, priority=7), source="third.txt")
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert (row["title"], row["priority"], row["tags"]) == ("A", 7, ["a", "b"])
    assert books.row("feed", 1)["interval_s"] == 900


def test_settings_of_one_feed_alone_are_kept_and_shown(books: Bench) -> None:
    line = NewFeed(
        url=URL,
        priority=0,
        interval=60,
        backlog=Backlog(BacklogKind.SINCE, since=DAY),
        user_agent="Me/1",
        feed_max=4096,
        allow_private=("10.0.0.0/8", "fd00::/8"),
        state=FeedState.RETIRED,
        state_reason="no more",
    )
    take(books, line)
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    shown = {name: row[name] for name in ("interval_s", "backlog", "user_agent", "feed_max")}
    assert shown == {
        "interval_s": 60,
        "backlog": "since 1970-01-02",
        "user_agent": "Me/1",
        "feed_max": 4096,
    }
    assert row["allow_private"] == ["10.0.0.0/8", "fd00::/8"]
    assert (row["state"], row["state_reason"]) == ("retired", "no more")
    assert books.row("feed", 1)["own_priority"] == 0
    take(books, NewFeed(url=URL), source="other.txt")
    assert books.row("feed", 1)["user_agent"] == "Me/1"
    take(books, NewFeed(url=URL))
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert (row["backlog"], row["user_agent"], row["allow_private"]) == (None, None, [])
    assert row["state"] == "retired"
    assert books.row("feed", 1)["own_priority"] is None


def test_a_feed_that_no_list_named_any_more_comes_back_with_its_line(books: Bench) -> None:
    take(books, NewFeed(url=URL, priority=5))
    change = ChangeFeed(feed_id=1, state=FeedState.PAUSED, reason="removed from x.csv", at=AT)
    books.do(change)
    take(books, NewFeed(url=URL, enabled=False))
    assert books.rows("SELECT state, state_reason FROM feed") == [
        ("paused", "disabled in list.csv")
    ]
    books.do(change)
    take(books, NewFeed(url=URL), source="other.csv")
    assert books.rows("SELECT state, state_reason, priority FROM feed") == [("active", "", 0)]


def test_a_feed_named_twice_in_a_list_is_one(books: Bench) -> None:
    assert take(books, NewFeed(url=URL, line=1), NewFeed(url=URL, line=2)) == 1
    assert books.one("SELECT count(*) FROM feed") == 1


def test_a_disabled_line_pauses_and_an_enabled_one_releases(books: Bench) -> None:
    take(books, NewFeed(url=URL))
    take(books, NewFeed(url=URL, enabled=False))
    assert books.rows("SELECT state, state_reason FROM feed") == [
        ("paused", "disabled in list.csv")
    ]
    take(books, NewFeed(url=URL))
    assert books.one("SELECT state FROM feed") == "active"
    books.do(ChangeFeed(feed_id=1, state=FeedState.PAUSED, reason="by hand", at=AT))
    take(books, NewFeed(url=URL))
    assert books.one("SELECT state FROM feed") == "paused"


def test_feeds_imported_paused_are_not_due(books: Bench) -> None:
    take(books, NewFeed(url=URL), NewFeed(url="https://b.example/", enabled=False), paused=True)
    assert not feeds.due_feeds(books.catalog, AT, 9)
    waiting = feeds.ids_in_state(books.catalog, FeedState.PAUSED, reason="imported paused")
    assert waiting == (1, 2)


def test_ten_thousand_lines_go_in_and_go_in_again(books: Bench) -> None:
    lines = tuple(
        NewFeed(url=f"https://h{n}.example/feed", tags=("t",), line=n) for n in range(10_000)
    )
    assert take(books, *lines) == 0
    assert take(books, *lines) == 10_000
    assert books.one("SELECT count(*) FROM feed") == 10_000
    assert books.one("SELECT count(*) FROM feed_tag") == 10_000


def test_a_new_priority_moves_what_waits(books: Bench) -> None:
    one, two = books.add_feeds("https://1.example/", "https://2.example/")
    books.add_episodes(one, draft("a", published=AT - DAY))
    books.add_episodes(two, draft("b", published=AT - 2 * DAY))
    assert [feed.id for _, feed in episodes.due_episodes(books.catalog, AT, 9)] == [one, two]
    books.add_feeds("https://2.example/", priority=1)
    assert [feed.id for _, feed in episodes.due_episodes(books.catalog, AT, 9)] == [two, one]
    books.add_feeds("https://2.example/", priority=-200)
    assert [feed.id for _, feed in episodes.due_episodes(books.catalog, AT, 9)] == [one, two]


def test_due_feeds_come_by_priority_then_lateness(books: Bench) -> None:
    for number, priority in enumerate((0, 9, -4, 9, 0)):
        books.add_feeds(f"https://{number}.example/", priority=priority)
    for feed_id, at in ((1, AT - 1), (2, AT - 5), (3, AT - 9), (4, AT - 7), (5, AT + 1)):
        books.do(ChangeFeed(feed_id=feed_id, next_poll_at=at, at=AT))

    def due(limit: int, *exclude: int) -> list[int]:
        return [feed.id for feed in feeds.due_feeds(books.catalog, AT, limit, exclude=exclude)]

    assert due(9) == [4, 2, 1, 3]
    assert due(2) == [4, 2]
    assert due(2, 4, 1) == [2, 3]
    assert feeds.next_due_at(books.catalog) == AT - 9


def test_only_active_feeds_are_due_and_quarantined_ones_for_their_probe(books: Bench) -> None:
    states = list(FeedState)
    for number, state in enumerate(states, 1):
        books.add_feeds(f"https://{number}.example/")
        books.do(ChangeFeed(feed_id=number, state=state, reason="test", at=AT))
    due = feeds.due_feeds(books.catalog, AT, 9)
    assert [feed.state for feed in due] == [FeedState.ACTIVE, FeedState.QUARANTINED]
    books.do(ChangeFeed(feed_id=due[1].id, next_poll_at=AT + DAY, at=AT))
    assert len(feeds.due_feeds(books.catalog, AT, 9)) == 1


def test_lateness_beats_priority_in_the_end(books: Bench) -> None:
    books.add_feeds("https://late.example/", priority=-99)
    books.add_feeds("https://dear.example/", priority=99)
    longest = 2 * MOST_STEPS * STEP_MS
    for late, first in ((longest - 1, 2), (longest + 1, 1)):
        books.do(ChangeFeed(feed_id=1, next_poll_at=AT - late, at=AT))
        books.do(ChangeFeed(feed_id=2, next_poll_at=AT, at=AT))
        assert feeds.due_feeds(books.catalog, AT, 9)[0].id == first


def test_health_and_schedule_survive_whole(books: Bench) -> None:
    books.add_feeds(URL)
    health = Health(
        breaker=BreakerState.OPEN,
        consecutive_failures=6,
        opened=2,
        open_until=AT + DAY,
        first_failure_at=AT - DAY,
        last_success_at=AT - 9 * DAY,
        last_error="http_500",
        last_family="transient",
        last_status=500,
    )
    books.do(FeedSchedule(feed_id=1, health=health, next_poll_at=AT + DAY, evidence=b"<html>"))
    assert not feeds.due_feeds(books.catalog, AT, 9)
    (feed,) = feeds.due_feeds(books.catalog, AT + DAY, 9)
    assert feed.health == health
    assert books.one("SELECT evidence FROM feed_note") == b"<html>"


def test_a_feed_is_checked_now_by_moving_its_next_poll(books: Bench) -> None:
    books.add_feeds(URL)
    books.do(finish(1, next_poll_at=AT + DAY))
    books.do(ChangeFeed(feed_id=1, next_poll_at=AT, at=AT))
    assert len(feeds.due_feeds(books.catalog, AT, 9)) == 1


def test_what_an_operator_chose_outlasts_the_run(books: Bench) -> None:
    books.add_feeds(URL)
    books.do(ChangeFeed(feed_id=1, state=FeedState.RETIRED, reason="by hand", at=AT))
    run = FeedSchedule(
        feed_id=1,
        health=Health(),
        next_poll_at=AT,
        state=FeedState.QUARANTINED,
        state_reason="replaced",
    )
    books.do(run)
    assert books.rows("SELECT state, state_reason FROM feed") == [("retired", "by hand")]


def test_a_run_that_quarantines_holds_its_own_new_episodes(books: Bench) -> None:
    books.add_feeds(URL)
    write = finish(1, poll(1, draft("one")))
    schedule = FeedSchedule(
        feed_id=1,
        health=Health(),
        next_poll_at=AT,
        state=FeedState.QUARANTINED,
        state_reason="replaced",
    )
    books.do(type(write)(outcome=write.outcome, schedule=schedule, writes=write.writes))
    assert not episodes.due_episodes(books.catalog, AT, 9)
    books.do(ChangeFeed(feed_id=1, state=FeedState.ACTIVE, at=AT))
    assert len(episodes.due_episodes(books.catalog, AT, 9)) == 1
