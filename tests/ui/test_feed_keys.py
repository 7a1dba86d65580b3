"""What each key of Feeds does, on one feed and on many, and what it refuses."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support.fake_client import NOW, FakeClient, busy_snapshot, download, feed_row, feed_rows
from support.hostile_text import TITLES, forbidden
from support.stage import SMALL, Stage, painted, play, press, settle

from podfetch_tui.model.commands import (
    ActOnFeeds,
    CancelDownloads,
    CarriedWrite,
    Carry,
    Command,
    CommandResult,
    Pause,
    ProbeFeed,
    Resume,
    Undo,
)
from podfetch_tui.model.decisions import Decided, FeedDecision, Undone, UndoOperation
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.link import Link
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.ui.dialogs.box import Box, can_browse
from podfetch_tui.ui.dialogs.confirm import Confirm
from podfetch_tui.ui.screens.feed_detail import FeedDetail

SEEN = 1_792_317_600_000  # 2026-10-18T10:00:00Z, as the rows say


class Engine(FakeClient):
    """Carries out what the keys send, as an engine would."""

    operation = 40
    refuses_undo_of: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()
    """Feeds whose probe fails."""

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        if isinstance(command, ProbeFeed):
            return CommandResult(ok=True, probe=self.look(command.feed_id))
        if isinstance(command, Carry):
            made = tuple(CarriedWrite(self.receipt(write)) for write in command.writes)
            return CommandResult(ok=True, affected=len(made), carried=made)
        if isinstance(command, ActOnFeeds):
            return CommandResult(ok=True, affected=len(command.ask.feed_ids), operation=7)
        return self.answer

    def look(self, feed_id: int) -> ProbeReport:
        row = next(row for row in self.feeds if row["id"] == feed_id)
        title, url = str(row["title"]), str(row["url"])
        if feed_id in self.broken:
            return ProbeReport(
                feed_id=feed_id, title=title, url=url, ok=False, code="http_404", detail=title
            )
        return ProbeReport(feed_id=feed_id, title=title, url=url, ok=True, items=40, known_items=38)

    def receipt(self, write: Any) -> msgspec.Raw:
        if isinstance(write, UndoOperation):
            refused = ((2, "was edited since"),) if write.operation in self.refuses_undo_of else ()
            return msgspec.Raw(msgspec.json.encode(Undone("edit_feed", (1,), refused)))
        assert isinstance(write, EditFeed)
        self.operation += 1
        for row in self.feeds:
            if row["id"] == write.feed_id:
                row["priority"] = int(str(write.effective_priority))
        return msgspec.Raw(msgspec.json.encode(Decided((write.feed_id,), (), self.operation)))


def engine(count: int = 40) -> Engine:
    return Engine(replace(busy_snapshot(), feeds={"total": count}), feed_rows(count))


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def notes(stage: Stage) -> str:
    return "\n".join(note.message for note in stage.app._notifications)


def test_a_probe_says_what_came_and_changes_nothing() -> None:
    client = engine()
    client.broken = (3,)

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "t")
        assert "Night Library 夜の図書館 1: ok: 40 items, 38 of them known" in notes(stage)
        await press(stage, "space", "space", "space", "T")
        assert "3 feeds probed: 2 ok, 1 http_404" in notes(stage)
        assert "the first: Bread and Circuits 3: http_404" in notes(stage)

    play(client, scene)
    assert [command.feed_id for command in client.commands if isinstance(command, ProbeFeed)] == [
        1, 1, 2, 3,
    ]  # fmt: skip
    assert len(client.commands) == 4


def test_too_many_feeds_are_not_probed_at_once() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "ctrl+a", "T")
        assert "At most 100 feeds are probed at once" in notes(stage)

    client = engine(101)
    play(client, scene)
    assert client.commands == []


def test_steps_of_priority_follow_each_other_and_go_back_together() -> None:
    client = engine()
    client.feeds[1]["priority"] = 10
    client.refuses_undo_of = (44,)

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        for key in ("plus", "plus", "minus"):
            await stage.pilot.press(key)
        await settle(stage)
        assert "Priority 1: Night Library" in notes(stage)
        await press(stage, "u")
        await press(stage, "space", "space", "space", "plus")
        assert "Priority +1 for 2 feeds" in notes(stage), "one of three is at the end"
        assert "3 selected" in text(stage), "they stay chosen for the next step"
        await press(stage, "u")
        assert "Took back, but for 1: Priority +1 for 2 feeds: feed 2 was edited since" in notes(
            stage
        )
        await press(stage, "escape", "up", "up", "plus")
        assert "10 is the last step" in notes(stage)

    play(client, scene)
    steps = [command for command in client.commands if isinstance(command, Carry)]
    assert [[getattr(w, "priority", "undo") for w in one.writes] for one in steps] == [
        [1], [2], [1], [2, 1], ["undo", "undo"],
    ]  # fmt: skip
    assert Undo(operation=43, actor="screen") in client.commands
    assert [w.operation for w in steps[-1].writes if isinstance(w, UndoOperation)] == [44, 45]


def test_a_snooze_is_for_a_time_and_says_which_feeds_it_does_not_fit() -> None:
    client = engine()
    client.feeds[5]["snoozed_until"] = "2026-10-21T10:42:07.000Z"

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert "z snoozed" in text(stage)
        await press(stage, *["down"] * 5, "z", "down", "enter")
        assert "1 feed snoozed" in notes(stage)

    play(client, scene)
    (asked,) = client.commands
    assert isinstance(asked, ActOnFeeds)
    assert (asked.ask.decision, asked.ask.until) == (FeedDecision.SNOOZE, NOW + 24 * 3_600_000)
    assert asked.ask.seen == (SEEN,)


def test_downloads_of_a_feed_end_after_a_question() -> None:
    client = engine()
    client.now = replace(client.now, workers=(download(0), download(1), download(4)))
    client.answer = CommandResult(ok=True, text="2 downloads cancelled", affected=2)

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "end", "K")
        assert "Nothing of what is chosen is being downloaded." in notes(stage)
        await press(stage, "home", "space", "space", "K")
        assert isinstance(stage.app.screen, Confirm)
        assert "Cancel and delete 2 downloads?" in text(stage)
        await press(stage, "enter")
        assert client.commands == [], "enter alone does no harm"
        await press(stage, "K", "y")
        assert "2 downloads cancelled" in notes(stage)

    play(client, scene)
    assert client.commands == [CancelDownloads((100, 101))]


def test_the_log_of_a_feed_is_on_the_events_screen() -> None:
    client = engine()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down", "down", "l")
        await settle(stage)
        assert stage.app.current_mode == "events"
        assert "feed:3" in text(stage)

    play(client, scene)
    assert client.queries[-1].filter == "feed:3"


def test_addresses_are_copied_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(stage.app, "copy_to_clipboard", copied.append)
        await press(stage, "2", "space", "space", "y")
        assert isinstance(stage.app.screen, Box)
        assert "2 addresses" in text(stage)
        assert "https://feeds2.example.org/show/2/rss" in text(stage)
        await press(stage, "shift+end", "y")
        assert "The selected part is in the clipboard" in text(stage)
        await press(stage, "escape", "escape", "o")
        assert "/srv/podcasts/A Short History of Tides" in text(stage)
        await press(stage, "q")
        assert not isinstance(stage.app.screen, Box)

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    play(engine(), scene)
    both = "https://feeds1.example.org/show/1/rss\nhttps://feeds2.example.org/show/2/rss"
    assert copied == [both, both.partition("\n")[0]]


def test_a_browser_opens_only_where_it_has_a_window_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert can_browse({"DISPLAY": ":0"}, "linux")
    assert not can_browse({"TERM": "xterm"}, "linux")
    assert can_browse({}, "darwin")
    monkeypatch.setenv("DISPLAY", ":0")
    client = engine(2)
    opened: list[str] = []
    client.feeds[1]["url"] = "javascript:alert(1)"

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(stage.app, "open_url", opened.append)
        await press(stage, "2", "y", "b", "escape", "down", "y")
        assert "Open in the browser" not in text(stage)
        await press(stage, "b")

    play(client, scene)
    assert opened == ["https://feeds1.example.org/show/1/rss"]


def test_what_changed_meanwhile_is_refused_with_its_new_state() -> None:
    client = engine()
    client.feeds[0]["state"] = "active"

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        client.feeds[0] = feed_row(
            1, state="quarantined", state_reason="too many", since="2026-10-20T10:42:00.000Z"
        )
        await press(stage, "p")
        (asked,) = client.commands
        assert isinstance(asked, ActOnFeeds)
        assert asked.ask.decision is FeedDecision.PAUSE, "what the row said when the key came"
        assert asked.ask.seen == (SEEN,)

    class Refusing(Engine):
        def send(self, command: Command) -> CommandResult:
            super().send(command)
            why = "changed meanwhile: it is quarantined (too many) since 10:42"
            return CommandResult(ok=False, refused=((1, why),))

    client = Refusing(client.now, client.feeds)
    app = play(client, scene)
    shown = [note.message for note in app._notifications]
    assert any("feed 1 changed meanwhile: it is quarantined" in one for one in shown)


def test_looking_only_changes_nothing_and_offers_no_change() -> None:
    client = engine()
    link = Link(where="/srv/podcasts", is_up=True, since=NOW, read_only=True)

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "t", "T", "z", "K", "plus", "minus")
        assert client.commands == []
        await press(stage, "y")
        assert isinstance(stage.app.screen, Box), "looking is allowed"
        await press(stage, "escape", "o")
        assert isinstance(stage.app.screen, Box)

    play(client, scene, link=lambda: link)


def test_all_keys_work_on_the_screen_of_one_feed() -> None:
    client = engine()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "down", "enter")
        assert isinstance(stage.app.screen, FeedDetail)
        await press(stage, "t", "plus", "p")
        await press(stage, "l")
        assert stage.app.current_mode == "events"

    play(client, scene)
    probe, step, pause = client.commands
    assert probe == ProbeFeed(feed_id=2, actor="screen")
    assert isinstance(step, Carry)
    assert isinstance(pause, ActOnFeeds)
    assert pause.ask.seen == (SEEN,)


def test_hostile_titles_and_addresses_stay_text_wherever_the_keys_show_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [
        feed_row(n, title=title, url=f"http://h/{title}", state="active")
        for n, title in enumerate(TITLES, 1)
    ]
    client = Engine(replace(busy_snapshot(), feeds={"total": len(rows)}), rows)
    client.now = replace(
        client.now,
        workers=tuple(
            replace(download(n), title=title, feed_id=n + 1) for n, title in enumerate(TITLES)
        ),
    )
    client.broken = tuple(range(1, 5))
    sent: list[str] = []

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(stage.app, "copy_to_clipboard", sent.append)

        def check(key: str) -> None:
            assert not any(forbidden(one) for one in painted(stage.app)), key

        await press(stage, "2")
        for _ in rows:
            await press(stage, "t")
            check("t")
            await stage.pilot.press("down")
        for key in ("ctrl+a", "plus", "K", "n", "T", "y", "escape", "end", "o", "escape"):
            await press(stage, key)
            check(key)
        assert stage.app.is_running

    play(client, scene, size=SMALL)
    assert not any(forbidden(one.replace("\n", "")) for one in sent)
    assert base64.b64encode(sent[0].encode())


def test_feeds_are_quarantined_by_hand_after_a_question_and_undone() -> None:
    client = engine(4)

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "Q")
        assert "1 feed quarantined" in notes(stage)
        await press(stage, "ctrl+a", "Q")
        assert "Quarantine 4 feeds?" in text(stage)
        assert "They are probed as seldom as what keeps failing" in text(stage)
        await press(stage, "y", "u")
        assert "Took back: 4 feeds quarantined" in notes(stage)

    play(client, scene)
    one, many, back = client.commands
    assert isinstance(one, ActOnFeeds)
    assert isinstance(many, ActOnFeeds)
    assert (one.ask.feed_ids, many.ask.feed_ids) == ((1,), (1, 2, 3, 4))
    assert one.ask.decision is many.ask.decision is FeedDecision.QUARANTINE
    assert back == Undo(operation=7, actor="screen")


def test_groups_are_counted_within_the_filter_and_lead_to_their_feeds() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", *"fail>2", "enter", "b")
        assert "Group by" in text(stage)
        await press(stage, "down", "down", "enter")
        assert "Feeds by failure" in text(stage)
        assert "5  read_timeout" in text(stage)
        await press(stage, "down", "down", "enter")
        assert "fail>2 err=http_404" in text(stage)
        assert "4 of 40 feeds match" in text(stage)
        await press(stage, "b", "down", "down", "down", "enter")
        assert "None of these feeds has a tag." in notes(stage)
        await press(stage, "b", "escape")
        assert "fail>2 err=http_404" in text(stage)
        await press(stage, "enter", "b")
        assert isinstance(stage.app.screen, FeedDetail), "one feed is no group"

    play(engine(), scene)


def test_an_undo_that_is_refused_says_why_in_words() -> None:
    client = engine()
    why = "changed meanwhile: it is retired since 13:32"

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "p")
        client.answer = CommandResult(
            ok=False, text="pause_feed not undone; feed 1 " + why, refused=((1, why),)
        )
        await press(stage, "u")
        (said,) = [note for note in notes(stage).splitlines() if "Not taken back" in note]
        assert said.endswith(f": feed 1 {why}")
        assert "pause_feed" not in said

    play(client, scene)


def test_the_engine_s_pause_can_be_taken_back() -> None:
    client = engine()

    async def scene(stage: Stage) -> None:
        await press(stage, "P")
        client.now = replace(client.now, state="paused")
        await press(stage, "u")
        assert "Took back: engine paused" in notes(stage)

    play(client, scene)
    assert client.commands == [Pause(), Resume()]
