"""Last events on the dashboard: the newest are always in sight."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, event
from support.stage import SMALL, WIDE, Stage, painted, play, press, quiet, settle

from podfetch_tui.model.alerts import Alert
from podfetch_tui.ui.widgets.table import VirtualTable

_RECENT = 20
_TALL = (120, 50)
_SLIM, _FLAT = (60, 18), (120, 18)


def happens(client: FakeClient, seq: int) -> None:
    """Let event number ``seq`` be the newest one."""
    recent = (*client.now.recent, event(seq, "feed_polled", feed_id=seq, feed_title=f"Show {seq}."))
    client.now = replace(client.now, seq=seq, recent=recent[-_RECENT:])


def is_seen(stage: Stage, seq: int) -> bool:
    return any(f"Show {seq}." in line for line in painted(stage.app))


@pytest.mark.parametrize("size", [SMALL, WIDE, _TALL, _SLIM, _FLAT])
def test_the_newest_event_is_seen_as_they_come_and_after_a_resize(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        seq = 100
        for columns, rows in (size, SMALL, _TALL, WIDE, size):
            await stage.pilot.resize_terminal(columns, rows)
            await settle(stage)
            for _ in range(_RECENT + 5):
                seq += 1
                happens(stage.client, seq)
                stage.app.look()
                await quiet(stage)
                assert is_seen(stage, seq), "\n".join([f"{columns}x{rows}", *painted(stage.app)])

    play(FakeClient(busy_snapshot()), scene, size=size)


@pytest.mark.parametrize("columns", [60, 99, 100])
@pytest.mark.parametrize("alerts", [0, 3])
def test_the_newest_event_is_in_sight_at_every_height(columns: int, alerts: int) -> None:
    client = FakeClient(busy_snapshot())
    stands = tuple(
        Alert(name=f"a{n}", since=client.now.at, text="low", value=0.0, limit=1.0)
        for n in range(alerts)
    )
    client.now = replace(client.now, alerts=stands, hosts=(), feeds={"total": 9, "active": 9})
    happens(client, 101)

    async def scene(stage: Stage) -> None:
        for rows in (18, 24, 30, 44, 66):
            await stage.pilot.resize_terminal(columns, rows)
            await settle(stage)
            assert is_seen(stage, 101), "\n".join([f"{columns}x{rows}", *painted(stage.app)])

    play(client, scene, size=(columns, 18))


def test_who_reads_an_older_event_keeps_it_and_leaves_it_for_the_newest() -> None:
    async def scene(stage: Stage) -> None:
        table = stage.app.screen.query_one("#events VirtualTable", VirtualTable)
        table.focus()
        await press(stage, "end")
        oldest = table.cursor_id
        happens(stage.client, 101)
        await settle(stage)
        assert table.cursor_id == oldest
        assert not is_seen(stage, 101)
        await press(stage, "tab")
        assert is_seen(stage, 101)

    play(FakeClient(busy_snapshot()), scene, size=SMALL)


def test_what_the_mouse_scrolled_comes_back_with_the_next_event() -> None:
    async def scene(stage: Stage) -> None:
        table = stage.app.screen.query_one("#events VirtualTable", VirtualTable)
        happens(stage.client, 101)
        await settle(stage)
        table.scroll_end(animate=False, immediate=True)
        await settle(stage)
        assert not is_seen(stage, 101)
        happens(stage.client, 102)
        await settle(stage)
        assert is_seen(stage, 102)

    play(FakeClient(busy_snapshot()), scene, size=SMALL)
