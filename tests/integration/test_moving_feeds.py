"""Feeds that move: by redirect or by their own word, with history, and never on a whim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.feed_factory import publish
from support.podhost import new_address, serve, site_of
from support.polling import DAY_S, HOUR_S, Poller, poller

from podfetch_tui.demo import feeds as generated
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route, redirect
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState, Sighting


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with serve() as serving:
        yield serving


@pytest.fixture
def polls(tmp_path: Path) -> Iterator[Poller]:
    with poller(tmp_path / "archive") as made:
        yield made


def moved(host: PodcastHost, target: str, *, status: int = 301) -> str:
    """A URL on a host of its own that redirects to ``target``."""
    url = host.url("/old.xml", new_address())
    host.table.by_address[site_of(url), "/old.xml"] = redirect(target, status=status)
    return url


def naming(host: PodcastHost, target: str, *, count: int = 3, own: str = "") -> str:
    """A feed whose document names another URL; ``own`` is where it stands."""
    url = own or host.url("/says.xml", new_address())
    entries = generated.items("show", count, host.url("/media/show/{n}.mp3"), length=20_000)
    extra = f"<itunes:new-feed-url>{target}</itunes:new-feed-url>"
    path = "/" + url.rpartition("/")[2]
    host.table.by_address[site_of(url), path] = Route(
        body=generated.rss("The show", entries, extra=extra), etag=f'"{hash(extra)}"'
    )
    return url


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_is_followed_for_good_after_three_polls_and_a_day(
    status: int, host: PodcastHost, polls: Poller
) -> None:
    target = publish(host, "show")
    old = moved(host, target, status=status)
    polls.add(old)
    polls.poll()
    assert polls.feed().url == old
    assert polls.feed().sighting == Sighting(target, "redirect", 1, polls.clock.now_ms())
    polls.poll(after=HOUR_S)  # a 304 counts too
    polls.poll(after=HOUR_S)
    assert polls.feed().sighting.seen == 3
    assert polls.feed().url == old
    result = polls.poll(after=DAY_S)
    assert "moved to" in result.outcome.detail
    assert polls.feed().url == target
    assert polls.feed().sighting == Sighting()
    assert [one["url"] for one in polls.detail()["earlier_urls"]] == [old]
    host.requests.clear()
    polls.poll(after=HOUR_S)
    assert [(site_of(target), 304)] == [(one.address, one.status) for one in host.requests]
    assert len(polls.rows()) == 3


def test_a_redirect_that_is_not_permanent_throughout_is_never_followed_for_good(
    host: PodcastHost, polls: Poller
) -> None:
    old = moved(host, moved(host, publish(host, "show"), status=302))
    polls.add(old)
    for _ in range(5):
        polls.poll(after=DAY_S)
    assert polls.feed().url == old
    assert polls.feed().sighting == Sighting()


def test_a_redirect_that_goes_away_again_is_forgotten(host: PodcastHost, polls: Poller) -> None:
    target = publish(host, "show")
    old = moved(host, target)
    polls.add(old)
    polls.poll()
    polls.poll(after=HOUR_S)
    home = site_of(old), "/old.xml"
    host.table.by_address[home] = host.table.by_address[site_of(target), "/show.xml"]
    polls.poll(after=HOUR_S)
    assert polls.feed().sighting == Sighting()
    host.table.by_address[home] = redirect(target, status=301)
    polls.poll(after=DAY_S)
    assert (polls.feed().url, polls.feed().sighting.seen) == (old, 1)


def test_a_failed_poll_neither_counts_nor_begins_anew(host: PodcastHost, polls: Poller) -> None:
    target = publish(host, "show")
    old = moved(host, target)
    polls.add(old)
    polls.poll()
    polls.poll(after=HOUR_S)
    good = host.table.by_address[site_of(old), "/old.xml"]
    host.table.by_address[site_of(old), "/old.xml"] = Route(status=500)
    polls.poll(after=HOUR_S)
    assert polls.feed().sighting.seen == 2
    host.table.by_address[site_of(old), "/old.xml"] = good
    polls.poll(after=DAY_S)
    assert polls.feed().url == target


def test_two_feeds_that_meet_at_one_url_stay_and_the_second_ends_in_the_first(
    host: PodcastHost, tmp_path: Path
) -> None:
    target = publish(host, "show")
    with poller(tmp_path / "archive", feeds={"backlog": Backlog(kind=BacklogKind.NONE)}) as polls:
        first = polls.add(target)
        polls.poll(first)
        second = polls.add(moved(host, target))
        for _ in range(4):
            polls.poll(second, after=DAY_S)
        assert polls.feed(first).state is FeedState.ACTIVE
        gone = polls.feed(second)
        assert (gone.state, gone.state_reason) == (
            FeedState.GONE,
            f"moved to the URL of feed {first}",
        )
        assert polls.detail(second)["merged_into"] == first
        assert len(polls.rows(feed_id=second)) == 3  # what it listed stays on record


def test_the_second_feed_goes_on_while_episodes_of_it_wait(
    host: PodcastHost, polls: Poller
) -> None:
    target = publish(host, "show")
    polls.add(target)
    second = polls.add(moved(host, target))
    for _ in range(5):
        polls.poll(second, after=DAY_S)
    assert polls.feed(second).state is FeedState.ACTIVE


def test_a_new_feed_url_is_followed_when_the_same_feed_stands_there(
    host: PodcastHost, polls: Poller
) -> None:
    target = publish(host, "show")
    old = naming(host, target)
    polls.add(old)
    for _ in range(3):
        polls.poll(after=HOUR_S)
    assert polls.feed().url == old
    polls.poll(after=DAY_S)
    assert polls.feed().url == target
    publish(host, "show", 4, address=site_of(target))
    polls.poll(after=HOUR_S)
    assert len(polls.rows()) == 4
    assert [row["state"] for row in polls.rows()] == ["pending"] * 4


def test_a_new_feed_url_at_which_another_feed_stands_is_not_followed(
    host: PodcastHost, polls: Poller
) -> None:
    old = naming(host, publish(host, "other"))
    polls.add(old)
    for _ in range(3):
        polls.poll(after=HOUR_S)
    result = polls.poll(after=DAY_S)
    assert "it lists other episodes" in result.outcome.detail
    assert (polls.feed().url, polls.feed().sighting) == (old, Sighting())


@pytest.mark.parametrize("status", [404, 500, 301])
def test_a_new_feed_url_that_does_not_answer_is_not_followed(
    status: int, host: PodcastHost, polls: Poller
) -> None:
    target = host.url("/new.xml", new_address())
    host.table.by_address[site_of(target), "/new.xml"] = Route(status=status)
    old = naming(host, target)
    polls.add(old)
    for _ in range(3):
        polls.poll(after=HOUR_S)
    result = polls.poll(after=DAY_S)
    assert result.failure is None
    assert "does not move to" in result.outcome.detail
    assert polls.feed().url == old
    host.requests.clear()
    polls.poll(after=HOUR_S)
    assert {one.address for one in host.requests} == {site_of(old)}


def test_two_feeds_that_name_each_other_do_not_go_round(host: PodcastHost, polls: Poller) -> None:
    one = host.url("/one.xml", new_address())
    two = host.url("/two.xml", new_address())
    naming(host, two, own=one)
    naming(host, one, own=two)
    polls.add(one)
    for _ in range(12):
        polls.poll(after=DAY_S)
    assert polls.feed().url == two
    assert [found["url"] for found in polls.detail()["earlier_urls"]] == [one]


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/feed", "file:///etc/passwd", "http://me:x@{own}", "not a url", ""]
)
def test_places_that_may_not_be_asked_are_not_even_remembered(
    target: str, host: PodcastHost, polls: Poller
) -> None:
    polls.add(naming(host, target.format(own=site_of(host.url("/x", new_address())))))
    for _ in range(4):
        polls.poll(after=DAY_S)
    assert polls.feed().sighting == Sighting()


def test_the_move_is_shown(host: PodcastHost, polls: Poller) -> None:
    target = publish(host, "show")
    polls.add(moved(host, target))
    polls.poll()
    assert polls.detail()["move"] == {
        "url": target,
        "by": "redirect",
        "seen": 1,
        "since": "2023-11-14T22:13:20Z",
    }
    for _ in range(3):
        polls.poll(after=DAY_S)
    assert polls.detail()["move"] is None


def test_a_feed_that_is_gone_is_retired_at_the_second_sighting(
    host: PodcastHost, polls: Poller
) -> None:
    url = publish(host, "show")
    polls.add(url)
    polls.poll()
    host.table.by_address[site_of(url), "/show.xml"] = Route(status=410)
    polls.poll(after=HOUR_S)
    assert polls.feed().state is FeedState.ACTIVE
    polls.poll(after=HOUR_S)
    assert (polls.feed().state, polls.feed().state_reason) == (
        FeedState.GONE,
        "answered 410 2 times",
    )
    assert len(polls.rows()) == 3
