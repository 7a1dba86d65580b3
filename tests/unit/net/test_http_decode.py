"""A compressed feed is unpacked whole, within bounds, or refused."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import zlib

import pytest
from support.httpclient import failure_of, fetch, http_client, kind_of
from support.rawserver import Peer, RawServer, always, message

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.decode import BodyDecoder, decode_head

FEED = b"<rss>" + b"".join(b"<item>%d</item>" % n for n in range(6_000)) + b"</rss>"
LIMIT = 32 * 1024 * 1024


def decode(data: bytes, *, limit: int = LIMIT, step: int = 65536) -> bytes:
    decoder = BodyDecoder(limit)
    push_all(decoder, data, step=step)
    return decoder.finish()


def push_all(decoder: BodyDecoder, data: bytes, *, step: int) -> None:
    for start in range(0, len(data), step):
        decoder.push(data[start : start + step])


@pytest.mark.parametrize("step", [1, 2, 3, 1000, 1 << 20])
@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(FEED),
        gzip.compress(FEED[:1000]) + gzip.compress(FEED[1000:]),
        gzip.compress(FEED) + b"\0" * 512,
        gzip.compress(FEED) + b"trailing junk",
        gzip.compress(gzip.compress(FEED)),
        FEED,
    ],
    ids=["gzip", "two members", "padded", "junk", "twice", "plain"],
)
def test_all_that_unpacks_to_the_feed_is_the_feed(body: bytes, step: int) -> None:
    assert decode(body, step=step) == FEED


@pytest.mark.parametrize("body", [b"", b"\x1f", b"x", b"<r/>"])
def test_short_bodies_stay_as_they_are(body: bytes) -> None:
    assert decode(body, step=1) == body


@pytest.mark.parametrize("cut", [2, 5, 10, 100, -1, -8])
def test_a_truncated_stream_is_short(cut: int) -> None:
    with pytest.raises(Failure) as caught:
        decode(gzip.compress(FEED)[:cut])
    assert caught.value.kind is Kind.SHORT_BODY


def test_a_second_layer_cut_short_is_short() -> None:
    with pytest.raises(Failure) as caught:
        decode(gzip.compress(gzip.compress(FEED)[:-10]))
    assert caught.value.kind is Kind.SHORT_BODY


@pytest.mark.parametrize("place", [3, 20, 200, -5])
def test_a_damaged_stream_is_refused(place: int) -> None:
    body = bytearray(gzip.compress(FEED))
    body[place] ^= 0xFF
    with pytest.raises(Failure) as caught:
        decode(bytes(body))
    assert caught.value.kind in (Kind.DECODE, Kind.SHORT_BODY)


def test_a_bomb_is_noticed_early() -> None:
    decoder = BodyDecoder(LIMIT)
    bomb = gzip.compress(b"\0" * 30_000_000)
    with pytest.raises(Failure) as caught:
        push_all(decoder, bomb, step=1024)
    assert caught.value.kind is Kind.BOMB
    assert decoder.wire_bytes < 4096


def test_a_bomb_in_a_second_layer_is_noticed() -> None:
    with pytest.raises(Failure) as caught:
        decode(gzip.compress(gzip.compress(b"\0" * 30_000_000)))
    assert caught.value.kind is Kind.BOMB


def test_a_bomb_of_many_members_is_noticed() -> None:
    with pytest.raises(Failure) as caught:
        decode(gzip.compress(b"") * 5000)
    assert caught.value.kind is Kind.BOMB


def test_a_small_feed_may_be_as_repetitive_as_it_likes() -> None:
    assert decode(gzip.compress(b"a" * 1_000_000)) == b"a" * 1_000_000


def test_the_cap_is_on_the_decoded_body() -> None:
    body = gzip.compress(FEED, 1)
    assert decode(body, limit=len(FEED)) == FEED
    with pytest.raises(Failure) as caught:
        decode(body, limit=len(FEED) - 1)
    assert caught.value.kind is Kind.TOO_LARGE


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Encoding: gzip",),
        ("Content-Encoding: x-gzip",),
        ("Content-Encoding: gzip, gzip",),
        ("Content-Encoding: gzip", "Content-Encoding: gzip"),
        ("Content-Encoding: identity",),
        ("Content-Encoding:",),
        (),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_the_bytes_decide_whatever_the_label_says(fields: tuple[str, ...], packed: bool) -> None:
    body = gzip.compress(FEED) if packed else FEED
    with (
        RawServer(always(message("200 OK", *fields, body=body))) as server,
        http_client() as client,
    ):
        result = fetch(client, server.url())
    assert result.body == FEED
    assert result.wire_bytes == len(body)


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, br", "compress", "evil\x1b"])
def test_an_encoding_we_did_not_ask_for_is_refused(coding: str) -> None:
    reply = message("200 OK", f"Content-Encoding: {coding}", body=zlib.compress(FEED))
    with RawServer(always(reply)) as server, http_client() as client:
        failure = failure_of(client, server.url())
    assert failure.kind is Kind.BLOCKED_ENCODING
    assert "\x1b" not in failure.detail


def test_a_body_shorter_than_its_length_is_no_feed() -> None:
    def short(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", FEED[:100], length=len(FEED))

    with RawServer(short) as server, http_client() as client:
        assert kind_of(client, server.url()) is Kind.SHORT_BODY


def test_a_head_is_shown_as_far_as_it_unpacks() -> None:
    packed = gzip.compress(FEED)
    assert decode_head(packed[:300], 50) == FEED[:50]
    assert decode_head(b"\x1f\x8bgarbage", 100) == b"\x1f\x8bgarbage"
    assert decode_head(b"plain", 3) == b"pla"


_BOMB_CLIENT = """
import resource, sys, threading
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.system.clock import Clock
client = HttpClient(NetworkSettings(allow_private=("127.0.0.0/8",)), per_host=2, clock=Clock())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    client.fetch(sys.argv[1], validators=Validators(), stop=threading.Event())
except Failure as failure:
    print(failure.kind.value, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
client.close()
"""


def test_a_bomb_of_10_gigabytes_costs_a_few_megabytes() -> None:
    block = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)

    def bomb(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        for _ in range(10 * 1024):
            peer.send(block.compress(zeros))

    with RawServer(bomb) as server:
        child = subprocess.run(
            [sys.executable, "-c", _BOMB_CLIENT, server.url()],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    kind, kilobytes = child.stdout.split()
    assert kind == "bomb"
    scale = 1024 if sys.platform == "darwin" else 1
    assert int(kilobytes) / scale < 16 * 1024, resource.getpagesize()
