"""Help says what every key does, to the end of the sentence."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, busy_snapshot
from support.stage import SMALL, WIDE, Stage, play, press, settle

from podfetch_tui.model.actions import ACTIONS
from podfetch_tui.model.words import WORDS
from podfetch_tui.ui.widgets.table import VirtualTable


def sentences(stage: Stage) -> list[tuple[str, str]]:
    """Return keys and sentence of every action in the table, as its lines are painted."""
    table = stage.app.screen.query_one(VirtualTable)
    found: list[tuple[str, str]] = []
    for row in range(table.source.count):
        line = table._line(row - table.scroll_offset.y + 1).text
        assert "…" not in line, line
        keys, text = line[1:17].strip(), line[1:].rstrip().rpartition("  ")[2].strip()
        if keys:
            found.append((keys, text))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
    return found


@pytest.mark.parametrize("size", [SMALL, WIDE, (60, 18)])
def test_no_sentence_is_cut_at_any_size_or_after_a_resize(size: tuple[int, int]) -> None:
    wanted = sorted([*(one.help for one in ACTIONS), *(word.text for word in WORDS)])

    async def scene(stage: Stage) -> None:
        await press(stage, "question_mark")
        assert sorted(text for _, text in sentences(stage)) == wanted
        for columns, rows in (SMALL, WIDE, size):
            await stage.pilot.resize_terminal(columns, rows)
            await settle(stage)
            assert sorted(text for _, text in sentences(stage)) == wanted

    play(FakeClient(busy_snapshot()), scene, size=size)


def test_what_is_looked_for_stays_whole() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "question_mark", "slash", *"for good", "enter")
        assert sentences(stage) == [("K", "Delete the chosen episodes and their files for good")]

    play(FakeClient(busy_snapshot()), scene, size=SMALL)


def test_a_word_of_the_screens_is_explained() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "question_mark", "slash", *"lateness", "enter")
        assert sentences(stage) == [("lateness", "how long after its time a poll begins")]

    play(FakeClient(busy_snapshot()), scene, size=SMALL)
