"""Reading: what is due in which order, pages, events, totals."""

from __future__ import annotations

from typing import Any

import pytest
from support.cataloguing import AT, DAY, Bench, draft, finish, outcome, poll

from podfetch_tui.catalog import episodes, lookups, pages, totals
from podfetch_tui.catalog.history import history
from podfetch_tui.catalog.hosts import active_feeds
from podfetch_tui.model.decisions import DecideEpisodes, DecideFeeds, EpisodeDecision, FeedDecision
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.list_writes import ListFailed
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, EpisodeEnd, Finish

FEED_KEYS = (
    "id url title state state_reason breaker consecutive_failures last_error last_family "
    "last_status last_success_at next_poll_at priority tags episodes archived pending failed bytes"
    " interval_s backlog user_agent feed_max allow_private auth own_priority since snoozed_until"
    " waits_until"
)
EPISODE_KEYS = (
    "id feed_id feed_url guid title published_at state path bytes sha256 media_type duration_s "
    "validity attempts family error derivatives enclosure_url feed_title"
)
EVENT_KEYS = "at kind feed_id episode_id family code text feed_title episode_title"


def due(books: Bench, limit: int = 99, exclude: tuple[int, ...] = ()) -> list[int]:
    found = episodes.due_episodes(books.catalog, AT, limit, exclude=exclude)
    return [row.episode.id for row in found]


def test_new_episodes_come_before_back_catalogue(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    (old,) = books.add_episodes(feed_id, draft("old", published=AT), backlog=True)
    (new,) = books.add_episodes(feed_id, draft("new", published=AT - 900 * DAY))
    assert due(books) == [new, old]


def test_within_a_rank_priority_then_the_newest_come_first(books: Bench) -> None:
    low, high = books.add_feeds("https://a.example/", "https://b.example/")
    books.add_feeds("https://b.example/", priority=1)
    a, b, c = books.add_episodes(
        low,
        draft("a", published=AT - 9 * DAY),
        draft("b", published=AT - DAY),
        draft("c", published=None),
    )
    (d,) = books.add_episodes(high, draft("d", published=AT - 9000 * DAY))
    assert due(books) == [d, b, a, c]
    assert due(books, 2) == [d, b]
    assert due(books, 2, exclude=(d, a)) == [b, c]


def test_what_is_about_to_fall_out_of_its_feed_goes_before_all(books: Bench) -> None:
    low, high = books.add_feeds("https://a.example/", "https://b.example/")
    books.add_feeds("https://b.example/", priority=100)
    (urgent,) = books.add_episodes(high, draft("urgent", published=AT))
    newest, middle, oldest = books.add_episodes(
        low,
        *(draft(name, published=AT - age * DAY) for age, name in enumerate("nmo")),
        backlog=True,
        at_risk=(False, True, True),
    )
    assert due(books) == [oldest, middle, urgent, newest]


def test_a_known_episode_at_risk_goes_first_unless_it_was_put_off(books: Bench) -> None:
    (feed_id, other) = books.add_feeds("https://a.example/", "https://b.example/")
    (new,) = books.add_episodes(other, draft("new", published=AT))
    a, b, c, done = books.add_episodes(
        feed_id, draft("a"), draft("b"), draft("c"), draft("done"), backlog=True
    )
    books.archive(done)
    books.do(EpisodeEnd(episode_id=c, state=EpisodeState.PENDING, next_attempt_at=AT + DAY))
    books.do(poll(feed_id, known_at_risk=(done, c, b, new)))
    assert due(books) == [b, new, a]
    assert books.one("SELECT next_attempt_at FROM episode WHERE id = ?", c) == AT + DAY


def test_a_retry_stands_behind_what_waits_and_an_operators_before(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    first, second, third = books.add_episodes(feed_id, draft("1"), draft("2"), draft("3"))
    books.do(EpisodeEnd(episode_id=first, state=EpisodeState.PENDING, next_attempt_at=AT - 1))
    books.do(EpisodeEnd(episode_id=third, state=EpisodeState.FAILED, next_attempt_at=None))
    books.do(DecideEpisodes(episode_ids=(third,), decision=EpisodeDecision.RETRY, at=AT))
    assert due(books) == [third, second, first]


def test_an_old_first_episode_is_not_passed_for_ever(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    (old,) = books.add_episodes(feed_id, draft("old", published=AT - 3650 * DAY), at=AT)
    (new,) = books.add_episodes(feed_id, draft("new", published=AT + 4 * DAY), at=AT + 4 * DAY)
    assert [e.id for e, _ in episodes.due_episodes(books.catalog, AT + 5 * DAY, 9)] == [old, new]


def test_a_job_has_all_of_its_feed(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/", title="A")
    books.add_episodes(feed_id, draft("1"), folder="A folder")
    ((episode, feed),) = episodes.due_episodes(books.catalog, AT, 9)
    assert (episode.feed_id, feed.id, feed.folder) == (feed_id, feed_id, "A folder")
    next_at = episodes.next_attempt_at(books.catalog)
    assert next_at is not None
    assert next_at < AT


def test_rows_have_exactly_the_promised_keys(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/", tags=("b", "a"))
    one, _ = books.add_episodes(feed_id, draft("one"), draft("two"), title="Show")
    books.archive(one)
    (feed,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert " ".join(feed) == FEED_KEYS
    assert (feed["tags"], feed["episodes"], feed["archived"], feed["pending"]) == (
        ["a", "b"],
        2,
        1,
        1,
    )
    archived, pending = pages.rows(books.catalog, PageRequest(kind="episodes"))
    assert " ".join(archived) == EPISODE_KEYS
    assert archived["path"] == "Show/one.mp3"
    assert str(archived["sha256"]).islower()
    assert (archived["published_at"], archived["validity"]) == ("2023-11-13T22:13:20Z", "valid")
    assert (pending["path"], pending["sha256"], pending["error"]) == (None, None, None)
    (event,) = pages.rows(books.catalog, PageRequest(kind="events"))
    assert " ".join(event) == f"id {EVENT_KEYS}"
    assert event["kind"] == "episode_archived"


def test_pages_follow_each_other_without_gap_or_double(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    ids = books.add_episodes(feed_id, *(draft(str(n)) for n in range(7)))
    after, seen = 0, []
    for _ in range(4):
        page = pages.query(books.catalog, PageRequest(kind="episodes", after=after, limit=3))
        seen += [row["id"] for row in page.rows]
        after = page.next_after or 0
    assert seen[:7] == list(ids)
    assert [r["id"] for r in pages.rows(books.catalog, PageRequest(kind="episodes"))] == list(ids)
    some = pages.rows(books.catalog, PageRequest(kind="episodes"), limit=4)
    assert len(list(some)) == 4
    assert list(pages.rows(books.catalog, PageRequest(kind="episodes"), limit=0)) == []


def test_events_are_those_since_a_moment_the_newest_last(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    for at in (AT, AT + 3 * DAY, AT + 2 * DAY, AT + 4 * DAY):
        books.do(Finish(outcome=outcome(feed_id, at=at)))

    def ids(**narrow: int) -> list[object]:
        return [row["id"] for row in pages.events(books.catalog, **narrow)]

    assert ids() == [1, 2, 3, 4]
    assert ids(since=AT + 2 * DAY) == [2, 3, 4]
    assert ids(since=AT + 3 * DAY) == [2, 4]
    assert ids(limit=2) == [3, 4]
    assert ids(since=AT + 3 * DAY, limit=1) == [4]
    assert ids(since=AT + 99 * DAY) == []


def test_the_history_has_the_newest_on_top_and_what_passes_the_filter(books: Bench) -> None:
    first, second = books.add_feeds("https://a.example/", "https://b.example/")
    for number, feed_id in enumerate((first, second, first, second)):
        books.do(Finish(outcome=outcome(feed_id, at=AT + number * DAY)))

    def ids(**asked: Any) -> list[object]:
        page = history(books.catalog, PageRequest(kind="history", **asked))
        return [row["id"] for row in page.rows]

    assert ids() == [4, 3, 2, 1]
    assert ids(limit=2) == [4, 3]
    assert ids(filter=f"feed:{first}", limit=1) == [3]
    assert ids(after=AT + 2 * DAY) == [4, 3]


def test_what_no_job_did_stands_among_the_events(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    for at in (AT, AT + 2 * DAY, AT + 4 * DAY):
        books.do(Finish(outcome=outcome(feed_id, at=at)))
    for number in (1, 3, 5):
        books.do(ListFailed(source="/l", problem=f"broken {number}", at=AT + number * DAY))

    def ids(**narrow: int) -> list[object]:
        return [row["id"] for row in pages.events(books.catalog, **narrow)]

    assert ids() == [1, -2, 2, -4, 3, -6]
    assert ids(since=AT + 2 * DAY) == [2, -4, 3, -6]
    assert ids(limit=3) == [-4, 3, -6]
    *_, last = pages.events(books.catalog)
    assert " ".join(last) == f"id {EVENT_KEYS}"
    assert (last["kind"], last["feed_id"]) == ("list_unread", None)
    assert str(last["text"]).startswith("broken 5; no feed of this list is paused")


def test_what_operators_did_stands_among_the_events(books: Bench) -> None:
    first, _ = books.add_feeds("https://a.example/", "https://b.example/")
    books.do(Finish(outcome=outcome(first, at=AT)))
    pause = DecideFeeds(feed_ids=(first,), decision=FeedDecision.PAUSE, reason="loud", at=AT + 1)
    books.do(pause)
    for at, why in ((AT + DAY, "why not"), (AT + 3 * DAY, "")):
        books.do(EditFeed(feed_id=first, title=why, at=at))
    books.do(ListFailed(source="/l", problem="broken", at=AT + 2 * DAY))
    books.do(Finish(outcome=outcome(first, at=AT + 4 * DAY)))
    rows = list(pages.events(books.catalog))
    assert [row["code"] for row in rows] == ["ok", "pause", "edit_feed", "", "edit_feed", "ok"]
    assert [row["id"] for row in rows] == [1, -2, -5, -4, -7, 2], "one of each, each its own"
    assert [row["id"] for row in pages.events(books.catalog, limit=3)] == [-4, -7, 2]
    assert [row["id"] for row in pages.events(books.catalog, since=AT + 3 * DAY)] == [-7, 2]
    acted = rows[2]
    assert (acted["kind"], acted["feed_id"], acted["episode_id"]) == ("operator_acted", first, None)
    assert acted["text"] == "edit feed by command: title: - → why not"
    assert " ".join(acted) == f"id {EVENT_KEYS}"


def test_every_end_has_its_word(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    for job in JobKind:
        for result in Result:
            end = outcome(feed_id, job=job, result=result, family=Family.SYSTEM, detail="why")
            books.do(Finish(outcome=end))
    words = [str(row["kind"]) for row in pages.rows(books.catalog, PageRequest(kind="events"))]
    assert len(words) == len(JobKind) * len(Result)
    assert all(word.split("_")[0] in ("feed", "episode", "poll", "derive") for word in words)
    assert {"feed_polled", "episode_archived", "episode_failed", "episode_derived"} <= set(words)


def test_totals_add_up(books: Bench) -> None:
    ids = books.add_feeds(*(f"https://{n}.example/" for n in range(4)))
    books.do(ChangeFeed(feed_id=ids[0], state=FeedState.GONE, at=AT))
    books.do(finish(ids[1], breaker=BreakerState.OPEN, consecutive_failures=9))
    books.do(finish(ids[2], consecutive_failures=1))
    books.do(finish(ids[0], consecutive_failures=2))
    books.add_episodes(ids[3], draft("1"), draft("2"))
    counts = totals.counts(books.catalog)
    feeds, numbers = counts["feeds"], counts["episodes"]
    assert feeds == {
        "total": 4,
        "active": 3,
        "paused": 0,
        "quarantined": 0,
        "gone": 1,
        "retired": 0,
        "cooling": 1,
        "failing": 2,
    }
    assert numbers["total"] == numbers["pending"] == 2
    assert sum(numbers[state.value] for state in EpisodeState) == numbers["total"]


def test_active_feeds_are_counted_by_their_host(books: Bench) -> None:
    urls = ("http://a.example/", "https://a.example/x", "https://a.example:8443/y")
    books.add_feeds(*urls, "https://a.example.net/", "https://b.a.example/")
    (paused,) = books.add_feeds("https://a.example/paused")
    books.do(ChangeFeed(feed_id=paused, state=FeedState.PAUSED, at=AT))
    names = ("a.example", "a.example:8443", "nobody.example")
    assert active_feeds(books.catalog, names) == dict(zip(names, (2, 1, 0), strict=True))


def test_details_show_what_is_known_besides_the_row(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    more = poll(feed_id, draft("one", season="3"), metadata={"language": "en"}, folder="F")
    (episode_id,) = books.do(more).pending
    books.do(poll(feed_id, url="https://b.example/"))
    feed = lookups.feed_detail(books.catalog, feed_id)
    assert feed["metadata"] == {"language": "en"}
    assert feed["earlier_urls"] == [{"url": "https://a.example/", "until": "2023-11-14T22:13:20Z"}]
    assert feed["folder"] == "F"
    episode = lookups.episode_detail(books.catalog, episode_id)
    assert episode["note"] == {"season": "3"}
    assert {"reason": "guid", "text": None} in episode["keys"]  # type: ignore[operator]


def test_things_are_found_by_id_and_url(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    (episode_id,) = books.add_episodes(feed_id, draft("one"), url="https://b.example/")
    catalog = books.catalog
    assert lookups.feed_by_url(catalog, "https://a.example/") == feed_id
    assert lookups.feed_by_url(catalog, "https://b.example/") == feed_id
    assert lookups.feed_by_url(catalog, "https://c.example/") is None
    assert lookups.feed_by_id(catalog, feed_id) == feed_id
    assert lookups.feed_by_id(catalog, 99) is None
    assert lookups.episode_by_id(catalog, episode_id) == episode_id
    assert lookups.episode_by_url(catalog, "https://media.example/one.mp3") == episode_id
    pending = PageRequest(kind="episodes", filter="state:pending")
    assert list(pages.ids(catalog, pending)) == [episode_id]
    assert lookups.feed_ids(catalog, state=FeedState.PAUSED) == ()
    assert episodes.get_episode(catalog, 99) is None
    assert episodes.item_of(catalog, 99) is None


def test_a_reader_cannot_write(books: Bench) -> None:
    with pytest.raises(Failure) as caught, books.catalog.reader().cursor() as cursor:
        cursor.execute("DELETE FROM feed")
    assert caught.value.kind is Kind.READ_ONLY


def test_a_snapshot_stands_still_while_others_write(books: Bench) -> None:
    with books.catalog.reader().snapshot() as cursor:
        before = cursor.execute("SELECT count(*) FROM feed").fetchall()
        books.add_feeds("https://a.example/")
        assert cursor.execute("SELECT count(*) FROM feed").fetchall() == before
    assert books.one("SELECT count(*) FROM feed") == 1
