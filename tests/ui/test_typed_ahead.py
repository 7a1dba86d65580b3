"""Keys that come too early or too late: the palette closed while it looks, work after the end."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

from support.fake_client import FakeClient, busy_snapshot, feed_rows
from support.stage import Stage, painted, play, press, quiet, settle, until
from textual.command import CommandPalette, Hits

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.palette import Actions
from podfetch_tui.ui.screens.feeds import Feeds


def busy() -> FakeClient:
    return FakeClient(busy_snapshot(), feed_rows(100))


def test_a_palette_closed_while_it_looks_breaks_nothing(monkeypatch: Any) -> None:
    looking, enough = asyncio.Event(), asyncio.Event()
    search = Actions.search

    async def slowly(self: Actions, query: str) -> Hits:
        looking.set()
        await enough.wait()
        async for hit in search(self, query):
            yield hit

    gathered = CommandPalette._gather_commands
    monkeypatch.setattr(Actions, "search", slowly)

    async def scene(stage: Stage) -> None:
        await press(stage, "colon", "p")
        await looking.wait()
        palette = stage.app.screen
        assert isinstance(palette, CommandPalette)
        await palette.query("*").remove()  # as when it is closed
        enough.set()
        await quiet(stage)
        stage.app.pop_screen()
        await settle(stage)
        assert stage.app.is_running

    play(busy(), scene)
    assert gathered is CommandPalette._gather_commands


def test_work_that_nobody_waits_for_any_more_is_put_away_without_a_word() -> None:
    begun = []

    async def work() -> None:
        begun.append(1)

    async def scene(stage: Stage) -> None:
        stage.app.exit("now")
        stage.app.bridge.run(work())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app = play(busy(), scene)
        app.bridge.run(work())
        gc.collect()
    assert len(begun) <= 1


def test_an_archive_that_is_still_opened_is_no_trouble_of_a_list() -> None:
    class Opening(FakeClient):
        is_open = False

        def query(self, page: PageRequest) -> Page:
            if not self.is_open:
                raise Failure(Kind.CATALOG_BUSY, "the archive is still being opened")
            return super().query(page)

    from msgspec.structs import replace

    client = Opening(replace(busy_snapshot(), state="starting"), feed_rows(100))

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert isinstance(stage.app.screen, Feeds)
        shown = "\n".join(painted(stage.app))
        assert "Reading" in shown
        assert "still being opened" not in shown
        client.is_open = True
        client.now = replace(client.now, state="running", seq=client.now.seq + 1)
        await settle(stage)
        await until(stage, "100 feeds")

    play(client, scene)


def test_a_bridge_that_is_closed_begins_nothing() -> None:
    async def work() -> None:
        raise AssertionError("begun")

    async def scene(stage: Stage) -> None:
        bridge: Bridge = stage.app.bridge
        bridge.close()
        bridge.run(work())
        await quiet(stage)

    play(busy(), scene)
