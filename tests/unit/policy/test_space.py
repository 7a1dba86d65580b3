"""How much space is too little, and that the answer does not flap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.policy.space import CATALOG_BYTES, catalog_floor, fits, floor, is_low, may_run_on

GIB = 1024**3
SIZES = st.integers(0, 2**50)


@pytest.mark.parametrize(
    ("total", "expected"), [(100 * GIB, 5 * GIB), (1000 * GIB, 20 * GIB), (0, 0)]
)
def test_the_smaller_of_both_floors_holds(total: int, expected: int) -> None:
    assert floor(total, min_free=20 * GIB, min_free_percent=5) == expected


@pytest.mark.parametrize(
    ("total", "reserve", "expected"),
    [
        (10 * GIB, GIB, 10 * GIB // 100),
        (1000 * GIB, 20 * GIB, CATALOG_BYTES),
        (1000 * GIB, 0, 0),
        (10 * GIB, 1000, 1000),
    ],
)
def test_a_catalogue_needs_little_and_nothing_where_nothing_must_stay_free(
    total: int, reserve: int, expected: int
) -> None:
    assert catalog_floor(total, reserve) == expected


def test_downloads_wait_below_the_reserve_and_go_on_a_tenth_above_it() -> None:
    seen = []
    low = False
    for free in (120, 101, 100, 99, 101, 109, 110, 101, 100):
        low = is_low(free, 100, was_low=low)
        seen.append(low)
    assert seen == [False, False, True, True, True, True, False, False, True]


def test_without_a_reserve_nothing_is_ever_low() -> None:
    assert not is_low(0, 0, was_low=True)
    assert may_run_on(0, 0)


@given(free=SIZES, reserve=SIZES, needed=SIZES, promised=SIZES)
def test_what_fits_leaves_the_reserve_alone(
    free: int, reserve: int, needed: int, promised: int
) -> None:
    if fits(free, reserve, needed, promised):
        assert free - needed - promised >= reserve
        assert may_run_on(free, reserve)
        assert not is_low(free, reserve, was_low=False)
