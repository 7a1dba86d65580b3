"""The application: its keys send the right commands, and it ends as it was told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row, feed_rows, idle_snapshot
from support.stage import SMALL, Stage, painted, play, press, settle, until
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Footer, Input

from podfetch_tui.model.commands import (
    BeginFeeds,
    CheckFeeds,
    CommandResult,
    Pause,
    Resume,
)
from podfetch_tui.model.errors import Failure, Kind, NoEngine
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest
from podfetch_tui.ui import app as app_module
from podfetch_tui.ui import waiting
from podfetch_tui.ui.app import HOLD_S, PodFetchApp
from podfetch_tui.ui.dialogs.quit import QuitDialog
from podfetch_tui.ui.screens.dashboard import Dashboard
from podfetch_tui.ui.screens.downloads import Downloads
from podfetch_tui.ui.screens.feeds import Feeds
from podfetch_tui.ui.screens.registry import SCREENS
from podfetch_tui.ui.widgets.table import VirtualTable


def busy() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(1000))


def test_number_keys_lead_to_the_screens() -> None:
    async def scene(stage: Stage) -> None:
        seen = [type(stage.app.screen)]
        for key in "241":
            await press(stage, key)
            seen.append(type(stage.app.screen))
        assert seen == [Dashboard, Feeds, Downloads, Dashboard]

    play(busy(), scene)


def test_a_screen_that_comes_up_waits_for_no_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual would hold the picture for 50 ms, three times as long as the screen takes."""
    waits: list[float] = []
    set_timer = PodFetchApp.set_timer

    def watched(app: PodFetchApp, delay: float, *args: Any, **more: Any) -> Timer:
        if more.get("name") == "delay_update":
            waits.append(delay)
        return set_timer(app, delay, *args, **more)

    monkeypatch.setattr(PodFetchApp, "set_timer", watched)

    async def scene(stage: Stage) -> None:
        waits.clear()
        await press(stage, "2")
        assert waits
        assert max(waits) <= HOLD_S < 0.01

    play(busy(), scene)


@pytest.mark.parametrize("size", [SMALL, (120, 36)])
def test_tabs_can_be_clicked(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        bar = painted(stage.app)[0]
        await stage.pilot.click("#status-bar", offset=(re.search("4 ?D", bar).start(), 0))  # type: ignore[union-attr]
        await settle(stage)
        assert isinstance(stage.app.screen, Downloads)

    play(busy(), scene, size=size)


def test_the_screen_shows_what_the_engine_does_now() -> None:
    async def scene(stage: Stage) -> None:
        client = stage.client
        client.now = replace(client.now, rates={"bytes_per_s": 12.3e6}, state="draining")
        await settle(stage)
        text = "\n".join(painted(stage.app))
        assert "12.3 MB/s" in text
        assert "DRAINING" in text
        assert "32 jobs still run" in text

    play(busy(), scene)


def test_a_screen_that_comes_up_is_not_stale() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "4")
        await press(stage, "1")
        stage.client.now = replace(stage.client.now, totals={"polls": 777_777})
        stage.app.look()
        await stage.pilot.press("4", "1")
        await stage.pilot.pause()
        assert "777,777" in "\n".join(painted(stage.app))

    play(busy(), scene)


def test_pause_and_resume() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "P")
        stage.client.now = replace(stage.client.now, state="paused")
        await settle(stage)
        await press(stage, "P")
        assert "Paused" in painted(stage.app)[1]

    client = busy()
    play(client, scene)
    assert client.commands == [Pause(), Resume()]


def test_many_new_feeds_wait_until_the_operator_begins() -> None:
    rows = [feed_row(n, state="paused", state_reason="imported paused") for n in range(1, 1204)]
    feeds = {"total": 1_203, "active": 0, "paused": 1_203}
    client = FakeClient(replace(idle_snapshot(), feeds=feeds), rows)

    async def scene(stage: Stage) -> None:
        await until(stage, "1,203 new feeds wait")
        await until(stage, "B Begin")
        await press(stage, "B")
        client.now = replace(client.now, feeds={"total": 1_203, "active": 1_203, "paused": 0})
        client.feeds = feed_rows(1_203)
        await settle(stage)
        await until(stage, "new feeds wait", gone=True)
        await until(stage, "B Begin", gone=True)

    play(client, scene)
    assert client.commands == [BeginFeeds()]


def test_feeds_paused_by_hand_do_not_wait_to_begin() -> None:
    async def scene(stage: Stage) -> None:
        assert "Begin" not in painted(stage.app)[-1]
        await press(stage, "B")

    client = busy()
    play(client, scene)
    assert client.commands == []


def test_the_engine_may_say_itself_how_many_wait() -> None:
    client = FakeClient(replace(idle_snapshot(), feeds={"total": 9, "paused": 9, "waiting": 7}))

    async def scene(stage: Stage) -> None:
        assert "7 new feeds wait" in painted(stage.app)[1]

    play(client, scene)
    assert not client.queries


def test_the_chosen_feed_is_checked_now() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down", "down", "r")

    client = busy()
    play(client, scene)
    assert client.commands == [CheckFeeds((3,))]


def test_a_refusal_is_shown() -> None:
    client = busy()
    client.answer = CommandResult(ok=False, text="draining: [b]nothing[/b] new starts")

    async def scene(stage: Stage) -> None:
        await press(stage, "P")
        assert any("[b]nothing[/b]" in text for text in painted(stage.app))

    play(client, scene)


def test_an_engine_in_trouble_does_not_take_the_screen_down() -> None:
    class Ill(FakeClient):
        def query(self, page: PageRequest) -> Page:
            raise Failure(Kind.CATALOG_BUSY, "locked by another program")

        def send(self, command: object) -> CommandResult:
            raise Failure(Kind.DISK_FULL, "no space left")

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "P")
        text = "\n".join(painted(stage.app))
        assert "locked by another program" in text
        assert "no space left" in text

    play(Ill(busy_snapshot()), scene)


def test_an_engine_that_falls_silent_is_named_once() -> None:
    class Silent(FakeClient):
        silent = False

        def snapshot(self) -> EngineSnapshot:
            if self.silent:
                raise NoEngine("the socket is gone")
            return super().snapshot()

    client = Silent(busy_snapshot())

    async def scene(stage: Stage) -> None:
        client.silent = True
        for _ in range(3):
            await settle(stage)
        text = "\n".join(painted(stage.app))
        assert text.count("the socket is gone") == 1
        assert "61.4 MB/s" in text, "the last picture stays"
        client.silent = False
        await settle(stage)

    play(client, scene)


def listed(stage: Stage) -> list[str]:
    """The lines of the list of feeds, without its header."""
    area = stage.app.screen.query(VirtualTable).first().region
    return [text for text in painted(stage.app)[area.y + 1 : area.bottom] if text]


def test_feeds_are_filtered_as_one_types() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", "t", "i", "d", "e", "s", "q")
        assert stage.app.screen.query_one(Input).value == "tidesq", "keys go to the filter"
        assert "None of 1,000 feeds matches" in "\n".join(painted(stage.app))
        await press(stage, "backspace", "enter")
        shown = listed(stage)
        assert len(shown) > 10
        assert all("Tides" in text for text in shown)
        await press(stage, "escape")
        assert "1,000 feeds" in "\n".join(painted(stage.app))

    client = busy()
    client.now = replace(client.now, feeds={"total": 1000, "active": 1000})
    play(client, scene)


def test_a_filter_that_is_half_typed_says_so_and_keeps_the_rows() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", *"tides", "space", *"fail")
        before = listed(stage)
        await press(stage, ">")
        text = "\n".join(painted(stage.app))
        assert "column 12: a value is missing" in text
        assert listed(stage) == before
        await press(stage, "2", "enter")
        text = "\n".join(painted(stage.app))
        assert "column" not in text
        assert all("Tides" in text for text in listed(stage))

    client = busy()
    client.now = replace(client.now, feeds={"total": 1000, "active": 1000})
    play(client, scene)


def test_reading_never_asks_twice_at_a_time() -> None:
    active = 0

    class Slow(FakeClient):
        def query(self, page: PageRequest) -> Page:
            nonlocal active
            active += 1
            assert active == 1
            answer = super().query(page)
            active -= 1
            return answer

    async def scene(stage: Stage) -> None:
        await stage.pilot.press("2")
        for _ in range(10):
            stage.app.look()
            await stage.pilot.press("end", "home")
        await settle(stage)

    client = Slow(replace(busy_snapshot(), feeds={"total": 3000}), feed_rows(3000))
    play(client, scene)


@pytest.mark.parametrize(
    ("keys", "how"), [(("q", "d"), "drain"), (("q", "n"), "now"), (("ctrl+q", "d"), "drain")]
)
def test_quitting_says_how(keys: tuple[str, ...], how: str) -> None:
    async def scene(stage: Stage) -> None:
        for key in keys:
            assert stage.app.is_running
            await stage.pilot.press(key)

    assert play(busy(), scene).return_value == how


@pytest.mark.parametrize("screen", "124")
def test_keys_typed_ahead_are_not_lost(screen: str) -> None:
    async def scene(stage: Stage) -> None:
        for key in (screen, "q"):
            # As the driver hands them over: nothing waits for the screen to come up.
            event = Key(key, key)
            event.set_sender(stage.app)
            stage.app.post_message(event)
        await settle(stage)
        assert isinstance(stage.app.screen, QuitDialog)

    play(busy(), scene)


@pytest.mark.parametrize("key", ["escape", "c"])
def test_one_can_stay(key: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "q")
        assert isinstance(stage.app.screen, QuitDialog)
        assert "8 downloads and 24 polls" in "\n".join(painted(stage.app))
        await press(stage, key)
        assert isinstance(stage.app.screen, Feeds)

    assert play(busy(), scene).return_value is None


def test_a_click_quits_too() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "q")
        await stage.pilot.click("#now")

    assert play(busy(), scene).return_value == "now"


def test_the_screen_behind_a_dialog_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "q")
        stage.client.now = replace(stage.client.now, totals={"polls": 555_555})
        await settle(stage)
        await press(stage, "escape")
        assert "555,555" in "\n".join(painted(stage.app))

    play(busy(), scene)


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (40, 10), (60, 18), (300, 100)])
def test_no_size_breaks_a_screen(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        for key in "12345q":
            await press(stage, key)
        await press(stage, "escape")
        await stage.pilot.resize_terminal(80, 24)
        await settle(stage)
        assert "Downloads" in "\n".join(painted(stage.app)) or "4D" in painted(stage.app)[0]

    play(busy(), scene, size=size)


def test_an_unknown_theme_is_no_reason_to_fail() -> None:
    assert PodFetchApp(busy(), UiSettings(theme="no such theme")).theme == "podfetch-dark"
    assert PodFetchApp(busy(), UiSettings(theme="nord")).theme == "nord"


@pytest.mark.parametrize("theme", ["nord", "textual-light", "ansi-dark"])
def test_other_themes_work(theme: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "4", "q")

    play(busy(), scene, settings=UiSettings(theme=theme))


def test_without_colours_the_cursor_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        await press(stage, "4")
        app = stage.app
        strips = app.screen._compositor.render_strips()
        row = next(strip for strip in strips if "harbour" in strip.text)
        segments = list(row)
        for line_filter in app.get_line_filters():
            segments = line_filter.apply(segments, app.screen.background_colors[1])
        styles = [segment.style for segment in segments if segment.style is not None]
        colours = [colour for style in styles for colour in (style.color, style.bgcolor)]
        assert all(colour is None or colour.is_default for colour in colours)
        assert any(style.reverse for style in styles)

    play(busy(), scene)


def test_importing_the_application_loads_no_engine() -> None:
    code = (
        "import sys, podfetch_tui.ui.app;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('sqlalchemy', 'urllib3', 'feedparser', 'lxml', 'av')"
        " or m.startswith('podfetch_tui.engine')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_footer_that_shows_the_same_keys_is_not_made_anew() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "1", "2")
        footer = stage.app.screen.query_one(Footer)
        before = list(footer.children)
        assert before
        await press(stage, "1", "2", "down")
        assert list(footer.children) == before
        await press(stage, "/")
        assert list(footer.children) != before

    play(FakeClient(busy_snapshot(), feed_rows(30)), scene)


def test_other_colours_reach_the_screens_that_are_not_up() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "1")
        stage.app.theme = "podfetch-light"
        await press(stage, "2")
        light = stage.app.screen.styles.background
        await press(stage, "1")
        assert stage.app.screen.styles.background == light
        assert light.is_transparent is False
        assert light.brightness > 0.5

    play(FakeClient(busy_snapshot(), feed_rows(30)), scene)


def test_pictures_follow_each_other_quickly_and_children_know_nothing_of_it() -> None:
    code = (
        "import os, podfetch_tui.ui.app; from textual import screen;"
        "print(round(1 / screen.UPDATE_PERIOD), os.environ.get('TEXTUAL_FPS'))"
    )
    for given, wanted in ((None, "120 None"), ("30", "30 30")):
        environ = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
        environ |= {"TEXTUAL_FPS": given} if given else {}
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
        )
        assert found.stdout.strip() == wanted


def test_screens_are_made_ahead_and_ask_for_nothing_until_somebody_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "LOAD_S", 0.01)
    monkeypatch.setattr(app_module, "NEXT_S", 0.01)
    client = busy()

    async def scene(stage: Stage) -> None:
        await until(stage, "Throughput")
        while not set(stage.app._screen_stacks) >= set(SCREENS):
            await stage.pilot.pause(0.01)
        await settle(stage)
        assert all(waiting.IMPORTED_PAUSED in asked.filter for asked in client.queries)
        ahead = stage.app._screen_stacks["feeds"][0]
        await press(stage, "2")
        assert stage.app.screen is ahead
        await settle(stage)
        assert stage.app.screen.query_one(VirtualTable).source.count == 1000

    play(client, scene)
