"""Hosts: how much of its limit each has."""

from __future__ import annotations

from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot
from support.stage import SMALL, Stage, painted, play, press

from podfetch_tui.ui import hosts


def test_a_host_says_how_much_of_its_limit_it_has() -> None:
    now = replace(busy_snapshot(), per_host=2)
    row = next(one for one in hosts.rows(now) if one.polls + one.downloads)
    running = row.polls + row.downloads

    async def scene(stage: Stage) -> None:
        await press(stage, "h")
        (shown,) = (one for one in painted(stage.app) if row.host in one)
        assert f"{running} of 2" in shown

    play(FakeClient(now), scene, size=SMALL)


def test_an_engine_that_does_not_say_leaves_it_empty() -> None:
    assert {one.limit for one in hosts.rows(busy_snapshot())} == {0}
