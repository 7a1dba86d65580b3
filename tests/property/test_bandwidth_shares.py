"""A shared cap holds over any span of time, and gives everybody the same."""

from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.policy.bandwidth import BURST_S, Bucket, piece_size

RATES = st.integers(1, 10**9)
PIECE = 256 * 1024


def downloading(rate: int, downloads: int, seconds: float) -> list[list[tuple[float, int]]]:
    """What (moment, bytes) each download may go on with, all reading as fast as they may."""
    bucket = Bucket(rate=rate, at=0.0)
    size = piece_size(rate, PIECE)
    moved: list[list[tuple[float, int]]] = [[] for _ in range(downloads)]
    turns = [(0.0, number) for number in range(downloads)]
    while turns[0][0] < seconds:
        now, number = heapq.heappop(turns)
        bucket, ticket = bucket.take(size, now)
        paid = now + bucket.wait_s(ticket, now)
        moved[number].append((paid, size))
        heapq.heappush(turns, (paid + 1e-6, number))
    return moved


@given(st.integers(10_000, 10**8), st.integers(1, 40))
def test_the_rate_holds_and_every_download_has_its_share(rate: int, downloads: int) -> None:
    seconds = 10.0
    moved = downloading(rate, downloads, seconds)
    size = piece_size(rate, PIECE)
    paid = sum(count for one in moved for at, count in one if at <= seconds)
    assert paid <= rate * (seconds + BURST_S) + size
    assert paid >= 0.98 * rate * seconds - downloads * size
    shares = [sum(count for _, count in one) for one in moved]
    assert max(shares) - min(shares) <= 2 * size


@given(RATES, RATES, st.integers(0, 10**9), st.floats(0, 100), st.floats(0, 100))
def test_a_changed_rate_holds_for_those_who_wait(
    before: int, after: int, count: int, waited: float, pause: float
) -> None:
    bucket, ticket = Bucket(rate=before, at=0.0).flowed(pause).take(count, pause)
    left = max(0.0, count - before * waited)
    changed = bucket.with_rate(after, pause + waited)
    assert changed.wait_s(ticket, pause + waited) <= left / after + 1 / after + 1e-6
    assert bucket.with_rate(0, pause).wait_s(ticket, pause) == 0


@given(RATES, st.integers(0, 10**12))
def test_what_came_before_there_was_a_cap_is_not_paid_for(rate: int, count: int) -> None:
    bucket, _ = Bucket(rate=0, at=0.0).take(count, 1.0)
    capped, ticket = bucket.with_rate(rate, 2.0).take(rate, 2.0)
    assert capped.wait_s(ticket, 2.0) <= 1.0 + 1e-6 * count


@given(RATES)
def test_a_piece_is_never_more_than_a_moment_of_the_cap(rate: int) -> None:
    size = piece_size(rate, PIECE)
    assert 4096 <= size <= PIECE
    assert size <= 4096 or size / rate <= 1 / 32
