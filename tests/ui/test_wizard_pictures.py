"""What each question of the first run looks like. Look at a picture before you accept it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.newcomer import Desk36, Newcomer
from support.stage import SMALL, WIDE

from podfetch_tui.ui.wizard.app import Wizard

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x36"])
ROOT, LIST = "/srv/podcasts", "/home/operator/subscriptions.opml"
TO_FEEDS = ["enter", "enter"]


def shown(compare: Compare, size: tuple[int, int], *steps: str, desk: Desk36 | None = None) -> bool:
    """Compare the page that ``steps`` lead to: keys, or ``=TEXT`` for the box."""
    app = Wizard(desk or Desk36(), ROOT)

    async def before(pilot: Any) -> None:
        newcomer = Newcomer(app, pilot)
        for step in steps:
            if step.startswith("="):
                await newcomer.type(step[1:])
            else:
                await newcomer.press(step)
        await newcomer.rest()

    return compare(app, terminal_size=size, run_before=before)


@SIZES
def test_welcome(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size)


@SIZES
def test_folder(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, "enter")


@SIZES
def test_folder_refused(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, "enter", "=/srv/films", "enter")


@SIZES
def test_feeds(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}")


@SIZES
def test_past_while_feeds_are_asked(snap_compare: Compare, size: tuple[int, int]) -> None:
    desk = Desk36(is_done=False)
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}", "enter", desk=desk)


@SIZES
def test_past(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}", "enter", "down")


@SIZES
def test_politeness(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}", *["enter"] * 2)


@SIZES
def test_contact(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}", *["enter"] * 3)


@SIZES
def test_disk_refused(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size, *TO_FEEDS, f"={LIST}", *["enter"] * 4, "=much", "enter")


@SIZES
def test_review(snap_compare: Compare, size: tuple[int, int]) -> None:
    gentle = ["enter", "down", "enter"]
    steps = [*TO_FEEDS, f"={LIST}", "enter", *gentle, "=ops@example.org", "enter", "enter"]
    assert shown(snap_compare, size, *steps)
