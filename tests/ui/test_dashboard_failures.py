"""Failures on the dashboard: what fails, where most of it, and the way to it."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from support.stage import SMALL, Stage, painted, play, press, settle

from podfetch_tui.ui.widgets.table import VirtualTable


def client() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(50))


@pytest.mark.parametrize(
    ("row", "screen", "asked"), [(0, "feeds", "err:read_timeout"), (1, "episodes", "err:http_404")]
)
def test_a_failure_says_where_most_of_it_is_and_leads_to_what_failed(
    row: int, screen: str, asked: str
) -> None:
    async def scene(stage: Stage) -> None:
        text = "\n".join(painted(stage.app))
        assert "read timeout" in text
        assert "88 at anchor.ex" in text
        assert "http 404 of files" in text
        stage.app.screen.query_one("#errors VirtualTable", VirtualTable).focus()
        await press(stage, *["down"] * row, "enter")
        await settle(stage)
        assert stage.app.current_mode == screen
        assert asked in "\n".join(painted(stage.app))

    play(client(), scene)


def test_where_there_is_little_room_the_codes_are_in_one_line() -> None:
    async def scene(stage: Stage) -> None:
        text = "\n".join(painted(stage.app))
        assert "read timeout 112  http 404 19  not a feed 3  in 10 min" in text

    play(client(), scene, size=SMALL)
