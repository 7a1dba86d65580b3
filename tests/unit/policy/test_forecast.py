"""What a newcomer is told of the size of the past comes from feeds that were asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.first_run import Heard
from podfetch_tui.policy.forecast import Forecast, forecast, sample

MB = 1_000_000


def test_nothing_is_known_before_a_feed_has_answered() -> None:
    assert forecast(1_000, None, ()) is None


def test_the_mean_of_those_that_answered_goes_for_all() -> None:
    heard = (Heard((40 * MB, 20 * MB, 0, 30 * MB)), Heard((30 * MB,) * 2))
    assert forecast(100, None, heard) == Forecast(300, 300 * 30 * MB)
    assert forecast(100, 1, heard) == Forecast(100, 100 * 35 * MB)
    assert forecast(100, 0, heard) == Forecast(0, None)


def test_without_a_declared_size_none_is_made_up() -> None:
    assert forecast(10, None, (Heard((0, 0)),)) == Forecast(20, None)


def test_a_feed_without_episodes_counts_as_one_that_answered() -> None:
    assert forecast(10, None, (Heard(), Heard((MB, MB)))) == Forecast(10, 10 * MB)


def test_feeds_of_one_large_host_do_not_stand_for_all() -> None:
    hosts = ["big"] * 1_000 + [f"small{number}" for number in range(11)]
    chosen = sample(hosts)
    assert len({hosts[index] for index in chosen}) == 12


@given(st.lists(st.sampled_from("abcd"), max_size=60), st.integers(1, 20))
def test_a_sample_is_of_different_feeds_and_as_many_as_can_be(hosts: list[str], most: int) -> None:
    chosen = sample(hosts, most)
    assert len(set(chosen)) == len(chosen) == min(most, len(hosts))
    assert all(0 <= index < len(hosts) for index in chosen)
