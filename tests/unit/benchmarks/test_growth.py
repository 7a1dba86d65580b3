"""Growth is told from noise, and what cannot be told is said to be so."""

from __future__ import annotations

import random

import pytest

from benchmarks.growth import FEWEST_POINTS, POINT_S, growth


def samples(minutes: float, per_hour: float, noise: float, seed: int) -> list[tuple[float, float]]:
    """Return memory as it is seen: noise that stays for a while, in steps of a page's size."""
    rng, drift, seen = random.Random(seed), 0.0, []
    for number in range(round(minutes * 60 * 4)):
        drift = 0.98 * drift + rng.gauss(0, noise * 0.2)
        at = number / 4
        seen.append((at, round((120 + per_hour * at / 3600 + drift) / 0.004) * 0.004))
    return seen


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_does_not_grow(seed: int) -> None:
    assert growth(samples(10, 0.0, 0.05, seed)).verdict(1.0) != "grows"


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_grows(seed: int) -> None:
    found = growth(samples(10, 20.0, 0.05, seed))
    assert found.verdict(1.0) == "grows"
    assert found.slope == pytest.approx(20.0, abs=1.5)


def test_what_stays_the_same_is_steady_and_its_window_is_told() -> None:
    found = growth(samples(10, 0.0, 0.0, 1))
    assert (found.verdict(1.0), found.slope, found.low, found.high) == ("steady", 0.0, 0.0, 0.0)
    assert round(found.seconds) == 600
    assert len(found.points) == 600 / POINT_S


def test_a_short_window_decides_nothing() -> None:
    minutes = (FEWEST_POINTS - 1) * POINT_S / 60
    assert growth(samples(minutes, 47.0, 0.02, 1)).verdict(1.0) == "undecided"
    assert growth([]).verdict(1.0) == growth([(0.0, 1.0)]).verdict(1.0) == "undecided"


def test_one_step_early_in_the_window_is_no_growth() -> None:
    seen = [(at, mb + 1.5 * (at > 60)) for at, mb in samples(10, 0.0, 0.0, 1)]
    assert growth(seen).verdict(1.0) != "grows"
