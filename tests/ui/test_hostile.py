"""Titles come from strangers: none of them controls the terminal or the application."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.segment import Segment
from support.fake_client import FakeClient, Row, busy_snapshot, download, event, feed_row
from support.stage import SMALL, Stage, painted, play, press
from textual.color import Color

from podfetch_tui.ui.dialogs.quit import QuitDialog
from podfetch_tui.ui.safety import ControlFilter, harmless
from podfetch_tui.ui.widgets.text import line

TITLES = (
    "[b]bold[/b] [@click=app.quit]x[/] [/] [",
    "[@click='app.exit(1)']leave[/]",
    "\x1b]0;pwn\x07\x1b[2J\x1b[31mred",
    "\x1b]52;c;ZXZpbA==\x07clip",
    "\x9b2J\x9d52;c;eA==\x9c c1",
    "abc\u202egnp.exe\u2066\u2069\u200f",
    "line\nbreak\r\ttab\x00nul\x7fdel\u2028sep",
    "zalgo" + "\u0301\u0336" * 400,
    "\ud800lone\udfff",
    "夜" * 3000,
    "👩‍👩‍👧‍👦" * 50,
    "x" * 100_000,
    "",
)


RANGES = ((0, 31), (0x7F, 0x9F), (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF))
SINGLE = "\u061c\u200e\u200f\u2028\u2029\ufeff"


def forbidden(text: str) -> list[str]:
    """Return the characters of ``text`` that no terminal may get."""
    return [c for c in text if c in SINGLE or any(low <= ord(c) <= high for low, high in RANGES)]


def hostile(titles: tuple[str, ...]) -> FakeClient:
    """Return an engine all of whose remote text is hostile."""
    rows: list[Row] = [
        feed_row(n, title=text, url=f"http://h/{text}", last_error=text, state_reason=text)
        for n, text in enumerate(titles, 1)
    ]
    workers = tuple(download(n, title=text, host=text) for n, text in enumerate(titles))
    recent = tuple(
        event(n, "feed_failed", text, feed_id=n, family="transient", code=text)
        for n, text in enumerate(titles)
    )
    now = replace(
        busy_snapshot(),
        workers=workers,
        recent=recent,
        state="degraded",
        reason=titles[0],
        archive=titles[-1],
        feeds={"total": len(rows), "active": len(rows)},
    )
    return FakeClient(now, rows)


def see_every_screen(client: FakeClient) -> None:
    async def scene(stage: Stage) -> None:
        for key in ("1", "2", "4", "q"):
            await press(stage, key)
            for text in painted(stage.app):
                assert not forbidden(text), text
            if key == "2":
                for _ in client.feeds:
                    await stage.pilot.press("down")
                    assert not any(forbidden(text) for text in painted(stage.app))
        assert isinstance(stage.app.screen, QuitDialog)
        assert stage.app.return_value is None

    play(client, scene, size=SMALL)


def test_no_hostile_title_reaches_the_terminal() -> None:
    see_every_screen(hostile(TITLES))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(min_size=1, max_size=60), min_size=3, max_size=6))
def test_no_text_whatever_reaches_the_terminal_with_controls(titles: list[str]) -> None:
    see_every_screen(hostile(tuple(titles)))


def test_a_click_on_a_title_is_a_click_and_no_action() -> None:
    client = hostile(("[@click=app.quit]press here to win a prize[/]",) * 8)

    async def scene(stage: Stage) -> None:
        for key, table in (("2", "#feeds-table"), ("4", "#downloads-table")):
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
