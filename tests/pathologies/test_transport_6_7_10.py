"""Hosts that refuse our name, want to see a browser, or cannot prove who they are."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.archive import add_feeds, rows, run_once, settings_for
from support.rawserver import RawServer, always, message
from support.shows import episodes_of, good, show

from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Request, Route
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.settings import Settings

PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
JUST_A_MOMENT = b"<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/h'>"


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def for_agents(route: Route | Answer, *, word: str, wanted: bool) -> Answer:
    """An answer for those whose User-Agent has ``word``, or for those whose has it not."""

    def answer(request: Request) -> Route:
        if (word in request.headers.get("user-agent", "")) is wanted:
            return route(request) if callable(route) else route
        return Route(status=403, body=b"Forbidden", content_type="text/plain")

    return answer


def failing(settings: Settings) -> dict[str, Any]:
    """The feed's row, and the code of what last happened to it."""
    (feed,) = rows(settings, "feeds")
    return {**feed, "code": list(rows(settings, "events"))[-1]["code"]}


def edit(settings: Settings, **changes: Any) -> None:
    with archives.changing(settings) as archive:
        archive.writer.submit(EditFeed(feed_id=1, at=archive.clock.now_ms(), **changes)).result()


def test_6_a_host_that_refuses_our_name_is_told_apart_and_let_in_by_an_edit(
    host: PodcastHost, tmp_path: Path
) -> None:
    media = for_agents(good("a", 1), word="PodFetch", wanted=False)
    url = show(host, "a", {1: media})
    host.table.routes["/a.xml"] = for_agents(
        host.table.routes["/a.xml"], word="PodFetch", wanted=False
    )
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    feed = failing(settings)
    assert (feed["code"], feed["last_status"], feed["last_family"]) == (
        "agent_refused",
        403,
        "permanent",
    )
    assert "200 to another User-Agent" in feed["last_error"]
    assert "podfetch feeds edit 1 --user-agent" in feed["last_error"]
    edit(settings, user_agent="iTMS")
    run_once(settings)
    (row,) = episodes_of(settings)
    assert row["state"] == "archived"
    assert failing(settings)["last_error"] is None


@pytest.mark.parametrize("agent", ["iTMS", "Overcast"])
def test_6_a_host_that_lets_only_some_names_in_is_a_403_and_any_name_can_be_set(
    host: PodcastHost, tmp_path: Path, agent: str
) -> None:
    url = show(host, "a")
    host.table.routes["/a.xml"] = for_agents(host.table.routes["/a.xml"], word=agent, wanted=True)
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    feed = failing(settings)
    assert feed["code"] == "http_403"
    assert "403 to another User-Agent" in feed["last_error"]
    edit(settings, user_agent=f"{agent}/1.0")
    run_once(settings)
    assert episodes_of(settings)[0]["state"] == "archived"


def test_6_a_name_that_a_host_refuses_can_be_taken_back(host: PodcastHost, tmp_path: Path) -> None:
    url = show(host, "a")
    host.table.routes["/a.xml"] = for_agents(host.table.routes["/a.xml"], word="iTMS", wanted=False)
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 0})
    run_once(settings, url)
    edit(settings, user_agent="iTMS")
    settings = settings_for(tmp_path / "archive")
    run_once(settings)
    assert failing(settings)["code"] == "http_403"
    edit(settings, user_agent="")
    run_once(settings)
    assert episodes_of(settings)[0]["state"] == "archived"


@pytest.mark.parametrize(
    "page",
    [
        Route(status=403, body=JUST_A_MOMENT, headers=(("Server", "cloudflare"),)),
        Route(status=503, body=JUST_A_MOMENT, headers=(("Server", "cloudflare"),)),
        Route(status=403, body=b"x", headers=(("CF-Mitigated", "challenge"),)),
        Route(status=403, body=b"error code: 1020"),
    ],
)
def test_7_a_challenge_has_a_code_of_its_own_and_is_not_tried_again_soon(
    host: PodcastHost, tmp_path: Path, page: Route
) -> None:
    url = show(host, "a")
    host.table.routes["/a.xml"] = page
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    feed = failing(settings)
    assert (feed["code"], feed["last_family"]) == ("challenge", "permanent")
    assert "Cloudflare" in feed["last_error"]
    assert len(host.asked("/a.xml")) == 1


def test_7_a_challenge_before_the_media_is_never_stored(host: PodcastHost, tmp_path: Path) -> None:
    page = Route(status=403, body=JUST_A_MOMENT, content_type="audio/mpeg")
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: page}))
    (row,) = episodes_of(settings)
    assert (row["state"], row["family"]) == ("failed", "permanent")
    assert row["error"].startswith("challenge:")


def test_7_a_host_that_wants_an_accept_field_gets_one(host: PodcastHost, tmp_path: Path) -> None:
    def picky(route: Route | Answer) -> Answer:
        def answer(request: Request) -> Route:
            if "*/*" not in request.headers.get("accept", ""):
                return Route(status=415)
            return route(request) if callable(route) else route

        return answer

    url = show(host, "a", {1: picky(good("a", 1))})
    host.table.routes["/a.xml"] = picky(host.table.routes["/a.xml"])
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    assert episodes_of(settings)[0]["state"] == "archived"


def secure(leaf: trustme.LeafCert) -> RawServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return RawServer(always(message("200 OK", body=b"<rss/>")), tls=context)


@pytest.mark.parametrize("wrong", ["expired", "another name", "unknown authority"])
def test_10_a_host_that_cannot_prove_who_it_is_is_never_asked(tmp_path: Path, wrong: str) -> None:
    trusted, stranger = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    leaf = {
        "expired": lambda: trusted.issue_cert("127.0.0.1", not_after=PAST),
        "another name": lambda: trusted.issue_cert("other.test"),
        "unknown authority": lambda: stranger.issue_cert("127.0.0.1"),
    }[wrong]()
    network = {"ca_bundle": str(tmp_path / "ca.pem"), "allow_private": ("127.0.0.0/8",)}
    settings = settings_for(tmp_path / "archive", network=network)
    with secure(leaf) as server:
        run_once(settings, server.url("/feed.xml"))
        assert server.requests == []
    feed = failing(settings)
    assert (feed["code"], feed["last_family"]) == ("tls_certificate", "permanent")
    assert feed["state"] == "active"


def test_10_a_name_server_that_answers_with_loopback_sends_us_nowhere(
    host: PodcastHost, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 filtered.example\n")
    network = {"hosts": str(tmp_path / "hosts"), "allow_private": ()}
    settings = settings_for(tmp_path / "archive", network=network)
    with archives.changing(settings) as archive:
        add_feeds(archive, f"http://filtered.example:{host.port}/a.xml")
    run_once(settings)
    feed = failing(settings)
    assert (feed["code"], feed["last_family"]) == ("blocked_address", "refused")
    assert "127.0.0.1 (loopback)" in feed["last_error"]
    assert host.requests == []
