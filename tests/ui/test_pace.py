"""A screen that nobody touches is no burden to the engine, and never stands still."""

from __future__ import annotations

from podfetch_tui.ui.pace import LONGEST_S, SHARE, Pace

TICK_S = 0.25


def looks(cost_s: float, seconds: float) -> int:
    """Return how often a screen looks whose look costs so much."""
    pace, now, spent, found = Pace(), 0.0, 0.0, 0
    while now < seconds:
        if pace.is_due(now, spent):
            found += 1
            spent += cost_s
        now += TICK_S
    return found


def test_a_cheap_look_comes_with_every_tick() -> None:
    assert looks(0.2 * SHARE, 60) == 240


def test_a_dear_look_comes_as_often_as_its_share_allows() -> None:
    cost = 0.020
    assert looks(cost, 60) * cost <= 60 * SHARE * 1.1


def test_however_dear_a_look_is_the_screen_does_not_stand_still() -> None:
    assert looks(3.0, 60) == 60 / LONGEST_S
