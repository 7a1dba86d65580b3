"""One pane gets all the room, on every screen that has several; what does not fit scrolls."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, Row, busy_snapshot, feed_rows, setting_rows
from support.stage import SMALL, Stage, painted, play, press

from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.widgets.text_pane import TextPane


def client() -> FakeClient:
    fake = FakeClient(busy_snapshot(), feed_rows(40))
    fake.settings = setting_rows()
    return fake


def main(stage: Stage) -> MainScreen:
    screen = stage.app.screen
    assert isinstance(screen, MainScreen)
    return screen


@pytest.mark.parametrize(
    ("key", "pane"), [("3", "#detail"), ("5", "#detail"), ("7", "#detail")],
    ids=["quarantine", "limits", "config"],
)  # fmt: skip
def test_a_pane_of_text_has_the_focus_and_all_the_room(key: str, pane: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, key)
        whole = main(stage).query_one(pane, TextPane)
        before = whole.size.height
        await press(stage, "tab")
        assert whole.has_focus
        await press(stage, "m")
        assert whole.size.height > before + 8
        await press(stage, "m")
        assert whole.size.height == before

    play(client(), scene, size=SMALL)


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((120, 36), ("#polls", "#downloads", "#health", "#events")),
        (SMALL, ("#downloads", "#events")),
    ],
    ids=["wide", "small"],
)
def test_the_dashboard_gives_its_tables_all_the_room(
    size: tuple[int, int], panes: tuple[str, ...]
) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "m")
        assert "tab leads to a pane" in "".join(n.message for n in stage.app._notifications)
        screen = main(stage)
        for pane in panes:
            await press(stage, "tab", "m")
            assert screen.query_one(pane).size.height >= size[1] - 5, painted(stage.app)
            await press(stage, "m")

    play(client(), scene, size=size)


class Failing(FakeClient):
    """Has more to say of a feed than a small terminal shows."""

    def query(self, page: PageRequest) -> Page:
        if page.kind != "evidence":
            return super().query(page)
        poll: Row = {
            "at": "2026-10-18T03:12:00Z",
            "result": "failure",
            "code": "http_404",
            "status": 404,
            "detail": "gone",
        }
        row: Row = {"last_error": "http_404: gone", "evidence": "<html>\n" * 9, "polls": [poll] * 9}
        return Page((row,), None)


def test_evidence_that_does_not_fit_scrolls() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "3", "tab")
        pane = main(stage).query_one("#detail", TextPane)
        assert pane.max_scroll_y > 0
        await press(stage, "down")
        assert pane.scroll_offset.y == 1

    play(Failing(busy_snapshot(), feed_rows(40)), scene, size=SMALL)
