"""A poll: what is asked, what comes back, and how every answer ends."""

from __future__ import annotations

import gzip
import threading

import pytest
from support.clock import FakeClock
from support.httpclient import LOOPBACK, failure_of, fetch, http_client, kind_of
from support.rawserver import Peer, RawServer, always, message

from podfetch_tui import __version__
from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.model.feed import Access, Validators
from podfetch_tui.model.work_settings import NetworkSettings

FEED = b"<rss><channel><title>t</title></channel></rss>"


def test_a_poll_gives_the_document_and_its_validators() -> None:
    fields = (
        'ETag: "v1"',
        "Last-Modified: Tue, 01 Jul 2025 09:00:00 GMT",
        "Cache-Control: max-age=60",
    )
    with (
        RawServer(
            always(message("200 OK", *fields, "Content-Type: text/xml", body=FEED))
        ) as server,
        http_client() as client,
    ):
        result = fetch(client, server.url("/feed?a=1"))
    assert (result.status, result.body, result.wire_bytes) == (200, FEED, len(FEED))
    assert result.validators == Validators('"v1"', "Tue, 01 Jul 2025 09:00:00 GMT")
    assert (result.content_type, result.max_age_s) == ("text/xml", 60)
    assert result.final_url == server.url("/feed?a=1")
    assert (result.permanent_url, result.hops) == (None, ())


def test_a_first_poll_asks_without_conditions_and_says_who_asks() -> None:
    with RawServer(always(message("200 OK"))) as server, http_client(contact="me@x.org") as client:
        fetch(client, server.url())
    headers = server.requests[0].headers
    assert headers["user-agent"] == f"PodFetch/{__version__} (+me@x.org)"
    assert headers["accept-encoding"] == "gzip"
    assert "application/rss+xml" in headers["accept"]
    assert "*/*" in headers["accept"]
    assert not {"if-none-match", "if-modified-since", "cookie", "authorization"} & headers.keys()


def test_a_later_poll_sends_both_validators_as_they_came() -> None:
    known = Validators('W/"é1"', "Tue, 01 Jul 2025 09:00:00 GMT")
    with RawServer(always(message("304 Not Modified"))) as server, http_client() as client:
        result = fetch(client, server.url(), validators=known)
    assert server.requests[0].headers["if-none-match"] == 'W/"é1"'
    assert server.requests[0].headers["if-modified-since"] == known.last_modified
    assert (result.status, result.body) == (304, b"")
    assert result.validators == known


def test_a_304_may_bring_new_validators() -> None:
    with (
        RawServer(always(message("304 Not Modified", 'ETag: "v2"'))) as server,
        http_client() as client,
    ):
        result = fetch(client, server.url(), validators=Validators('"v1"', "then"))
    assert result.validators == Validators('"v2"', "then")


def test_a_304_nobody_asked_for_is_a_failure() -> None:
    with RawServer(always(message("304 Not Modified"))) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.PROTOCOL


def test_polls_of_one_host_share_a_connection() -> None:
    replies = (message("200 OK", body=FEED), message("404 Not Found", body=b"gone"))
    with RawServer(always(*replies, message("304 X"))) as server, http_client() as client:
        fetch(client, server.url("/a"))
        failure_of(client, server.url("/b"))
        fetch(client, server.url("/c"), validators=Validators('"x"'))
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_kept_connection_that_the_host_closed_costs_no_failure() -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", FEED)  # then closes, though it promised to stay

    with RawServer(once) as server, http_client() as client:
        for _ in range(3):
            assert fetch(client, server.url()).body == FEED
    assert server.connections == 3


def test_a_request_lost_on_a_kept_connection_is_sent_once_more() -> None:
    def closes_on_second(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", FEED)
        if peer.server.connections == 1:
            peer.request()  # swallowed: the client cannot know before it sent it
            return
        peer.request()
        peer.answer("200 OK", b"second")

    with RawServer(closes_on_second) as server, http_client() as client:
        assert fetch(client, server.url()).body == FEED
        assert fetch(client, server.url()).body == FEED
        assert fetch(client, server.url()).body == b"second"
    assert server.connections == 2


def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    def silent(peer: Peer) -> None:
        peer.request()

    with RawServer(silent) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.RESET
    assert server.connections == 1


@pytest.mark.parametrize("status", [204, 206, 401, 403, 404, 410, 429, 500, 503, 599])
def test_any_other_status_is_a_failure_with_its_evidence(status: int) -> None:
    page = b"<html>no</html>"
    reply = message(
        f"{status} Whatever\x1b[31m", "Retry-After: 120", body=b"" if status == 204 else page
    )
    with RawServer(always(reply)) as server, http_client() as client:
        failure = failure_of(client, server.url("/x?token=secret"))
    assert (failure.kind, failure.status) == (Kind.HTTP_STATUS, status)
    assert failure.retry_after == 120
    assert failure.evidence == (b"" if status == 204 else page)
    assert "\x1b" not in failure.detail
    assert failure.url is not None
    assert "secret" not in failure.url


def test_evidence_is_readable_when_the_error_page_is_compressed() -> None:
    page = gzip.compress(b"<html>login</html>")
    with (
        RawServer(always(message("403 No", "Content-Encoding: gzip", body=page))) as server,
        http_client() as client,
    ):
        assert failure_of(client, server.url()).evidence == b"<html>login</html>"


def test_a_long_error_page_costs_its_connection_and_no_more() -> None:
    with (
        RawServer(always(message("500 No", body=b"x" * 1_000_000))) as server,
        http_client() as client,
    ):
        failure = failure_of(client, server.url())
        assert failure.evidence == b"x" * 2048
        failure_of(client, server.url())
    assert server.connections == 2


def test_retry_after_may_be_a_date() -> None:
    clock = FakeClock(now_ms=1_751_364_000_000)  # Tue, 01 Jul 2025 10:00:00 GMT
    reply = message("503 Busy", "Retry-After: Tue, 01 Jul 2025 10:05:00 GMT")
    with RawServer(always(reply)) as server, http_client(clock=clock) as client:
        assert failure_of(client, server.url()).retry_after == 300


def test_a_custom_user_agent_cannot_smuggle_a_field() -> None:
    with (
        RawServer(always(message("200 OK"))) as server,
        http_client(user_agent="Mine/1\r\nX-Evil: 1") as client,
    ):
        fetch(client, server.url())
        client.fetch(
            server.url(),
            validators=Validators(),
            access=Access(user_agent="Ä\nB"),
            stop=threading.Event(),
        )
    assert [r.headers["user-agent"] for r in server.requests] == ["Mine/1 X-Evil: 1", "? B"]
    assert all("x-evil" not in r.headers for r in server.requests)


def test_a_url_cannot_smuggle_a_request() -> None:
    with RawServer(always(message("200 OK"))) as server, http_client() as client:
        fetch(client, server.url("/a b\r\nX-Evil: 1\r\n\r\nGET /evil?ü=\x00z"))
    assert [r.path for r in server.requests] == ["/a%20bX-Evil:%201GET%20/evil?%C3%BC=%00z"]
    assert "x-evil" not in server.requests[0].headers


def test_validators_cannot_smuggle_a_field() -> None:
    folded = (
        b'HTTP/1.1 200 OK\r\nETag: "a\r\n b"\r\nLast-Modified: x\x00y\r\nContent-Length: 0\r\n\r\n'
    )
    with RawServer(always(folded, message("304 X"))) as server, http_client() as client:
        known = fetch(client, server.url()).validators
        fetch(client, server.url(), validators=known)
    assert known == Validators('"a b"', None)
    assert server.requests[1].headers["if-none-match"] == '"a b"'


def test_userinfo_is_sent_as_basic_authentication() -> None:
    with RawServer(always(message("200 OK"))) as server, http_client() as client:
        url = server.url().replace("://", "://me:p%40ss%3A@")
        result = fetch(client, url)
        assert result.final_url == server.url()
    assert server.requests[0].headers["authorization"] == "Basic bWU6cEBzczo="
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_too_large_a_document_is_refused_before_it_is_read() -> None:
    with (
        RawServer(always(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n")) as server,
        http_client(feed_max=4095) as client,
    ):
        assert kind_of(client, server.url()) is Kind.TOO_LARGE


def test_a_document_without_a_length_is_cut_at_the_cap() -> None:
    def endless(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.send(b"x" * 65536)

    with RawServer(endless) as server, http_client(feed_max=1_000_000) as client:
        assert kind_of(client, server.url()) is Kind.TOO_LARGE


def test_many_workers_share_one_client() -> None:
    with (
        RawServer(always(message("200 OK", body=FEED))) as server,
        http_client(per_host=2) as client,
    ):
        bodies: list[bytes] = []

        def work() -> None:
            for _ in range(20):
                bodies.append(fetch(client, server.url()).body)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert bodies == [FEED] * 160
    assert server.connections <= 2


def test_new_settings_hold_from_the_next_request_on() -> None:
    with RawServer(always(message("200 OK", body=FEED))) as server, http_client() as client:
        fetch(client, server.url())
        client.configure(
            NetworkSettings(allow_private=LOOPBACK, feed_max=10, user_agent="New/1"), per_host=2
        )
        assert kind_of(client, server.url()) is Kind.TOO_LARGE
        assert server.requests[-1].headers["user-agent"] == "New/1"
        with pytest.raises(BadConfiguration, match="allow_private"):
            client.configure(NetworkSettings(allow_private=("10.0.0.1/8",)), per_host=2)
        assert kind_of(client, server.url()) is Kind.TOO_LARGE
    assert server.connections == 2  # a refused body costs its connection, new settings none


def test_a_busy_host_is_nobodys_failure() -> None:
    waiting = threading.Event()

    def hang(peer: Peer) -> None:
        peer.request()
        waiting.set()
        peer.hang()

    with RawServer(hang) as server, http_client(per_host=1, connect_timeout=0.3) as client:
        stop = threading.Event()
        outcome: list[Kind] = []

        def first() -> None:
            with pytest.raises(Failure) as caught:
                fetch(client, server.url(), stop=stop)
            outcome.append(caught.value.kind)

        thread = threading.Thread(target=first)
        thread.start()
        assert waiting.wait(10)
        assert kind_of(client, server.url()) is Kind.HOST_BUSY
        stop.set()
        thread.join()
    assert outcome == [Kind.STOPPED]
    assert server.connections == 1
