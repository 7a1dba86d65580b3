"""All downloads together stay below the cap, share it fairly, and feeds do not wait for it."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from support.clock import FakeClock
from support.httpclient import NETWORK, download, fetch, http_client
from support.rawserver import RawServer, always, message

from podfetch_tui.net.bandwidth import Bandwidth
from podfetch_tui.net.client import HttpClient
from podfetch_tui.net.stream import PIECE
from podfetch_tui.policy.bandwidth import Bucket, piece_size

BODY = bytes(500_000)
NEVER = threading.Event()


def test_the_measured_rate_is_the_cap_whatever_the_pieces() -> None:
    clock = FakeClock(auto=True)
    cap = Bandwidth(1_000_000, clock)
    began, moved = clock.monotonic(), 0
    for number in range(2000):
        count = 1 + number * 7919 % PIECE
        cap.pay(count, NEVER)
        moved += count
    rate = moved / (clock.monotonic() - began)
    assert 0.99 * 1_000_000 <= rate <= 1.01 * 1_000_000


def test_without_a_cap_nobody_waits_and_pieces_are_whole() -> None:
    clock = FakeClock()
    cap = Bandwidth(0, clock)
    assert cap.pay(10**12, NEVER) == 0
    assert cap.piece(PIECE) == PIECE


def test_a_cap_that_is_lifted_lets_those_go_who_wait() -> None:
    clock = FakeClock()
    cap = Bandwidth(1000, clock)
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(cap.pay, 1_000_000, NEVER)
        clock.wait_for_waiters()
        cap.set_rate(0)
        clock.advance(0.3)
        assert waits.result(10) < 1
    assert cap.piece(PIECE) == PIECE


def test_a_stop_ends_the_wait_for_the_cap() -> None:
    clock, stop = FakeClock(), threading.Event()
    cap = Bandwidth(1000, clock)
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(cap.pay, 1_000_000, stop)
        clock.wait_for_waiters()
        stop.set()
        waits.result(10)


def test_transfers_that_go_on_together_have_equal_shares() -> None:
    rate, now = 1_000_000, 0.0
    bucket, piece = Bucket(rate=rate, at=now), piece_size(rate, PIECE)
    moved = [0, 0, 0, 0]
    turns = [(now, number) for number in range(len(moved))]
    while now < 10:
        now, number = heapq.heappop(turns)
        bucket, ticket = bucket.take(piece, now)
        moved[number] += piece
        heapq.heappush(turns, (now + bucket.wait_s(ticket, now), number))
        assert max(moved) - min(moved) <= 2 * piece, "at no time is anybody behind"
    assert sum(moved) >= 0.99 * rate * now


def timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def capped(client: HttpClient, rate: int) -> None:
    client.configure(msgspec.structs.replace(NETWORK, bandwidth=rate), per_host=8)


def test_four_real_downloads_share_a_cap_that_a_feed_does_not_wait_for() -> None:
    with (
        RawServer(always(message("200 OK", body=BODY))) as server,
        http_client(per_host=8, bandwidth=1_000_000) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        began = time.monotonic()
        ends = [pool.submit(download, client, server.url("/e.mp3")) for _ in range(4)]
        polled = timed(lambda: fetch(client, server.url("/feed.xml")))
        for end in ends:
            end.result(60)
        total = time.monotonic() - began
    # What may come at once after a pause comes in the first quarter of a second.
    assert 4 * len(BODY) / total <= 1_000_000 * (1 + 0.25 / total) * 1.02
    assert polled < 0.5 * total


def test_a_cap_is_changed_under_a_running_download() -> None:
    with (
        RawServer(always(message("200 OK", body=BODY))) as server,
        http_client(bandwidth=10_000) as client,
    ):
        stream = client.open_media(server.url("/e.mp3"), stop=NEVER)
        with stream:
            pieces = stream.chunks()
            assert len(next(pieces)) < PIECE
            capped(client, 0)
            assert timed(lambda: [len(piece) for piece in pieces]) < 10
