"""The podcast host keeps its promises on real sockets, the broken ones included."""

from __future__ import annotations

import gzip
import http.client
import json
import shlex
import socket
import subprocess
import sys
import threading
import warnings
import zlib

import pytest
from support.podhost import RawClient, get, new_address, serve, site_of
from support.wait import wait_for

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import (
    Request,
    Route,
    Table,
    bomb,
    changing,
    failing_first,
    in_turn,
    redirect,
    too_many_requests,
    web_page,
)

BODY = bytes(range(256)) * 40


def test_a_body_arrives_whole_with_its_fields() -> None:
    route = Route(body=BODY, content_type="audio/mpeg", etag='"a"', headers=(("X-Odd", "yes"),))
    with serve({"/a": route}) as host:
        reply = get(host.url("/a"))
    assert reply.status == 200
    assert reply.body == BODY
    assert reply.headers["content-length"] == str(len(BODY))
    assert reply.headers["etag"] == '"a"'
    assert reply.headers["x-odd"] == "yes"
    assert reply.headers["accept-ranges"] == "bytes"
    assert "date" in reply.headers


def test_what_no_route_has_is_404() -> None:
    with serve() as host:
        assert get(host.url("/nothing")).status == 404


def test_one_connection_takes_many_requests_even_before_it_reads_an_answer() -> None:
    with serve({"/a": Route(body=b"one"), "/b": Route(body=b"two")}) as host:
        with RawClient(host) as client:
            for _ in range(3):
                client.ask("/a")
                client.ask("/b")
            for _ in range(3):
                client.read_head()
                assert client.read(3) == b"one"
                client.read_head()
                assert client.read(3) == b"two"
        assert host.traffic().most_connections == 1
        assert host.traffic().requests == 6


def test_a_request_may_arrive_byte_by_byte_and_bring_a_body() -> None:
    def echo(request: Request) -> Route:
        return Route(body=request.method.encode() + b" " + request.body)

    with serve({"/a": echo}) as host, RawClient(host) as client:
        for byte in b"POST /a HTTP/1.1\r\nHost: x:1\r\nContent-Length: 5\r\n\r\nhello":
            client.sock.sendall(bytes([byte]))
        assert "Content-Length: 10" in client.read_head()
        assert client.read(10) == b"POST hello"
        assert host.requests[0].body == b"hello"


def test_every_address_is_a_host_of_its_own() -> None:
    table = Table(routes={"/a": Route(body=b"any")})
    with PodcastHost(table) as host:
        first, second = host.url("/a", new_address()), host.url("/a", new_address())
        if site_of(first) == site_of(second):
            pytest.skip("this system has one loopback address")
        table.by_address[(site_of(second), "/a")] = Route(body=b"second")
        assert get(first).body == b"any"
        assert get(second).body == b"second"
        assert [served.address for served in host.requests] == [site_of(first), site_of(second)]
        assert len(host.asked("/a", site_of(first))) == 1


def test_a_name_in_the_host_field_is_a_host_of_its_own() -> None:
    with serve({"/a": Route(body=b"x")}) as host:
        get(host.url("/a"), Host=f"feeds.example:{host.port}")
        assert host.requests[0].address == "feeds.example"
        assert host.traffic("feeds.example").requests == 1
        assert host.traffic("feeds.example").most_connections == 1


def test_only_loopback_can_be_served() -> None:
    from podfetch_tui.demo.listening import open_listener

    for address in ("0.0.0.0", "192.168.1.1", "8.8.8.8"):
        with pytest.raises(ValueError, match="127"):
            open_listener(address, 0)


def test_nobody_outside_the_loopback_interface_is_answered() -> None:
    with serve({"/a": Route(body=b"x")}) as host:
        own = _own_outside_address()
        if own is None:
            pytest.skip("this machine has no other address")
        with socket.socket() as client:
            client.settimeout(5)
            # Bound to the outside address, as a packet from the network would be.
            client.bind((own, 0))
            with pytest.raises(ConnectionRefusedError):
                client.connect((own, host.port))


def test_a_system_that_ignores_the_interface_answers_nobody_outside_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An option that takes any number stands for one that is accepted without effect.
    monkeypatch.setattr("podfetch_tui.demo.listening._INTERFACE_OPTION", socket.SO_KEEPALIVE)
    with serve({"/a": Route(body=b"x")}) as host:
        assert get(host.url("/a", new_address())).body == b"x"
        own = _own_outside_address()
        if own is None:
            pytest.skip("this machine has no other address")
        with socket.create_connection((own, host.port), 20) as client:
            assert client.recv(10) == b""


def _own_outside_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


def test_known_validators_are_answered_with_304_and_no_body() -> None:
    route = Route(body=BODY, etag='"a"', last_modified="Mon, 02 Nov 2026 06:00:00 GMT")
    with serve({"/a": route}) as host:
        for field in (
            {"If_None_Match": '"b", W/"a"'},
            {"If_None_Match": "*"},
            {"If_Modified_Since": "Mon, 02 Nov 2026 06:00:00 GMT"},
            {"If_Modified_Since": "Tue, 03 Nov 2026 06:00:00 GMT"},
        ):
            reply = get(host.url("/a"), **field)
            assert (reply.status, reply.body) == (304, b""), field
            assert reply.headers["etag"] == '"a"'
        assert get(host.url("/a"), If_Modified_Since="Sun, 01 Nov 2026 06:00:00 GMT").status == 200
        assert get(host.url("/a"), If_None_Match='"b"').status == 200
        stale = get(
            host.url("/a"),
            If_None_Match='"b"',
            If_Modified_Since="Mon, 02 Nov 2026 06:00:00 GMT",
        )
        assert stale.status == 200, "If-None-Match goes first"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=100-", 100, 10240), ("bytes=-40", 10200, 10240),
     ("bytes=10000-99999", 10000, 10240), ("bytes=-99999", 0, 10240)],
)  # fmt: skip
def test_a_range_is_answered_with_exactly_those_bytes(asked: str, start: int, stop: int) -> None:
    with serve({"/a": Route(body=BODY)}) as host:
        reply = get(host.url("/a"), Range=asked)
    assert reply.status == 206
    assert reply.body == BODY[start:stop]
    assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(BODY)}"


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(asked: str) -> None:
    with serve({"/a": Route(body=BODY)}) as host:
        reply = get(host.url("/a"), Range=asked)
    assert (reply.status, reply.body) == (416, b"")
    assert reply.headers["content-range"] == f"bytes */{len(BODY)}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "bytes=1-2,5-6", "lines=1-2", "bytes=x"])
def test_what_is_no_single_range_gets_the_whole(asked: str) -> None:
    with serve({"/a": Route(body=BODY)}) as host:
        reply = get(host.url("/a"), Range=asked)
    assert (reply.status, reply.body) == (200, BODY)


def test_if_range_gets_a_part_of_the_same_version_only() -> None:
    date = "Mon, 02 Nov 2026 06:00:00 GMT"
    routes = {
        "/strong": Route(body=BODY, etag='"a"', last_modified=date),
        "/weak": Route(body=BODY, etag='W/"a"'),
        "/liar": Route(body=BODY, etag='"a"', ignore_if_range=True),
    }
    with serve(routes) as host:
        for path, condition, status in (
            ("/strong", '"a"', 206),
            ("/strong", date, 206),
            ("/strong", '"b"', 200),
            ("/weak", 'W/"a"', 200),
            ("/liar", '"b"', 206),
        ):
            reply = get(host.url(path), Range="bytes=10-", If_Range=condition)
            assert reply.status == status, (path, condition)
            assert host.requests[-1].if_range == condition


def test_a_host_can_ignore_ranges_and_lie_about_them() -> None:
    routes = {
        "/deaf": Route(body=BODY, ranges=False),
        "/wrong": Route(body=BODY, content_range="bytes 7-9/10"),
    }
    with serve(routes) as host:
        assert get(host.url("/deaf"), Range="bytes=10-").status == 200
        assert get(host.url("/wrong"), Range="bytes=10-").headers["content-range"] == "bytes 7-9/10"


def test_head_has_the_fields_and_no_body() -> None:
    with serve({"/a": Route(body=BODY)}) as host:
        reply = get(host.url("/a"), method="HEAD")
    assert reply.headers["content-length"] == str(len(BODY))
    assert reply.body == b""


def test_gzip_is_for_those_who_accept_it() -> None:
    with serve({"/a": Route(body=BODY, gzip=True)}) as host:
        packed = get(host.url("/a"), Accept_Encoding="gzip")
        plain = get(host.url("/a"))
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == BODY
    assert "content-encoding" not in plain.headers
    assert plain.body == BODY


def test_a_bomb_is_small_on_the_wire_and_large_unpacked() -> None:
    with serve({"/a": bomb(50_000_001)}) as host:
        reply = get(host.url("/a"))
    assert len(reply.body) < 60_000
    size = 0
    unpacker = zlib.decompressobj(31)
    rest = reply.body
    while rest:
        size += len(unpacker.decompress(rest, 1 << 20))
        rest = unpacker.unconsumed_tail
    size += len(unpacker.flush())
    assert size == 50_000_001 + len(b"<rss><channel><title>")


def test_redirects_name_their_target() -> None:
    with serve({"/a": redirect("http://127.9.9.9/x", 308)}) as host:
        reply = get(host.url("/a"))
    assert (reply.status, reply.headers["location"]) == (308, "http://127.9.9.9/x")


def test_failures_come_first_and_the_last_answer_stays() -> None:
    good = Route(body=b"good")
    routes = {
        "/a": failing_first(2, Route(status=503), good),
        "/b": in_turn(too_many_requests(3), web_page(), good),
    }
    with serve(routes) as host:
        assert [get(host.url("/a")).status for _ in range(4)] == [503, 503, 200, 200]
        replies = [get(host.url("/b")) for _ in range(4)]
        assert [reply.status for reply in replies] == [429, 200, 200, 200]
        assert replies[0].headers["retry-after"] == "3"
        assert b"html" in replies[1].body
        assert replies[2].body == replies[3].body == b"good"
        assert host.arrivals("/a") == 4


def test_requests_are_counted_by_address() -> None:
    with serve({"/a": failing_first(1, Route(status=503), Route())}) as host:
        first, second = host.url("/a", new_address()), host.url("/a", new_address())
        if site_of(first) == site_of(second):
            pytest.skip("this system has one loopback address")
        assert [get(first).status, get(second).status, get(first).status] == [503, 503, 200]
        assert host.arrivals("/a") == 3
        assert host.arrivals("/a", site_of(first)) == 2


@pytest.mark.parametrize("honest", [True, False])
def test_inserted_advertisements_change_the_bytes_at_each_request(honest: bool) -> None:
    route = changing(lambda count: b"ad %d" % count, Route(etag='"a"'), honest=honest)
    with serve({"/a": route}) as host:
        first, second = get(host.url("/a")), get(host.url("/a"))
        assert first.body != second.body
        assert (first.headers["etag"] != second.headers["etag"]) is honest
        resumed = get(host.url("/a"), Range="bytes=2-", If_Range=first.headers["etag"])
        assert resumed.status == (200 if honest else 206)


def test_a_declared_length_can_promise_more_than_comes() -> None:
    with serve({"/a": Route(body=b"12345", declared_length=9)}) as host:
        with pytest.raises(http.client.IncompleteRead) as cut:
            get(host.url("/a"))
        assert cut.value.partial == b"12345"
        with RawClient(host) as client:
            client.ask("/a")
            assert "Content-Length: 9" in client.read_head()
            assert client.read_to_end() == (b"12345", "closed")


def test_a_declared_length_can_promise_less_than_comes() -> None:
    with serve({"/a": Route(body=b"12345", declared_length=2)}) as host, RawClient(host) as client:
        client.ask("/a")
        assert "Content-Length: 2" in client.read_head()
        assert client.read_to_end() == (b"12345", "closed")


def test_a_body_without_length_ends_with_the_connection() -> None:
    with serve({"/a": Route(body=BODY, framing="close")}) as host, RawClient(host) as client:
        client.ask("/a")
        head = client.read_head()
        assert "Content-Length" not in head
        assert "Connection: close" in head
        assert client.read_to_end() == (BODY, "closed")


def test_chunks_can_be_right_broken_or_unfinished() -> None:
    kinds = ("chunked", "broken_chunks", "unfinished_chunks")
    with serve({f"/{kind}": Route(body=BODY, framing=kind) for kind in kinds}) as host:
        assert get(host.url("/chunked")).body == BODY
        assert get(host.url("/chunked"), method="HEAD").body == b""
        for kind in ("broken_chunks", "unfinished_chunks"):
            with pytest.raises(http.client.IncompleteRead):
                get(host.url(f"/{kind}"))
    with serve({"/empty": Route(framing="chunked")}) as host:
        assert get(host.url("/empty")).body == b""


def test_a_host_can_close_reset_or_hang_at_a_byte() -> None:
    routes = {
        "/cut": Route(body=BODY, cut_at=5000),
        "/reset": Route(body=BODY, reset_at=5000),
        "/hang": Route(body=BODY, hang_at=5000),
        "/reset-head": Route(body=BODY, reset_at=0),
    }
    with serve(routes) as host:
        for path, expected in (
            ("/cut", (BODY[:5000], "closed")),
            ("/reset", (BODY[:5000], "reset")),
            ("/reset-head", (b"", "reset")),
        ):
            with RawClient(host) as client:
                client.ask(path)
                assert f"Content-Length: {len(BODY)}" in client.read_head()
                assert client.read_to_end() == expected
                assert host.requests[-1].sent == len(expected[0])
        with RawClient(host) as client:
            client.ask("/hang")
            client.read_head()
            assert client.read(5000) == BODY[:5000]
            wait_for(lambda: host.asked("/hang"))
            assert host.asked("/hang")[0].sent == 5000
            client.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.sock.recv(1)


def test_a_reset_loses_nothing_that_was_sent_before() -> None:
    body = BODY * 60
    with serve({"/a": Route(body=body, reset_at=600_000)}) as host:
        for _ in range(5):
            with RawClient(host) as client:
                client.ask("/a")
                client.read_head()
                assert client.read_to_end() == (body[:600_000], "reset")


def test_the_positions_of_a_range_count_from_its_start() -> None:
    with serve({"/a": Route(body=BODY, cut_at=100)}) as host, RawClient(host) as client:
        client.ask("/a", "Range: bytes=500-")
        client.read_head()
        assert client.read_to_end() == (BODY[500:600], "closed")


def test_a_host_can_say_nothing_at_all_or_reset_at_once() -> None:
    routes = {"/hang": Route(hang_before=True), "/reset": Route(reset_before=True)}
    with serve(routes) as host:
        with RawClient(host) as client:
            client.ask("/reset")
            assert client.read_to_end() == (b"", "reset")
        with RawClient(host) as client:
            client.ask("/hang")
            wait_for(lambda: host.asked("/hang"))
            client.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.sock.recv(1)
            assert host.traffic().connections == 1
        wait_for(lambda: host.traffic().connections == 0)


def test_a_host_can_drip_its_body_or_its_header_or_wait_first() -> None:
    routes = {
        "/drip": Route(body=b"123456789", drip=(4, 0.001)),
        "/slow": Route(body=BODY, rate=1_000_000),
        "/headers": Route(body=b"123", drip_headers=0.0001),
        "/late": Route(body=b"123", delay=0.001),
    }
    with serve(routes) as host:
        assert get(host.url("/drip")).body == b"123456789"
        assert get(host.url("/slow")).body == BODY
        assert get(host.url("/headers")).body == b"123"
        assert get(host.url("/late")).body == b"123"


def test_an_endless_body_goes_on_until_the_client_leaves() -> None:
    with serve({"/a": Route(body=b"ab", endless=True)}) as host:
        with RawClient(host) as client:
            client.ask("/a")
            assert "Content-Length" not in client.read_head()
            assert client.read(1_000_001) == b"ab" * 500_000 + b"a"
        wait_for(lambda: host.asked("/a"))
        assert host.asked("/a")[0].sent > 1_000_000
    with serve({"/a": Route(body=b"ab", endless=True, cut_at=7)}) as host, RawClient(host) as raw:
        raw.ask("/a")
        raw.read_head()
        assert raw.read_to_end() == (b"abababa", "closed")


def test_a_client_that_is_gone_leaves_nothing_behind() -> None:
    with serve({"/a": Route(body=BODY * 2000, etag='"a"')}) as host:
        for _ in range(20):
            with RawClient(host) as client:
                client.ask("/a")
                client.read_head()
        wait_for(lambda: host.traffic().connections == 0)
        assert host.traffic().active == 0
        assert len(host.asked("/a")) == 20
        assert get(host.url("/a"), If_None_Match='"a"').status == 304


def test_one_slow_client_does_not_hold_up_another() -> None:
    routes = {"/big": Route(body=BODY * 4000), "/a": Route(body=b"x")}
    with serve(routes) as host, RawClient(host) as lazy:
        lazy.ask("/big")  # and never reads it
        for _ in range(50):
            assert get(host.url("/a")).body == b"x"


def test_a_pooled_connection_can_be_closed_without_a_word() -> None:
    with serve({"/a": Route(body=b"x"), "/drop": Route(body=b"x", drop=True)}) as host:
        with RawClient(host) as client:
            client.ask("/drop")
            assert "Connection" not in client.read_head()
            assert client.read_to_end() == (b"x", "closed")
        with RawClient(host) as client:
            client.ask("/a")
            client.read_head()
            assert client.read(1) == b"x"
            host.drop_idle()
            assert client.read_to_end() == (b"", "closed")


def test_a_client_that_asks_to_close_is_closed() -> None:
    with serve({"/a": Route(body=b"x")}) as host, RawClient(host) as client:
        client.ask("/a", "Connection: close")
        assert "Connection: close" in client.read_head()
        assert client.read_to_end() == (b"x", "closed")


def test_politeness_can_be_seen() -> None:
    with serve({"/hang": Route(hang_before=True), "/a": Route(body=b"x")}) as host:
        url = host.url("/a", new_address())
        site = site_of(url)
        with RawClient(host, site) as first, RawClient(host, site) as second:
            first.ask("/hang")
            second.ask("/hang")
            wait_for(lambda: host.arrivals("/hang", site) == 2)
            assert get(url).status == 200
        seen = host.traffic(site)
        assert seen.requests == 3
        assert seen.most_connections == 3
        assert seen.least_spacing is not None
        wait_for(lambda: seen.connections == 0)


def test_the_log_tells_what_was_asked() -> None:
    with serve({"/a": Route(body=BODY, etag='"a"')}) as host:
        get(host.url("/a?x=1"), Range="bytes=5-", If_Range='"a"', User_Agent="Test/1")
        (served,) = host.requests
        assert (served.method, served.path, served.status) == ("GET", "/a?x=1", 206)
        assert (served.range, served.if_range, served.user_agent) == ("bytes=5-", '"a"', "Test/1")
        assert served.if_none_match is None
        assert served.sent == len(BODY) - 5


def test_an_answer_is_in_the_log_before_its_client_sees_the_end() -> None:
    with serve({"/a": Route(body=b"x"), "/c": Route(body=BODY, framing="chunked")}) as host:
        for number in range(1, 200):
            get(host.url("/a" if number % 2 else "/c"))
            assert len(host.requests) == number


def test_closing_ends_what_drips_and_hangs_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    routes = {
        "/hang": Route(hang_before=True),
        "/drip": Route(body=BODY, drip=(1, 3600.0)),
        "/slow": Route(body=BODY, rate=1),
        "/late": Route(delay=3600.0),
    }
    clients = []
    with serve(routes) as host:
        for path in routes:
            client = RawClient(host)
            client.ask(path)
            clients.append(client)
        wait_for(lambda: all(host.arrivals(path) for path in routes))
    for client in clients:
        assert client.read_to_end()[1] in ("closed", "reset")
        client.sock.close()
    assert set(threading.enumerate()) <= before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        host.close()


def test_an_answer_that_raises_is_told_to_the_test() -> None:
    def bad(_: Request) -> Route:
        raise KeyError("a mistake in a test's route")

    host = PodcastHost(Table(routes={"/a": bad})).start()
    with pytest.raises((OSError, http.client.HTTPException)):
        get(host.url("/a"))
    with pytest.raises(KeyError, match="mistake"):
        host.close()


@pytest.mark.parametrize("garbage", [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe \x00\r\nx\r\n\r\n"])
def test_garbage_does_not_end_the_host(garbage: bytes) -> None:
    with serve({"/a": Route(body=b"x")}) as host:
        with RawClient(host) as client:
            client.sock.sendall(garbage)
            client.read_head()
        assert get(host.url("/a")).body == b"x"


def test_a_header_without_end_is_cut_off() -> None:
    with serve() as host, RawClient(host) as client:
        client.sock.sendall(b"X-Long: " + b"x" * 70_000)
        assert client.read_to_end() == (b"", "closed")


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error() -> None:
    with serve() as host:
        with pytest.raises(OSError, match="in use"):
            PodcastHost(port=host.port).start()
        port = host.port
    with PodcastHost(port=port) as again:
        assert again.port == port


def test_addresses_have_sockets_of_their_own_where_one_cannot_serve_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("podfetch_tui.demo.listening._INTERFACE_OPTION", None)
    with serve({"/a": Route(body=b"x")}) as host:
        address = new_address()
        url = host.url("/a", address)
        assert get(url).body == b"x"
        assert get(host.url("/a")).body == b"x"
        assert host.asked("/a", site_of(url))
        with pytest.raises(ConnectionRefusedError):
            get(f"http://{new_address()}:{host.port}/a")


def test_a_host_without_descriptors_lets_idle_connections_go() -> None:
    serving = f"ulimit -n 40; exec {shlex.quote(sys.executable)} -m podfetch_tui.demo.bulk"
    with subprocess.Popen(
        ["/bin/sh", "-c", serving], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        idle = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(60)]
        assert get(f"http://127.0.0.1:{port}/media/a/1.mp3?bytes=5000").status == 200
        for client in idle:
            client.close()
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    "wrong", [{"framing": "smoke"}, {"drip": (0, 1.0)}, {"endless": True, "body": b""}]
)
def test_a_route_that_cannot_be_served_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Route(**wrong)  # type: ignore[arg-type]
