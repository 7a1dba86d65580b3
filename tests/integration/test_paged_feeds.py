"""Feeds in pages: the whole back-catalogue, once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import run_once, settings_for
from support.clock import FakeClock
from support.podhost import new_address, serve
from support.polling import Poller, poller

from podfetch_tui.catalog import trail
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.demo.stage import etag_of
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.model.outcome import Result
from podfetch_tui.policy.hosts import host_of


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with serve() as serving:
        yield serving


@pytest.fixture
def polls(tmp_path: Path) -> Iterator[Poller]:
    with poller(tmp_path / "archive") as made:
        yield made


def page(numbers: range, following: str = "", *, rel: str = "next", extra: str = "") -> Route:
    """A page of the items ``numbers``, the newest first."""
    link = f'<atom:link rel="{rel}" href="{following}"/>' if following else ""
    items = "".join(
        f"<item><guid>g{n}</guid><title>Number {n}</title>"
        f'<enclosure url="http://127.0.0.1:9/{n}.mp3" type="audio/mpeg"/></item>'
        for n in reversed(numbers)
    )
    body = (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Show</title>{extra}{link}{items}</channel></rss>"
    ).encode()
    return Route(body=body, etag=etag_of(body))


def publish(host: PodcastHost, *pages: Route) -> str:
    """Pages at ``/feed``, ``/feed?page=2`` and so on; return the first one's URL."""
    for number, route in enumerate(pages, 1):
        host.table.routes[path_of(number)] = route
    return host.url("/feed")


def path_of(number: int) -> str:
    return "/feed" if number == 1 else f"/feed?page={number}"


def names(*numbers: int) -> list[str]:
    return sorted(f"g{number}" for number in numbers)


def asked(host: PodcastHost) -> list[str]:
    found = [served.path for served in host.requests]
    host.requests.clear()
    return found


def test_the_first_poll_reads_all_pages(host: PodcastHost, polls: Poller) -> None:
    polls.add(
        publish(
            host,
            page(range(7, 10), "/feed?page=2"),
            page(range(4, 7), "?page=3"),
            page(range(1, 4)),
        )
    )
    result = polls.poll()
    assert polls.guids() == names(*range(1, 10))
    assert result.outcome.result is Result.SUCCESS
    assert result.outcome.detail == "9 items on 3 pages, 9 new"
    assert polls.feed().page_url == ""


def test_archives_are_followed_backwards(host: PodcastHost, polls: Poller) -> None:
    first = page(range(4, 6), "/feed?page=2", rel="prev-archive")
    polls.add(publish(host, first, page(range(1, 4))))
    polls.poll()
    assert polls.guids() == names(*range(1, 6))


def test_later_pages_are_asked_without_validators(host: PodcastHost, polls: Poller) -> None:
    polls.add(publish(host, page(range(4, 6), "/feed?page=2"), page(range(1, 4))))
    polls.poll()
    publish(
        host,
        page(range(8, 11), "/feed?page=2"),
        page(range(4, 8), "/feed?page=3"),
        page(range(1, 4)),
    )
    polls.poll()
    conditional = {served.path for served in host.requests if served.if_none_match is not None}
    assert conditional == {"/feed"}
    assert polls.guids() == names(*range(1, 11))


def test_a_later_poll_reads_on_only_while_the_last_item_is_unknown(
    host: PodcastHost, polls: Poller
) -> None:
    polls.add(publish(host, page(range(4, 7), "/feed?page=2"), page(range(1, 4))))
    polls.poll()
    asked(host)
    publish(
        host,
        page(range(5, 8), "/feed?page=2"),
        page(range(2, 5), "/feed?page=3"),
        page(range(1, 2)),
    )
    polls.poll()
    assert asked(host) == ["/feed"]
    publish(
        host,
        page(range(11, 14), "/feed?page=2"),
        page(range(6, 11), "/feed?page=3"),
        page(range(1, 6)),
    )
    polls.poll()
    assert asked(host) == ["/feed", "/feed?page=2"]
    assert polls.guids() == names(*range(1, 14))


@pytest.mark.parametrize("back", ["/feed", "/feed?page=2", "/feed?page=3"])
def test_a_circle_of_pages_ends(back: str, host: PodcastHost, polls: Poller) -> None:
    polls.add(
        publish(
            host,
            page(range(5, 7), "/feed?page=2"),
            page(range(3, 5), "/feed?page=3"),
            page(range(1, 3), back),
        )
    )
    result = polls.poll()
    assert asked(host) == ["/feed", "/feed?page=2", "/feed?page=3"]
    assert "circle" in result.outcome.detail
    assert polls.guids() == names(*range(1, 7))
    assert polls.feed().page_url == ""


def test_pages_that_only_repeat_the_first_one_end(host: PodcastHost, polls: Poller) -> None:
    def answer(request: Request) -> Route:
        number = int(request.path.partition("page=")[2] or 1)
        return page(range(1, 4), f"/feed?page={number + 1}")

    for number in range(1, 30):
        host.table.routes[path_of(number)] = answer
    polls.add(host.url("/feed"))
    polls.poll()
    assert len(asked(host)) == 4
    assert polls.guids() == names(1, 2, 3)


def test_items_pushed_to_the_next_page_while_reading_are_one_episode(
    host: PodcastHost, polls: Poller
) -> None:
    """The enclosure of the second copy has a fresh token, as signed URLs do."""
    second = page(range(1, 5))
    assert isinstance(second.body, bytes)
    moved = Route(body=second.body.replace(b"/4.mp3", b"/4.mp3?t=9&amp;episode=x"))
    polls.add(publish(host, page(range(4, 7), "/feed?page=2"), moved))
    polls.poll()
    assert polls.guids() == names(*range(1, 7))


def test_one_guid_for_all_items_loses_none_on_later_pages(host: PodcastHost, polls: Poller) -> None:
    def shared(route: Route) -> Route:
        assert isinstance(route.body, bytes)
        return Route(
            body=route.body.replace(b"<guid>g", b"<guid>same</guid><x>").replace(
                b"</guid><title>", b"</x><title>"
            )
        )

    polls.add(publish(host, shared(page(range(4, 7), "/feed?page=2")), shared(page(range(1, 4)))))
    polls.poll()
    assert len(polls.rows()) == 6


def test_a_page_that_fails_keeps_what_was_read_and_is_gone_on_with(
    host: PodcastHost, polls: Poller
) -> None:
    broken = Route(status=500, body=b"later")
    polls.add(
        publish(host, page(range(7, 10), "/feed?page=2"), page(range(4, 7), "/feed?page=3"), broken)
    )
    result = polls.poll()
    assert (result.outcome.result, result.outcome.code) == (Result.PARTIAL, "partial_pages")
    assert "page 3" in result.outcome.detail
    assert "500" in result.outcome.detail
    assert polls.guids() == names(*range(4, 10))
    assert polls.feed().health.consecutive_failures == 0
    asked(host)

    publish(
        host,
        page(range(7, 10), "/feed?page=2"),
        page(range(4, 7), "/feed?page=3"),
        page(range(1, 4)),
    )
    result = polls.poll()
    assert asked(host) == ["/feed", "/feed?page=3"]  # the first answered 304
    assert result.outcome.status == 304
    assert result.outcome.detail == "3 items on 1 page, 3 new"
    assert polls.guids() == names(*range(1, 10))
    assert polls.feed().page_url == ""
    polls.poll()
    assert asked(host) == ["/feed"]


def test_a_page_that_is_gone_is_not_asked_for_ever(host: PodcastHost, polls: Poller) -> None:
    polls.add(publish(host, page(range(4, 7), "/feed?page=2"), Route(status=404)))
    assert polls.poll().outcome.code == "partial_pages"
    assert polls.guids() == names(4, 5, 6)
    asked(host)
    polls.poll()
    assert asked(host) == ["/feed"]


def test_a_page_that_says_wait_stops_its_host(host: PodcastHost, polls: Poller) -> None:
    wait = Route(status=429, headers=(("Retry-After", "7200"),))
    polls.add(publish(host, page(range(4, 7), "/feed?page=2"), wait))
    result = polls.poll()
    assert result.hints.retry_after == 7200
    assert polls.feed().next_poll_at >= polls.clock.now_ms() + 7200 * 1000


def test_a_page_that_is_no_feed_at_all_is_said(host: PodcastHost, polls: Poller) -> None:
    polls.add(publish(host, page(range(4, 7), "/feed?page=2"), Route(body=b"<html>no</html>")))
    result = polls.poll()
    assert result.outcome.result is Result.PARTIAL
    assert "page 2" in result.outcome.detail
    assert polls.feed().page_url == host.url("/feed?page=2")


def test_time_that_is_up_leaves_the_rest_for_soon(host: PodcastHost, polls: Poller) -> None:
    def slow(_: Request) -> Route:
        assert isinstance(polls.clock, FakeClock)
        polls.clock.advance(400)
        return page(range(4, 7), "/feed?page=3")

    publish(host, page(range(7, 10), "/feed?page=2"), page(range(4, 7)), page(range(1, 4)))
    host.table.routes[path_of(2)] = slow
    polls.add(host.url("/feed"))
    result = polls.poll()
    assert result.outcome.result is Result.SUCCESS
    assert "the rest is left for the next poll" in result.outcome.detail
    least = polls.settings.feeds.min_interval * 1000
    assert least <= polls.feed().next_poll_at - polls.clock.now_ms() <= 1.3 * least
    polls.poll()
    assert polls.guids() == names(*range(1, 10))


def test_pages_and_items_are_limited(host: PodcastHost, tmp_path: Path) -> None:
    pages = [page(range(n * 3, n * 3 + 3), f"/feed?page={12 - n}") for n in range(10, 0, -1)]
    url = publish(host, *pages)
    with poller(tmp_path / "a", feeds={"max_pages": 4}) as polls:
        polls.add(url)
        assert "more than 4 pages" in polls.poll().outcome.detail
        assert (len(polls.rows()), len(asked(host))) == (12, 4)
        assert polls.feed().page_url == ""
    with poller(tmp_path / "b", feeds={"max_items": 8}) as polls:
        polls.add(url)
        assert "more than 8 items" in polls.poll().outcome.detail
        assert (len(polls.rows()), len(asked(host))) == (8, 3)
        assert polls.feed().page_url == ""


def test_the_bytes_of_all_pages_together_are_limited(host: PodcastHost, tmp_path: Path) -> None:
    pad = f"<copyright>{'x' * 30_000}</copyright>"
    pages = [
        page(range(n * 2, n * 2 + 2), f"/feed?page={12 - n}", extra=pad) for n in range(10, 0, -1)
    ]
    with poller(tmp_path / "a", network={"feed_max": 64 * 1024}) as polls:
        polls.add(publish(host, *pages))
        polls.poll()
        assert len(asked(host)) == 4
        polls.poll()
        assert len(polls.rows()) == 2 * len({*range(7)})
        for _ in range(4):
            polls.poll()
        assert polls.guids() == names(*range(2, 22))


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/feed?page=2", "file:///etc/passwd", "http://[x"]
)
def test_pages_are_vetted_like_any_url(target: str, host: PodcastHost, polls: Poller) -> None:
    polls.add(publish(host, page(range(4, 7), target)))
    result = polls.poll()
    assert polls.guids() == names(4, 5, 6)
    assert polls.feed().page_url == ""
    assert result.outcome.result is (
        Result.PARTIAL if target.startswith("http") else Result.SUCCESS
    )


def test_the_password_of_a_feed_reaches_its_pages_and_no_other_host(
    host: PodcastHost, polls: Poller
) -> None:
    elsewhere = host.url("/feed?page=3", new_address())
    url = publish(
        host,
        page(range(7, 10), "/feed?page=2"),
        page(range(4, 7), elsewhere.replace("//", "//evil:secret@")),
        page(range(1, 4)),
    )
    polls.add(url.replace("//", "//me:canary@"))
    polls.poll()
    assert polls.guids() == names(*range(1, 10))
    shown = [served.headers.get("authorization") for served in host.requests]
    assert shown[0] == shown[1] != None  # noqa: E711
    assert shown[2] is None


def test_what_is_not_wanted_of_the_back_catalogue_stays_unwanted_on_later_polls(
    host: PodcastHost, tmp_path: Path
) -> None:
    newest = Backlog(kind=BacklogKind.NEWEST, count=5)
    pages = (page(range(7, 10), "/feed?page=2"), page(range(4, 7), "/feed?page=3"))
    url = publish(host, *pages, Route(status=503))
    with poller(tmp_path / "a", feeds={"backlog": newest}) as polls:
        polls.add(url)
        polls.poll()
        publish(host, *pages, page(range(1, 4)))
        polls.poll()
        states = {row["guid"]: row["state"] for row in polls.rows()}
    wanted = {name for name, state in states.items() if state == "pending"}
    assert wanted == set(names(5, 6, 7, 8, 9))
    assert len(states) == 9


def test_a_part_of_the_back_catalogue_is_no_other_feed(host: PodcastHost, polls: Poller) -> None:
    """More than 20 items of which nothing is known, behind a 304."""
    publish(host, page(range(100, 140), "/feed?page=2"), Route(status=500))
    polls.add(host.url("/feed"))
    polls.poll()
    publish(host, page(range(100, 140), "/feed?page=2"), page(range(1, 60)))
    result = polls.poll()
    assert result.failure is None
    assert len(polls.rows()) == 40 + 59


def test_the_host_of_a_page_waits_and_not_that_of_its_feed(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    with serve() as host:
        url, late = host.url("/feed", "127.0.0.21"), host.url("/late", "127.0.0.22")
        host.table.routes["/feed"] = page(range(1, 2), late)
        host.table.routes["/late"] = Route(status=429, headers=(("Retry-After", "7200"),))
        run_once(settings, url)
    with archives.reading(settings) as (_, catalog):
        assert trail.host_facts(catalog, host_of(url)) is None
        facts = trail.host_facts(catalog, host_of(late))
    assert facts is not None
    assert facts.not_before
