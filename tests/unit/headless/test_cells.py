"""Text fits the terminal whatever script it is in."""

from __future__ import annotations

import pytest

from podfetch_tui.headless.cells import fit, pad, width


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("夜の", 4), ("e\u0301", 1), ("", 0), ("ä–…", 3), ("Ａ", 2)]
)
def test_wide_characters_take_two_cells_and_marks_none(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize("room", range(9))
@pytest.mark.parametrize(
    "text", ["abcdefghij", "夜の図書館で", "a夜b図c書", "e\u0301e\u0301e\u0301e\u0301"]
)
def test_cut_text_never_takes_more_room_than_there_is(text: str, room: int) -> None:
    assert width(fit(text, room)) <= room
    assert width(pad(text, room)) == room
    if width(text) > room > 0:
        assert fit(text, room).endswith("…")
