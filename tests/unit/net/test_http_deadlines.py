"""No host holds a worker: deadlines, idle time and the stop event, wherever it hangs."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time

import pytest
import trustme
from support.httpclient import LOOPBACK, failure_of, fetch, http_client, kind_of
from support.rawserver import Handler, Peer, RawServer, message

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.deadlines import Watch, Watchdog
from podfetch_tui.net.exchange import exchange
from podfetch_tui.net.names import Names
from podfetch_tui.net.pools import Pools
from podfetch_tui.net.target import parse_target
from podfetch_tui.net.vetting import Dialer, Rules
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.system.clock import Clock

DEADLINE = 0.3


def hangs_after_accept(peer: Peer) -> None:
    peer.hang()


def hangs_after_the_request(peer: Peer) -> None:
    peer.request()
    peer.hang()


def drips_the_head(peer: Peer) -> None:
    peer.request()
    peer.drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000)


def drips_the_body(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    peer.drip(b"x" * 10_000)


def drips_chunks(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\nx\r\n" * 10_000)


def drips_a_chunk_size(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"0" * 10_000)


def drips_trailers(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    peer.drip(b"T: t\r\n" * 10_000)


def drips_interim_answers(peer: Peer) -> None:
    peer.request()
    peer.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)


def drips_an_error_page(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10000\r\n\r\n")
    peer.drip(b"x" * 10_000)


def drips_a_body_without_length(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.drip(b"x" * 10_000)


SLOW = [
    hangs_after_accept,
    hangs_after_the_request,
    drips_the_head,
    drips_the_body,
    drips_chunks,
    drips_a_chunk_size,
    drips_trailers,
    drips_interim_answers,
    drips_a_body_without_length,
]


@pytest.mark.parametrize("handler", [*SLOW, drips_an_error_page])
def test_the_deadline_holds_in_every_phase(handler: Handler) -> None:
    with RawServer(handler) as server, http_client(feed_deadline=DEADLINE) as client:
        assert kind_of(client, server.url()) is Kind.DEADLINE


@pytest.mark.parametrize("handler", SLOW)
def test_a_stop_ends_a_blocked_transfer(handler: Handler) -> None:
    stop = threading.Event()
    with RawServer(handler) as server, http_client(feed_deadline=60.0) as client:
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(Failure) as caught:
            fetch(client, server.url(), stop=stop)
        timer.join()
    assert caught.value.kind is Kind.STOPPED


def test_a_stopped_transfer_does_not_begin() -> None:
    stop = threading.Event()
    stop.set()
    with (
        RawServer(hangs_after_accept) as server,
        http_client() as client,
        pytest.raises(Failure) as caught,
    ):
        fetch(client, server.url(), stop=stop)
    assert caught.value.kind is Kind.STOPPED
    assert server.connections == 0


@pytest.mark.parametrize("handler", [hangs_after_the_request, hangs_after_accept])
def test_silence_ends_a_transfer_before_its_deadline(handler: Handler) -> None:
    with RawServer(handler) as server, http_client(idle_timeout=0.2) as client:
        assert kind_of(client, server.url()) is Kind.READ_TIMEOUT


def test_the_deadline_holds_while_a_tls_handshake_drips() -> None:
    def drips_tls(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\x03" * 16384)

    with RawServer(drips_tls) as server, http_client(feed_deadline=DEADLINE) as client:
        url = server.url().replace("http:", "https:")
        assert kind_of(client, url) is Kind.DEADLINE


def test_a_silent_tls_handshake_ends_with_the_connect_timeout() -> None:
    with RawServer(hangs_after_accept) as server, http_client(connect_timeout=0.2) as client:
        url = server.url().replace("http:", "https:")
        assert kind_of(client, url) is Kind.CONNECT_TIMEOUT


@pytest.mark.timeout(20)
def test_a_stop_ends_a_tls_handshake() -> None:
    stop = threading.Event()
    with (
        RawServer(hangs_after_accept) as server,
        http_client(connect_timeout=100.0, feed_deadline=100.0) as client,
    ):
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(Failure) as caught:
            fetch(client, server.url().replace("http:", "https:"), stop=stop)
        timer.join()
    assert caught.value.kind is Kind.STOPPED


def test_a_cut_tls_body_is_never_taken_for_a_whole_one() -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with (
        authority.cert_pem.tempfile() as bundle,
        RawServer(drips_a_body_without_length, tls=tls) as server,
        http_client(feed_deadline=DEADLINE, ca_bundle=bundle) as client,
    ):
        assert kind_of(client, server.url()) is Kind.DEADLINE


def test_the_deadline_is_for_all_redirects_together() -> None:
    def slow_circle(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.server.closing.wait(0.1)
            peer.answer("302 Found", b"", f"Location: {request.path}x")

    with (
        RawServer(slow_circle) as server,
        http_client(feed_deadline=DEADLINE, max_redirects=50) as client,
    ):
        assert kind_of(client, server.url()) is Kind.DEADLINE


def test_a_connection_attempt_nobody_answers_ends_at_its_timeout() -> None:
    # A full backlog drops further SYNs.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            url = f"http://127.0.0.1:{port}/"
            with http_client(connect_timeout=0.2) as client:
                assert kind_of(client, url) is Kind.CONNECT_TIMEOUT
            with http_client(feed_deadline=DEADLINE) as client:
                assert kind_of(client, url) is Kind.DEADLINE
        finally:
            for filler in fillers:
                filler.close()


def test_slow_hosts_do_not_slow_the_others() -> None:
    stop = threading.Event()
    kinds: list[Kind] = []

    def be_held(url: str) -> None:
        with pytest.raises(Failure) as caught:
            fetch(client, url, stop=stop)
        kinds.append(caught.value.kind)

    def quick(peer: Peer) -> None:
        while peer.request() is not None:
            peer.answer("200 OK", b"ok")

    with (
        RawServer(drips_the_body, address="127.0.0.2") as slow,
        RawServer(quick) as fast,
        http_client(per_host=20, feed_deadline=60.0, allow_private=LOOPBACK) as client,
    ):
        threads = [threading.Thread(target=be_held, args=(slow.url(),)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            assert fetch(client, fast.url()).body == b"ok"
        assert not kinds
        stop.set()
        for thread in threads:
            thread.join()
    assert kinds == [Kind.STOPPED] * 20


def test_a_released_socket_is_never_shut() -> None:
    watch = Watch(-1, threading.Event())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch.hold(ours)
        assert watch.release()
        watch.enforce(time.monotonic())
        ours.send(b"alive")
        assert theirs.recv(5) == b"alive"
        # And one that was seen before is not to be used again.
        other = Watch(-1, threading.Event())
        other.hold(ours)
        other.enforce(time.monotonic())
        assert not other.release()


def test_a_cut_before_the_socket_is_noticed_when_the_socket_comes() -> None:
    watch = Watch(-1, threading.Event())
    watch.enforce(time.monotonic())
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Failure) as caught:
        watch.hold(ours)
    assert caught.value.kind is Kind.DEADLINE


def test_a_cut_never_lets_ciphertext_pass_for_a_body() -> None:
    authority = trustme.CA()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pod.test").configure_cert(serving)
    asking = ssl.create_default_context()
    authority.configure_trust(asking)

    def speaks_at_once(peer: Peer) -> None:
        peer.send(b"first")
        peer.sock.recv(1)
        peer.send(b"second")
        peer.hang()

    with RawServer(speaks_at_once, tls=serving) as server:
        plain = socket.create_connection(("127.0.0.1", server.port))
        with asking.wrap_socket(plain, server_hostname="pod.test") as sock:
            assert sock.recv(100) == b"first"
            sock.send(b"x")
            select.select([sock], [], [], 10)  # the second record waits in the socket
            watch = Watch(-1, threading.Event())
            with pytest.raises(Failure):
                watch.remaining()
            watch.hold(sock)
            watch.enforce(time.monotonic())
            assert sock.recv(100) in (b"second", b"")


def test_a_connection_whose_time_ran_out_is_not_used_again() -> None:
    names = Names(clock=Clock())
    dialer = Dialer(names, Rules(parse_networks(LOOPBACK), 5.0))
    pools = Pools(dialer, ssl.create_default_context(), per_host=1)

    def quick(peer: Peer) -> None:
        while peer.request() is not None:
            peer.answer("200 OK", b"ok")

    with RawServer(quick) as server:
        target = parse_target(server.url(), parse_networks(LOOPBACK))
        kept = []
        for cut in (False, True):
            watch = Watch(30, threading.Event())
            answer = exchange(pools, target, headers={}, watch=watch, idle_timeout=5.0)
            assert answer.read(100) == b"ok"
            if cut:
                watch.cut = Kind.DEADLINE  # decided; the socket is about to be shut
            answer.finish()
            pool, conn = pools.lease(target.origin, Watch(30, threading.Event()))
            kept.append(conn.sock is not None)
            pool.give_back(conn)
    pools.close()
    names.close()
    assert kept == [True, False]


def test_a_transfer_that_is_over_is_left_alone() -> None:
    watch = Watch(-1, threading.Event())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch.hold(ours)
        watch.end()
        watch.enforce(time.monotonic())
        ours.send(b"alive")
        assert theirs.recv(5) == b"alive"


def test_the_watchdog_wakes_for_work_after_a_rest() -> None:
    watchdog = Watchdog()
    for _ in range(2):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            watch = watchdog.watch(0.05, threading.Event())
            watch.hold(ours)
            assert ours.recv(1) == b""  # shut by the watchdog
            assert watch.cut is Kind.DEADLINE
            watch.end()
    watchdog.close()


def test_a_reply_after_the_deadline_is_not_used() -> None:
    def late(peer: Peer) -> None:
        peer.request()
        peer.server.closing.wait(1.0)
        peer.send(message("200 OK", body=b"late"))

    with RawServer(late) as server, http_client(feed_deadline=DEADLINE) as client:
        assert failure_of(client, server.url()).kind is Kind.DEADLINE
