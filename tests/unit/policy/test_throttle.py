"""The throttle's decisions, second by second, on traces made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.throttling import Trace, link

from podfetch_tui.model.settings import ThrottleSettings
from podfetch_tui.policy.pressure import Reading, Strain, observe
from podfetch_tui.policy.throttle import LaneTarget


def test_a_decision_is_a_sentence_with_its_figure_and_how_long_it_lasts() -> None:
    trace = Trace(limit=8)
    trace.run(6, cpu=91.0)
    assert trace.state.sentence("download") == "download target 2 of 8: cpu 91 % for 5 s"
    trace.run(3)
    assert trace.state.sentence("poll") == "poll target 2 of 8: cpu 91 % until 3 s ago"
    trace.run(60)
    assert trace.state.sentence("poll") == ""


def test_a_second_of_pressure_lowers_nothing() -> None:
    trace = Trace(limit=8)
    for _ in range(10):
        trace.run(2, cpu=95.0)
        trace.run(1)
    assert trace.lowest == 8


def test_a_machine_that_is_busy_with_our_own_work_alone_is_not_under_pressure() -> None:
    trace = Trace(limit=8)
    trace.run(60, cpu=100.0, own_cpu=90.0)
    assert trace.lowest == 8
    trace.run(5, cpu=100.0, own_cpu=60.0)
    assert trace.state.target < 8


@pytest.mark.parametrize(
    ("pressure", "words"),
    [
        ({"memory": 86.0}, "memory 86 %"),
        ({"memory": 10.0, "memory_stalled": 30.0}, "memory 10 %, tasks wait for it 30 % of the"),
        ({"cpu": 70.0, "cpu_stalled": 80.0}, "cpu 70 %, tasks wait for it 80 % of the time"),
        ({"lag": 0.25}, "the scheduler is 250 ms late"),
        ({"rss": 2_000_000_000}, "the process holds 2.0 GB of memory"),
    ],
)
def test_every_kind_of_pressure_lowers_and_says_so(pressure: dict[str, Any], words: str) -> None:
    trace = Trace(limit=8, rss_soft=1_000_000_000)
    trace.run(4, **pressure)
    assert trace.state.target == 4
    assert trace.state.why.startswith(words)


def test_between_high_and_low_nothing_changes_for_a_while_and_then_it_rises() -> None:
    trace = Trace(limit=8)
    trace.run(4, cpu=90.0)
    assert trace.state.target == 4
    trace.run(19, cpu=80.0)
    assert trace.state.target == 4
    trace.run(3, cpu=80.0)
    assert trace.state.target == 5


def test_a_further_cut_waits_until_the_one_before_has_taken_effect() -> None:
    trace = Trace(limit=8)
    trace.run(30, cpu=95.0, busy=lambda target: 8)  # long downloads keep their slots
    assert trace.state.target == 4
    trace.run(5, cpu=95.0)
    assert trace.state.target == 1


def test_errors_of_many_attempts_ease_off_to_half_and_no_further() -> None:
    trace = Trace(limit=8)
    trace.run(200, ended=3, strained=2)
    assert trace.state.target == 4
    assert trace.state.why == "20 of 30 attempts failed in 10 s"
    trace = Trace(limit=8)
    trace.run(200, ended=3, strained=1)
    assert trace.lowest == 8


def test_a_limit_of_nothing_is_kept_and_one_that_is_raised_acts_at_once() -> None:
    trace = Trace(limit=0)
    trace.run(10)
    assert trace.state.target == 0
    trace.limit = 8
    trace.run(1)
    assert trace.state.target == 8
    trace.run(10, cpu=99.0)
    trace.limit = 20
    trace.run(1, cpu=99.0)
    assert trace.state.target == 1
    assert trace.state.limit == 20


@pytest.mark.parametrize("limit", [8, 20, 40, 100])
def test_on_a_full_link_it_stops_rising_and_nothing_is_lost(limit: int) -> None:
    knee = 12
    trace = Trace(limit=limit, bytes_of=link(per_worker=100_000, most=knee * 100_000))
    trace.run(300)
    late, step = sorted(trace.targets[60:]), limit / 8
    assert late[len(late) // 2] <= max(8, 1.5 * knee)
    assert late[-1] <= max(8, 1.5 * (knee + step) + step)
    assert trace.moved_in(60) >= 0.9 * min(limit, knee) * 100_000 * 240
    if limit > 20:
        assert "more workers bring no more" in " ".join(trace.reasons)


def test_a_link_that_got_faster_or_a_host_that_got_slow_lets_it_rise_again() -> None:
    speed = [1_200_000]
    trace = Trace(limit=40, bytes_of=lambda busy: min(speed[0], busy * 100_000))
    trace.run(60)
    assert trace.state.target < 25
    speed[0] = 4_000_000
    trace.run(36)
    assert trace.state.target >= 36


def test_a_free_link_is_in_full_use_soon_after_the_start() -> None:
    trace = Trace(limit=64, bytes_of=lambda busy: busy * 100_000)
    trace.run(20)
    assert trace.targets[0] == 8
    assert trace.state.target == 64


def test_without_work_a_lane_rises_without_asking_what_it_brings() -> None:
    trace = Trace(limit=32, bytes_of=lambda busy: 0)
    trace.run(60, busy=lambda target: 0)
    assert trace.state.target == 32


def test_pressure_that_is_over_and_back_counts_from_when_it_came_back() -> None:
    settings = ThrottleSettings()
    strain = Strain()
    for at, cpu in enumerate((95.0, 95.0, 20.0, 95.0)):
        strain = observe(strain, Reading(at=float(at), cpu=cpu), settings)
    assert strain.seconds("cpu") == 0
    assert strain.lasting is None


def test_a_lane_without_a_reason_has_no_sentence() -> None:
    maker: Callable[..., LaneTarget] = LaneTarget
    assert maker(limit=8, level=8.0).sentence("poll") == ""
