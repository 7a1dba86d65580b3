"""On a terminal too small for a screen the state is said in words, what is wrong first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import NOW, FakeClient, busy_snapshot
from support.stage import UNICODE, Stage, app_over, painted, play, settle

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.link import Link
from podfetch_tui.ui.app import PodFetchApp

Compare = Callable[..., bool]
TINY = (50, 15)
LOST = Link(
    where="/srv/podcasts",
    is_up=False,
    since=NOW,
    problem="no engine runs on /srv/podcasts; start one with `podfetch --no-ui`",
    tries=3,
    next_try_s=4.0,
)
FULL = Alert(name="free_space", since=1, text="1 GB are free", value=1e9, limit=2e9)
LATE = Alert(name="lateness_p95", since=1, text="polls wait", value=5e3, limit=3.6e3)


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def client(**changes: Any) -> FakeClient:
    return FakeClient(replace(busy_snapshot(), **changes))


def test_an_engine_that_is_not_heard_is_not_called_running() -> None:
    async def scene(stage: Stage) -> None:
        assert "DISCONNECTED" in painted(stage.app)[0]
        assert "RUNNING" not in text(stage)
        assert "Disconnected: no engine runs" in text(stage)

    play(client(), scene, size=TINY, link=lambda: LOST)


def test_what_is_wrong_comes_first_and_every_alert_once() -> None:
    async def scene(stage: Stage) -> None:
        lines = painted(stage.app)
        assert "Alert free_space: 1 GB are free" in lines[1]
        assert text(stage).count("1 GB are free") == 1
        assert "lateness_p95: polls wait" in text(stage)
        assert "10,412 feeds, 41 in quarantine" in text(stage)

    play(client(alerts=(FULL, LATE)), scene, size=TINY)


def test_the_hint_calls_the_program_as_its_operator_does() -> None:
    one = client()
    app = PodFetchApp(one, UNICODE, program="podfetch --archive /srv/pods")

    async def run() -> None:
        async with app.run_test(size=TINY, notifications=True) as pilot:
            stage = Stage(app, pilot, one)
            await settle(stage)
            assert "podfetch --archive /srv/pods status" in text(stage)

    asyncio.run(run())


@pytest.mark.parametrize("link", [None, LOST], ids=["running", "disconnected"])
def test_too_small(snap_compare: Compare, link: Link | None) -> None:
    one = client(alerts=(LATE,))
    app = app_over(one, UNICODE, None if link is None else lambda: link)

    async def before(pilot: Any) -> None:
        await settle(Stage(app, pilot, one))

    assert snap_compare(app, terminal_size=TINY, run_before=before)
