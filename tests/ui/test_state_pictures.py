"""What states look like that change more than figures. Look at a changed picture first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_rows, setting_rows
from support.stage import SMALL, UNICODE, WIDE, Stage, app_over, press, settle

from podfetch_tui.model.link import Link
from podfetch_tui.model.snapshot import SettingsView

Compare = Callable[..., bool]
LARGE = (200, 50)
SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x36"])


def busy() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(10_412))


def shown(
    compare: Compare,
    client: FakeClient,
    size: tuple[int, int],
    *keys: str,
    link: Callable[[], Link] | None = None,
) -> bool:
    app = app_over(client, UNICODE, link)

    async def before(pilot: Any) -> None:
        stage = Stage(app, pilot, client)
        await settle(stage)
        await press(stage, *keys)

    return compare(app, terminal_size=size, run_before=before)


def test_dashboard_large(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), LARGE)


def test_feeds_large(snap_compare: Compare) -> None:
    assert shown(snap_compare, busy(), LARGE, "2", "down", "down")


@SIZES
@pytest.mark.parametrize("state", ["paused", "draining"])
def test_state(snap_compare: Compare, size: tuple[int, int], state: str) -> None:
    client = busy()
    client.now = replace(client.now, state=state)
    assert shown(snap_compare, client, size)


@SIZES
def test_frozen(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "f")


@SIZES
def test_read_only(snap_compare: Compare, size: tuple[int, int]) -> None:
    now = busy_snapshot()
    link = Link(where="/srv/podcasts", is_up=True, since=now.at, read_only=True)
    assert shown(snap_compare, busy(), size, "2", link=lambda: link)


@SIZES
def test_config(snap_compare: Compare, size: tuple[int, int]) -> None:
    client = busy()
    client.settings = setting_rows()
    state = SettingsView(
        file="/etc/podfetch.ini",
        generation=14,
        loaded_at=client.now.at - 90_000,
        watched="notices",
        runtime=("engine.download_workers",),
    )
    client.now = replace(client.now, settings=state)
    assert shown(snap_compare, client, size, "7", "down", "down")


@SIZES
def test_events_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, busy(), size, "6")
