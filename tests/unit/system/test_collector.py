"""The collector rests while the engine runs, and is as before when it has ended."""

from __future__ import annotations

import gc
import weakref

from podfetch_tui.system.collector import YOUNG, YOUNG_BESIDE_A_SCREEN, collecting_rarely


class Node:
    """Something that can be part of a cycle."""

    def __init__(self) -> None:
        self.me = self


def test_thresholds_and_old_objects_are_given_back() -> None:
    before = gc.get_threshold()
    with collecting_rarely():
        assert gc.get_threshold() == (YOUNG, *before[1:])
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_beside_a_screen_no_look_is_long() -> None:
    with collecting_rarely(YOUNG_BESIDE_A_SCREEN):
        assert gc.get_threshold()[0] == YOUNG_BESIDE_A_SCREEN < YOUNG


def test_cycles_are_still_found() -> None:
    with collecting_rarely():
        cycle = weakref.ref(Node())
        kept = [[] for _ in range(2 * YOUNG)]  # type: list[list[int]]
        assert cycle() is None
        assert kept
