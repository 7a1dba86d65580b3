"""Redirects are followed only where they may lead, and remembered only when permanent."""

from __future__ import annotations

import pytest
from support.httpclient import LOOPBACK, failure_of, fetch, http_client
from support.rawserver import Handler, Peer, RawServer, always, message

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.net.redirects import Trail
from podfetch_tui.net.target import Target, parse_target


def redirect(location: str, status: int = 302) -> bytes:
    return message(f"{status} Moved", f"Location: {location}", body=b"moved")


def chain(**steps: bytes) -> Handler:
    """Answer each path by name, ``/end`` with a document."""

    def handler(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            name = request.path.strip("/") or "root"
            peer.send(steps.get(name) or message("200 OK", 'ETag: "e"', body=b"end"))

    return handler


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/end", "/end"),
        ("end", "/dir/end"),
        ("../end", "/end"),
        ("?q=1", "/dir/a?q=1"),
        ("/end#fragment", "/end"),
        ("  /end\t", "/end"),
        ("/ü end", "/%C3%BC%20end"),
        ("//{host}/end", "/end"),
        ("HTTP://{host}/end", "/end"),
    ],
)
def test_relative_and_odd_locations_are_followed(location: str, path: str) -> None:
    def handler(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            host = request.headers["host"]
            if request.path == "/dir/a":
                field = location.format(host=host).encode("utf-8").decode("latin-1")
                peer.answer("302 Found", b"", f"Location: {field}")
            else:
                peer.answer("200 OK", b"end")

    with RawServer(handler) as server, http_client() as client:
        result = fetch(client, server.url("/dir/a"))
    assert server.requests[-1].path == path
    assert (result.body, result.final_url) == (b"end", server.url(path))
    assert result.hops == ((302, server.url(path)),)
    assert server.connections == 1


@pytest.mark.parametrize("statuses", [(301,), (308,), (301, 308, 301)])
def test_a_chain_of_permanent_redirects_gives_a_new_url(statuses: tuple[int, ...]) -> None:
    steps = {f"s{n}": redirect(f"/s{n + 1}", status) for n, status in enumerate(statuses)}
    with RawServer(chain(**steps)) as server, http_client() as client:
        result = fetch(client, server.url("/s0"))
    assert result.permanent_url == server.url(f"/s{len(statuses)}")
    assert [status for status, _ in result.hops] == list(statuses)


@pytest.mark.parametrize("statuses", [(302,), (303,), (307,), (301, 302), (302, 301)])
def test_one_temporary_hop_makes_the_chain_temporary(statuses: tuple[int, ...]) -> None:
    steps = {f"s{n}": redirect(f"/s{n + 1}", status) for n, status in enumerate(statuses)}
    with RawServer(chain(**steps)) as server, http_client() as client:
        assert fetch(client, server.url("/s0")).permanent_url is None


def test_a_permanent_redirect_answered_304_is_seen_too() -> None:
    with (
        RawServer(chain(old=redirect("/new", 301), new=message("304 X"))) as server,
        http_client() as client,
    ):
        result = fetch(client, server.url("/old"), validators=Validators('"e"'))
    assert (result.status, result.permanent_url) == (304, server.url("/new"))


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("file:///etc/passwd", Kind.BLOCKED_SCHEME),
        ("ftp://example.com/x", Kind.BLOCKED_SCHEME),
        ("data:text/xml,<rss/>", Kind.BLOCKED_SCHEME),
        ("javascript:alert(1)", Kind.BLOCKED_SCHEME),
        ("http://169.254.169.254/latest/meta-data", Kind.BLOCKED_ADDRESS),
        ("http://10.0.0.1/", Kind.BLOCKED_ADDRESS),
        ("http://0x7f.1/", Kind.BLOCKED_ADDRESS),
        ("http://2130706433/", Kind.BLOCKED_ADDRESS),
        ("http://[::1]/", Kind.BLOCKED_ADDRESS),
        ("http://[::ffff:127.0.0.1]/", Kind.BLOCKED_ADDRESS),
        ("http://[64:ff9b::7f00:1]/", Kind.BLOCKED_ADDRESS),
        ("http://１２７.０.０.１/", Kind.BLOCKED_ADDRESS),
        ("http://metadata.test/", Kind.BLOCKED_ADDRESS),
        ("http://127.0.0.1:22/", Kind.BLOCKED_PORT),
        ("http://127.0.0.1:6379/", Kind.BLOCKED_PORT),
        ("http://user:pw@127.0.0.1/", Kind.REDIRECT_BAD),
        ("http://[::1", Kind.REDIRECT_BAD),
        ("", Kind.REDIRECT_BAD),
        ("http://a..b/", Kind.DNS_UNKNOWN),
    ],
)
def test_a_redirect_leads_nowhere_it_must_not(location: str, kind: Kind) -> None:
    field = location.encode("utf-8").decode("latin-1")
    with (
        RawServer(always(redirect(field))) as server,
        http_client(resolver=lambda host: ["169.254.169.254"]) as client,
    ):
        failure = failure_of(client, server.url("/x"))
    assert failure.kind is kind
    assert len(server.requests) == 1


def test_a_redirect_without_location_is_a_failure() -> None:
    with RawServer(always(message("301 Moved"))) as server, http_client() as client:
        failure = failure_of(client, server.url())
    assert (failure.kind, failure.status) == (Kind.REDIRECT_BAD, 301)


def test_circles_are_noticed_at_once() -> None:
    with (
        RawServer(chain(a=redirect("/b"), b=redirect("/c"), c=redirect("/a#x"))) as server,
        http_client() as client,
    ):
        assert failure_of(client, server.url("/a")).kind is Kind.REDIRECT_LOOP
    assert len(server.requests) == 3


def test_redirects_are_counted() -> None:
    def longer(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.answer("302 Found", b"", f"Location: {request.path}x")

    with RawServer(longer) as server, http_client(max_redirects=3) as client:
        assert failure_of(client, server.url()).kind is Kind.REDIRECT_LIMIT
    assert len(server.requests) == 4


def test_exactly_the_allowed_number_of_redirects_is_followed() -> None:
    with (
        RawServer(chain(a=redirect("/b"), b=redirect("/end"))) as server,
        http_client(max_redirects=2) as client,
    ):
        assert fetch(client, server.url("/a")).body == b"end"


def test_credentials_stay_at_their_origin() -> None:
    with RawServer(chain(), address="127.0.0.2") as other:
        steps = {"a": redirect("/b", 301), "b": redirect(other.url("/end"), 301)}
        with RawServer(chain(**steps)) as server, http_client(allow_private=LOOPBACK) as client:
            result = fetch(client, server.url("/a").replace("://", "://me:pw@"))
    assert [r.headers.get("authorization") for r in server.requests] == ["Basic bWU6cHc="] * 2
    assert "authorization" not in other.requests[0].headers
    assert "me:pw" not in str(result)
    assert result.permanent_url is None  # it would lose the credentials


def test_a_permanent_redirect_at_one_origin_keeps_its_credentials() -> None:
    with RawServer(chain(a=redirect("/end", 301))) as server, http_client() as client:
        result = fetch(client, server.url("/a").replace("://", "://me:pw@"))
    assert result.permanent_url == server.url("/end").replace("://", "://me:pw@")
    assert result.final_url == server.url("/end")


def test_another_port_is_another_origin() -> None:
    with (
        RawServer(chain()) as other,
        RawServer(chain(a=redirect(other.url("/end")))) as server,
        http_client() as client,
    ):
        fetch(client, server.url("/a").replace("://", "://me:pw@"))
    assert "authorization" not in other.requests[0].headers


def trail(start: str, *hops: tuple[int, str]) -> Trail:
    walked = Trail(parse_target(start), max_redirects=8, allow=())
    for status, location in hops:
        walked.follow(status, {"location": location})
    return walked


def test_a_downgrade_to_http_is_followed_but_not_remembered() -> None:
    down = trail("https://a.example/", (301, "http://a.example/x"), (301, "https://b.example/"))
    assert (down.downgraded, down.permanent_url) == (True, None)
    assert down.target.url == "https://b.example/"
    up = trail("http://a.example/", (301, "https://a.example/"))
    assert (up.downgraded, up.permanent_url) == (False, "https://a.example/")


def test_a_trail_refuses_before_it_moves() -> None:
    walked = trail("https://a.example/")
    with pytest.raises(Failure):
        walked.follow(302, {"location": "file:///x"})
    assert walked.hops == ()
    assert walked.target == Target("https", "a.example", 443, "/")
