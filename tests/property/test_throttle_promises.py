"""What the throttle promises, whatever went before."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.throttling import BytesOf, Trace, link

LIMITS = st.integers(1, 256)
PRESSURES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "cpu": st.floats(0, 100),
        "own_cpu": st.floats(0, 100),
        "memory": st.floats(0, 100),
        "lag": st.floats(0, 1),
        "cpu_stalled": st.none() | st.floats(0, 100),
        "memory_stalled": st.none() | st.floats(0, 100),
    }
)
LANES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"ended": st.integers(0, 20), "share": st.floats(0, 1), "busy": st.floats(0, 1.5)}
)
HISTORIES = st.lists(st.tuples(st.integers(1, 40), PRESSURES, LANES), max_size=6)


def carrying(per_worker: int, workers: int) -> BytesOf:
    """A link that is full with so many workers."""
    return link(per_worker=per_worker, most=per_worker * workers)


SPEEDS = st.none() | st.builds(carrying, st.integers(1000, 10**7), st.integers(1, 400))


def part_of(share: float, target: int) -> int:
    return int(target * share)


def lived(limit: int, bytes_of: BytesOf | None, history: list[Any]) -> Trace:
    """A lane after ``history``."""
    trace = Trace(limit, bytes_of=bytes_of)
    for seconds, pressure, lane in history:
        trace.run(
            seconds,
            busy=partial(part_of, lane["busy"]),
            ended=lane["ended"],
            strained=int(lane["ended"] * lane["share"]),
            **pressure,
        )
    return trace


@given(st.integers(0, 256), SPEEDS, HISTORIES)
@settings(max_examples=60)
def test_a_target_is_never_above_its_limit_and_never_below_one(
    limit: int, bytes_of: BytesOf | None, history: list[Any]
) -> None:
    trace = lived(limit, bytes_of, history)
    assert all(min(1, limit) <= target <= limit for target in trace.targets)
    lowered = [
        why for why, target in zip(trace.reasons, trace.targets, strict=True) if target < limit
    ]
    assert all(lowered)


@given(LIMITS, SPEEDS, HISTORIES)
@settings(max_examples=60)
def test_pressure_lowers_a_target_to_half_within_five_seconds(
    limit: int, bytes_of: BytesOf | None, history: list[Any]
) -> None:
    trace = lived(limit, bytes_of, history)
    trace.run(70, busy=lambda target: 0)  # nothing is left of an earlier cut
    before = trace.state.target
    trace.run(5, cpu=99.0)
    assert trace.state.target <= max(1, before / 2)


@given(LIMITS, HISTORIES)
@settings(max_examples=60)
def test_a_minute_of_calm_brings_a_target_back_to_nine_tenths(
    limit: int, history: list[Any]
) -> None:
    trace = lived(limit, None, history)
    trace.run(60)
    assert trace.state.target >= 0.9 * limit


@given(LIMITS, st.integers(1000, 10**7), HISTORIES)
@settings(max_examples=60)
def test_so_does_a_lane_whose_every_worker_brings_its_share_of_bytes(
    limit: int, per_worker: int, history: list[Any]
) -> None:
    history = [(seconds, pressure, {**lane, "busy": 1.0}) for seconds, pressure, lane in history]
    trace = lived(limit, lambda busy: busy * per_worker, history)
    trace.run(60)
    assert trace.state.target >= 0.9 * limit


@given(LIMITS, st.integers(1000, 10**6), st.integers(1, 300))
@settings(max_examples=60)
def test_unloaded_it_moves_nine_tenths_of_what_the_best_fixed_setting_moves(
    limit: int, per_worker: int, knee: int
) -> None:
    bytes_of = link(per_worker=per_worker, most=per_worker * knee)
    trace = Trace(limit, bytes_of=bytes_of)
    trace.run(600)
    best = max(bytes_of(workers) for workers in range(1, limit + 1))
    assert trace.moved_in(0) >= 0.9 * best * 600


@given(st.integers(20, 256), st.integers(1000, 10**6), st.integers(4, 40))
@settings(max_examples=60)
def test_on_a_full_link_most_of_the_limit_is_left_unused(
    limit: int, per_worker: int, knee: int
) -> None:
    trace = Trace(limit, bytes_of=link(per_worker=per_worker, most=per_worker * knee))
    trace.run(300)
    late, step = sorted(trace.targets[100:]), limit / 8
    assert late[len(late) // 2] <= max(8, 1.5 * knee + step)
    assert trace.moved_in(100) >= 0.9 * min(limit, knee) * per_worker * 200
