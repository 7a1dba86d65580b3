"""No packet goes to an address that policy refuses, by whatever way it is named."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from support.httpclient import LOOPBACK, failure_of, fetch, http_client, kind_of
from support.rawserver import RawServer, always, message

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.deadlines import Watch
from podfetch_tui.net.names import Names
from podfetch_tui.net.vetting import Dialer, Rules
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.system.clock import Clock

OK = always(message("200 OK", body=b"ok"))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "127.1",
        "127.0.0.1.",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "inside.test",
        "mapped.test",
        "scoped.test",
    ],
)
def test_no_packet_reaches_loopback_by_any_name(host: str) -> None:
    table = {"mapped.test": ["::ffff:127.0.0.1"], "scoped.test": ["fe80::1%lo"]}

    def lookup(name: str) -> Sequence[str]:
        return table.get(name, ["127.0.0.1"])

    with RawServer(OK) as server, http_client(allow_private=(), resolver=lookup) as client:
        failure = failure_of(client, server.url(host=host))
    assert failure.kind is Kind.BLOCKED_ADDRESS
    assert failure.detail
    assert server.connections == 0


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/", "data:,x", "feed://x/", "/x", ""]
)
def test_only_http_is_spoken(url: str) -> None:
    with http_client() as client:
        assert kind_of(client, url) is Kind.BLOCKED_SCHEME


def test_of_several_answers_only_the_allowed_are_used() -> None:
    with RawServer(OK) as server:
        found = ["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"]
        with http_client(resolver=lambda name: found) as client:
            assert fetch(client, server.url(host="mixed.test")).body == b"ok"
    assert server.requests[0].headers["host"] == f"mixed.test:{server.port}"


def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    asked: list[str] = []

    def rebinding(name: str) -> Sequence[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with (
        RawServer(OK) as public,
        RawServer(OK, address="127.0.0.2", port=public.port) as private,
        http_client(allow_private=("127.0.0.1/32",), resolver=rebinding) as client,
    ):
        assert fetch(client, public.url(host="rebind.test")).body == b"ok"
        assert fetch(client, public.url(host="rebind.test")).body == b"ok"
    assert asked == ["rebind.test"]
    assert private.connections == 0


def test_a_name_that_turns_private_is_refused_at_the_next_connection() -> None:
    found = iter((["127.0.0.1"], ["127.0.0.2"]))
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    with (
        RawServer(always(closing)) as server,
        http_client(allow_private=("127.0.0.1/32",), resolver=lambda name: next(found)) as client,
    ):
        assert fetch(client, server.url(host="turn.test")).body == b"ok"
        client.forget_names()
        assert kind_of(client, server.url(host="turn.test")) is Kind.BLOCKED_ADDRESS


def test_a_dead_address_is_followed_by_the_next() -> None:
    with RawServer(OK, address="127.0.0.4") as server:
        found = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
        with http_client(resolver=lambda name: found) as client:
            assert fetch(client, server.url(host="multi.test")).body == b"ok"


def test_at_most_four_addresses_are_tried() -> None:
    with RawServer(OK, address="127.0.0.9") as server:
        found = [f"127.0.0.{n}" for n in range(5, 10)]
        with http_client(resolver=lambda name: found) as client:
            assert kind_of(client, server.url(host="multi.test")) is Kind.CONNECT_REFUSED
    assert server.connections == 0


def test_the_families_take_turns() -> None:
    tried: list[str] = []

    class Recording(Dialer):
        def _begin(self, address: object, port: int) -> socket.socket:
            tried.append(str(address))
            raise OSError(101, "unreachable")

    found = ["2600::1", "2600::2", "2600::3", "8.8.8.8", "8.8.4.4"]
    names = Names(clock=Clock(), lookup=lambda host: found)
    dialer = Recording(names, Rules((), 1.0))
    with pytest.raises(Failure) as caught:
        dialer.dial("x.test", 80, Watch(10, threading.Event()))
    names.close()
    assert tried == ["2600::1", "8.8.8.8", "2600::2", "8.8.4.4"]
    assert caught.value.kind is Kind.UNREACHABLE


@contextlib.contextmanager
def silent_listener(address: str, *, bound: str = "") -> Iterator[int]:
    """A port of ``address`` that drops every attempt to connect, as a dead route does."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(socket.socket(family))
            listener.bind((bound or address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(8):  # the system's queue is full after one or two
            filler = stack.enter_context(socket.socket(family))
            filler.settimeout(0.2)
            try:
                filler.connect((address, port))
            except TimeoutError:
                yield port
                return
        pytest.skip("this system answers although its queue is full")


@pytest.mark.parametrize(("dead", "alive"), [("::1", "127.0.0.1"), ("127.0.0.2", "127.0.0.3")])
def test_a_silent_first_address_costs_a_moment_and_not_a_timeout(dead: str, alive: str) -> None:
    with (
        silent_listener(dead) as port,
        RawServer(OK, address=alive, port=port) as server,
        http_client(
            allow_private=("127.0.0.0/8", "::1/128"),
            connect_timeout=30.0,
            feed_deadline=20.0,
            resolver=lambda name: [dead, alive],
        ) as client,
    ):
        assert fetch(client, server.url(host="both.test")).body == b"ok"
    assert server.connections == 1


def test_a_family_that_was_silent_comes_last_for_a_while() -> None:
    with (
        silent_listener("::1") as port,
        RawServer(OK, address="127.0.0.1", port=port) as server,
        http_client(
            allow_private=("127.0.0.0/8", "::1/128"), resolver=lambda name: ["::1", "127.0.0.1"]
        ) as client,
    ):
        fetch(client, server.url(host="both.test"))
        found = client._dialer.vetted("both.test", Watch(10, threading.Event()))
        assert [address.version for address in client._dialer._ordered(found)] == [4, 6]


def test_all_addresses_share_one_connect_timeout() -> None:
    with (
        silent_listener("127.0.0.2", bound="0.0.0.0") as port,
        http_client(
            connect_timeout=0.6, resolver=lambda name: [f"127.0.0.{n}" for n in range(2, 6)]
        ) as client,
    ):
        url = f"http://dead.test:{port}/"
        began = time.monotonic()
        assert kind_of(client, url) is Kind.CONNECT_TIMEOUT
        assert time.monotonic() - began < 2  # one after the other it would be 2.4


def test_a_stop_ends_the_attempts_at_once() -> None:
    with silent_listener("127.0.0.2") as port:
        stop = threading.Event()
        stop.set()
        names = Names(clock=Clock(), lookup=lambda host: ["127.0.0.2", "127.0.0.3"])
        dialer = Dialer(names, Rules(parse_networks(LOOPBACK), 30.0))
        with pytest.raises(Failure) as caught:
            dialer.dial("x.test", port, Watch(30, stop))
        names.close()
    assert caught.value.kind is Kind.STOPPED


def test_our_own_lack_of_descriptors_is_not_the_hosts_fault() -> None:
    calls: list[str] = []

    class Exhausted(Dialer):
        def _begin(self, address: object, port: int) -> socket.socket:
            calls.append(str(address))
            raise OSError(24, "Too many open files")

    names = Names(clock=Clock(), lookup=lambda host: ["8.8.8.8", "8.8.4.4"])
    with pytest.raises(Failure) as caught:
        Exhausted(names, Rules((), 1.0)).dial("x.test", 80, Watch(10, threading.Event()))
    names.close()
    assert caught.value.kind is Kind.TOO_MANY_FILES
    assert calls == ["8.8.8.8"]


def test_a_literal_address_asks_no_name_server() -> None:
    def never(name: str) -> Sequence[str]:
        raise AssertionError(name)

    names = Names(clock=Clock(), lookup=never)
    dialer = Dialer(names, Rules(parse_networks(LOOPBACK), 1.0))
    found = dialer.vetted("127.0.0.1", Watch(10, threading.Event()))
    names.close()
    assert [str(address) for address in found] == ["127.0.0.1"]


def test_a_changed_allow_list_holds_for_kept_connections_too() -> None:
    with RawServer(OK) as server, http_client(resolver=lambda name: ["127.0.0.1"]) as client:
        url = server.url(host="kept.test")
        assert fetch(client, url).body == b"ok"
        client.configure(NetworkSettings(), per_host=2)
        assert kind_of(client, url) is Kind.BLOCKED_ADDRESS
    assert len(server.requests) == 1


def test_a_refused_connection_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with http_client() as client:
        assert kind_of(client, f"http://127.0.0.1:{port}/") is Kind.CONNECT_REFUSED


def test_ipv6_works_where_it_is_allowed() -> None:
    try:
        server = RawServer(OK, address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server, http_client(allow_private=("::1/128",)) as client:
        assert fetch(client, server.url(host="[::1]")).body == b"ok"
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
