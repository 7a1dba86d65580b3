"""Credentials reach their origin and nobody else; a host that wants some is told apart."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.httpclient import NETWORK, kind_of
from support.rawserver import Handler, Peer, RawServer, always, message

from podfetch_tui.config.credentials import parse_credentials
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Access, Validators
from podfetch_tui.net.client import HttpClient
from podfetch_tui.system.clock import Clock

OK = message("200 OK", body=b"<rss/>")
SECRET = "Bearer s3cret-token"


@contextmanager
def knowing(text: str) -> Iterator[HttpClient]:
    credentials, problems = parse_credentials(text, file="creds")
    assert not problems
    client = HttpClient(NETWORK, per_host=2, clock=Clock(), credentials=credentials)
    try:
        yield client
    finally:
        client.close()


def get(client: HttpClient, url: str, access: Access | None = None) -> None:
    client.fetch(
        url,
        validators=Validators(),
        access=access or Access(feed_url=url),
        stop=threading.Event(),
    )


def shown(server: RawServer) -> list[str | None]:
    return [request.headers.get("authorization") for request in server.requests]


def moved(location: str) -> bytes:
    return message("302 Found", f"Location: {location}")


def test_an_origin_is_shown_its_credentials_for_feeds_and_media() -> None:
    with (
        RawServer(always(OK)) as server,
        knowing(f"[{server.url('')}]\ntoken = s3cret-token\n") as client,
    ):
        get(client, server.url("/feed"))
        client.open_media(server.url("/e.mp3"), stop=threading.Event()).close()
    assert shown(server) == [SECRET, SECRET]


def test_another_port_of_the_same_host_is_another_origin() -> None:
    with (
        RawServer(always(OK)) as home,
        RawServer(always(OK)) as other,
        knowing(f"[{home.url('')}]\ntoken = s3cret-token\n") as client,
    ):
        get(client, other.url("/feed"))
    assert shown(other) == [None]


def test_nothing_crosses_an_origin_and_nothing_comes_back_by_a_strangers_redirect() -> None:
    with (
        RawServer(always(OK), address="127.0.0.3") as home,
        RawServer(always(OK), address="127.0.0.4") as stranger,
        knowing(f"[{home.url('')}]\ntoken = s3cret-token\n") as client,
    ):
        home.handler = always(moved(stranger.url("/x")))
        stranger.handler = always(moved(home.url("/private")))
        with pytest.raises(Failure) as caught:
            get(client, home.url("/feed"))
    assert caught.value.kind is Kind.REDIRECT_LIMIT or home.requests[1:]
    assert shown(home)[0] == SECRET
    assert set(shown(home)[1:]) <= {None}
    assert set(shown(stranger)) == {None}


def test_a_redirect_within_the_origin_keeps_them() -> None:
    with (
        RawServer(always(moved("/there"), OK)) as server,
        knowing(f"[{server.url('')}]\ntoken = s3cret-token\n") as client,
    ):
        get(client, server.url("/feed"))
    assert shown(server) == [SECRET, SECRET]


def test_an_entry_for_one_feed_is_not_for_its_neighbours() -> None:
    with (
        RawServer(always(OK)) as server,
        knowing(f"[{server.url('/mine')}]\ntoken = s3cret-token\n") as client,
    ):
        get(client, server.url("/mine"))
        get(client, server.url("/other"))
        mine = Access(feed_url=server.url("/mine"))
        client.open_media(server.url("/e.mp3"), access=mine, stop=threading.Event()).close()
    assert shown(server) == [SECRET, None, SECRET]


def test_userinfo_works_and_an_entry_goes_before_it() -> None:
    with RawServer(always(OK)) as server:
        url = server.url("/f").replace("://", "://me:pw@")
        with knowing("") as client:
            get(client, url)
        with knowing(f"[{server.url('')}]\ntoken = s3cret-token\n") as client:
            get(client, url)
    assert shown(server) == ["Basic bWU6cHc=", SECRET]


def test_a_feed_whose_entry_is_missing_is_not_asked_without_it() -> None:
    with (
        RawServer(always(OK)) as server,
        knowing("") as client,
        pytest.raises(Failure) as caught,
    ):
        get(client, server.url("/f"), Access(auth="team"))
    assert caught.value.kind is Kind.NO_CREDENTIALS
    assert server.requests == []


def test_a_401_says_what_was_shown() -> None:
    with RawServer(always(message("401 Unauthorized"))) as server:
        with knowing("") as client, pytest.raises(Failure) as caught:
            get(client, server.url("/f"))
        assert "got none" in caught.value.detail
        entry = f"[{server.url('')}]\ntoken = s3cret-token\n"
        with knowing(entry) as client, pytest.raises(Failure) as caught:
            get(client, server.url("/f"))
    assert "does not take the credentials [" in caught.value.detail


def test_a_host_that_repeats_a_password_does_not_get_it_into_the_record() -> None:
    sent = base64.b64encode(b"me:pa55word-here").decode()
    page = message("401 pa55word-here", body=f"wrong: pa55word-here, Basic {sent}".encode())
    with RawServer(always(page)) as server, knowing("") as client:
        feed = server.url("/f").replace("://", "://me:pa55word-here@")
        with pytest.raises(Failure) as caught:
            get(client, feed)
        media = server.url("/e.mp3")
        with pytest.raises(Failure) as also:
            client.open_media(media, access=Access(feed_url=feed), stop=threading.Event())
    assert shown(server) == [f"Basic {sent}"] * 2
    for failure in (caught.value, also.value):
        assert failure.evidence == b"wrong: ***, Basic ***"
        assert "pa55word" not in failure.detail


def test_new_credentials_hold_from_the_next_request_on() -> None:
    with RawServer(always(OK)) as server, knowing("") as client:
        get(client, server.url("/f"))
        fresh, _ = parse_credentials(f"[{server.url('')}]\ntoken = s3cret-token\n", file="c")
        client.configure(NETWORK, per_host=2, credentials=fresh)
        get(client, server.url("/f"))
        client.configure(NETWORK, per_host=2)
        get(client, server.url("/f"))
        client.configure(NETWORK, per_host=2, credentials=Credentials())
        get(client, server.url("/f"))
    assert shown(server) == [None, SECRET, SECRET, None]


def test_a_private_network_that_is_open_to_one_feed_is_closed_to_all_others() -> None:
    with RawServer(always(OK)) as server:
        client = HttpClient(type(NETWORK)(), per_host=2, clock=Clock())
        try:
            own = Access(allow_private=("127.0.0.0/8",))
            get(client, server.url("/f"), own)
            # The connection is kept, and is not for others.
            assert kind_of(client, server.url("/f")) is Kind.BLOCKED_ADDRESS
            names = HttpClient(
                type(NETWORK)(), per_host=2, clock=Clock(), resolver=lambda _: ["127.0.0.1"]
            )
            try:
                url = server.url("/f", host="inner.test")
                get(names, url, own)
                assert kind_of(names, url) is Kind.BLOCKED_ADDRESS
            finally:
                names.close()
        finally:
            client.close()
    assert len(server.requests) == 2


def test_the_largest_document_of_one_feed_is_its_own() -> None:
    big = message("200 OK", body=b"x" * 5000)
    with RawServer(always(big)) as server, knowing("") as client:
        get(client, server.url("/f"))
        with pytest.raises(Failure) as caught:
            get(client, server.url("/f"), Access(feed_max=4000))
    assert caught.value.kind is Kind.TOO_LARGE


CLOUDFLARE = b"<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x>"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (message("403 Forbidden", "cf-mitigated: challenge"), Kind.CHALLENGE),
        (message("403 Forbidden", "server: cloudflare", body=CLOUDFLARE), Kind.CHALLENGE),
        (message("503 Service Unavailable", body=CLOUDFLARE), Kind.CHALLENGE),
        (message("403 Forbidden", body=b"error code: 1020"), Kind.CHALLENGE),
        (message("403 Forbidden", body=b"Sucuri WebSite Firewall"), Kind.CHALLENGE),
        (message("405 No", "x-amzn-waf-action: captcha"), Kind.CHALLENGE),
        (message("403 Forbidden", body=b"No bots, please"), Kind.AGENT_REFUSED),
        (message("406 No", body=b"Your User-Agent is not supported"), Kind.AGENT_REFUSED),
        (message("429 Slow", "Retry-After: 9", "cf-mitigated: challenge"), Kind.HTTP_STATUS),
        (message("503 Service Unavailable", body=b"maintenance"), Kind.HTTP_STATUS),
        (message("403 Forbidden", body=b"members only"), Kind.HTTP_STATUS),
        (message("404 Not Found", body=b"no robots here"), Kind.HTTP_STATUS),
        (message("200 OK", "cf-mitigated: challenge", body=b"<rss/>"), None),
    ],
)
def test_a_refusal_of_robots_is_told_apart(answer: bytes, kind: Kind | None) -> None:
    with RawServer(always(answer)) as server, knowing("") as client:
        if kind is None:
            get(client, server.url("/f"))
        else:
            assert kind_of(client, server.url("/f")) is kind


def answering(by_agent: dict[str, bytes]) -> Handler:
    """A host that answers by the first word of the list that the User-Agent holds."""

    def handler(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            agent = request.headers.get("user-agent", "")
            peer.send(next(answer for word, answer in by_agent.items() if word in agent))

    return handler


@pytest.mark.parametrize("status", ["403 Forbidden", "406 Not Acceptable", "415 Unsupported"])
def test_a_bare_refusal_of_our_name_is_told_apart_from_one_of_everybody(status: str) -> None:
    refusal = message(status, body=b"no")
    ours = {"PodFetch": refusal, "Mozilla": OK, "": refusal}
    with RawServer(answering(ours)) as server, knowing("") as client:
        url = server.url("/f")
        with pytest.raises(Failure) as caught:
            get(client, url)
        assert (caught.value.kind, caught.value.status) == (Kind.AGENT_REFUSED, int(status[:3]))
        assert caught.value.detail.endswith("and 200 to another User-Agent")
        assert len(server.requests) == 2
    with RawServer(answering({"iTMS": OK, "": refusal})) as server, knowing("") as client:
        url = server.url("/f")
        with pytest.raises(Failure) as caught:
            get(client, url)
        assert caught.value.kind is Kind.HTTP_STATUS
        assert caught.value.detail.endswith(f"and {status[:3]} to another User-Agent")
        get(client, url, Access(user_agent="iTMS/1"))
        with pytest.raises(Failure) as caught:
            get(client, url, Access(user_agent="Other/1"))
        assert caught.value.kind is Kind.HTTP_STATUS
        assert len(server.requests) == 4


def test_a_peer_that_hangs_up_after_a_401_is_no_trouble() -> None:
    def handler(peer: Peer) -> None:
        peer.request()
        peer.answer("401 Unauthorized", b"no", "Connection: close")

    with RawServer(handler) as server, knowing("") as client:
        assert kind_of(client, server.url("/f")) is Kind.HTTP_STATUS


@pytest.mark.parametrize(("scope", "moves"), [("/feed", False), ("", True)])
def test_a_feed_with_credentials_of_its_own_never_moves_for_good(scope: str, moves: bool) -> None:
    """Under another URL it would have none."""

    def answer(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            if request.path == "/feed":
                peer.send(message("301 Moved Permanently", "Location: /new"))
            else:
                peer.send(OK)

    with RawServer(answer) as server:
        url, section = server.url("/feed"), server.url(scope)
        with knowing(f"[{section}]\ntoken = s3cret-token\n") as client:
            result = client.fetch(
                url, validators=Validators(), access=Access(feed_url=url), stop=threading.Event()
            )
    assert result.permanent_url == (server.url("/new") if moves else None)
