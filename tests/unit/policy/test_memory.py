"""Our own memory: what is done about it depends on both limits, and does not flutter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.policy.memory import FREE_EVERY_S, HARD_S, MemoryState, Step, watched


def steps(*trace: int, soft: int = 100, hard: int = 200) -> tuple[MemoryState, list[Step]]:
    """One reading a second."""
    state, found = MemoryState(), []
    for now, rss in enumerate(trace):
        state, step = watched(state, rss, float(now), soft=soft, hard=hard)
        found.append(step)
    return state, found


def test_it_is_high_from_the_soft_limit_until_well_below_it() -> None:
    assert steps(99)[0].is_high is False
    assert steps(100)[0].is_high is True
    assert steps(100, 90)[0].is_high is True
    assert steps(100, 89)[0].is_high is False
    assert steps(100, 89, 99)[0].is_high is False


def test_what_can_be_given_back_is_at_once_and_then_once_a_minute() -> None:
    _, found = steps(*[150] * 130)
    frees = [now for now, step in enumerate(found) if step is Step.FREE]
    assert frees == [0, FREE_EVERY_S, 2 * FREE_EVERY_S]


def test_above_the_hard_limit_it_ends_but_not_before_it_tried_to_give_back() -> None:
    _, found = steps(250, 250, 250, 250)
    assert found == [Step.FREE, Step.NOTHING, Step.NOTHING, Step.END]
    _, found = steps(250, 250, 150, 250, 250, 250)
    assert Step.END not in found


@given(st.lists(st.integers(0, 10**6), min_size=20, max_size=60))
def test_without_limits_nothing_is_ever_done(trace: list[int]) -> None:
    state, found = steps(*trace, soft=0, hard=0)
    assert not state.is_high
    assert set(found) == {Step.NOTHING}


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60))
def test_it_never_ends_below_the_hard_limit_or_sooner_than_it_may(trace: list[int]) -> None:
    _, found = steps(*trace)
    for now, step in enumerate(found):
        if step is Step.END:
            assert all(rss >= 200 for rss in trace[max(0, now - int(HARD_S)) : now + 1])
