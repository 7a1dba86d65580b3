"""What the screens look like. Look at a changed picture before you accept it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row, feed_rows, idle_snapshot
from support.stage import SMALL, WIDE, Stage, app_over, press, settle

from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import PodFetchApp

Compare = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x36"])
HISTORY = [12, 18, 25, 31, 28, 35, 44, 52, 61, 66, 71, 78, 74, 69, 63, 58, 49, 55, 60, 61.4]


def busy() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(10_412))


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
    client.now = replace(client.now, state="degraded", reason=reason, workers=())
    assert shown(snap_compare, client, size)


@SIZES
def test_feeds(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "2", "down", "down", "down", "down")


@SIZES
def test_feeds_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, FakeClient(idle_snapshot()), size, "2")


@SIZES
def test_feeds_filtered(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "2", "slash", *"bread", "enter")


@SIZES
def test_downloads(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    workers = list(client.now.workers)
    workers[26] = replace(workers[26], bytes_per_s=0.0, since_s=40.0)
    workers[27] = replace(workers[27], total=None)
    workers[28] = replace(workers[28], phase="validate")
    client.now = replace(client.now, workers=tuple(workers))
    assert shown(snap_compare, client, size, "4", "down")


@SIZES
def test_downloads_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, FakeClient(replace(idle_snapshot(), feeds={"total": 3})), size, "4")


@SIZES
def test_quit_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "q", history=True)


@SIZES
def test_ascii(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    app = app_over(client, UiSettings(glyphs="ascii"))

    async def before(pilot: Any) -> None:
        await settle(Stage(app, pilot, client))

    assert snap_compare(app, terminal_size=size, run_before=before)
