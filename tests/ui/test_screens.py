"""What the screens look like. Look at a changed picture before you accept it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import (
    FakeClient,
    busy_snapshot,
    episode_rows,
    feed_row,
    feed_rows,
    history_rows,
    idle_snapshot,
    poll_entry,
    setting_rows,
)
from support.stage import SMALL, WIDE, Stage, app_over, press, settle

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.commands import AddedFeeds, CommandResult, RejectedLine
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.model.snapshot import LaneView, SettingsView
from podfetch_tui.ui.app import PodFetchApp

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x36"])
HISTORY = [12, 18, 25, 31, 28, 35, 44, 52, 61, 66, 71, 78, 74, 69, 63, 58, 49, 55, 60, 61.4]


def busy() -> FakeClient:
    client = FakeClient(busy_snapshot(), feed_rows(10_412))
    client.episodes = episode_rows(212)
    return client


def shown(
    compare: Compare, client: FakeClient, size: tuple[int, int], *keys: str, history: bool = False
) -> bool:
    app = app_over(client)

    async def before(pilot: Any) -> None:
        if history:
            remember(app, client)
        stage = Stage(app, pilot, client)
        await settle(stage)
        await press(stage, *keys)

    return compare(app, terminal_size=size, run_before=before)


def remember(app: PodFetchApp, client: FakeClient) -> None:
    """Let the application see a minute of changing speed."""
    now = client.now
    for index, speed in enumerate(HISTORY):
        at = now.at - 1000 * (len(HISTORY) - index)
        client.now = replace(now, at=at, rates={**now.rates, "bytes_per_s": speed * 1e6})
        grown = {name: number - 3 * (len(HISTORY) - index) for name, number in now.errors.items()}
        client.now = replace(client.now, errors={**now.errors, "transient": grown["transient"]})
        app.look()
    client.now = now


@SIZES
def test_dashboard_busy(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, history=True)


@SIZES
def test_dashboard_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, FakeClient(idle_snapshot()), size)


@SIZES
def test_dashboard_new_feeds_wait(snap_compare: Compare, size: tuple[int, int]) -> None:
    rows = [feed_row(1, state="paused", state_reason="imported paused")]
    feeds = {"total": 1_203, "active": 0, "paused": 1_203}
    assert shown(snap_compare, FakeClient(replace(idle_snapshot(), feeds=feeds), rows), size)


@SIZES
def test_dashboard_degraded(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    reason = "disk_full: /srv/podcasts has 0 B free"
    low = Alert(
        name="free_space", since=client.now.at, text="0 B free of 20 GiB", value=0.0, limit=2e10
    )
    lanes = {
        **client.now.lanes,
        "download": LaneView(
            limit=8, target=3, busy=0, reason="download target 3 of 8: cpu 91 % for 6 s"
        ),
    }
    client.now = replace(
        client.now, state="degraded", reason=reason, workers=(), alerts=(low,), lanes=lanes
    )
    assert shown(snap_compare, client, size)


@SIZES
def test_feeds(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    client.feeds[2] = feed_row(3, waits_until="2026-10-20T11:02:00.000Z")
    assert shown(snap_compare, client, size, "2", "down", "down", "down", "down")


@SIZES
def test_feeds_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, FakeClient(idle_snapshot()), size, "2")


@SIZES
def test_feeds_filtered(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "2", "slash", *"bread", "enter")


@SIZES
def test_events(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    client.history = history_rows()
    assert shown(snap_compare, client, size, "6", "down", "down")


def with_entries() -> FakeClient:
    client = busy()
    client.history = history_rows()
    client.entries[98] = client.entries[8_997] = poll_entry()
    return client


@SIZES
def test_event_entry(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, with_entries(), size, "6", "down", "down", "enter")


def test_history_entry(snap_compare: Compare) -> None:
    keys = ("2", *["down"] * 4, "enter", "right", *["down"] * 4, "enter")
    assert shown(snap_compare, with_entries(), SMALL, *keys)


@SIZES
def test_config_refused(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    client.settings = setting_rows()
    state = SettingsView(
        file="/etc/podfetch.ini",
        generation=14,
        loaded_at=client.now.at - 90_000,
        watched="notices",
        rejected_at=client.now.at - 4_000,
        problems=('/etc/podfetch.ini, line 31: engine.per_host = "many": not a number',),
        pending=("archive.root",),
        runtime=("engine.download_workers",),
    )
    client.now = replace(client.now, settings=state)
    assert shown(snap_compare, client, size, "7", "down", "down")


@SIZES
def test_downloads(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    workers = list(client.now.workers)
    workers[26] = replace(workers[26], bytes_per_s=0.0, since_s=40.0)
    workers[27] = replace(workers[27], total=None)
    workers[28] = replace(workers[28], phase="validate")
    client.now = replace(client.now, workers=tuple(workers))
    assert shown(snap_compare, client, size, "4", "down")


def test_downloads_failed(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), SMALL, "4", "right", "right", "right")


def test_downloads_hosts(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), WIDE, "4", "left")


@SIZES
def test_downloads_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, FakeClient(replace(idle_snapshot(), feeds={"total": 3})), size, "4")


@SIZES
def test_quit_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "q", history=True)


@SIZES
def test_feed_detail(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "2", *["down"] * 4, "enter")


def test_feed_history(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), WIDE, "2", *["down"] * 4, "enter", "right")


def test_feed_settings(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), SMALL, "2", *["down"] * 4, "enter", *["right"] * 3)


@SIZES
def test_episodes(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "8", "down", "down", "down")


def test_feed_form(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), SMALL, "2", "e")


def test_question(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), SMALL, "2", *["space"] * 9, "X")


@SIZES
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "2", "?")


@pytest.mark.parametrize("theme", ["podfetch-light", "podfetch-cb", "podfetch-hc"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    app = app_over(busy(), UiSettings(theme=theme, glyphs="unicode"))

    async def before(pilot: Any) -> None:
        stage = Stage(app, pilot, busy())
        await settle(stage)
        await press(stage, "2", "down", "down", "space", "space")

    assert snap_compare(app, terminal_size=WIDE, run_before=before)


@SIZES
def test_ascii(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    app = app_over(client, UiSettings(glyphs="ascii"))

    async def before(pilot: Any) -> None:
        await settle(Stage(app, pilot, client))

    assert snap_compare(app, terminal_size=size, run_before=before)


@SIZES
def test_adding(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    client.answer = CommandResult(
        ok=True,
        added=AddedFeeds(
            new=10_398,
            duplicate=14,
            rejected=2,
            names=("Harbour Lights", "Night Library 夜の図書館", "Grenzgänge"),
            rejects=(
                RejectedLine(77, "ftp://old.example/feed", "not http or https"),
                RejectedLine(1204, "http://10.0.0.5/rss", "a private address"),
            ),
        ),
    )
    assert shown(snap_compare, client, size, "2", "I", "x")
