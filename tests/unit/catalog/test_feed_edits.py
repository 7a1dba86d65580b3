"""Editing a feed: what is set holds, what was is remembered, and the counters stay right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.cataloguing import AT, DAY, Bench, bench, draft, finish, poll, recount

from podfetch_tui.catalog import episodes, lookups
from podfetch_tui.catalog.backlog import count_wanted
from podfetch_tui.catalog.feed_own import feed_own
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.model.edits import EditFeed, FeedOwn
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import Backlog, BacklogKind, BreakerState, FeedState, Validators
from podfetch_tui.model.writes import ChangeFeed

URL = "https://h.example/a"


def edit(feed_id: int, **changes: Any) -> EditFeed:
    return EditFeed(feed_id=feed_id, at=AT, **changes)


def test_every_setting_of_a_feed_is_kept_and_cleared_again(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL)
    wanted: dict[str, Any] = {
        "title": "Mine",
        "priority": 7,
        "interval": 3600,
        "backlog": Backlog(BacklogKind.NEWEST, count=3),
        "user_agent": "Other/1",
        "feed_max": 5000,
        "allow_private": ("10.0.0.0/8", "fc00::/7"),
        "auth": "team",
    }
    books.do(edit(feed_id, **wanted, effective_priority=7, tag=("b", "a")))
    assert feed_own(books.catalog, feed_id) == FeedOwn(url=URL, tags=("a", "b"), **wanted)
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.title, feed.priority, feed.interval, feed.backlog) == (
        "Mine",
        7,
        3600,
        wanted["backlog"],
    )
    assert feed.access.user_agent == "Other/1"
    assert (feed.feed_max, feed.allow_private, feed.auth) == (5000, wanted["allow_private"], "team")
    nothing = {"title": "", "priority": None, "interval": None, "backlog": None, "user_agent": ""}
    books.do(
        edit(
            feed_id,
            **nothing,
            feed_max=None,
            allow_private=(),
            auth="",
            effective_priority=0,
            untag=("a", "b"),
        )
    )
    assert feed_own(books.catalog, feed_id) == FeedOwn(url=URL)


def test_what_an_edit_leaves_out_stays(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL, interval=60, user_agent="A/1", tags=("x",))
    books.do(edit(feed_id, feed_max=9999))
    own = feed_own(books.catalog, feed_id)
    assert own == FeedOwn(url=URL, interval=60, user_agent="A/1", feed_max=9999, tags=("x",))


def test_the_operators_title_stands_before_the_feeds_own(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL, title="List")
    books.do(edit(feed_id, title="Mine"))
    books.do(finish(feed_id, poll(feed_id, title="Its own")))
    assert lookups.feed_detail(books.catalog, feed_id)["title"] == "Mine"
    books.do(edit(feed_id, title=""))
    assert lookups.feed_detail(books.catalog, feed_id)["title"] == "Its own"


def test_another_url_begins_anew_and_the_old_one_is_remembered(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL)
    written = poll(feed_id, draft("1"), validators=Validators('"1"'), body_sha256=b"x" * 32)
    books.do(finish(feed_id, written, next_poll_at=AT + DAY))
    books.do(
        finish(
            feed_id,
            next_poll_at=AT + 9 * DAY,
            breaker=BreakerState.OPEN,
            consecutive_failures=6,
            open_until=AT + DAY,
            last_error="http_404",
            last_status=404,
        )
    )
    books.do(edit(feed_id, url="https://h.example/b"))
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.url, feed.validators, feed.body_sha256) == (
        "https://h.example/b",
        Validators(),
        b"",
    )
    assert feed.health.breaker is BreakerState.CLOSED
    assert (feed.health.consecutive_failures, feed.health.last_error) == (0, None)
    assert feed.next_poll_at == AT
    assert lookups.feed_by_url(books.catalog, URL) == feed_id
    assert lookups.feed_at(books.catalog, URL) is None


def test_another_url_takes_a_feed_out_of_quarantine_on_probation(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL)
    books.do(finish(feed_id, poll(feed_id, draft("1")), next_poll_at=AT + DAY))
    books.do(finish(feed_id, breaker=BreakerState.OPEN, open_until=AT + DAY))
    books.do(ChangeFeed(feed_id=feed_id, state=FeedState.QUARANTINED, reason="fails", at=AT))
    assert episodes.due_episodes(books.catalog, AT + DAY, 9) == []
    books.do(edit(feed_id, title="Mine"))
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert feed.state is FeedState.QUARANTINED, "the title has nothing to do with it"
    books.do(edit(feed_id, url="https://h.example/b"))
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.state, feed.next_poll_at, feed.health.probation) == (FeedState.ACTIVE, AT, True)
    assert feed.health.breaker is BreakerState.CLOSED
    assert len(episodes.due_episodes(books.catalog, AT + DAY, 9)) == 1
    assert recount(books.catalog.path) == []


def test_an_edit_of_a_feed_that_changed_meanwhile_is_refused_with_its_new_state(
    books: Bench,
) -> None:
    (feed_id,) = books.add_feeds(URL)
    for state, moment in ((FeedState.QUARANTINED, 5_000), (FeedState.RETIRED, 9_000)):
        books.do(ChangeFeed(feed_id=feed_id, at=AT + moment, state=state, reason="by hand"))
    failure = books.failure(edit(feed_id, url="https://new.example/rss", seen=AT + 5_000))
    assert "changed meanwhile: it is retired (by hand) since" in str(failure)
    assert lookups.feed_detail(books.catalog, feed_id)["url"] == URL
    books.do(edit(feed_id, url="https://new.example/rss", seen=AT + 9_400))
    assert lookups.feed_detail(books.catalog, feed_id)["url"] == "https://new.example/rss"


def test_the_url_of_another_feed_is_refused_whole(books: Bench) -> None:
    one, two = books.add_feeds(URL, "https://h.example/b")
    failure = books.failure(edit(one, url="https://h.example/b", interval=60))
    assert failure.kind is Kind.BUG
    assert f"feed {two}" in failure.detail
    assert feed_own(books.catalog, one) == FeedOwn(url=URL)
    assert books.rows("SELECT * FROM operator_action") == []


def test_each_edit_is_an_action_with_what_stood_before(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://me:pa55word@h.example/a")
    books.do(edit(feed_id, url="https://h.example/a?token=abcdefgh", interval=60))
    ((action, actor, detail, was),) = books.rows(
        "SELECT action, actor, detail, was FROM operator_action WHERE feed_id = ?", feed_id
    )
    assert (action, actor) == ("edit_feed", "command")
    assert (
        detail == "url: https://***@h.example/a → https://h.example/a?token=***; interval: - → 60"
    )
    assert json.loads(was)["url"] == "https://me:pa55word@h.example/a"


def test_new_access_makes_a_feed_due_and_a_new_interval_does_not(books: Bench) -> None:
    (feed_id,) = books.add_feeds(URL)
    books.do(finish(feed_id, next_poll_at=AT + DAY))
    books.do(edit(feed_id, interval=60))
    assert books.row("feed", feed_id)["next_poll_at"] == AT + DAY
    books.do(edit(feed_id, user_agent="Other/1"))
    assert books.row("feed", feed_id)["next_poll_at"] == AT


SKIPPED = EpisodeState.SKIPPED


def skipped_feed(books: Bench) -> tuple[int, list[int]]:
    """A feed of six: the newest is wanted, one is no audio, four are behind the backlog."""
    (feed_id,) = books.add_feeds(URL)
    drafts = [draft(str(n), published=AT - n * DAY) for n in range(1, 6)]
    drafts.append(draft("undated", published=None))
    states = (EpisodeState.PENDING, SKIPPED, SKIPPED, SKIPPED, SKIPPED, SKIPPED)
    reasons = ("", "backlog newest", "enclosure type image/png", *["backlog newest"] * 3)
    books.do(
        finish(
            feed_id, poll(feed_id, *drafts, new_states=states, new_reasons=reasons, backlog=True)
        )
    )
    return feed_id, [row[0] for row in books.rows("SELECT id FROM episode ORDER BY id")]


@pytest.mark.parametrize(
    ("backlog", "queued"),
    [
        (Backlog(BacklogKind.ALL), [1, 3, 4, 5]),
        (Backlog(BacklogKind.NONE), []),
        (Backlog(BacklogKind.NEWEST, count=2), [1]),
        (Backlog(BacklogKind.NEWEST, count=4), [1, 3]),
        (Backlog(BacklogKind.NEWEST, count=99), [1, 3, 4, 5]),
        (Backlog(BacklogKind.SINCE, since=AT - 4 * DAY), [1, 3, 5]),
    ],
)
def test_a_wider_backlog_queues_what_was_skipped_for_it_and_nothing_else(
    books: Bench, backlog: Backlog, queued: list[int], tmp_path: Path
) -> None:
    feed_id, ids = skipped_feed(books)
    assert count_wanted(books.catalog, feed_id, backlog) == len(queued)
    books.do(edit(feed_id, backlog=backlog, queue=backlog))
    states = [books.state(number) for number in ids]
    assert [place for place, state in enumerate(states) if state == "pending"] == [0, *queued]
    assert states[2] == "skipped"
    for place in queued:
        row = books.row("episode", ids[place])
        assert row["next_attempt_at"] < AT
        assert (row["error"], row["rank"]) == ("", 1)


def test_what_is_queued_of_a_paused_feed_is_held(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        feed_id, ids = skipped_feed(books)
        books.do(ChangeFeed(feed_id=feed_id, state=FeedState.PAUSED, at=AT))
        books.do(edit(feed_id, queue=Backlog()))
        assert books.row("episode", ids[1])["rank"] == 3
        books.do(ChangeFeed(feed_id=feed_id, state=FeedState.ACTIVE, at=AT))
        assert books.row("episode", ids[1])["rank"] == 1
    assert recount(tmp_path / "catalog.db") == []


def test_priority_moves_what_waits(books: Bench) -> None:
    feed_id, ids = skipped_feed(books)
    before = books.row("episode", ids[0])["next_attempt_at"]
    books.do(edit(feed_id, priority=3, effective_priority=3))
    assert books.row("episode", ids[0])["next_attempt_at"] < before
    assert books.row("feed", feed_id)["own_priority"] == 3


def test_a_poll_of_the_old_url_that_ends_after_the_edit_says_nothing_of_the_new_one(
    books: Bench,
) -> None:
    (feed_id,) = books.add_feeds(URL)
    books.do(edit(feed_id, url="https://h.example/b"))
    learned = poll(feed_id, draft("1"), validators=Validators('"old"'), body_sha256=b"x" * 32)
    late = finish(feed_id, learned, next_poll_at=AT + DAY)
    books.do(msgspec.structs.replace(late, polled_url=URL))
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.validators, feed.next_poll_at, feed.polls_ok) == (Validators(), AT, 0)
    assert books.one("SELECT count(*) FROM episode") == 0
    assert books.one("SELECT count(*) FROM outcome") == 1
    books.do(msgspec.structs.replace(late, polled_url="https://h.example/b"))
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.validators.etag, feed.next_poll_at) == ('"old"', AT + DAY)
