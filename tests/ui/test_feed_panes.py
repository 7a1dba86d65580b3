"""Feeds and Episodes as wholes: panes, columns, views, filters, the mouse, and bad moments."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import replace
from support.fake_client import (
    FakeClient,
    busy_snapshot,
    download,
    episode_rows,
    feed_row,
    feed_rows,
    idle_snapshot,
)
from support.hostile_text import TITLES, forbidden
from support.stage import SMALL, WIDE, Stage, painted, play, press, settle
from textual.widgets import Input

from podfetch_tui.model.commands import Carry, CommandResult
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.dialogs.choose import Choose
from podfetch_tui.ui.dialogs.confirm import Confirm
from podfetch_tui.ui.kept import Kept, KeptList, NamedView
from podfetch_tui.ui.screens.feed_detail import FeedDetail
from podfetch_tui.ui.screens.feeds import Feeds
from podfetch_tui.ui.widgets.feed_sheet import FeedSheet
from podfetch_tui.ui.widgets.listing import Listing
from podfetch_tui.ui.widgets.tabs import Tabbed


def client(count: int = 40) -> FakeClient:
    made = FakeClient(replace(busy_snapshot(), feeds={"total": count}), feed_rows(count))
    made.episodes = [
        *episode_rows(12, feed_id=1),
        *({**row, "id": int(str(row["id"])) + 100} for row in episode_rows(9, feed_id=2)),
    ]
    return made


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def feeds(stage: Stage) -> Feeds:
    screen = stage.app.screen
    assert isinstance(screen, Feeds)
    return screen


def test_the_panes_of_a_feed_are_turned_from_the_list_which_keeps_the_keys() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "right")
        tabs = feeds(stage).query_one(Tabbed)
        assert (tabs.current, feeds(stage).listing.table.has_focus) == ("History", True)
        await press(stage, "down", "left", "left")
        assert (tabs.current, feeds(stage).listing.table.cursor) == ("Raw", 1)

    play(client(), scene)


def test_where_there_is_room_the_feed_under_the_cursor_is_shown_whole() -> None:
    fake = client()

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert "12 episodes" in text(stage)
        asked = len([one for one in fake.queries if one.kind == "feed"])
        for _ in range(6):
            feeds(stage).listing.table.action_down()
        assert len([one for one in fake.queries if one.kind == "feed"]) == asked, "it moves on"
        await settle(stage)
        assert "7 Harbour Lights 7" in text(stage)
        await press(stage, "home", "down", "tab", "tab", "R")
        assert feeds(stage).under == 2
        await press(stage, "right")
        assert "read_timeout" in text(stage)
        await press(stage, "escape")
        assert feeds(stage).listing.table.has_focus
        await press(stage, "tab", "m")
        assert not feeds(stage).listing.display
        assert feeds(stage).query_one(FeedSheet).size.height > 25
        await press(stage, "escape")
        assert feeds(stage).listing.display
        await press(stage, "escape", "m")
        assert not feeds(stage).query_one(FeedSheet).display
        await press(stage, "m", "enter")
        assert isinstance(stage.app.screen, FeedDetail)

    play(fake, scene)


def test_a_small_terminal_has_three_lines_of_it_and_reads_nothing_more() -> None:
    fake = client()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down")
        assert not feeds(stage).query(FeedSheet)
        assert "2  https://feeds2.example.org" in text(stage)
        await stage.pilot.resize_terminal(*WIDE)
        await settle(stage)
        assert feeds(stage).query_one(FeedSheet).feed_id == 2
        await stage.pilot.resize_terminal(*SMALL)
        await settle(stage)
        assert not feeds(stage).query_one(FeedSheet).display

    play(fake, scene, size=SMALL)


def test_columns_are_chosen_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ui.json"

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "c")
        assert "[x] Archived" in text(stage)
        assert "[ ] Host" in text(stage)
        await press(stage, "down", "enter", "down", "enter", "escape")
        header = painted(stage.app)[2]
        assert "Host" in header
        assert "Archived" not in header

    play(client(), scene, kept=Kept(path))
    assert Kept(path).list_of("feeds").columns == {"Host": True, "Archived": False}

    async def again(stage: Stage) -> None:
        assert "Archived" not in painted(stage.app)[2]
        await press(stage, "c", "end", "enter", "escape")
        assert "Archived" in painted(stage.app)[2]

    play(client(), again, kept=Kept(path))
    assert Kept(path).list_of("feeds") == KeptList()


def test_views_are_saved_taken_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "ui.json"

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", *"fail>3", "enter", "s", "home", "enter")
        await press(stage, "v", "end", "enter")
        assert "Save this view" in text(stage)
        await press(stage, *"failing", "enter")
        view = NamedView("failing", "fail>3", "-fail")
        assert stage.app.bridge.kept.list_of("feeds").views == (view,)
        await press(stage, "escape", "escape", "v")
        assert "failing   fail>3" in text(stage)
        await press(stage, "enter")
        listing = feeds(stage).listing
        assert (listing.filter, listing.table.sorted_by) == ("fail>3", "-fail")
        await press(stage, "v", "down", "enter")
        assert listing.filter == ""

    play(client(), scene, kept=Kept(path))
    assert [view.name for view in Kept(path).list_of("feeds").views] == ["failing"]

    async def forget(stage: Stage) -> None:
        await press(stage, "2", "v", "end", "enter", "enter")

    play(client(), forget, kept=Kept(path))
    assert Kept(path).list_of("feeds").views == ()


def test_a_slip_in_the_filter_is_marked_where_it_is_and_the_rows_stay() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", *"fail>3", "enter")
        before = [line for line in painted(stage.app)[4:18] if line]
        box = feeds(stage).listing.query_one(Input)
        box.value = "fail>3 age>x bread"
        await settle(stage)
        (column,) = re.findall(r"column (\d+): ", text(stage))
        assert [line for line in painted(stage.app)[4:18] if line] == before
        marked = [span for span in box._value.spans if "reverse" in str(span.style)]
        assert [(span.start, span.end) for span in marked] == [(int(column) - 1, 12)]
        box.value = "fail>3"
        await settle(stage)
        assert "column" not in text(stage)

    play(client(), scene)


def test_everything_is_offered_to_the_mouse_too() -> None:
    fake = client()

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        table = feeds(stage).listing.table
        await stage.pilot.click(table, offset=(3, 3), button=3)
        await settle(stage)
        assert isinstance(stage.app.screen, Choose)
        shown = text(stage)
        assert table.cursor_id == 3
        for label in ("Probe", "Sooner", "Copy", "Where", "Columns", "Views"):
            assert label in shown, label
        lines = painted(stage.app)
        row = next(y for y, one in enumerate(lines) if "Where" in one)
        await stage.pilot.click(offset=(lines[row].index("Where"), row))
        await settle(stage)
        assert isinstance(stage.app.screen, Box)
        await press(stage, "escape")
        await stage.pilot.click("#tabs .tabs--names", offset=(14, 0))
        await settle(stage)
        assert feeds(stage).query_one(Tabbed).current == "History"

    play(fake, scene, size=(120, 50))


def test_an_engine_that_cannot_read_says_so_and_what_was_read_stays() -> None:
    class Broken(FakeClient):
        broken = False

        def query(self, page: PageRequest) -> Page:
            if self.broken:
                raise Failure(Kind.DISK_FULL, "the catalogue cannot be read")
            return super().query(page)

    fake = Broken(client().now, feed_rows(40))

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        fake.broken = True
        fake.now = replace(fake.now, at=fake.now.at + 10_000, seq=fake.now.seq + 1)
        await settle(stage)
        assert "the catalogue cannot be read" in painted(stage.app)[1]
        assert "Bread and Circuits 3" in text(stage)
        await press(stage, "y", "o", "plus", "p")
        assert isinstance(stage.app.screen, Feeds)
        fake.broken = False
        fake.now = replace(fake.now, at=fake.now.at + 10_000)
        await settle(stage)
        assert "cannot be read" not in painted(stage.app)[1]

    play(fake, scene)
    assert fake.commands == []


def test_episodes_are_deleted_with_their_files_only_after_a_question() -> None:
    fake = client()
    fake.answer = CommandResult(ok=True, affected=1)

    async def scene(stage: Stage) -> None:
        await press(stage, "8", "K")
        assert isinstance(stage.app.screen, Confirm)
        assert "Delete 1 episode?" in text(stage)
        assert "1 file, 68.0 MB" in text(stage) or "1 archived" in text(stage)
        await press(stage, "enter")
        assert fake.commands == [], "enter alone deletes nothing"
        await press(stage, "K", "y")

    play(fake, scene)
    (carried,) = fake.commands
    assert isinstance(carried, Carry)
    (write,) = carried.writes
    assert isinstance(write, DecideEpisodes)
    assert (write.decision, len(write.episode_ids)) == (EpisodeDecision.DELETE, 1)


def test_an_episode_that_changed_meanwhile_is_refused_with_its_new_state() -> None:
    fake = client()

    async def scene(stage: Stage) -> None:
        await press(stage, "8", *["down"] * 2)
        under = stage.app.screen.query_one(Listing).table.cursor_id
        for row in fake.episodes:
            if row["id"] == under:
                row["state"] = "archived" if row["state"] != "archived" else "missing"
        await press(stage, "x")
        said = "\n".join(note.message for note in stage.app._notifications)
        assert f"refused: episode {under} changed meanwhile: it is " in said

    play(fake, scene)
    assert fake.commands == []


def test_episodes_have_their_feed_and_lead_to_it() -> None:
    fake = client()
    for row in fake.episodes:
        row["feed_title"] = "Harbour Lights"

    async def scene(stage: Stage) -> None:
        await press(stage, "8")
        assert "Harbour Lights" in painted(stage.app)[4]
        await press(stage, "y")
        assert isinstance(stage.app.screen, Box)
        await press(stage, "escape", "o")
        assert "https://cdn.example.org/" in text(stage)
        await press(stage, "escape", "l")
        assert stage.app.current_mode == "events"

    play(fake, scene)


def test_without_feeds_episodes_say_where_to_add_some() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "8")
        assert "There are no feeds: i on Feeds (2) adds one." in text(stage)

    play(FakeClient(idle_snapshot()), scene)


def test_hostile_text_stays_text_in_the_pane_and_in_menus() -> None:
    rows = [
        feed_row(n, title=title[:5_000], url=f"http://h/{title[:5_000]}", last_error=title[:5_000])
        for n, title in enumerate(TITLES, 1)
    ]
    fake = FakeClient(replace(busy_snapshot(), feeds={"total": len(rows)}), rows)
    fake.now = replace(fake.now, workers=tuple(download(0) for _ in range(1)))
    fake.episodes = [
        {**row, "title": TITLES[n], "feed_title": TITLES[n], "path": TITLES[n][:5_000]}
        for n, row in enumerate(episode_rows(len(TITLES), feed_id=1))
    ]

    async def scene(stage: Stage) -> None:
        def check(key: str) -> None:
            assert not any(forbidden(one) for one in painted(stage.app)), key

        await press(stage, "2")
        for _ in rows:
            check("pane")
            await press(stage, "down")
        for key in ("8", "ctrl+a", "K", "n", "y", "escape", "o", "escape"):
            await press(stage, key)
            check(key)
        await press(stage, "2", "v")
        check("v")

    kept = Kept()
    kept.keep_list("feeds", KeptList(views=(NamedView(TITLES[2], TITLES[5]),)))
    play(fake, scene, kept=kept)
