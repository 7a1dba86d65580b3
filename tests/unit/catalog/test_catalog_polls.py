"""What a poll leaves in the catalogue."""

from __future__ import annotations

import msgspec
import pytest
from support.cataloguing import AT, DAY, Bench, draft, finish, key, outcome, poll

from podfetch_tui.catalog import episodes, feeds
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.document import Transcript
from podfetch_tui.model.episode import Alias, EpisodeState, EpisodeUpdate
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import FeedState, Health, Validators
from podfetch_tui.model.writes import (
    ChangeFeed,
    EpisodeEnd,
    FeedSchedule,
    Finish,
    Polled,
    Progress,
    SetEpisodeState,
)


def test_new_episodes_become_rows_with_keys_and_notes(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    item = draft("one", summary="<p>long</p>", duration_s=61.5, season="2", author="me")
    receipt = books.do(poll(feed_id, item, draft("two"), title="Show", folder="Show"))
    assert isinstance(receipt, Polled)
    first, second = receipt.pending
    known = episodes.known(books.catalog, feed_id)
    assert known.keys == {
        key("guid one"): first,
        key("url https://media.example/one.mp3"): first,
        key("guid two"): second,
        key("url https://media.example/two.mp3"): second,
    }
    assert known.episodes[first].guid == "one"
    assert known.episodes[first].published == AT - DAY
    assert known.episodes[second].enclosure_url == "https://media.example/two.mp3"
    found = episodes.item_of(books.catalog, first)
    assert found == msgspec.structs.replace(item.item, enclosures=())


def test_transcripts_and_chapters_of_an_item_are_kept(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    words = (
        Transcript("https://a.example/1.vtt", "text/vtt", "en", "captions"),
        Transcript("https://a.example/1.html"),
    )
    item = draft("one", transcripts=words, chapters_url="https://a.example/1.json")
    (episode_id,) = books.do(poll(feed_id, item)).pending
    found = episodes.item_of(books.catalog, episode_id)
    assert found == msgspec.structs.replace(item.item, enclosures=())


def test_a_poll_taken_twice_makes_no_second_episode(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    books.do(poll(feed_id, draft("one"), draft("two")))
    again = books.do(poll(feed_id, draft("two"), draft("three")))
    assert len(again.pending) == 1
    assert books.one("SELECT count(*) FROM episode") == 3


def test_two_drafts_with_the_same_keys_are_one_episode(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    assert len(books.do(poll(feed_id, draft("one"), draft("one"))).pending) == 1


def test_a_key_that_belongs_to_an_episode_stays_its_own(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (first,) = books.add_episodes(feed_id, draft("one"))
    shared = ((key("guid two"), "guid"), (key("url https://media.example/one.mp3"), "enclosure"))
    (second,) = books.add_episodes(feed_id, draft("two", keys=shared))
    known = episodes.known(books.catalog, feed_id)
    assert known.keys[key("url https://media.example/one.mp3")] == first
    assert known.keys[key("guid two")] == second


def test_the_same_keys_in_two_feeds_are_two_episodes(books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    assert books.add_episodes(one, draft("x")) != books.add_episodes(two, draft("x"))


def test_an_alias_is_added_but_never_moves_a_key(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    first, second = books.add_episodes(feed_id, draft("one"), draft("two"))
    aliases = tuple(
        Alias(episode_id=first, key=key(name), reason="migration", text=name)
        for name in ("guid new", "guid two")
    )
    books.do(poll(feed_id, aliases=aliases))
    known = episodes.known(books.catalog, feed_id)
    assert known.keys[key("guid new")] == first
    assert known.keys[key("guid two")] == second
    text = "SELECT text FROM episode_key WHERE key = ?"
    assert books.one(text, key("guid new")) == "guid new"


def test_unwanted_episodes_are_kept_as_skipped_with_their_reason(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    states = (EpisodeState.SKIPPED, EpisodeState.PENDING)
    receipt = books.do(
        poll(feed_id, draft("a"), draft("b"), new_states=states, new_reasons=("old", ""))
    )
    assert len(receipt.pending) == 1
    assert books.rows("SELECT state, error, next_attempt_at IS NULL FROM episode ORDER BY id") == [
        ("skipped", "old", 1),
        ("pending", "", 0),
    ]


def test_facts_of_the_feed_are_kept_until_a_poll_says_otherwise(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    first = poll(
        feed_id,
        title="Show",
        folder="Show",
        validators=Validators('"1"', "Mon"),
        body_sha256=b"h" * 32,
        full=True,
        metadata={"language": "en"},
    )
    books.do(first)
    books.do(poll(feed_id, validators=Validators('"2"', None), at=AT + 5))
    feed = feeds.get_feed(books.catalog, feed_id)
    assert feed is not None
    assert (feed.title, feed.folder, feed.polls_ok) == ("Show", "Show", 2)
    assert feed.validators == Validators('"2"', None)
    assert feed.body_sha256 == b"h" * 32
    assert feed.last_full_at == AT
    assert books.one("SELECT metadata FROM feed_note") == '{"language":"en"}'


def test_feeds_that_want_one_folder_get_two_and_keep_them(books: Bench) -> None:
    ids = books.add_feeds(*(f"https://{n}.example/feed" for n in "abc"))
    wanted = ("Café", "CAFE\u0301", "Cafe\u0301")
    folders = [
        books.do(poll(feed_id, folder=name)).folder
        for feed_id, name in zip(ids, wanted, strict=True)
    ]
    assert folders == ["Café", "CAFE\u0301 (2)", "Cafe\u0301 (3)"]
    assert books.do(poll(ids[0], folder="Other")).folder == "Café"


def test_feeds_polled_at_once_do_not_get_one_folder(books: Bench) -> None:
    ids = books.add_feeds(*(f"https://host{n}.example/feed" for n in range(30)))
    waiting = [books.writer.submit(poll(feed_id, folder="Same")) for feed_id in ids]
    folders: set[str] = set()
    for future in waiting:
        receipt = future.result(30)
        assert isinstance(receipt, Polled)
        folders.add(receipt.folder)
    assert len(folders) == 30


def test_changed_facts_of_a_known_episode_are_taken_over(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (episode_id,) = books.add_episodes(feed_id, draft("one"))
    changed = draft("one", title="Better", published=None, guid="", summary="new")
    books.do(poll(feed_id, updates=(EpisodeUpdate(episode_id=episode_id, draft=changed),)))
    row = books.row("episode", episode_id)
    assert (row["title"], row["guid"], row["published"]) == ("Better", "one", AT - DAY)
    item = episodes.item_of(books.catalog, episode_id)
    assert item is not None
    assert item.summary == "new"


@pytest.mark.parametrize("state", [EpisodeState.FAILED, EpisodeState.GONE, EpisodeState.PENDING])
def test_an_episode_that_waits_is_tried_at_its_new_url(books: Bench, state: EpisodeState) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (episode_id,) = books.add_episodes(feed_id, draft("one"))
    books.claim(episode_id)
    books.do(EpisodeEnd(episode_id=episode_id, state=state, next_attempt_at=AT + 99 * DAY))
    assert not episodes.due_episodes(books.catalog, AT + DAY, 9)
    moved = draft("one", url="https://new.example/one.mp3")
    update = EpisodeUpdate(episode_id=episode_id, draft=moved)
    books.do(poll(feed_id, updates=(update,)))
    ((episode, _),) = episodes.due_episodes(books.catalog, AT, 9)
    assert episode.enclosure_url == "https://new.example/one.mp3"
    assert (episode.state, episode.durable, episode.total) == (EpisodeState.PENDING, 0, None)


def test_what_came_of_a_skipped_episode_is_not_gone_on_with_at_another_url(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (episode_id,) = books.add_episodes(feed_id, draft("one"))
    books.claim(episode_id, part="p")
    books.do(Progress(episode_id=episode_id, durable=9, total=99, validators=Validators('"1"')))
    skip = EpisodeDecision.SKIP
    books.do(DecideEpisodes(episode_ids=(episode_id,), decision=skip, keep_part=True, at=AT))
    row = books.row("episode", episode_id)
    assert (row["state"], row["part"], row["durable"]) == ("skipped", "p", 9)
    # The run that ends says how far it came.
    books.do(Progress(episode_id=episode_id, durable=12, total=99, validators=Validators('"1"')))
    assert books.row("episode", episode_id)["durable"] == 12
    update = EpisodeUpdate(episode_id=episode_id, draft=draft("one", url="https://new.example/1"))
    books.do(poll(feed_id, updates=(update,)))
    row = books.row("episode", episode_id)
    assert (row["state"], row["part"], row["durable"], row["etag"]) == ("skipped", "p", 0, None)


def test_a_new_url_of_an_archived_episode_downloads_nothing(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (episode_id,) = books.add_episodes(feed_id, draft("one"))
    books.archive(episode_id)
    update = EpisodeUpdate(episode_id=episode_id, draft=draft("one", url="https://new.example/1"))
    books.do(poll(feed_id, updates=(update,)))
    assert books.state(episode_id) == "archived"
    assert not episodes.due_episodes(books.catalog, AT * 2, 9)


def test_details_that_come_later_are_kept(books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    (episode_id,) = books.add_episodes(one, draft("one"))
    words = (Transcript("https://a.example/1.vtt", "text/vtt"),)
    later = EpisodeUpdate(episode_id=episode_id, draft=draft("one", transcripts=words))
    books.do(poll(two, details=(later,)))  # not its episode
    found = episodes.item_of(books.catalog, episode_id)
    assert found is not None
    assert found.transcripts == ()
    books.do(poll(one, details=(later,)))
    found = episodes.item_of(books.catalog, episode_id)
    assert found is not None
    assert found.transcripts == words


def test_a_moved_feed_keeps_its_history(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://old.example/feed")
    books.do(poll(feed_id, url="https://new.example/feed"))
    feed = feeds.get_feed(books.catalog, feed_id)
    assert feed is not None
    assert feed.url == "https://new.example/feed"
    assert books.rows("SELECT url, until FROM feed_url") == [("https://old.example/feed", AT)]
    assert books.add_feeds("https://old.example/feed") == ()


def test_a_feed_that_meets_another_at_its_url_ends_in_it(books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    receipt = books.do(poll(two, draft("x"), url="https://a.example/feed"))
    assert receipt.pending == ()  # the other feed has it
    row = books.row("feed", two)
    assert (row["state"], row["url"]) == ("gone", "https://b.example/feed")
    assert row["merged_into"] == one
    assert str(one) in row["state_reason"]
    assert books.row("feed", one)["state"] == "active"


def test_a_feed_does_not_end_while_episodes_of_it_wait(books: Bench) -> None:
    _, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    books.add_episodes(two, draft("only here"))
    books.do(poll(two, draft("x"), url="https://a.example/feed"))
    row = books.row("feed", two)
    assert (row["state"], row["url"], row["episodes"]) == ("active", "https://b.example/feed", 2)


def test_a_quarantined_feed_whose_probe_leads_to_another_feed_stays_ended(books: Bench) -> None:
    _, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    books.do(ChangeFeed(feed_id=two, state=FeedState.QUARANTINED, at=AT))
    schedule = FeedSchedule(feed_id=two, health=Health(), next_poll_at=AT, state=FeedState.ACTIVE)
    moving = poll(two, url="https://a.example/feed")
    books.do(Finish(outcome=outcome(two), schedule=schedule, writes=(moving,)))
    assert books.row("feed", two)["state"] == "gone"


@pytest.mark.parametrize("state", [FeedState.GONE, FeedState.RETIRED])
def test_a_feed_does_not_end_in_one_that_is_over(state: FeedState, books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    books.do(ChangeFeed(feed_id=one, state=state, at=AT))
    books.do(poll(two, draft("x"), url="https://a.example/feed"))
    row = books.row("feed", two)
    assert (row["state"], row["url"], row["episodes"]) == ("active", "https://b.example/feed", 1)


def test_numbers_beyond_64_bits_and_odd_text_are_survived(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    odd = draft("o'd\"d\n", title="\x00\U0001f600", length=10**40, published=-(10**30))
    (episode_id,) = books.add_episodes(feed_id, odd)
    row = books.row("episode", episode_id)
    assert (row["enclosure_length"], row["published"]) == (None, None)
    assert row["title"] == "\x00\U0001f600"
    ((episode, _),) = episodes.due_episodes(books.catalog, AT, 9)
    assert episode.title == "\x00\U0001f600"
    assert episodes.known(books.catalog, feed_id).episodes[episode_id].guid == "o'd\"d\n"


def test_a_poll_of_a_feed_that_is_not_there_fails_alone(books: Bench) -> None:
    assert books.failure(poll(77, draft("one"))).kind is Kind.STOPPED
    assert books.one("SELECT count(*) FROM episode") == 0


def test_an_update_of_another_feeds_episode_is_refused(books: Bench) -> None:
    one, two = books.add_feeds("https://a.example/feed", "https://b.example/feed")
    (episode_id,) = books.add_episodes(one, draft("x"))
    update = EpisodeUpdate(episode_id=episode_id, draft=draft("x", title="stolen"))
    assert books.failure(poll(two, updates=(update,))).kind is Kind.BUG
    assert books.row("episode", episode_id)["title"] == "Title x"


def test_episodes_of_a_held_feed_wait_until_it_is_active(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    before = books.add_episodes(feed_id, draft("before"))
    books.do(ChangeFeed(feed_id=feed_id, state=FeedState.PAUSED, reason="enough", at=AT))
    during = books.add_episodes(feed_id, draft("during"), backlog=True)
    assert not episodes.due_episodes(books.catalog, AT, 9)
    books.do(ChangeFeed(feed_id=feed_id, state=FeedState.ACTIVE, at=AT))
    due = [episode.id for episode, _ in episodes.due_episodes(books.catalog, AT, 9)]
    assert due == [*before, *during]


def test_an_episode_released_by_hand_in_a_held_feed_stays_held(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    (episode_id,) = books.add_episodes(feed_id, draft("one"))
    skip = SetEpisodeState(episode_id=episode_id, state=EpisodeState.SKIPPED, reason="no")
    books.do(skip)
    books.do(ChangeFeed(feed_id=feed_id, state=FeedState.QUARANTINED, at=AT))
    wait = SetEpisodeState(episode_id=episode_id, state=EpisodeState.PENDING, next_attempt_at=AT)
    books.do(wait)
    assert not episodes.due_episodes(books.catalog, AT, 9)
    books.do(ChangeFeed(feed_id=feed_id, state=FeedState.ACTIVE, at=AT))
    assert len(episodes.due_episodes(books.catalog, AT, 9)) == 1


def test_a_failed_poll_forgets_the_validators(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    books.do(poll(feed_id, validators=Validators('"1"', "Mon")))
    books.do(finish(feed_id, consecutive_failures=0))
    feed = feeds.get_feed(books.catalog, feed_id)
    assert feed is not None
    assert feed.validators == Validators('"1"', "Mon")
    books.do(finish(feed_id, consecutive_failures=1))
    feed = feeds.get_feed(books.catalog, feed_id)
    assert feed is not None
    assert feed.validators == Validators()


def test_a_finish_is_applied_whole_or_not_at_all(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    bad = EpisodeEnd(episode_id=12345, state=EpisodeState.FAILED, next_attempt_at=None)
    write = finish(feed_id, poll(feed_id, draft("one")), bad, next_poll_at=AT * 2)
    assert books.failure(write).kind is Kind.STOPPED
    assert books.one("SELECT count(*) FROM episode") == 0
    assert books.one("SELECT count(*) FROM outcome") == 0
    assert books.row("feed", feed_id)["next_poll_at"] == AT
    assert len(books.do(finish(feed_id, poll(feed_id, draft("one")))).pending) == 1
