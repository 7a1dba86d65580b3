"""The bars of Limits: what they show at every width, and that a click sets what they show."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, Row, busy_snapshot, setting_rows
from support.stage import SMALL, WIDE, Stage, painted, play, settle

from podfetch_tui.model.commands import ChangeSettings
from podfetch_tui.model.settings import keys_by_id
from podfetch_tui.policy.steps import STEPPED, at_share, share
from podfetch_tui.ui.limit_rows import BAR, COLUMNS, SHOWN
from podfetch_tui.ui.widgets.columns import rooms
from podfetch_tui.ui.widgets.limit_table import LimitTable


def client() -> FakeClient:
    made = FakeClient(busy_snapshot())
    pattern = setting_rows()[1]
    more: list[Row] = [
        {**pattern, "key": "network.bandwidth", "text": "0", "value": 0, "default": "0"},
        {**pattern, "key": "throttle.adaptive", "text": "yes", "value": True, "default": "yes"},
    ]
    made.settings = [
        *({**row, "value": int(str(row["text"]))} for row in setting_rows()[1:3]),
        *more,
    ]
    return made


def row_of(stage: Stage, key: str) -> str:
    (found,) = (row for row in painted(stage.app) if f" {key} " in row)
    return found


@pytest.mark.parametrize(("size", "cells"), [(SMALL, 8), (WIDE, 20)])
def test_a_bar_is_there_at_every_width_and_never_says_more_than_is_so(
    size: tuple[int, int], cells: int
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.press("5")
        await settle(stage)
        bar = row_of(stage, "engine.poll_workers")
        assert bar.count("█") + bar.count("░") == cells
        assert "no cap" in row_of(stage, "network.bandwidth")
        assert "░" not in row_of(stage, "network.bandwidth")
        assert "█" not in row_of(stage, "throttle.adaptive")
        text = "\n".join(painted(stage.app))
        assert "○ 1 in memory only" in text
        assert "▲ not advised" in text
        assert "enter Type" in text

    play(client(), scene, size=size)


def test_a_click_on_the_bar_sets_the_value() -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.press("5")
        await settle(stage)
        table = stage.app.screen.query_one(LimitTable)
        places = {number: first for number, first, _ in rooms(COLUMNS, table.size.width, {})}
        await stage.pilot.click(table, offset=(places[BAR] + 9, 1))
        await settle(stage)

    made = client()
    play(made, scene)
    (sent,) = (one for one in made.commands if isinstance(one, ChangeSettings))
    facts = keys_by_id()["engine.poll_workers"]
    assert sent.changes == ((facts.id, str(at_share(facts, 0.5))),)


@pytest.mark.parametrize("name", [name for name in SHOWN if keys_by_id()[name].low is not None])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 1.0, 3.0])
def test_what_a_place_on_the_bar_sets_the_bar_then_shows(name: str, part: float) -> None:
    key = keys_by_id()[name]
    if key.form not in STEPPED or key.high is None:
        return
    value = at_share(key, part)
    assert (key.low or 0) <= float(str(value)) <= key.high
    assert abs(share(key, value) - min(part, 1.0)) <= 0.13
