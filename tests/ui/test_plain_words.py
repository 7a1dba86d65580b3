"""What newcomers stumbled over: what to do, what is going on now, and how to leave."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import (
    MINUTE,
    NOW,
    FakeClient,
    busy_snapshot,
    download,
    feed_detail,
    feed_row,
    idle_snapshot,
)
from support.stage import SMALL, Stage, painted, play, press, settle
from textual.geometry import Size

from podfetch_tui.api.starting import StartingClient
from podfetch_tui.cli import screen
from podfetch_tui.cli.context import Context, program
from podfetch_tui.model.commands import Carry
from podfetch_tui.model.figures import rfc3339
from podfetch_tui.model.host_writes import ReleaseHosts
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import EngineSnapshot, HostView, LaneView
from podfetch_tui.policy.advice import complete
from podfetch_tui.ui import feed_facts
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.dialogs.quit import running
from podfetch_tui.ui.feed_rows import feed_row as convert
from podfetch_tui.ui.feed_rows import next_text, state_cell
from podfetch_tui.ui.widgets.status_bar import StatusBar

ELSEWHERE = "podfetch --archive '/srv/my pods'"
AT = 1_792_492_927_000


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def advised(**changes: Any) -> str:
    row = {**feed_detail(feed_row(1)), "failed": 0, "do": "podfetch feeds check 1", **changes}
    signs = play(FakeClient(), settle).bridge.glyphs
    return feed_facts.head(row, AT, signs, program=ELSEWHERE)[-1].plain


@pytest.mark.parametrize(
    ("state", "said"),
    [("active", "due now"), ("paused", "–"), ("gone", "–"), ("retired", "–")],
)
def test_what_is_not_polled_has_no_next_poll(state: str, said: str) -> None:
    assert next_text(state, rfc3339(AT - 1), AT) == said
    assert next_text("quarantined", rfc3339(AT + 60_000), AT) != "–", "it is probed"


def test_of_a_healthy_feed_it_is_said_that_there_is_nothing_to_do() -> None:
    assert advised() == "do: nothing: it answers"
    assert advised(last_success_at=None) == "do: nothing: its first poll comes by itself"
    assert advised(next_poll_at=rfc3339(AT)) == "do: nothing: its next poll is due"
    assert advised(failed=2) == "do: R fetches again what failed: 2 episodes"


def test_of_a_feed_with_a_new_url_it_is_said_when_it_is_polled_there() -> None:
    until = {"url": "http://old.example/", "until": rfc3339(AT)}
    before = {"at": rfc3339(AT - MINUTE), "result": "success"}
    moved = {"earlier_urls": [until], "polls": [before]}
    told = "do: nothing: it was not polled at its new URL yet; next "
    assert advised(**moved) == f"{told}11:08"
    assert advised(**moved, next_poll_at=rfc3339(AT)) == f"{told}due now"
    moved["polls"] = [{**before, "at": rfc3339(AT + MINUTE)}, before]
    assert advised(**moved) == "do: nothing: it answers"


def test_advice_names_the_key_and_a_command_that_works_from_any_folder() -> None:
    trouble = {"last_error": "read_timeout: silent", "consecutive_failures": 3}
    assert advised(**trouble) == f"do: r polls it now   {ELSEWHERE} feeds check 1"
    moved = {"last_error": "http_404: none", "do": "podfetch feeds edit 1 --url URL"}
    assert advised(**moved) == f"do: e: type its new address   {ELSEWHERE} feeds edit 1 --url URL"
    held = {"last_success_at": "2026-11-01T00:00:00Z", "do": "podfetch hosts release a.example"}
    assert advised(**held).startswith("do: R on Hosts (h) asks its host")
    login = {"last_error": "http_401: none", "do": "podfetch feeds edit 1 --auth NAME"}
    assert advised(**login) == f"do: {ELSEWHERE} feeds edit 1 --auth NAME"


def test_a_feed_shows_what_its_host_answered_in_words() -> None:
    trouble = {"last_error": "http_404: none", "consecutive_failures": 3}
    row: dict[str, Any] = {
        **feed_detail(feed_row(1)),
        **trouble,
        "last_answer": "Moved to https://new.example/",
    }
    signs = play(FakeClient(), settle).bridge.glyphs
    said = [one.plain for one in feed_facts.head(row, AT, signs)]
    assert "it answered: Moved to https://new.example/" in said


def test_a_feed_that_is_well_but_whose_host_is_left_alone_says_so() -> None:
    waits = feed_row(1, waits_until=rfc3339(NOW + MINUTE))
    over = feed_row(1, id=2, waits_until=rfc3339(NOW - 1))

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert "do: its host is left alone; R on Hosts (h) asks it" in text(stage)
        assert "active, waits for its host until 10:43" in text(stage)
        assert re.findall("‖ waits |● ok ", text(stage)) == ["‖ waits ", "● ok "]
        await press(stage, "slash", *"waits<1h", "enter", "enter")
        assert "waits for its host until 10:43" in text(stage)

    play(FakeClient(busy_snapshot(), [waits, over]), scene, size=SMALL)


def test_failures_of_a_feed_are_told_before_the_wait_for_its_host() -> None:
    signs = play(FakeClient(), settle).bridge.glyphs
    held = {"waits_until": rfc3339(NOW + MINUTE)}

    def state(**changes: Any) -> str:
        return state_cell(convert(feed_row(1, **changes)), signs, NOW)[0].partition(" ")[2]

    assert state(**held) == state(**held, last_success_at=None) == "waits"
    assert state(**held, consecutive_failures=2) == "failing 2"
    assert state(**held, consecutive_failures=9, breaker="open") == "cooling 9"
    assert state(**held, state="paused") == "paused"


def test_a_lane_that_is_off_says_what_waits_and_how_to_switch_it_on() -> None:
    now = busy_snapshot()
    lanes = {**now.lanes, "download": LaneView(limit=0, target=0, busy=0)}
    counts = {**now.episodes, "pending": 20}
    now = replace(now, lanes=lanes, episodes=counts, workers=())

    async def scene(stage: Stage) -> None:
        off = "off, 20 wait: download_workers is 0; Limits (5): + raises, w saves"
        assert off in text(stage)
        assert "Downloads off, 20 episodes wait: + on Limits (5)." in text(stage)
        await press(stage, "4")
        assert "Downloads off, 20 episodes wait: + on Limits (5)." in text(stage)
        await press(stage, "2")
        assert "do: + on Limits (5): downloads are off, 3 episodes wait" in text(stage)

    async def limits(stage: Stage) -> None:
        await press(stage, "5")
        assert "off: the limit is 0, 20 wait" in text(stage)

    play(FakeClient(now, [feed_row(1, pending=3, failed=0)]), scene, size=SMALL)
    play(FakeClient(now), limits)


def test_what_an_operator_must_do_stands_before_what_the_throttle_does() -> None:
    now = busy_snapshot()
    held = replace(now.lanes["download"], reason="download target 2 of 8: cpu 91 % for 6 s")
    now = replace(now, lanes={**now.lanes, "download": held}, feeds={**now.feeds, "failing": 3})

    async def scene(stage: Stage) -> None:
        lines = "\n".join(painted(stage.app))
        assert lines.index("3 feeds are failing") < lines.index("cpu 91 %")

    play(FakeClient(now), scene)


def test_a_host_is_released_when_the_operator_says_so_and_not_when_they_are_asked() -> None:
    now = busy_snapshot()
    told = HostView(host="told.example", breaker="closed", told_until=now.at + 9_000_000)
    client = FakeClient(replace(now, hosts=(told,), workers=()))

    async def scene(stage: Stage) -> None:
        await press(stage, "h", "R")
        assert "told.example told us to wait" in text(stage)
        client.now = replace(client.now, at=now.at + 60_000)
        await settle(stage)
        await press(stage, "y")
        (carried,) = client.commands
        assert isinstance(carried, Carry)
        (write,) = carried.writes
        assert isinstance(write, ReleaseHosts)
        assert write.at == now.at + 60_000

    play(client, scene)


def test_every_command_in_advice_is_completed() -> None:
    text = "podfetch episodes delete 5 && podfetch episodes retry 5 --undelete"
    assert complete(text, "podfetch --archive /a") == (
        "podfetch --archive /a episodes delete 5 && podfetch --archive /a episodes retry 5"
        " --undelete"
    )
    assert complete("`podfetch feeds edit FEED --auth NAME`", "podfetch", 7) == (
        "`podfetch feeds edit 7 --auth NAME`"
    )


def test_the_program_is_called_with_what_leads_to_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "PODFETCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    assert program(Context()) == "podfetch"
    assert program(Context(archive="my pods")) == f"podfetch --archive '{tmp_path}/my pods'"
    (tmp_path / "podfetch.ini").touch()  # found here, but not elsewhere
    assert program(Context()) == f"podfetch --config {tmp_path}/podfetch.ini"
    named = Context(config_file="other.ini", archive="/srv/x")
    assert program(named) == f"podfetch --config {tmp_path}/other.ini --archive /srv/x"


def test_a_feed_that_is_being_polled_says_so() -> None:
    worker = replace(download(0), lane="poll", feed_id=1, episode_id=None)
    client = FakeClient(
        replace(idle_snapshot(), feeds={"total": 2}, workers=(worker,)), [feed_row(1), feed_row(2)]
    )

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert "next being polled" in text(stage)
        assert text(stage).count(" polling ") == 1
        await press(stage, "enter")
        assert "next being polled" in text(stage)
        client.now = replace(client.now, workers=())
        await press(stage, "escape")
        assert " polling " not in text(stage)

    play(client, scene, size=SMALL)


def test_quitting_while_nothing_runs_has_three_answers() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "q")
        assert "Nothing is running" in text(stage)
        assert "d    Quit" in text(stage)
        assert "Drain" not in text(stage)
        assert "Now" not in text(stage)
        assert "Keep the engine" in text(stage)
        assert "Stay" in text(stage)
        await stage.pilot.press("d")

    assert play(FakeClient(idle_snapshot()), scene).return_value == "drain"


def test_an_archive_without_feeds_says_which_keys_add_some() -> None:
    async def scene(stage: Stage) -> None:
        assert "On Feeds (2) i adds one by its address," in text(stage)
        assert "Leave with" not in text(stage)
        await press(stage, "4")
        assert "i and I on Feeds (2) add some" in text(stage)

    empty = replace(
        idle_snapshot(), feeds={}, lanes={"download": LaneView(limit=8, target=8, busy=0)}
    )
    play(FakeClient(empty), scene)


@pytest.mark.parametrize("state", ["starting", "running", "draining"])
def test_the_clock_is_whole_at_every_width(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    width = 120
    monkeypatch.setattr(StatusBar, "size", property(lambda _: Size(width, 1)))

    async def scene(stage: Stage) -> None:
        nonlocal width
        stage.app.bridge.is_frozen = True
        bar = stage.app.screen.query_one(StatusBar)
        for width in range(60, 201):
            bar.show_view(stage.app.bridge.view)
            assert len(bar.visual.plain) <= width  # type: ignore[attr-defined]
            assert "10:42:07" in bar.visual.plain  # type: ignore[attr-defined]

    play(FakeClient(replace(busy_snapshot(), state=state)), scene)


def test_a_tab_s_number_costs_no_other_tab_its_name() -> None:
    async def scene(stage: Stage) -> None:
        for key in "12345678":
            await press(stage, key)
            first = painted(stage.app)[0]
            for name in ("Dash", "Feeds", "Quar", "Down", "Limits", "Events", "Config", "Epis"):
                assert name in first, first

    play(FakeClient(busy_snapshot()), scene, size=(120, 36))


def test_a_terminal_that_shrinks_has_its_clock_at_once() -> None:
    async def scene(stage: Stage) -> None:
        looks = stage.client.looks
        await stage.pilot.resize_terminal(100, 36)
        assert painted(stage.app)[0].rstrip().endswith("10:42:07")
        assert stage.client.looks - looks < 2

    play(FakeClient(replace(busy_snapshot(), state="starting")), scene, size=(200, 36))


class Hosted:
    """An engine that ends when it is told to."""

    def __init__(self, now: EngineSnapshot) -> None:
        self.settings = Settings()
        self.finished = SimpleNamespace(is_set=lambda: False)
        self.end = SimpleNamespace(exit_code=0, text="")
        self.governor = SimpleNamespace(latest=now)
        self.events = SimpleNamespace(last_seq=0)

    def stop(self, timeout: float) -> None:
        assert timeout == 10.0


@pytest.mark.parametrize(("polls", "downloads"), [(0, 0), (1, 3)])
def test_after_the_screen_the_terminal_says_what_is_waited_for(
    polls: int, downloads: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    lanes = {
        "poll": LaneView(limit=9, target=9, busy=polls),
        "download": LaneView(limit=9, target=9, busy=downloads),
    }
    now = replace(idle_snapshot(), lanes=lanes)

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        yield Hosted(now)

    def run_app(make: Callable[[], PodFetchApp], *, editor: object) -> str:
        app = make()
        assert app._on_painted is not None
        app._on_painted()
        client = app.bridge._client
        assert isinstance(client, StartingClient)
        assert client._ready.wait(60)
        app.bridge.close()
        return "drain"

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("podfetch_tui.ui.run.run_app", run_app)
    code = screen.run_with_screen(opened, Settings(), tmp_path, lambda *_: 0, "podfetch")
    said = "podfetch: ending: 3 downloads and 1 poll may finish (10s at most; Ctrl-C ends now)\n"
    assert (code, capfd.readouterr().err) == (0, said if downloads else "")
    assert bool(running(now)) == bool(downloads)
