"""Titles come from strangers: none of them controls the terminal or the application."""

from __future__ import annotations

import logging
from copy import copy

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from support.fake_client import FakeClient
from support.hostile import HostileClient
from support.hostile_text import TITLES, forbidden
from support.stage import SMALL, Stage, painted, play, press, settle
from textual.color import Color
from textual.widgets._toast import Toast

from podfetch_tui.system.loglines import TextFormatter, json_formatter
from podfetch_tui.system.loglines import harmless as harmless_record
from podfetch_tui.ui.dialogs.quit import QuitDialog
from podfetch_tui.ui.safety import ControlFilter, harmless
from podfetch_tui.ui.screens.registry import SCREENS
from podfetch_tui.ui.widgets.columns import fit
from podfetch_tui.ui.widgets.text import harmless_line, line


def hostile(titles: tuple[str, ...]) -> FakeClient:
    """Return an engine all of whose remote text is hostile."""
    return HostileClient(titles)


def see_every_screen(client: FakeClient, *, every_row: bool = False) -> None:
    """Open all screens, one feed, every dialog, the palette and toasts; no control passes."""

    async def scene(stage: Stage) -> None:
        def check() -> None:
            assert not any(forbidden(text) for text in painted(stage.app))

        async def see(*keys: str) -> None:
            await press(stage, *keys)
            check()

        for key in SCREENS:
            stage.app.action_go(key)
            await settle(stage)
            check()
            await see("down")
        await press(stage, "6")
        await see("enter")
        await press(stage, "escape", "2")
        for _ in client.feeds if every_row else ():
            await see("down")
        await see("s")
        await see("escape")
        await see("e")
        await see("escape")
        await see("space", "space", "space", "X")
        await see("escape", "escape")
        await see("enter")
        for _ in range(5):
            await see("right")
        await see("right", "enter")
        await press(stage, "escape")
        await see("escape")
        for row in client.feeds:
            stage.app.bridge.toast(str(row["title"]), "error")
        await settle(stage)
        assert stage.app.screen.query(Toast)
        check()
        await see("question_mark")
        await see("escape")
        await see("colon", *"h")
        await see("escape", "q")
        assert isinstance(stage.app.screen, QuitDialog)
        assert stage.app.return_value is None

    play(client, scene, size=SMALL)


def test_no_hostile_title_reaches_the_terminal() -> None:
    see_every_screen(hostile(TITLES), every_row=True)


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=14, max_size=16))
def test_no_text_whatever_reaches_the_terminal_with_controls(titles: list[str]) -> None:
    see_every_screen(hostile(tuple(titles)))


def test_the_look_at_the_screens_sees_what_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ControlFilter, "apply", lambda _, segments, __: segments)
    monkeypatch.setattr("podfetch_tui.ui.widgets.columns.harmless", lambda text: text)

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert any(forbidden(text) for text in painted(stage.app))

    play(hostile(TITLES), scene, size=SMALL)


@given(st.text())
def test_no_text_whatever_makes_a_second_line_or_a_control_in_the_log(text: str) -> None:
    record = logging.makeLogRecord(
        {"name": "x", "msg": "%s", "args": (text,), "levelname": "INFO", "told": text}
    )
    for formatter in (TextFormatter(), json_formatter()):
        line = formatter.format(harmless_record(copy(record)))
        assert not forbidden(line)


@given(st.text(), st.integers(0, 60), st.booleans())
def test_a_cell_is_as_wide_as_it_should_be_and_harmless(text: str, room: int, right: bool) -> None:
    found = fit(text, room, right=right)
    assert cell_len(found) == room
    assert not forbidden(found)


@given(st.text())
def test_lines_and_toasts_are_harmless_and_say_what_they_were_given(text: str) -> None:
    assert not forbidden(line(text, (text, "bold")).plain)
    one = harmless_line(text)
    assert not forbidden(one)
    assert "\n" not in one


def test_a_click_on_a_title_is_a_click_and_no_action() -> None:
    client = hostile(("[@click=app.quit]press here to win a prize[/]",) * 8)

    async def scene(stage: Stage) -> None:
        for key, table in (("2", "#feeds VirtualTable"), ("4", "#downloads-table")):
            await press(stage, key)
            for x in range(30, 78, 6):
                await stage.pilot.click(table, offset=(x, 2))
            assert not isinstance(stage.app.screen, QuitDialog)
        assert stage.app.is_running
        assert "[@click=app.quit]" in "\n".join(painted(stage.app))

    play(client, scene, size=SMALL)


def test_a_message_of_the_engine_is_no_markup() -> None:
    assert line("[b]x[/b]", ("[@click=app.quit]y[/]", "bold")).plain == (
        "[b]x[/b][@click=app.quit]y[/]"
    )


@given(st.text())
def test_the_last_net_catches_everything(text: str) -> None:
    found = ControlFilter().apply([Segment(text)], Color(0, 0, 0))
    assert not forbidden("".join(segment.text for segment in found))


@pytest.mark.parametrize("text", ["plain", "夜の図書館", "Ünï–…“”", "👩‍👩‍👧"])
def test_honest_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_what_textual_tells_the_terminal_itself_passes() -> None:
    from rich.control import Control

    own = Control.home().segment
    assert ControlFilter().apply([own], Color(0, 0, 0)) == [own]
