"""What hosts do with feeds, each seen in the wild: numbers 1 to 14 of the list of pathologies."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from support.archive import rows, run_once, settings_for
from support.feed_factory import feed_body, publish
from support.podhost import new_address, serve, site_of
from support.polling import DAY_S, HOUR_S, Poller, poller
from support.rawserver import RawServer, always, message

from podfetch_tui.catalog.feeds import due_feeds
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, redirect, web_page
from podfetch_tui.model.errors import Family, Kind
from podfetch_tui.model.feed import FeedState, Validators
from podfetch_tui.model.job import RunResult
from podfetch_tui.model.writes import ChangeFeed
from podfetch_tui.policy.classify import verdict_of


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with serve() as serving:
        yield serving


@pytest.fixture
def polls(tmp_path: Path) -> Iterator[Poller]:
    with poller(tmp_path / "archive") as made:
        yield made


def kind_of(result: RunResult) -> Kind:
    assert result.failure is not None
    return result.failure.kind


def place_of(url: str) -> tuple[str, str]:
    return site_of(url), "/" + url.rpartition("/")[2]


def test_pathology_01_validators_absent_or_wrong(host: PodcastHost, polls: Poller) -> None:
    """No validators: the hash ends the poll. A 304 for ever: a full fetch every seven days."""
    url = publish(host, "show")
    route = host.table.by_address[place_of(url)]
    assert isinstance(route, Route)
    host.table.by_address[place_of(url)] = replace(route, etag=None)
    polls.add(url)
    polls.poll()
    assert polls.poll(after=HOUR_S).outcome.code == "unchanged"

    host.table.by_address[place_of(url)] = replace(route, etag='"stuck"')
    polls.poll(after=HOUR_S)
    newer = feed_body("show", 5)
    host.table.by_address[place_of(url)] = Route(body=newer, etag='"stuck"')
    for _ in range(6):
        assert polls.poll(after=DAY_S).outcome.code == "not_modified"
    assert polls.poll(after=DAY_S + HOUR_S).outcome.code == "ok"
    assert len(polls.rows()) == 5


def test_pathology_02_empty_body_to_a_conditional_request(host: PodcastHost, polls: Poller) -> None:
    url = publish(host, "show")
    whole = host.table.by_address[place_of(url)]
    assert isinstance(whole, Route)
    good = replace(whole, etag=None, last_modified="Mon, 01 Jan 2024 00:00:00 GMT")

    def answer(request: Request) -> Route:
        asked = "if-modified-since" in request.headers
        return Route(body=b"") if asked else replace(good, ignore_validators=True)

    host.table.by_address[place_of(url)] = answer
    polls.add(url)
    assert polls.poll().failure is None
    assert kind_of(polls.poll(after=HOUR_S)) is Kind.EMPTY_BODY
    assert len(polls.rows()) == 3
    recovered = polls.poll(after=HOUR_S)
    assert recovered.failure is None
    assert polls.feed().health.consecutive_failures == 0


def test_pathology_03_not_modified_although_the_broken_body_was_mended(
    host: PodcastHost, polls: Poller
) -> None:
    """Validators of a body that could not be used are never sent again."""
    url = publish(host, "show")
    good = host.table.by_address[place_of(url)]
    assert isinstance(good, Route)
    host.table.by_address[place_of(url)] = Route(body=b"<rss><chan", etag=good.etag)
    polls.add(url)
    assert kind_of(polls.poll()) is Kind.BAD_XML
    assert polls.feed().validators == Validators()
    host.table.by_address[place_of(url)] = good  # under the very same ETag
    assert polls.poll(after=HOUR_S).outcome.code == "ok"
    assert len(polls.rows()) == 3


def test_pathology_04_validators_break_later_pages(host: PodcastHost, polls: Poller) -> None:
    """A host that answers 304 to any conditional request for a page."""
    link = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="/{}.xml"/>'

    def page(number: int) -> Route:
        body = feed_body(f"p{number}", 2)
        if number < 3:
            body = body.replace(b"<item>", link.format(number + 1).encode() + b"<item>", 1)
        return Route(body=body, etag='"same for all pages"')

    for number in (1, 2, 3):
        host.table.routes[f"/{number}.xml"] = page(number)
    polls.add(host.url("/1.xml"))
    polls.poll()
    assert len(polls.rows()) == 6
    host.requests.clear()
    polls.poll(after=8 * DAY_S)
    assert {one.if_none_match for one in host.requests} == {None}


def test_pathology_05_body_changes_at_every_poll(host: PodcastHost, polls: Poller) -> None:
    """Rotating queries and dates of the moment make no second episode."""
    item = (
        "<rss><channel><title>Show</title><lastBuildDate>{n}</lastBuildDate><item><guid>a</guid>"
        "<title>One</title><pubDate>Mon, 01 Jan 2024 06:{n:02}:00 GMT</pubDate>"
        '<enclosure url="http://127.0.0.1:9/a.mp3?tk={n}&amp;session={n}"/></item></channel></rss>'
    )

    def answer(request: Request) -> Route:
        return Route(body=item.format(n=request.count).encode())

    host.table.routes["/feed"] = answer
    polls.add(host.url("/feed"))
    for _ in range(5):
        polls.poll(after=HOUR_S)
    (row,) = polls.rows()
    assert row["enclosure_url"].endswith("session=4")
    assert (row["state"], row["attempts"]) == ("pending", 0)


def test_pathology_06_forbidden_by_user_agent(host: PodcastHost, polls: Poller) -> None:
    url = publish(host, "show")
    good = host.table.by_address[place_of(url)]
    assert isinstance(good, Route)

    def answer(request: Request) -> Route:
        said = request.headers.get("user-agent", "").lower()
        return Route(status=403) if "podfetch" in said else replace(good)

    host.table.by_address[place_of(url)] = answer
    refused = polls.add(url)
    result = polls.poll(refused)
    assert kind_of(result) is Kind.AGENT_REFUSED
    assert "403" in result.outcome.detail
    other = publish(host, "other")
    host.table.by_address[place_of(other)] = answer
    allowed = polls.add(other, user_agent="iTMS")
    assert polls.poll(allowed).failure is None
    assert len(polls.rows(feed_id=allowed)) == 3


def test_pathology_07_challenge_page_or_415_without_accept(
    host: PodcastHost, polls: Poller
) -> None:
    challenge = Route(
        status=403,
        body=b"<title>Just a moment...</title>",
        headers=(("cf-mitigated", "challenge"),),
    )
    blocked = Route(status=403, body=b"error code: 1020")
    for name, route in (("/a.xml", challenge), ("/b.xml", blocked)):
        host.table.routes[name] = route
        result = polls.poll(polls.add(host.url(name)))
        assert kind_of(result) is Kind.CHALLENGE
        assert "Cloudflare" in result.outcome.detail
    url = publish(host, "show")
    good = host.table.by_address[place_of(url)]
    assert isinstance(good, Route)

    def picky(request: Request) -> Route:
        return replace(good) if "xml" in request.headers.get("accept", "") else Route(status=415)

    host.table.by_address[place_of(url)] = picky
    assert polls.poll(polls.add(url)).failure is None


def test_pathology_08_gzip_whatever_was_asked(host: PodcastHost, polls: Poller) -> None:
    body = gzip.compress(feed_body("show", 3))
    for name, label in (("/a", "gzip"), ("/b", "x-gzip")):
        host.table.routes[name] = Route(body=body, headers=(("Content-Encoding", label),))
        number = polls.add(host.url(name))
        assert polls.poll(number).failure is None
        assert len(polls.rows(feed_id=number)) == 3


def test_pathology_09_long_and_lying_redirects(host: PodcastHost, polls: Poller) -> None:
    """A long chain ends, a round one too; across hosts is fine; a 302 is never permanent."""

    def chain(name: str, length: int, target: str, status: int) -> str:
        url = target
        for number in range(length):
            hop = host.url(f"/{name}{number}", new_address())
            host.table.by_address[place_of(hop)] = redirect(url, status=status)
            url = hop
        return url

    endless = polls.add(chain("e", 31, publish(host, "far"), 301))
    result = polls.poll(endless)
    assert kind_of(result) is Kind.REDIRECT_LIMIT
    assert verdict_of(result.failure).family is Family.PERMANENT  # type: ignore[arg-type]
    host.table.routes["/round"] = redirect("/round?again", status=302)
    host.table.routes["/round?again"] = redirect("/round", status=302)
    assert kind_of(polls.poll(polls.add(host.url("/round")))) is Kind.REDIRECT_LOOP
    start = chain("s", 7, publish(host, "near"), 302)
    near = polls.add(start)
    for _ in range(4):
        assert polls.poll(near, after=DAY_S).failure is None
    assert polls.feed(near).url == start
    assert len(polls.rows(feed_id=near)) == 3


def test_pathology_10_certificate_wrong_or_name_leads_home(tmp_path: Path) -> None:
    """Permanent: tried once in a run, nothing is sent. A DNS filter's 127.0.0.1 is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    answers = always(message("200 OK", body=feed_body()))
    with RawServer(answers, tls=context) as server, poller(tmp_path / "a") as polls:
        result = polls.poll(polls.add(server.url("/feed")))
        assert kind_of(result) is Kind.TLS_CERTIFICATE
        assert verdict_of(result.failure).family is Family.PERMANENT  # type: ignore[arg-type]
        assert server.requests == []
    filtered = tmp_path / "hosts"
    filtered.write_text("127.0.0.1 filtered.example\n")
    with poller(tmp_path / "b", network={"allow_private": (), "hosts": str(filtered)}) as polls:
        result = polls.poll(polls.add("http://filtered.example/feed"))
        assert kind_of(result) is Kind.BLOCKED_ADDRESS


def test_pathology_11_a_page_instead_of_the_feed(host: PodcastHost, polls: Poller) -> None:
    url = publish(host, "show")
    good = host.table.by_address[place_of(url)]
    polls.add(url)
    polls.poll()
    for page in (
        web_page("Log in"),
        Route(body=b"This domain is for sale", content_type="text/plain"),
        Route(body=b'{"error": "gone"}', content_type="application/rss+xml"),
    ):
        host.table.by_address[place_of(url)] = page
        result = polls.poll(after=HOUR_S)
        assert kind_of(result) is Kind.NOT_A_FEED
        assert result.failure is not None
        assert isinstance(page.body, bytes)
        assert result.failure.evidence == page.body[:2048]
    assert len(polls.rows()) == 3
    assert polls.feed().title == "The show show"
    host.table.by_address[place_of(url)] = good
    assert polls.poll(after=HOUR_S).failure is None


@pytest.mark.timeout(120)
def test_pathology_12_huge_feeds(host: PodcastHost, tmp_path: Path) -> None:
    """12 MB with 2,500 items is read, in the sandbox; above ``feed_max`` nothing is."""
    notes = "All about it. " * 350
    body = feed_body("show", 2500).replace(b"<description>", f"<description>{notes}".encode())
    assert len(body) > 12_000_000
    host.table.routes["/feed"] = Route(body=body, gzip=True)
    with poller(tmp_path / "a") as polls:
        polls.add(host.url("/feed"))
        result = polls.poll()
        assert result.failure is None
        assert "2,500 items, 2,500 new" in result.outcome.detail
        assert len(polls.rows()) == 2500
    with poller(tmp_path / "b", network={"feed_max": 1 << 20}) as polls:
        polls.add(host.url("/feed"))
        assert kind_of(polls.poll()) is Kind.TOO_LARGE


def test_pathology_13_a_storm_of_notifications(host: PodcastHost, tmp_path: Path) -> None:
    """56 requests to check a feed within a minute are one poll."""
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    run_once(settings, publish(host, "show"))
    host.requests.clear()
    with archives.changing(settings) as archive:
        now = archive.clock.now_ms()
        for _ in range(56):
            archive.writer.submit(ChangeFeed(feed_id=1, next_poll_at=now, at=now)).result()
        assert len(due_feeds(archive.catalog, now, 99)) == 1
    run_once(settings)
    assert len(host.requests) == 1
    assert len(rows(settings, "episodes")) == 3


def test_pathology_14_a_redirect_to_a_feed_that_is_subscribed_too(
    host: PodcastHost, polls: Poller
) -> None:
    """Both stay on record, and the one that moved goes on while episodes of it wait.

    ``test_moving_feeds`` has how it ends in the other one.
    """
    target = publish(host, "show", 3)
    old = host.url("/old.xml", new_address())
    host.table.by_address[place_of(old)] = redirect(target, status=301)
    first, second = polls.add(target), polls.add(old)
    polls.poll(first)
    for _ in range(4):
        polls.poll(second, after=DAY_S)
    # Its own episodes wait for their download: it goes on through the redirect.
    assert polls.feed(second).state is FeedState.ACTIVE
    assert polls.feed(second).url == old
    assert {polls.feed(one).url for one in (first, second)} == {target, old}
    assert len(polls.rows(feed_id=second)) == 3
