"""What all lists can do: filter, sort, select, ask, undo, and find things by name."""

from __future__ import annotations

import json

from msgspec.structs import replace
from support.fake_client import FakeClient, Row, busy_snapshot, feed_row, feed_rows
from support.stage import Stage, painted, play, press, settle, until
from textual.widgets import Input

from podfetch_tui.model.commands import ActOnFeeds, CheckFeeds, Command, CommandResult, Undo
from podfetch_tui.model.decisions import FeedAsk, FeedDecision
from podfetch_tui.ui.dialogs.confirm import Confirm
from podfetch_tui.ui.dialogs.help import Help
from podfetch_tui.ui.screens.feeds import Feeds
from podfetch_tui.ui.widgets.table import VirtualTable


class Deciding(FakeClient):
    """Does what is decided, as an engine would."""

    before: list[Row]

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        if isinstance(command, Undo):
            self.feeds = self.before
            return CommandResult(ok=True, affected=1)
        if not isinstance(command, ActOnFeeds):
            return self.answer
        ids, state = command.ask.feed_ids, command.ask.decision.state.value
        self.before = self.feeds
        self.feeds = [{**row, "state": state} if row["id"] in ids else row for row in self.feeds]
        return CommandResult(ok=True, affected=len(ids), operation=7)


def many(count: int = 1000) -> Deciding:
    return Deciding(replace(busy_snapshot(), feeds={"total": count}), feed_rows(count))


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def test_cursor_and_selection_stay_on_their_rows_through_filter_and_order() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down", "space", "space")
        table = stage.app.screen.query_one(VirtualTable)
        assert table.selected == {2, 3}
        assert table.cursor_id == 4
        await press(stage, "s", "end", "up", "enter")
        assert table.sorted_by == "title"
        assert table.cursor_id == 4, "the cursor is where its row is now"
        await press(stage, "slash", *"id<100 tides", "enter")
        assert table.selected == {2, 3}
        assert "2 selected" in text(stage)
        await press(stage, "ctrl+a")
        assert len(table.selected) == 2 + 12, "two of them have no title yet"
        await press(stage, "escape")
        assert table.selected == set()
        await press(stage, "escape")
        assert "1,000 feeds" in text(stage)
        await press(stage, "home", "space", "down", "down", "V")
        assert len(table.selected) == 4
        await stage.pilot.click("#feeds VirtualTable", offset=(2, 0))
        await settle(stage)
        assert table.sorted_by == "-fail"
        assert "State ↓" in text(stage)

    play(many(), scene)


def test_several_change_only_after_a_question_and_go_back_by_undo() -> None:
    client = many()
    client.feeds = [feed_row(n, state="active") for n in range(1, 1001)]
    client.feeds[0]["state"] = "quarantined"

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "space", "space", "X")
        assert isinstance(stage.app.screen, Confirm)
        shown = text(stage)
        assert "Retire 2 feeds?" in shown
        assert "1 quarantined" in shown
        await press(stage, "n")
        assert client.commands == []
        await press(stage, "X", "y")
        assert "2 feeds retired" in text(stage)
        assert "u Undo" in painted(stage.app)[-1]
        assert {row["state"] for row in client.feeds[:2]} == {"retired"}
        await press(stage, "u")
        assert [row["state"] for row in client.feeds[:2]] == ["quarantined", "active"]
        await press(stage, "r")
        assert "Undo" not in painted(stage.app)[-1]
        # More than can be counted at a glance: the number has to be typed.
        await press(stage, "ctrl+a", "p", *"999", "enter")
        assert isinstance(stage.app.screen, Confirm)
        assert "It is 1,000 that change" in text(stage)
        stage.app.screen.query_one(Input).value = ""
        await press(stage, *"1000", "enter")
        assert isinstance(stage.app.screen, Feeds)
        stage.client.now = replace(client.now, at=client.now.at + 61_000)
        await settle(stage)
        assert "Undo" not in painted(stage.app)[-1], "after a minute it stands"

    play(client, scene)
    first, undone, check, *_, last = client.commands
    assert isinstance(first, ActOnFeeds)
    assert first == ActOnFeeds(
        FeedAsk(feed_ids=(1, 2), decision=FeedDecision.RETIRE, seen=first.ask.seen, actor="screen")
    )
    assert len(first.ask.seen) == 2, "as they were drawn"
    assert undone == Undo(operation=7, actor="screen")
    assert check == CheckFeeds((3,))
    assert isinstance(last, ActOnFeeds)
    assert len(last.ask.feed_ids) == 1000


def test_many_are_checked_only_after_a_question_that_says_who_is_skipped() -> None:
    client = many()
    client.answer = CommandResult(ok=True, text="2 feeds due now; 1 other skipped, not active")

    async def scene(stage: Stage) -> None:
        await press(stage, "2", *["down"] * 4, *["space"] * 3, "r")
        assert isinstance(stage.app.screen, Confirm)
        assert "Check 3 feeds?" in text(stage)
        assert "1 paused" in text(stage)
        assert "Those that are not active are skipped" in text(stage)
        await press(stage, "enter")
        assert client.commands == [], "enter alone changes nothing where several would"
        await press(stage, "r", "y")
        assert "2 feeds due now; 1 other skipped" in text(stage)
        await press(stage, "escape", "ctrl+a", "r", "y")
        assert isinstance(stage.app.screen, Confirm), "1,000 are typed"
        await press(stage, *"1000", "enter")

    play(client, scene)
    checked = [command for command in client.commands if isinstance(command, CheckFeeds)]
    assert [len(command.feed_ids) for command in checked] == [3, 1000]


def test_a_feed_that_is_not_polled_says_which_key_does_it() -> None:
    client = many()
    client.answer = CommandResult(
        ok=False, text="feed 5 is paused: only active feeds are polled", refused=((5, "is paused"),)
    )

    async def scene(stage: Stage) -> None:
        await press(stage, "2", *["down"] * 4, "r")
        (note,) = stage.app._notifications
        assert note.message.endswith("only active feeds are polled; p lets it go on")

    play(client, scene)


def test_everything_is_found_by_name() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "colon", *"downl")
        await until(stage, "What is coming in")
        await until(stage, "What the engine does now", gone=True)  # that was found for a "d"
        await press(stage, "enter")
        assert stage.app.current_mode == "downloads"
        await press(stage, "1", "colon", *"tides 12")
        await until(stage, "feed 12")
        await press(stage, "enter")
        await until(stage, "1 of 1,000 feeds match")
        assert "A Short History of Tides 12" in text(stage)
        assert "1 of 1,000 feeds match" in text(stage)
        await press(stage, "question_mark")
        assert isinstance(stage.app.screen, Help)
        await press(stage, "slash", *"poll the", "enter")
        assert "feeds.check" in text(stage)
        assert "go.feeds" not in text(stage)
        await press(stage, "escape", "right_square_bracket")
        assert stage.app.current_mode == "quarantine"
        await press(stage, "left_square_bracket", "left_square_bracket", "f")
        assert stage.app.current_mode == "dashboard"
        stage.client.now = replace(stage.client.now, totals={"polls": 555_555})
        await settle(stage)
        assert "FROZEN" in text(stage)
        assert "555,555" not in text(stage)
        await press(stage, "f")
        assert "555,555" in text(stage)

    play(many(), scene)


def test_rows_that_were_asked_for_before_the_filter_changed_are_dropped() -> None:
    """Every answer comes late; what is shown in the end is what was asked last."""

    async def scene(stage: Stage) -> None:
        await stage.pilot.press("2", "slash", *"tides", *["backspace"] * 5, *"bread")
        await settle(stage)
        area = stage.app.screen.query(VirtualTable).first().region
        shown = [line for line in painted(stage.app)[area.y + 1 : area.bottom] if line]
        assert shown
        assert all("Bread" in line for line in shown)
        asked = json.dumps([request.filter for request in stage.client.queries])
        assert "bread" in asked

    play(many(), scene)
