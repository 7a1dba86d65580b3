"""What is about to fall out of a feed that lists only its latest items."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.policy.at_risk import HORIZON_S, at_risk

DAY_S = 86400.0


@pytest.mark.parametrize(
    ("listed", "gone", "has_more", "gap_s", "expected"),
    [
        (50, 0, False, DAY_S, 3),  # a usual window, before it was seen to move
        (43, 0, False, DAY_S, 0),  # nothing says that it is one
        (43, 7, False, DAY_S, 3),  # it moved
        (43, 7, True, DAY_S, 0),  # what leaves it is on its next page
        (10, 1, False, 3600.0, 5),  # a bulletin each hour: the older half
        (10, 1, False, 30 * DAY_S, 1),
        (10, 1, False, None, 3),
        (1, 9, False, DAY_S, 0),  # the newest item is not its end
    ],
)
def test_the_oldest_of_a_window_are_at_risk(
    listed: int, gone: int, has_more: bool, gap_s: float | None, expected: int
) -> None:
    assert at_risk(listed, gone=gone, has_more=has_more, gap_s=gap_s) == expected


@given(listed=st.integers(0, 20_000), gone=st.integers(0, 9), gap_s=st.floats(0, 1e9))
def test_never_more_than_half_nor_than_leave_in_time(listed: int, gone: int, gap_s: float) -> None:
    leaving = at_risk(listed, gone=gone, has_more=False, gap_s=gap_s)
    assert 0 <= leaving <= listed // 2
    assert leaving == 0 or gap_s == 0 or (leaving - 1) * gap_s < HORIZON_S
