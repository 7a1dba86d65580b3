"""Through a proxy: what it sees, what it never sees, and who is to blame when it fails."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme
from support.httpclient import failure_of, fetch, http_client, kind_of
from support.proxy import proxy_server
from support.rawserver import Peer, RawServer, always, message

from podfetch_tui.config.ini import load
from podfetch_tui.model.errors import BadConfiguration, Kind
from podfetch_tui.policy.classify import classify
from podfetch_tui.policy.proxies import parse_bypass, parse_proxy

FEED = message("200 OK", body=b"<rss/>")
NAMES = {"inner.test": "127.0.0.1", "other.test": "127.0.0.2"}


def nobody(host: str) -> Sequence[str]:
    """The name server of a machine that reaches the world through a proxy only."""
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's TLS context for inner.test, and the file of who vouches for it."""
    made = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("inner.test", "127.0.0.1").configure_cert(context)
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, str(tmp_path / "ca.pem")


def test_http_goes_through_with_the_whole_url_and_https_through_a_tunnel(
    authority: tuple[ssl.SSLContext, str],
) -> None:
    tls, bundle = authority
    with (
        RawServer(always(FEED)) as plain,
        RawServer(always(FEED), tls=tls) as secure,
        proxy_server(names=NAMES) as proxy,
        http_client(proxy=proxy.url, ca_bundle=bundle, resolver=nobody) as client,
    ):
        assert fetch(client, plain.url("/a?b=1", host="inner.test")).body == b"<rss/>"
        assert fetch(client, secure.url("/secret-path", host="inner.test")).body == b"<rss/>"
        assert proxy.asked == [
            ("GET", f"http://inner.test:{plain.port}/a?b=1"),
            ("CONNECT", f"inner.test:{secure.port}"),
        ]
        assert plain.requests[0].path == "/a?b=1"
        assert plain.requests[0].headers["host"] == f"inner.test:{plain.port}"
        assert secure.requests[0].headers["host"] == f"inner.test:{secure.port}"
        assert "secret-path" not in "".join(proxy.tunnelled)


def test_a_certificate_is_checked_through_the_tunnel_too(
    authority: tuple[ssl.SSLContext, str],
) -> None:
    tls, _ = authority
    with (
        RawServer(always(FEED), tls=tls) as secure,
        proxy_server(names=NAMES) as proxy,
        http_client(proxy=proxy.url, resolver=nobody) as client,
    ):
        assert kind_of(client, secure.url(host="inner.test")) is Kind.TLS_CERTIFICATE


def test_the_proxys_account_is_for_the_proxy_and_the_hosts_for_the_host(
    authority: tuple[ssl.SSLContext, str],
) -> None:
    tls, bundle = authority
    with (
        RawServer(always(FEED)) as plain,
        RawServer(always(FEED), tls=tls) as secure,
        proxy_server(names=NAMES, account="me:proxy-pa55") as proxy,
        http_client(
            proxy=proxy.url.replace("//", "//me:proxy-pa55@"), ca_bundle=bundle, resolver=nobody
        ) as client,
    ):
        fetch(client, plain.url("/f", host="inner.test"))
        fetch(client, secure.url("/f", host="inner.test").replace("//", "//you:host-pa55@"))
        assert all("proxy-authorization" in request.headers for request in proxy.requests)
        assert "authorization" not in proxy.requests[-1].headers
    for request in (*plain.requests, *secure.requests):
        assert "proxy-authorization" not in request.headers
    assert secure.requests[0].headers["authorization"].startswith("Basic ")


def test_hosts_on_the_bypass_list_are_reached_directly_and_vetted() -> None:
    def known(host: str) -> Sequence[str]:
        return {"near.test": ["127.0.0.1"], "private.test": ["10.0.0.1"]}[host]

    with (
        RawServer(always(FEED)) as server,
        proxy_server() as proxy,
        http_client(
            proxy=proxy.url, no_proxy=("near.test", "private.test", "127.0.0.0/8"), resolver=known
        ) as client,
    ):
        fetch(client, server.url(host="near.test"))
        fetch(client, server.url(host="127.0.0.1"))
        assert kind_of(client, "http://private.test/") is Kind.BLOCKED_ADDRESS
        assert proxy.requests == []


def test_what_this_machine_can_judge_is_judged_before_the_proxy_is_asked() -> None:
    def known(host: str) -> Sequence[str]:
        return {"private.test": ["10.0.0.1", "fd00::1"], "mixed.test": ["10.0.0.1", "8.8.8.8"]}[
            host
        ]

    with (
        proxy_server() as proxy,
        http_client(proxy=proxy.url, allow_private=(), resolver=known) as client,
    ):
        proxy.mood = "no_gateway"
        for url in (
            "http://10.0.0.1/",
            "https://[::1]/",
            "http://2130706433/",
            "http://private.test/",
        ):
            assert kind_of(client, url) is Kind.BLOCKED_ADDRESS
        assert kind_of(client, "ftp://x.test/") is Kind.BLOCKED_SCHEME
        assert proxy.requests == []
        assert kind_of(client, "https://mixed.test/") is Kind.UNREACHABLE


def test_a_redirect_to_a_private_address_is_refused_behind_a_proxy_too() -> None:
    with (
        RawServer(always(message("302 F", "Location: http://10.0.0.1/x"))) as server,
        proxy_server(names=NAMES) as proxy,
        http_client(proxy=proxy.url, resolver=nobody) as client,
    ):
        assert kind_of(client, server.url(host="inner.test")) is Kind.BLOCKED_ADDRESS
        assert len(proxy.requests) == 1


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize("url", ["http://inner.test/f", "https://inner.test/f"])
def test_a_proxy_that_is_not_there_is_our_own_network(url: str) -> None:
    with http_client(proxy=f"http://127.0.0.1:{unused_port()}", resolver=nobody) as client:
        failure = failure_of(client, url)
    assert failure.kind is Kind.NETWORK_DOWN
    assert "the proxy 127.0.0.1:" in failure.detail
    verdict = classify(failure.kind)
    assert (verdict.family.value, verdict.feed_failure, verdict.host_failure) == (
        "system",
        False,
        False,
    )


@pytest.mark.parametrize("url", ["http://inner.test/f", "https://inner.test/f"])
@pytest.mark.parametrize(
    ("mood", "kind"),
    [
        ("hangs", Kind.NETWORK_DOWN),
        ("hangs_up", Kind.NETWORK_DOWN),
        ("rubbish", Kind.NETWORK_DOWN),
    ],
)
def test_a_proxy_that_fails_is_our_own_network(url: str, mood: str, kind: Kind) -> None:
    with (
        proxy_server(names=NAMES) as proxy,
        http_client(
            proxy=proxy.url, resolver=nobody, connect_timeout=0.3, idle_timeout=0.3
        ) as client,
    ):
        proxy.mood = mood
        found = failure_of(client, url)
    if mood == "rubbish" and url.startswith("http:"):
        assert found.kind is Kind.PROTOCOL  # it could be the host's: nothing tells them apart
    else:
        assert found.kind is kind


@pytest.mark.parametrize(
    ("mood", "url", "kind"),
    [
        ("host_hangs", "https://inner.test/f", Kind.CONNECT_TIMEOUT),
        ("host_hangs", "http://inner.test/f", Kind.READ_TIMEOUT),
        ("no_gateway", "https://inner.test/f", Kind.UNREACHABLE),
        ("no_gateway", "http://inner.test/f", Kind.HTTP_STATUS),
        ("forbids", "https://inner.test/f", Kind.PROXY_FORBIDS),
    ],
)
def test_a_host_that_fails_behind_a_proxy_that_works_is_the_hosts(
    mood: str, url: str, kind: Kind
) -> None:
    with (
        proxy_server(names=NAMES) as proxy,
        http_client(
            proxy=proxy.url, resolver=nobody, connect_timeout=0.3, idle_timeout=0.3
        ) as client,
    ):
        proxy.mood = mood
        assert kind_of(client, url) is kind


@pytest.mark.parametrize("url", ["http://inner.test/f", "https://inner.test/f"])
@pytest.mark.parametrize("account", ["", "me:wrong-pa55word"])
def test_a_407_says_what_to_do_and_shows_no_password(url: str, account: str) -> None:
    with proxy_server(names=NAMES, account="me:right") as proxy:
        place = proxy.url.replace("//", f"//{account}@") if account else proxy.url
        with http_client(proxy=place, resolver=nobody) as client:
            failure = failure_of(client, url)
    assert failure.kind is Kind.NETWORK_DOWN
    assert "network.proxy" in failure.detail
    assert "pa55word" not in f"{failure} {failure.url}"


def test_a_stop_ends_a_transfer_that_waits_for_the_proxy() -> None:
    stop = threading.Event()
    with (
        proxy_server(names=NAMES) as proxy,
        http_client(proxy=proxy.url, resolver=nobody) as client,
    ):
        proxy.mood = "hangs"
        threading.Timer(0.3, stop.set).start()
        with pytest.raises(Exception, match="stopped"):
            fetch(client, "https://inner.test/f", stop=stop)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RawServer(always(FEED)) as server, http_client() as client:
        assert fetch(client, server.url()).body == b"<rss/>"


def test_kept_connections_through_the_proxy_are_used_again() -> None:
    def twice(peer: Peer) -> None:
        while peer.request() is not None:
            peer.answer("200 OK", b"<rss/>")

    with RawServer(twice) as proxy, http_client(proxy=proxy.url(""), resolver=nobody) as client:
        for _ in range(3):
            fetch(client, "http://inner.test/f")
        assert proxy.connections == 1


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("near.test", True),
        ("sub.near.test", False),
        ("example.org", True),
        ("a.b.example.org", True),
        ("notexample.org", False),
        ("near.test.", True),
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("fd00::5", True),
        ("::1", True),
    ],
)
def test_what_the_bypass_list_covers(host: str, covered: bool) -> None:
    bypass = parse_bypass(("near.test", ".Example.org", "10.0.0.0/8", "fd00::/8", "[::1]"))
    assert bypass.covers(host) is covered


@pytest.mark.parametrize("word", ["10.0.0.1/8", "http://x.test", "a b", "300.1.1.1", "x.test:80"])
def test_a_bypass_list_with_nonsense_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        parse_bypass((word,))


@pytest.mark.parametrize(
    "url", ["https://p.test:8080", "http://", "http://p.test/path", "http://p.test:99999", "p.test"]
)
def test_what_is_no_proxy_is_refused_in_the_settings_and_by_the_client(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_proxy(url)
    with pytest.raises(BadConfiguration, match=r"\[network\] proxy"), http_client(proxy=url):
        pass
    loaded = load(f"[network]\nproxy = {url}\n", file="p.ini")
    assert [problem.line for problem in loaded.problems] == [2]


def test_the_account_in_a_proxys_url_is_decoded() -> None:
    assert parse_proxy("http://me:p%40ss@p.test")[2:] == ("me", "p@ss")
