"""The same screens on an engine of another process: what is offered, and what is shown without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import NOW, FakeClient, busy_snapshot, feed_rows
from support.stage import SMALL, UNICODE, WIDE, Stage, app_over, painted, play, press, settle, until

from podfetch_tui.model.commands import Pause
from podfetch_tui.model.link import Link
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.dialogs.form import Form

Compare = Callable[..., bool]
UP = Link(where="/srv/podcasts", is_up=True, since=NOW)
LOST = replace(
    UP,
    is_up=False,
    problem="no engine runs on /srv/podcasts; start one with `podfetch --no-ui`",
    tries=3,
    next_try_s=4.0,
)


def busy() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(1000))


def test_an_attached_screen_commands_the_engine_and_leaves_it_without_a_question() -> None:
    async def scene(stage: Stage) -> None:
        assert "⇄ podcasts" in painted(stage.app)[0]
        await press(stage, "P", "q")

    client = busy()
    assert play(client, scene, link=lambda: UP).return_value == "leave"
    assert client.commands == [Pause()]


@pytest.mark.parametrize("size", [WIDE, SMALL])
def test_which_archive_it_is_and_what_is_wrong_are_seen_at_every_width(
    size: tuple[int, int],
) -> None:
    links = [replace(UP, where="/srv/archives/a very long name of an archive")]

    async def scene(stage: Stage) -> None:
        assert "⇄ a very long n…" in painted(stage.app)[0]
        links[0] = replace(UP, read_only=True)
        await settle(stage)
        assert "podcasts" in painted(stage.app)[0]
        links[0] = LOST
        await settle(stage)
        assert "Disconnected: no engine runs on /srv/podcasts" in painted(stage.app)[1]

    play(busy(), scene, size=size, link=lambda: links[0])


@pytest.mark.parametrize(
    ("link", "word"), [(replace(UP, read_only=True), "read-only"), (LOST, "DISCONNECTED")]
)
def test_nothing_is_changed_or_offered_where_nothing_may_be(link: Link, word: str) -> None:
    async def scene(stage: Stage) -> None:
        assert word in painted(stage.app)[0]
        for screen in "1248":
            await press(stage, screen)
            await until(stage, "Quit")
            footer = painted(stage.app)[-1]
            for label in ("Pause", "Check", "Retire", "Edit", "Run now", "Retry", "Skip", "Cancel"):
                assert label not in footer
            await press(stage, "P", "p", "r", "X", "B", "e", "x", "R", "u")
        stage.app.bridge.send(Pause())  # whoever forgets to hide an action is refused
        await until(stage, link.refusal()[:20])

    client = busy()
    play(client, scene, link=lambda: link)
    assert client.commands == []


def test_a_lost_engine_is_said_and_forgotten_when_it_is_back() -> None:
    links = [UP]

    async def scene(stage: Stage) -> None:
        links[0] = replace(UP, silent_s=6.0)
        await settle(stage)
        assert "No answer for 6s" in painted(stage.app)[1]
        links[0] = LOST
        await settle(stage)
        assert "Disconnected: no engine runs on /srv/podcasts" in painted(stage.app)[1]
        assert "61.4 MB/s" in "\n".join(painted(stage.app))
        links[0] = UP
        await settle(stage)
        text = painted(stage.app)
        assert "RUNNING" in text[0]
        assert "Disconnected" not in text[1]

    play(busy(), scene, link=lambda: links[0])


@pytest.mark.parametrize("size", [WIDE, SMALL], ids="{0[0]}x{0[1]}".format)
def test_disconnected(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    app = app_over(client, UNICODE, lambda: LOST)

    async def before(pilot: Any) -> None:
        await settle(Stage(app, pilot, client))

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [WIDE, SMALL], ids="{0[0]}x{0[1]}".format)
def test_engine_stopped(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    reason = "a bug ended the dispatcher (ZeroDivisionError: division by zero); the log has more"
    starts: list[int] = []
    app = PodFetchApp(client, UNICODE, restart=lambda: starts.append(1))

    async def before(pilot: Any) -> None:
        stage = Stage(app, pilot, client)
        await settle(stage)
        client.now = replace(client.now, state="stopped", reason=reason, workers=(), lanes={})
        await settle(stage)
        await press(stage, "escape")
        assert "restarts or quits" in painted(app)[1]
        await press(stage, "q", "r")
        assert starts == [1]
        await press(stage, "q")
        await until(stage, "Start the engine again")

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_no_value_can_be_typed_where_nothing_may_be_changed() -> None:
    links = [replace(UP, read_only=True)]

    async def scene(stage: Stage) -> None:
        await press(stage, "5")
        assert "enter" not in painted(stage.app)[-1]
        await press(stage, "enter")
        assert not isinstance(stage.app.screen, Form)
        links[0] = UP
        await settle(stage)
        await until(stage, "enter Type")

    play(busy(), scene, link=lambda: links[0])
