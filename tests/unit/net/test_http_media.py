"""A media body arrives whole or as a failure, and a resumed one never mixes versions."""

from __future__ import annotations

import gzip
import os
import threading

import pytest
from support.httpclient import download, http_client, media_failure_of
from support.rawserver import Handler, Peer, RawServer, always, message

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Access, Validators
from podfetch_tui.net.stream import MediaStream, RateFloor, Resume

BODY = os.urandom(1_000_000)
LATER = "Date: Tue, 01 Jul 2025 10:00:00 GMT"
EARLIER = "Last-Modified: Tue, 01 Jul 2025 09:00:00 GMT"


def resume(
    offset: int = 400_000,
    *,
    total: int | None = len(BODY),
    etag: str | None = '"v1"',
    modified: str | None = None,
) -> Resume:
    return Resume(offset=offset, total=total, validators=Validators(etag, modified))


def part(first: int, last: int, total: int | str, *fields: str, body: bytes | None = None) -> bytes:
    content = BODY[first : last + 1] if body is None else body
    field = f"Content-Range: bytes {first}-{last}/{total}"
    return message("206 Partial Content", field, *fields, body=content)


def test_a_file_is_streamed_whole_in_large_pieces() -> None:
    with (
        RawServer(always(message("200 OK", 'ETag: "v1"', body=BODY))) as server,
        http_client() as client,
    ):
        with client.open_media(server.url("/e.mp3"), stop=threading.Event()) as stream:
            sizes = []
            received = bytearray()
            for piece in stream.chunks():
                sizes.append(len(piece))
                received += piece
        download(client, server.url("/e.mp3"))
    assert bytes(received) == BODY
    assert max(sizes) <= 256 * 1024
    assert (stream.status, stream.start, stream.total) == (200, 0, len(BODY))
    assert (stream.host, stream.final_url) == ("127.0.0.1", server.url("/e.mp3"))
    headers = server.requests[0].headers
    assert headers["accept-encoding"] == "identity"
    assert "range" not in headers
    assert server.connections == 1


@pytest.mark.parametrize(
    ("fields", "resumable"),
    [
        (('ETag: "strong"',), True),
        (('ETag: W/"weak"',), False),
        (("ETag: unquoted",), False),
        (('ETag: W/"weak"', EARLIER, LATER), False),
        ((EARLIER, LATER), True),
        ((EARLIER,), False),
        ((EARLIER, "Date: Tue, 01 Jul 2025 09:00:59 GMT"), False),
        ((EARLIER, "Date: Tue, 01 Jul 2025 09:01:00 GMT"), True),
        (('ETag: "strong"', "Accept-Ranges: none"), False),
        ((), False),
    ],
)
def test_only_a_strong_validator_makes_a_file_resumable(
    fields: tuple[str, ...], resumable: bool
) -> None:
    with (
        RawServer(always(message("200 OK", *fields, body=b"x"))) as server,
        http_client() as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        assert stream.resumable is resumable


def test_a_file_of_unknown_size_is_not_resumable() -> None:
    reply = b'HTTP/1.1 200 OK\r\nETag: "v"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
    with (
        RawServer(always(reply)) as server,
        http_client() as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        assert (stream.resumable, stream.total) == (False, None)
        assert b"".join(map(bytes, stream.chunks())) == b"x"


def test_the_rest_is_asked_for_by_range_and_taken() -> None:
    with (
        RawServer(always(part(400_000, 999_999, 1_000_000, 'ETag: "v1"'))) as server,
        http_client() as client,
        client.open_media(server.url(), resume=resume(), stop=threading.Event()) as stream,
    ):
        assert b"".join(map(bytes, stream.chunks())) == BODY[400_000:]
    assert (stream.status, stream.start, stream.total) == (206, 400_000, len(BODY))
    assert stream.resumable
    assert server.requests[0].headers["range"] == "bytes=400000-"
    assert server.requests[0].headers["if-range"] == '"v1"'


def test_a_date_will_do_where_there_is_no_entity_tag() -> None:
    modified = EARLIER.partition(": ")[2]
    with (
        RawServer(always(part(400_000, 999_999, 1_000_000, EARLIER))) as server,
        http_client() as client,
    ):
        rest = download(client, server.url(), resume=resume(etag=None, modified=modified))
    assert rest == BODY[400_000:]
    assert server.requests[0].headers["if-range"] == modified


@pytest.mark.parametrize(
    "state",
    [
        resume(etag='W/"weak"'),
        resume(etag='W/"weak"', modified=EARLIER.partition(": ")[2]),
        resume(etag="unquoted"),
        resume(etag=None),
        resume(etag=None, modified="yesterday"),
        resume(0),
        resume(total=None),
        resume(1_000_000),
        resume(2_000_000),
    ],
)
def test_without_a_safe_validator_the_whole_is_asked_for(state: Resume) -> None:
    with (
        RawServer(always(message("200 OK", body=BODY))) as server,
        http_client() as client,
        client.open_media(server.url(), resume=state, stop=threading.Event()) as stream,
    ):
        assert (stream.status, stream.start) == (200, 0)
        assert b"".join(map(bytes, stream.chunks())) == BODY
    assert not {"range", "if-range"} & server.requests[0].headers.keys()


def test_a_host_that_ignores_the_range_starts_at_0() -> None:
    with (
        RawServer(always(message("200 OK", 'ETag: "v2"', body=BODY))) as server,
        http_client() as client,
        client.open_media(server.url(), resume=resume(), stop=threading.Event()) as stream,
    ):
        assert (stream.status, stream.start) == (200, 0)
        assert stream.validators.etag == '"v2"'
        assert b"".join(map(bytes, stream.chunks())) == BODY


RANGE_LIES = {
    "starts earlier": part(399_999, 999_999, 1_000_000),
    "starts later": part(400_001, 999_999, 1_000_000),
    "starts at 0": part(0, 999_999, 1_000_000),
    "another total": part(400_000, 999_999, 1_000_001),
    "unknown total": part(400_000, 999_999, "*"),
    "ends beyond its total": part(400_000, 1_000_000, 1_000_000),
    "another unit": message("206 P", "Content-Range: items 400000-999999/1000000", body=b"x"),
    "no Content-Range": message("206 P", body=BODY[400_000:]),
    "unreadable Content-Range": message("206 P", "Content-Range: bytes 4e5-/1e6", body=b"x"),
    "unsatisfied Content-Range": message("206 P", "Content-Range: bytes */1000000", body=b"x"),
    "negative": message("206 P", "Content-Range: bytes -1-5/1000000", body=b"x"),
    "another length": part(400_000, 999_999, 1_000_000, body=b"short"),
    "another entity tag": part(400_000, 999_999, 1_000_000, 'ETag: "v2"'),
    "a weak form of the tag": part(400_000, 999_999, 1_000_000, 'ETag: W/"v1"'),
    "several ranges": part(
        400_000, 999_999, 1_000_000, "Content-Type: multipart/byteranges; boundary=x"
    ),
}


@pytest.mark.parametrize("lie", RANGE_LIES)
def test_a_resumed_body_never_mixes_versions(lie: str) -> None:
    with RawServer(always(RANGE_LIES[lie])) as server, http_client() as client:
        failure = media_failure_of(client, server.url(), resume=resume())
    assert (failure.kind, failure.status) == (Kind.RANGE_MISMATCH, 206)
    assert failure.detail


def test_a_changed_date_is_another_version() -> None:
    state = resume(etag=None, modified=EARLIER.partition(": ")[2])
    other = "Last-Modified: Tue, 01 Jul 2025 09:00:01 GMT"
    with (
        RawServer(always(part(400_000, 999_999, 1_000_000, other))) as server,
        http_client() as client,
    ):
        assert media_failure_of(client, server.url(), resume=state).kind is Kind.RANGE_MISMATCH


def test_a_refused_range_says_what_the_host_has() -> None:
    reply = message("416 Range Not Satisfiable", "Content-Range: bytes */777")
    with RawServer(always(reply)) as server, http_client() as client:
        failure = media_failure_of(client, server.url(), resume=resume())
    assert (failure.kind, failure.status) == (Kind.RANGE_MISMATCH, 416)
    assert "bytes */777" in failure.detail


def test_a_part_nobody_asked_for_is_refused() -> None:
    with RawServer(always(part(0, 9, 10, body=b"0123456789"))) as server, http_client() as client:
        assert media_failure_of(client, server.url()).kind is Kind.PROTOCOL


def test_less_than_the_rest_is_given_and_then_a_failure() -> None:
    with (
        RawServer(always(part(400_000, 499_999, 1_000_000))) as server,
        http_client() as client,
        client.open_media(server.url(), resume=resume(), stop=threading.Event()) as stream,
    ):
        received = bytearray()
        with pytest.raises(Failure) as caught:
            collect(stream, received)
    assert bytes(received) == BODY[400_000:500_000]
    assert caught.value.kind is Kind.SHORT_BODY


def collect(stream: MediaStream, received: bytearray) -> None:
    for piece in stream.chunks():
        received += piece


def closes_early(peer: Peer) -> None:
    peer.request()
    peer.answer("200 OK", BODY[:600_000], length=len(BODY))


def closes_in_a_chunk(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc")


def closes_between_chunks(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")


@pytest.mark.parametrize("handler", [closes_early, closes_in_a_chunk, closes_between_chunks])
def test_a_body_that_ends_early_is_a_failure_after_what_came(handler: Handler) -> None:
    with (
        RawServer(handler) as server,
        http_client() as client,
        client.open_media(server.url("/?token=secret"), stop=threading.Event()) as stream,
    ):
        received = bytearray()
        with pytest.raises(Failure) as caught:
            collect(stream, received)
    assert caught.value.kind is Kind.SHORT_BODY
    assert caught.value.url == server.url("/?token=***")
    assert bytes(received) == (BODY[:600_000] if handler is closes_early else b"abc")


def closes_amid_the_part(peer: Peer) -> None:
    peer.request()
    peer.answer(
        "206 Partial Content",
        BODY[400_000:600_000],
        "Content-Range: bytes 400000-999999/1000000",
        length=-1,
    )


def ends_the_chunks_early(peer: Peer) -> None:
    peer.request()
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 400000-999999/1000000\r\n"
    peer.send(head, b"Transfer-Encoding: chunked\r\n\r\n")
    peer.send(b"%x\r\n" % 200_000, BODY[400_000:600_000], b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("handler", [closes_amid_the_part, ends_the_chunks_early])
def test_a_part_of_no_declared_length_has_to_reach_the_end_of_its_range(handler: Handler) -> None:
    with (
        RawServer(handler) as server,
        http_client() as client,
        client.open_media(server.url(), resume=resume(), stop=threading.Event()) as stream,
    ):
        received = bytearray()
        with pytest.raises(Failure) as caught:
            collect(stream, received)
    assert bytes(received) == BODY[400_000:600_000]
    assert caught.value.kind is Kind.SHORT_BODY


def test_a_part_is_not_longer_than_its_range() -> None:
    def talks_on(peer: Peer) -> None:
        peer.request()
        field = "Content-Range: bytes 400000-999999/1000000"
        peer.answer("206 Partial Content", BODY[400_000:] + b"more", field, length=-1)

    with RawServer(talks_on) as server, http_client() as client:
        failure = media_failure_of(client, server.url(), resume=resume())
    assert failure.kind is Kind.RANGE_MISMATCH


def test_a_reset_amid_the_body_is_a_reset() -> None:
    received = threading.Event()

    def resets(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", BODY[:10_000], length=len(BODY))
        received.wait(10)
        peer.reset()

    with (
        RawServer(resets) as server,
        http_client() as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        received.set()
        with pytest.raises(Failure) as caught:
            list(map(len, stream.chunks()))
    assert caught.value.kind is Kind.RESET


@pytest.mark.parametrize(
    "garbage", [b"zz\r\n", b"-5\r\nabcde", b"\r\n", b"5" * 70_000, b"\xff\r\n"]
)
def test_chunked_garbage_is_a_protocol_failure(garbage: bytes) -> None:
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + garbage
    with RawServer(always(reply)) as server, http_client() as client:
        assert media_failure_of(client, server.url()).kind is Kind.PROTOCOL


def test_a_body_without_a_length_ends_with_its_connection() -> None:
    def until_close(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", BODY, length=-1)

    with RawServer(until_close) as server, http_client() as client:
        assert download(client, server.url()) == BODY
        assert download(client, server.url()) == BODY
    assert server.connections == 2


def test_a_body_longer_than_its_length_stops_there() -> None:
    def talks_on(peer: Peer) -> None:
        while peer.request() is not None:
            peer.answer(
                "200 OK", b"12345HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", length=5
            )

    with RawServer(talks_on) as server, http_client() as client:
        assert download(client, server.url()) == b"12345"
        assert download(client, server.url()) == b"12345"


@pytest.mark.parametrize("length", ["abc", "-1", "1, 2", "1e3", "٣", "", "0x10", "9" * 30])
def test_an_impossible_length_is_a_protocol_failure(length: str) -> None:
    field = f"Content-Length: {length}".encode()
    with (
        RawServer(always(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\nabc")) as server,
        http_client() as client,
    ):
        assert media_failure_of(client, server.url()).kind is Kind.PROTOCOL


def test_a_repeated_equal_length_is_one_length() -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"
    with RawServer(always(reply)) as server, http_client() as client:
        assert download(client, server.url()) == b"abc"


@pytest.mark.parametrize("coding", ["gzip", "br", "x-unknown", "gzip, identity"])
def test_an_encoded_media_file_is_refused(coding: str) -> None:
    reply = message("200 OK", f"Content-Encoding: {coding}", body=gzip.compress(b"x"))
    with RawServer(always(reply)) as server, http_client() as client:
        assert media_failure_of(client, server.url()).kind is Kind.BLOCKED_ENCODING


def test_identity_is_no_encoding() -> None:
    reply = message("200 OK", "Content-Encoding: identity", body=b"abc")
    with RawServer(always(reply)) as server, http_client() as client:
        assert download(client, server.url()) == b"abc"


def test_a_file_declared_too_large_is_refused_before_its_body() -> None:
    with (
        RawServer(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")) as server,
        http_client(media_max=1000) as client,
    ):
        assert media_failure_of(client, server.url()).kind is Kind.TOO_LARGE


def test_an_endless_file_is_cut_at_the_cap() -> None:
    def endless(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.send(BODY)

    with RawServer(endless) as server, http_client(media_max=3_000_000) as client:
        assert media_failure_of(client, server.url()).kind is Kind.TOO_LARGE


@pytest.mark.parametrize("status", [204, 304, 401, 404, 503])
def test_other_answers_are_no_media(status: int) -> None:
    with (
        RawServer(always(message(f"{status} X", "Retry-After: 7"))) as server,
        http_client() as client,
    ):
        failure = media_failure_of(client, server.url())
    assert failure.kind is (Kind.PROTOCOL if status == 304 else Kind.HTTP_STATUS)
    assert failure.status == status


def test_silence_amid_the_body_is_a_read_timeout() -> None:
    def stalls(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", BODY[:1000], length=len(BODY))
        peer.hang()

    with RawServer(stalls) as server, http_client(idle_timeout=0.2) as client:
        assert media_failure_of(client, server.url()).kind is Kind.READ_TIMEOUT


def test_a_stop_amid_the_body_ends_the_stream() -> None:
    stop = threading.Event()

    def stalls(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", BODY[:300_000], length=len(BODY))
        peer.hang()

    with (
        RawServer(stalls) as server,
        http_client() as client,
        client.open_media(server.url(), stop=stop) as stream,
    ):
        pieces = stream.chunks()
        assert len(next(pieces))
        stop.set()
        with pytest.raises(Failure) as caught:
            list(map(len, pieces))
    assert caught.value.kind is Kind.STOPPED


def test_a_dripping_body_is_handed_out_as_it_comes() -> None:
    def drips(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        peer.drip(b"x" * 1000, every=0.01)

    with (
        RawServer(drips) as server,
        http_client() as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        assert 0 < len(next(stream.chunks())) < 1000


def test_the_head_has_the_short_deadline_and_the_body_a_long_one() -> None:
    def waits_with_the_body(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        peer.server.closing.wait(0.6)
        peer.send(b"abc")

    def waits_with_the_head(peer: Peer) -> None:
        peer.request()
        peer.hang()

    with RawServer(waits_with_the_body) as server, http_client(feed_deadline=0.3) as client:
        assert download(client, server.url()) == b"abc"
    with RawServer(waits_with_the_head) as server, http_client(feed_deadline=0.3) as client:
        assert media_failure_of(client, server.url()).kind is Kind.DEADLINE


def test_a_stream_left_early_closes_its_connection() -> None:
    with RawServer(always(message("200 OK", body=BODY * 4))) as server, http_client() as client:
        with client.open_media(server.url(), stop=threading.Event()) as stream:
            next(stream.chunks())
        assert download(client, server.url()) == BODY * 4
    assert server.connections == 2


def test_media_follows_redirects_and_names_the_last_host() -> None:
    with RawServer(always(message("200 OK", body=b"abc")), address="127.0.0.3") as cdn:
        hop = message("302 Found", f"Location: {cdn.url('/f.mp3')}")
        with (
            RawServer(always(hop)) as server,
            http_client() as client,
            client.open_media(server.url(), stop=threading.Event()) as stream,
        ):
            assert (stream.host, stream.hops) == ("127.0.0.3", ((302, cdn.url("/f.mp3")),))


def test_a_slow_transfer_is_noticed_over_any_window() -> None:
    floor = RateFloor(1000, window=60.0)
    assert not any(floor.is_broken(1.0, 1000) for _ in range(300))
    # The good past does not pay for the bad present.
    verdicts = [floor.is_broken(1.0, 900) for _ in range(120)]
    assert verdicts[-1]
    assert verdicts.index(True) <= 61


def test_a_short_stall_is_forgiven() -> None:
    floor = RateFloor(1000, window=60.0)
    for _ in range(30):
        assert not floor.is_broken(1.0, 5000)
    assert not floor.is_broken(29.0, 1)
    assert not floor.is_broken(1.0, 5000)


def test_a_fast_transfer_costs_the_floor_no_memory() -> None:
    floor = RateFloor(1000, window=60.0)
    for _ in range(100_000):
        assert not floor.is_broken(0.001, 65536)
    assert floor.remembered < 70


def test_a_floor_of_0_is_none() -> None:
    floor = RateFloor(0)
    assert not any(floor.is_broken(30.0, 0) for _ in range(10))


def test_too_slow_a_body_is_given_up() -> None:
    def drips(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        peer.drip(b"x" * 100_000, every=0.01)

    with (
        RawServer(drips) as server,
        http_client(min_rate=1234) as client,
        client.open_media(server.url(), stop=threading.Event()) as stream,
    ):
        assert stream.floor.rate == 1234
        stream.floor = RateFloor(1234, window=0.3)
        with pytest.raises(Failure) as caught:
            list(map(len, stream.chunks()))
    assert caught.value.kind is Kind.TOO_SLOW


def test_a_host_that_insists_gets_its_user_agent() -> None:
    with RawServer(always(message("200 OK"))) as server, http_client() as client:
        stop = threading.Event()
        client.open_media(server.url(), access=Access(user_agent="Other/1"), stop=stop).close()
    assert server.requests[0].headers["user-agent"] == "Other/1"
