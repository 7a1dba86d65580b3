"""The last line of a screen has the keys one needs most, whole, at every width."""

from __future__ import annotations

import pytest
from support.fake_client import (
    FakeClient,
    busy_snapshot,
    episode_rows,
    feed_rows,
    history_rows,
    setting_rows,
)
from support.stage import SMALL, WIDE, Stage, painted, play, press, settle

ENDS = ": Commands ? Help q Quit"
NEEDED = {
    "1": ("r Run now", "P Pause all"),
    "2": ("enter Open", "/ Filter", "r Check", "p Pause", "e Edit", "i Add"),
    "3": ("enter Open", "/ Filter", "t Probe", "R Release", "z Snooze"),
    "4": ("enter Open", "x Cancel", "space Select"),
    "5": ("enter Type", "- Less", "+ More", "w Save", "D Default", "M Effect"),
    "6": ("enter Open", "/ Filter", "e Failures", "l Feed"),
    "7": ("/ Filter", "r Re-read", "E Edit INI", "c Changed"),
    "8": ("enter Open", "/ Filter", "R Retry", "x Skip"),
}
MORE = {
    "2": ("I Import", "X Retire", "l Log", "space Select"),
    "3": ("e Edit URL", "b Group", "l History", "X Retire"),
    "5": ("d Diff", "P Pause all"),
    "8": ("l Log", "space Select", "P Pause all"),
}
"""Where there is room for them."""


def client() -> FakeClient:
    made = FakeClient(busy_snapshot(), feed_rows(100))
    made.episodes, made.history, made.settings = episode_rows(50), history_rows(), setting_rows()
    return made


def footer(stage: Stage) -> str:
    return painted(stage.app)[-1]


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_the_keys_one_needs_most_stand_there_whole(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        for key, needed in NEEDED.items():
            await press(stage, key)
            wanted = (*needed, *(MORE.get(key, ()) if size == WIDE else ()))
            for word in wanted:
                assert f" {word} " in f" {footer(stage)} ", footer(stage)
            assert footer(stage).endswith(ENDS)

    play(client(), scene, size=size)


def test_help_and_quit_are_never_cut_and_all_else_is_whole_or_not_there() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "3")
        await stage.pilot.resize_terminal(*WIDE)
        await settle(stage)
        whole = footer(stage)
        for columns in range(60, 120, 7):
            await stage.pilot.resize_terminal(columns, 30)
            await settle(stage)
            seen = footer(stage).removesuffix(ENDS)
            assert seen != footer(stage), f"{columns}: {footer(stage)}"
            assert whole.startswith(seen)
            rest = whole.removeprefix(seen)
            assert rest == ENDS or rest[0] != " "

    play(client(), scene)


def test_where_nothing_opens_no_key_for_it_is_offered() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "7")
        assert "Open" not in footer(stage)
        await press(stage, "2", *["down"] * 4, "enter", *["right"] * 4)
        assert "Open" not in footer(stage)
        assert "esc Back" in footer(stage)

    play(client(), scene, size=SMALL)
