"""A held picture hides nothing that one must not miss, and holds no clock."""

from __future__ import annotations

from msgspec.structs import replace
from support.fake_client import NOW, FakeClient, busy_snapshot, feed_row
from support.stage import Stage, painted, play, press, settle

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.commands import ActOnFeeds, CommandResult
from podfetch_tui.model.link import Link
from podfetch_tui.ui.dialogs.quit import StoppedDialog

UP = Link(where="/srv/podcasts", is_up=True, since=NOW)
LOST = replace(UP, is_up=False, problem="no engine runs on /srv/podcasts", tries=3)
HOUR_MS = 3_600_000


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def can_undo(stage: Stage) -> bool:
    return stage.app.bridge.undo is not None


def busy() -> FakeClient:
    client = FakeClient(busy_snapshot(), [feed_row(n) for n in range(1, 10)])
    client.answer = CommandResult(ok=True, affected=1, operation=7)
    return client


def later(client: FakeClient, ms: int) -> None:
    client.now = replace(client.now, at=client.now.at + ms, totals={"polls": 555_555})


def test_an_alert_and_a_lost_engine_are_said_while_the_body_stays() -> None:
    links = [UP]

    async def scene(stage: Stage) -> None:
        await press(stage, "f")
        assert "FROZEN" in painted(stage.app)[0]
        later(stage.client, 1_000)
        alert = Alert(name="free_space", since=1, text="the disk is full", value=1, limit=2)
        stage.client.now = replace(stage.client.now, alerts=(alert,))
        await settle(stage)
        assert "the disk is full" in painted(stage.app)[1]
        assert "555,555" not in text(stage)
        links[0] = LOST
        await settle(stage)
        assert "Disconnected" in painted(stage.app)[1]
        assert "DISCONNECTED" in painted(stage.app)[0]
        links[0] = UP
        await press(stage, "2", "1")
        assert "555,555" not in text(stage), "a screen that comes up is of the same moment"
        await press(stage, "f")
        assert "555,555" in text(stage)

    play(busy(), scene, link=lambda: links[0])


def test_an_engine_that_crashed_is_asked_about_at_once() -> None:
    client = busy()

    async def scene(stage: Stage) -> None:
        stage.app._restart = lambda: None
        await press(stage, "f")
        client.now = replace(client.now, state="stopped", reason="a bug ended the dispatcher")
        await settle(stage)
        assert isinstance(stage.app.screen, StoppedDialog)

    play(client, scene)


def test_an_undo_expires_and_a_snooze_counts_from_the_real_now() -> None:
    client = busy()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down", "p")
        assert can_undo(stage)
        await press(stage, "f")
        later(client, 2 * HOUR_MS)
        await settle(stage)
        assert not can_undo(stage)
        assert "12:42:07" in painted(stage.app)[0]
        await press(stage, "z", "enter")

    play(client, scene)
    asks = [command.ask for command in client.commands if isinstance(command, ActOnFeeds)]
    assert asks[-1].until == NOW + 3 * HOUR_MS
