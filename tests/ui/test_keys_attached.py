"""Every key of the table, pressed on a screen that is attached to the engine of another process.

The engine is the program itself, headless; the screens reach it over its real socket. What a key
does is seen at the engine or on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.attaching import FEEDS, Deed, World, comes, play, world_in
from support.shows import show
from support.stage import Stage, painted, press, until
from textual.command import CommandPalette
from textual.widgets import ContentSwitcher, Input

from podfetch_tui.demo.routes import Route
from podfetch_tui.model import actions
from podfetch_tui.ui.dialogs.adding import Adding
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.dialogs.choose import Choose
from podfetch_tui.ui.dialogs.confirm import Confirm
from podfetch_tui.ui.dialogs.entry import Entry
from podfetch_tui.ui.dialogs.form import Form
from podfetch_tui.ui.dialogs.help import Help
from podfetch_tui.ui.screens.feed_detail import FeedDetail
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.tabs import Tabbed

DEEDS: dict[str, tuple[tuple[str, ...], Deed]] = {}
NOT_HERE = {
    "quit": "leaving an engine of another process asks nothing",
    "wizard": "it comes before there is an engine",
    "stopped": "an engine of another process is waited for",
}
"""Scopes that an attached screen never comes to, and why."""


ELSEWHERE = {
    "engine.begin",  # it takes more than 500 feeds: tests/ui/test_program_on_screen.py
    "box.browse",  # the browser of this machine: tests/ui/test_feed_keys.py
    "config.editor",  # a real terminal: tests/ui/test_editor.py
}


def presses(*ids: str) -> Callable[[Deed], Deed]:
    """Say which actions a scene carries out by key."""

    def keep(deed: Deed) -> Deed:
        DEEDS[deed.__name__] = (ids, deed)
        return deed

    return keep


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as made:
        yield made


def table(stage: Stage) -> VirtualTable[Any]:
    """Return the table that is shown."""
    return next(one for one in stage.app.screen.query(VirtualTable) if one.is_on_screen)


def said(stage: Stage, text: str) -> bool:
    """Return whether ``text`` is on the screen or in a message on it."""
    return text in "\n".join(painted(stage.app))


@presses(*(f"go.{one.verb}" for one in actions.of_scope("go")))
async def number_keys(stage: Stage, world: World) -> None:
    del world
    for key, mode in zip("23456781", actions_modes(), strict=True):
        await press(stage, key)
        assert stage.app.current_mode == mode
    await press(stage, "]", "]")
    assert stage.app.current_mode == "quarantine"
    await press(stage, "[")
    assert stage.app.current_mode == "feeds"


def actions_modes() -> list[str]:
    """Return the modes in the order of their keys, the first one last."""
    modes = [
        one.verb for one in sorted(actions.of_scope("go"), key=lambda a: a.keys) if one.palette
    ]
    return [*modes[1:], modes[0]]


@presses("app.palette", "app.help", "help.filter", "help.leave", "app.freeze", "app.theme",
         "choose.leave")  # fmt: skip
async def around(stage: Stage, world: World) -> None:
    del world
    for key in (":", "ctrl+p"):
        await press(stage, key)
        assert isinstance(stage.app.screen, CommandPalette)
        await press(stage, "escape")
    await press(stage, "?")
    assert isinstance(stage.app.screen, Help)
    await press(stage, "/", "p", "r", "o", "b", "e")
    await until(stage, "feeds.probe_all")
    assert not said(stage, "Retire")
    await press(stage, "escape", "escape")
    await comes(stage, lambda: not isinstance(stage.app.screen, Help))
    await press(stage, "f")
    await until(stage, "FROZEN")
    await press(stage, "f")
    await until(stage, "FROZEN", gone=True)
    before = stage.app.theme
    for key in ("escape", "q"):
        await press(stage, "ctrl+t", key)
        assert stage.app.theme == before
    await press(stage, "ctrl+t", "down", "enter")
    assert stage.app.theme != before


@presses("app.hosts", "dashboard.failing")
async def to_hosts_and_failing_feeds(stage: Stage, world: World) -> None:
    del world
    await press(stage, "h")
    assert stage.app.screen.query_one(Tabbed).current == "Hosts"
    await press(stage, "1", "e")
    await until(stage, "state:active fail>0")
    assert stage.app.current_mode == "feeds"


@presses("engine.pause", "app.quit")
async def pause_all_and_leave(stage: Stage, world: World) -> None:
    await press(stage, "P")
    await comes(stage, lambda: world.client.snapshot().state == "paused")
    await until(stage, "PAUSED")
    await press(stage, "P")
    await comes(stage, lambda: world.client.snapshot().state == "running")
    await until(stage, "RUNNING")
    await press(stage, "q")


@presses(*(f"table.{one.verb}" for one in actions.of_scope("table")), "list.filter", "list.sort",
         "list.back", "feed.leave", "tabs.next", "tabs.previous")  # fmt: skip
async def a_list(stage: Stage, world: World) -> None:
    del world
    await press(stage, "2")
    await until(stage, "tides")
    rows = table(stage)
    last, page = FEEDS + 2, rows.page_rows - 1
    assert last >= page + 3
    for key, row in (
        *(("down", 1), ("j", 2), ("up", 1), ("k", 0), ("end", last), ("g", 0), ("G", last)),
        *(("home", 0), ("pagedown", page), ("pageup", 0)),
    ):
        await press(stage, key)
        assert rows.cursor == row, key
    await press(stage, "space", "down", "down", "V")
    assert rows.selected == {1, 2, 3, 4}
    await press(stage, "escape")
    assert not rows.selected
    await press(stage, "ctrl+a")
    assert len(rows.selected) == FEEDS + 3
    await press(stage, "escape", "/", "s", "o", "l", "d", "enter")
    await until(stage, "1 of ")
    await press(stage, "escape")
    await until(stage, f"1 of {FEEDS + 3}", gone=True)
    await press(stage, "s")
    assert isinstance(stage.app.screen, Choose)
    await press(stage, "down", "enter")
    await comes(stage, lambda: rows.sorted_by)
    await press(stage, "enter")
    assert isinstance(stage.app.screen, FeedDetail)
    await press(stage, "right")
    second = stage.app.screen.query_one(ContentSwitcher).current
    await press(stage, "left")
    assert stage.app.screen.query_one(ContentSwitcher).current != second
    await press(stage, "escape")
    assert not isinstance(stage.app.screen, FeedDetail)


@presses("dashboard.check", "confirm.yes", "confirm.no")
async def all_at_once(stage: Stage, world: World) -> None:
    before = world.asked("/tides.xml")
    for key in ("n", "escape"):
        await press(stage, "r")
        await until(stage, "active feeds now?")
        await press(stage, key)
        assert not isinstance(stage.app.screen, Confirm)
    await press(stage, "r")
    await until(stage, "active feeds now?")
    await press(stage, "y")
    await comes(stage, lambda: world.asked("/tides.xml") == before + 1)


@presses("feeds.check", "feeds.pause", "app.undo", "feeds.edit", "form.leave", "feeds.retire")
async def one_feed(stage: Stage, world: World) -> None:
    await press(stage, "2")
    await until(stage, "tides")
    before = world.asked("/tides.xml")
    await press(stage, "r")
    await comes(stage, lambda: world.asked("/tides.xml") == before + 1)
    await press(stage, "p")
    await comes(stage, lambda: world.feed(1)["state"] == "paused")
    await comes(stage, lambda: said(stage, "u Undo"))
    await press(stage, "u")
    await comes(stage, lambda: world.feed(1)["state"] == "active")
    await press(stage, "e")
    await comes(stage, lambda: isinstance(stage.app.screen, Form))
    await press(stage, "escape")
    assert not isinstance(stage.app.screen, Form)
    await press(stage, "e")
    await comes(stage, lambda: isinstance(stage.app.screen, Form))
    stage.app.screen.query(Input).first().value = "Tides and more"
    await press(stage, "enter")
    await comes(stage, lambda: world.feed(1)["title"] == "Tides and more")
    await press(stage, "X")
    await comes(stage, lambda: world.feed(1)["state"] == "retired" or said(stage, "Retire"))
    if isinstance(stage.app.screen, Confirm):
        await press(stage, "y")
    await comes(stage, lambda: world.feed(1)["state"] == "retired")
    await press(stage, "u")
    await comes(stage, lambda: world.feed(1)["state"] == "active")


@presses(
    "feeds.more", "feeds.less", "feeds.log", "feeds.copy", "feeds.place", "box.copy", "box.leave"
)
async def about_a_feed(stage: Stage, world: World) -> None:
    await press(stage, "2")
    await until(stage, "tides")
    first = world.feed(1)["priority"]
    await press(stage, "plus")
    await comes(stage, lambda: world.feed(1)["priority"] > first)
    await press(stage, "minus")
    await comes(stage, lambda: world.feed(1)["priority"] == first)
    for key in ("y", "o"):
        await press(stage, key)
        await comes(stage, lambda: isinstance(stage.app.screen, Box))
        assert said(stage, "/tides.xml")
        await press(stage, "y")
        assert "/tides.xml" in stage.app.clipboard
        await press(stage, "escape" if key == "y" else "q")
        await comes(stage, lambda: not isinstance(stage.app.screen, Box))
    await press(stage, "l")
    await comes(stage, lambda: stage.app.current_mode == "events")
    await until(stage, "tides")


@presses("feeds.quarantine", "feeds.group")
async def by_hand(stage: Stage, world: World) -> None:
    await press(stage, "2")
    await until(stage, "tides")
    await press(stage, "b", "enter")
    await until(stage, "active")
    await press(stage, "enter")
    await until(stage, "state=active")
    await press(stage, "escape", "Q")
    await comes(stage, lambda: world.feed(1)["state"] == "quarantined")
    assert world.feed(1)["state_reason"] == "by operator"
    await press(stage, "u")
    await comes(stage, lambda: world.feed(1)["state"] == "active")


@presses("feeds.probe", "feeds.probe_all", "feeds.snooze", "feeds.cancel")
async def feeds_that_fail_and_load(stage: Stage, world: World) -> None:
    await press(stage, "2")
    await until(stage, "tides")
    before = world.asked("/sold.xml")
    await press(stage, "down", "t")
    await comes(stage, lambda: world.asked("/sold.xml") == before + 1)
    await press(stage, "T")
    await comes(stage, lambda: world.asked("/sold.xml") == before + 2)
    await press(stage, "z")
    await comes(stage, lambda: isinstance(stage.app.screen, Choose))
    await press(stage, "enter")
    await comes(stage, lambda: said(stage, "u Undo"))
    await press(stage, "down", "K")
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm) or _idle(world))
    if isinstance(stage.app.screen, Confirm):
        await press(stage, "y")
    await comes(stage, lambda: _idle(world))


def _idle(world: World) -> bool:
    return world.episodes("state:skipped feed:3") == 2


@presses("feeds.add", "feeds.import", "adding.look", "adding.add", "adding.paused", "adding.leave")
async def more_feeds(stage: Stage, world: World) -> None:
    url = show(world.host, "late", count=1, address="127.0.0.25")
    await press(stage, "2")
    await until(stage, "tides")
    for key in ("i", "I"):
        await press(stage, key)
        await comes(stage, lambda: isinstance(stage.app.screen, Adding))
        await press(stage, "escape")
        await comes(stage, lambda: not isinstance(stage.app.screen, Adding))
    await press(stage, "i", *url)
    await until(stage, "1 new")  # what is no address alone is not looked at
    await press(stage, "ctrl+l")
    await comes(stage, lambda: world.asked("/late.xml") == 1)
    before = painted(stage.app)
    await press(stage, "ctrl+o")
    assert painted(stage.app) != before
    await press(stage, "ctrl+s")
    await comes(stage, lambda: world.client.snapshot().feeds["total"] == FEEDS + 4)


@presses("episodes.retry", "episodes.skip")
async def episodes(stage: Stage, world: World) -> None:
    await press(stage, "8", "/", *"state:archived", "enter")
    await until(stage, " match")
    await press(stage, "R")  # what is archived is not fetched again: it says so
    await comes(stage, lambda: said(stage, "archived") and stage.app._notifications)
    assert world.episodes("state:archived") == 5
    await press(stage, "escape", "/", *"state:claimed", "enter")
    await press(stage, "x")
    await comes(stage, lambda: stage.app._notifications)


@presses("downloads.cancel", "downloads.delete")
async def a_download(stage: Stage, world: World) -> None:
    await press(stage, "4")
    await until(stage, "127.0.0.23")
    await press(stage, "x")
    await comes(stage, lambda: world.episodes("state:skipped") == 1)
    await press(stage, "8", "/", *"state:skipped", "enter")
    await until(stage, "1 of ")
    await comes(stage, lambda: table(stage).chosen)
    await press(stage, "R")
    await comes(stage, lambda: world.episodes("state:skipped") == 0)
    await comes(stage, lambda: world.client.snapshot().lanes["download"].busy == 2)
    await press(stage, "4")
    await until(stage, "127.0.0.23")
    await press(stage, "K")
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm))
    await press(stage, "y")
    await comes(stage, lambda: world.episodes("state:skipped") == 1)


@presses("quarantine.probe", "quarantine.probe_all", "quarantine.release", "quarantine.snooze",
         "quarantine.retire")  # fmt: skip
async def a_feed_in_quarantine(stage: Stage, world: World) -> None:
    await press(stage, "3")
    await until(stage, "sold")
    before = world.asked("/sold.xml")
    await press(stage, "t")
    await comes(stage, lambda: world.asked("/sold.xml") == before + 1)
    await press(stage, "T")
    await comes(stage, lambda: world.asked("/sold.xml") == before + 2)
    await press(stage, "z")
    await comes(stage, lambda: isinstance(stage.app.screen, Choose))
    await press(stage, "enter")
    await comes(stage, lambda: said(stage, "u Undo"))
    await press(stage, "u", "X")
    await comes(stage, lambda: world.feed(2)["state"] == "retired")
    await press(stage, "u")
    await comes(stage, lambda: world.feed(2)["state"] == "quarantined")
    await press(stage, "2", "3")
    await until(stage, "sold")
    await press(stage, "R")
    await comes(stage, lambda: world.asked("/sold.xml") == before + 3)


@presses("app.maximise", "rows.columns", "rows.views")
async def how_a_list_looks(stage: Stage, world: World) -> None:
    del world
    await press(stage, "2")
    await until(stage, "tides")
    for shown in (False, True):
        await press(stage, "m")
        await until(stage, "polls old to new", gone=not shown)
    await press(stage, "c", "down", "enter", "escape")
    await until(stage, "Host  ")
    await press(stage, "v")
    await comes(stage, lambda: isinstance(stage.app.screen, Choose))
    await press(stage, "enter")
    await until(stage, "Host  ", gone=True)


@presses("episodes.copy", "episodes.place", "episodes.log", "episodes.delete")
async def about_an_episode(stage: Stage, world: World) -> None:
    await press(stage, "8", "/", *"state:archived", "enter")
    await until(stage, " match")
    await comes(stage, lambda: table(stage).chosen)
    for key in ("y", "o"):
        await press(stage, key)
        await comes(stage, lambda: isinstance(stage.app.screen, Box))
        await press(stage, "escape")
        await comes(stage, lambda: not isinstance(stage.app.screen, Box))
    before = world.episodes("state:archived")
    await press(stage, "K")
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm))
    await press(stage, "y")
    await comes(stage, lambda: world.episodes("state:archived") == before - 1)
    assert world.episodes("state:deleted") == 1
    await comes(stage, lambda: table(stage).chosen)
    await press(stage, "l")
    await comes(stage, lambda: stage.app.current_mode == "events")


@presses("quarantine.group", "quarantine.leave", "quarantine.history")
async def groups_of_quarantine(stage: Stage, world: World) -> None:
    del world
    await press(stage, "3")
    await until(stage, "sold")
    await press(stage, "b")
    await until(stage, "grouped by")
    await press(stage, "escape")
    await until(stage, "grouped by", gone=True)
    await comes(stage, lambda: table(stage).chosen)
    await press(stage, "l")
    await comes(stage, lambda: stage.app.current_mode == "events")
    await until(stage, "feed:2")


@presses("quarantine.edit")
async def another_url(stage: Stage, world: World) -> None:
    url = show(world.host, "moved", count=1, address="127.0.0.26")
    await press(stage, "3")
    await until(stage, "sold")
    await press(stage, "e")
    await comes(stage, lambda: isinstance(stage.app.screen, Form))
    stage.app.screen.query(Input).first().value = url
    await press(stage, "enter")
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm))
    assert world.asked("/moved.xml") == 1, "it is looked at before it is saved"
    await press(stage, "y")
    await comes(stage, lambda: world.feed(2)["url"] == url)
    await comes(stage, lambda: world.feed(2)["state"] == "active")


@presses("hosts.release")
async def a_host_that_told_us_to_wait(stage: Stage, world: World) -> None:
    wait = Route(status=429, headers=(("Retry-After", "7200"),))
    path, body = "/tides.xml", world.host.table.routes["/tides.xml"]
    world.host.table.routes[path] = wait
    await press(stage, "2")
    await until(stage, "tides")
    await press(stage, "r")
    await comes(stage, lambda: any(one.told_until for one in world.client.snapshot().hosts))
    world.host.table.routes[path] = body
    await press(stage, "h")
    await until(stage, "told us to wait")
    await press(stage, "home", "R")  # the cursor stays on the host that it was on
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm))
    await press(stage, "y")
    await comes(stage, lambda: not any(one.told_until for one in world.client.snapshot().hosts))


@presses(*(f"limits.{one.verb}" for one in actions.of_scope("limits")))
async def limits(stage: Stage, world: World) -> None:
    await press(stage, "5")
    await until(stage, "engine.poll_workers")
    key = "engine.poll_workers"
    await comes(stage, lambda: table(stage).current is not None)
    while table(stage).current.key != key:  # type: ignore[union-attr]
        await press(stage, "down")
    for pressed, value in (
        *(("minus", "31"), ("plus", "32"), ("plus", "33"), ("shift+left", None)),
        *(("shift+right", "33"), ("D", "32"), ("minus", "31")),
    ):
        await press(stage, pressed)
        if value is None:
            await comes(stage, lambda: int(world.setting(key)) < 32)
        else:
            await comes(stage, lambda value=value: world.setting(key) == value)  # type: ignore[misc]
    await press(stage, "d")
    await comes(stage, lambda: said(stage, "+poll_workers = 31"))
    await press(stage, "escape")
    await press(stage, "M")
    assert stage.app.screen.has_class("-effect")
    await press(stage, "M")
    await press(stage, "w")
    await comes(stage, lambda: isinstance(stage.app.screen, Confirm))
    await press(stage, "y")
    await comes(stage, lambda: "poll_workers = 31" in world.ini.read_text())
    assert "# As many as the line bears.\n[engine]\nbatch_min = 60" in world.ini.read_text()


@presses("events.failures", "events.feed")
async def events(stage: Stage, world: World) -> None:
    del world
    await press(stage, "6")
    await until(stage, "feed failed")
    await press(stage, "end")  # the oldest: how the feeds were made
    await until(stage, "feed polled")
    await press(stage, "e")
    await until(stage, "feed polled", gone=True)
    await press(stage, "e", "end")
    await until(stage, "feed polled")
    await press(stage, "e", "home")
    await until(stage, "feed polled", gone=True)
    await press(stage, "l")
    await comes(stage, lambda: stage.app.current_mode == "feeds")


@presses("entry.feed", "entry.episode", "entry.copy", "entry.leave")
async def an_entry(stage: Stage, world: World) -> None:
    del world
    for about, key, mode in (("feed", "l", "feeds"), ("episode_archived", "e", "episodes")):
        await press(stage, "6", "/", *f"kind:{about}", "enter")
        await until(stage, "that match")
        await comes(stage, lambda: table(stage).chosen)
        for leaves in ("escape", "q"):
            await press(stage, "enter")
            await comes(stage, lambda: isinstance(stage.app.screen, Entry))
            assert said(stage, "means")
            await press(stage, "y")
            assert "when " in stage.app.clipboard
            await press(stage, leaves)
            await comes(stage, lambda: not isinstance(stage.app.screen, Entry))
        await press(stage, "enter")
        await comes(stage, lambda: isinstance(stage.app.screen, Entry))
        await press(stage, key)
        await comes(stage, lambda mode=mode: stage.app.current_mode == mode)  # type: ignore[misc]
        await until(stage, "1 of ")


@presses("config.reload", "config.changed")
async def settings(stage: Stage, world: World) -> None:
    await press(stage, "7")
    await until(stage, "feeds.backlog")
    await press(stage, "c")
    await until(stage, "feeds.backlog", gone=True)
    assert said(stage, "engine.batch_min")
    world.ini.write_text(world.ini.read_text().replace("batch_min = 60", "batch_min = 70"))
    await press(stage, "r")
    await comes(stage, lambda: world.setting("engine.batch_min") == "70")


@pytest.mark.parametrize("name", DEEDS)
def test_keys_do_through_a_socket_what_they_say(world: World, name: str) -> None:
    _, deed = DEEDS[name]
    app = play(world, deed)
    if "app.quit" in DEEDS[name][0]:
        assert app.return_value == "leave"
    assert world.client.snapshot().state == "running", "the engine goes on"


def test_every_key_of_the_table_is_pressed() -> None:
    pressed = {id_ for ids, _ in DEEDS.values() for id_ in ids}
    known = {one.id for one in actions.ACTIONS if one.scope not in NOT_HERE}
    assert pressed | ELSEWHERE == known
