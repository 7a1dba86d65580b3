"""Quarantine and limits on the screen: evidence, probe, release, snooze, retire; live limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, Row, busy_snapshot, event, feed_row
from support.stage import SMALL, WIDE, Stage, app_over, painted, play, press, settle
from textual.widgets import Input
from textual.widgets._toast import Toast

from podfetch_tui.model.commands import (
    ActOnFeeds,
    CarriedWrite,
    Carry,
    ChangeSettings,
    Command,
    CommandResult,
    ProbeFeed,
    SettingsResult,
    Undo,
)
from podfetch_tui.model.decisions import Decided, FeedDecision
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.settings import keys
from podfetch_tui.model.snapshot import LaneView, Page, PageRequest, SettingsView
from podfetch_tui.policy.steps import STEPPED, text_of
from podfetch_tui.ui import limit_rows
from podfetch_tui.ui.screens.quarantine import Quarantine

SIZES = pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "120x36"])
AFTER = "quarantine.quarantine_after_failures"
SINCE = "2026-10-18T03:12:00Z"
CAUSES = (
    ("read_timeout", "anchor.example", "The host fell silent."),
    ("read_timeout", "anchor.example", "The host fell silent."),
    ("http_404", "feeds.example", "The host has no such feed."),
)


def held(number: int, **changes: Any) -> Row:
    cause, host, text = CAUSES[number % len(CAUSES)]
    row = feed_row(
        number,
        state="quarantined",
        consecutive_failures=12 + number,
        last_error=f"{cause}: {text}",
        last_success_at="2026-10-01T10:38:00Z",
        title=f"Harbour Lights {number}",
        url=f"https://{host}/show/{number}/rss",
    )
    more = {
        "since": SINCE,
        "reason": "12 failures in a row",
        "probes": number,
        "next_probe_at": "2026-10-20T16:42:07Z",
        "snoozed_until": None,
        "cause": cause,
        "host": host,
    }
    return {**row, **more, **changes}


class Held(FakeClient):
    """Answers for feeds in quarantine, their evidence, and the settings."""

    def __init__(self, count: int = 8) -> None:
        snapshot = busy_snapshot()
        feeds = {**snapshot.feeds, "quarantined": count}
        super().__init__(replace(snapshot, feeds=feeds), [held(n) for n in range(1, count + 1)])
        self.probe = ProbeReport(
            feed_id=1,
            title="Harbour Lights 1",
            url="https://anchor.example/show/1/rss",
            ok=True,
            items=40,
            known_items=38,
            release="recovers",
            release_text="released, it would be polled at once and be healthy again",
        )
        self.dead: set[int] = set()
        """Feeds that answer no probe."""
        self.why = ""
        """Why every decision is refused."""
        self.networks: tuple[str, ...] = ("127.0.0.0/8",)
        self.known: dict[str, Row] = {
            key.id: {
                "key": key.id,
                "value": key.default,  # type: ignore[dict-item]  # numbers and flags
                "text": text_of(key, key.default),
                "default": text_of(key, key.default),
                "origin": "default",
                "source": "default",
                "in_file": None,
            }
            for key in keys()
            if key.form in STEPPED
        }

    def query(self, page: PageRequest) -> Page:
        if page.kind == "evidence":
            rows = [row for row in self.feeds if row["id"] == page.feed_id]
            return Page(tuple(_evidence(row) for row in rows), None)
        if page.kind == "settings":
            allowed: Any = {"key": "network.allow_private", "value": self.networks, "in_file": None}
            return Page((*self.known.values(), {**allowed, "origin": "file", "text": ""}), None)
        return super().query(replace(page, kind="feeds"))

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        match command:
            case ProbeFeed(feed_id=feed_id) if feed_id in self.dead:
                none = replace(self.probe, ok=False, code="http_404", release="goes_back")
                return CommandResult(ok=False, text="http_404", probe=none)
            case ProbeFeed():
                return CommandResult(ok=True, text="ok: 40 items", probe=self.probe)
            case Carry(writes=writes):
                receipt = msgspec.json.encode(Decided((1,), operation=9))
                return CommandResult(
                    ok=True,
                    affected=len(writes),
                    carried=tuple(CarriedWrite(msgspec.Raw(receipt)) for _ in writes),
                )
            case ActOnFeeds(ask=ask) if self.why:
                refused = tuple((number, self.why) for number in ask.feed_ids)
                return CommandResult(ok=False, text=self.why, refused=refused)
            case ActOnFeeds(ask=ask):
                if ask.decision is not FeedDecision.SNOOZE:
                    self.feeds = [row for row in self.feeds if row["id"] not in ask.feed_ids]
                return CommandResult(ok=True, affected=len(ask.feed_ids), operation=7)
            case ChangeSettings(changes=((key, text),), dry_run=True):
                diff = f"--- podfetch.ini\n+++ podfetch.ini\n-{key} = 32\n+{key} = {text}"
                return CommandResult(ok=True, settings=SettingsResult(diff=diff))
            case ChangeSettings(changes=((key, text),), save=True):
                saved: Row = {"origin": "file", "in_file": text}
                self.known[key] = {**self.known[key], **saved}
                return CommandResult(ok=True, text=f"saved in podfetch.ini: {key}")
            case ChangeSettings(changes=((key, text),)):
                changed: Row = {"text": text, "value": int(text), "origin": "runtime"}
                self.known[key] = {**self.known[key], **changed}
                return CommandResult(
                    ok=not self.why,
                    text=self.why or f"{key} = {text}",
                    operation=0 if self.why else 8,
                    undoes=f"{key} {self.known[key]['default']} → {text}",
                )
        return self.answer


def _evidence(row: Row) -> Row:
    cause, _, said = str(row["last_error"]).partition(": ")
    poll = {"at": SINCE, "result": "failure", "code": cause, "status": 404, "detail": said}
    polls: Any = [poll] * 9
    head = "<html><body>This [bold]domain[/] is for sale"
    return {"last_error": row["last_error"], "evidence": head, "polls": polls}


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def asks(client: FakeClient) -> list[Any]:
    return [command.ask for command in client.commands if isinstance(command, ActOnFeeds)]


def test_a_feed_is_probed_released_and_taken_back_by_key() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3")
        assert "read_timeout · anchor.example" in text(stage)
        assert "This [bold]domain[/] is for sale" in text(stage)
        await press(stage, "t")
        assert "probed: ok: 40 items, 38 of them known; released, it would be" in text(stage)
        assert asks(client) == [], "a probe decides nothing"
        await press(stage, "R")
        (ask,) = asks(client)
        (feed_id,) = ask.feed_ids
        assert (ask.decision, ask.actor) == (FeedDecision.RELEASE, "screen")
        assert ask.seen == (1_792_293_120_000,), "it says as what it was seen"
        assert feed_id not in {row["id"] for row in client.feeds}
        await press(stage, "u")
        assert client.commands[-1] == Undo(operation=7, actor="screen")

    play(client, scene)


def test_one_feed_is_not_called_feeds() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "3")
        assert "1 feed in quarantine" in text(stage)

    play(Held(count=1), scene)


def test_many_are_released_after_a_question_that_says_how_long_it_takes() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "R")
        assert "Release 8 feeds?" in text(stage)
        assert "in waves, 2 of a host and 50 in all" in text(stage)
        assert "last in 1m00s" in text(stage)
        await press(stage, "n")
        assert asks(client) == []
        await press(stage, "R", "y")
        assert len(asks(client)[0].feed_ids) == 8
        assert "Nothing in quarantine" in text(stage) or "0 feeds" in text(stage)

    play(client, scene)


def test_a_release_of_many_can_be_for_those_alone_that_answer_and_spread() -> None:
    client = Held()
    client.dead = {2, 5, 7}

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "R")
        assert "only those that answer" in text(stage)
        await press(stage, "shift+tab", "shift+tab", "space", "shift+tab", "space", "y")
        said = "".join(note.message for note in stage.app._notifications)
        assert "5 of 8 feeds answered; the others stay in quarantine." in said

    play(client, scene)
    (ask,) = asks(client)
    assert set(ask.feed_ids) == {1, 3, 4, 6, 8}
    assert len(ask.seen) == 5
    assert ask.over_ms == 15 * 60_000


def test_a_release_that_nothing_is_ticked_for_is_as_before() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "R", "y")

    play(client, scene)
    (ask,) = asks(client)
    assert len(ask.feed_ids) == 8
    assert ask.over_ms is None
    assert not [one for one in client.commands if isinstance(one, ProbeFeed)]


def test_a_snooze_lasts_until_any_time_that_is_typed() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "z", "end", "enter", *"soon", "enter")
        assert "until 'soon' is neither a duration" in text(stage)
        assert asks(client) == []
        await press(stage, *["backspace"] * 4, *"2026-12-24", "enter")

    play(client, scene)
    (ask,) = asks(client)
    assert ask.until == 1_798_070_400_000  # 2026-12-24T00:00:00Z


def test_after_a_probe_of_many_those_that_answered_are_selected_for_a_release() -> None:
    client = Held()
    client.dead = {2, 5, 7}

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "T")
        assert "5 of 8 feeds answered: they are selected" in text(stage)
        await press(stage, "R")
        assert "Release 5 feeds?" in text(stage)
        await press(stage, "y")
        assert set(asks(client)[0].feed_ids) == {1, 3, 4, 6, 8}
        await press(stage, "ctrl+a", "T")
        assert "0 of 3 feeds answered." in text(stage)

    play(client, scene)


def test_another_url_is_looked_at_before_the_feed_is_polled_there() -> None:
    client = Held()
    new = "http://127.0.0.5/new.xml"

    def carried() -> list[Any]:
        return [write for c in client.commands if isinstance(c, Carry) for write in c.writes]

    async def scene(stage: Stage) -> None:
        await press(stage, "3")
        screen = stage.app.screen
        assert isinstance(screen, Quarantine)
        row = screen.listing.current
        assert row is not None

        async def write(url: str) -> None:
            await press(stage, "e")
            stage.app.screen.query_one(Input).value = url
            await press(stage, "enter")

        await write("ftp://x/")
        assert client.commands == [], "it is refused at the field"
        await press(stage, "escape")
        await write(new)
        assert client.commands == [ProbeFeed(feed_id=row.id, url=new, actor="screen")]
        for words in (row.url, new, "ok: 40 items, 38 of them known"):
            assert words in text(stage)
        await press(stage, "n")
        assert carried() == []
        client.probe = replace(client.probe, ok=False, code="http_404", detail="no such feed")
        await write(new)
        assert "there: http_404: no such feed" in text(stage)
        await press(stage, "enter")
        assert carried() == [], "what fails is not what enter alone saves"
        await write(new)
        await press(stage, "y")
        (edit,) = carried()
        assert (edit.feed_id, edit.url, edit.seen) == (row.id, new, 1_792_293_120_000)
        await press(stage, "u")
        assert client.commands[-1] == Undo(operation=9, actor="screen")

    play(client, scene)


def test_groups_are_shown_acted_on_whole_and_opened() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "b")
        assert "grouped by cause and host" in text(stage)
        assert "5 feeds: read_timeout · anchor.example" in text(stage)
        assert "rather the host than the feed" in text(stage)
        await press(stage, "R")
        assert "Release 5 feeds?" in text(stage)
        await press(stage, "n", "e")
        assert "One feed is edited at a time" in text(stage)
        await press(stage, "b", "b")
        assert "grouped by host" in text(stage)
        await press(stage, "down", "enter")
        assert "3 of 8 feeds in quarantine match" in text(stage)
        assert "grouped by" not in text(stage)

    play(client, scene)


def test_a_feed_that_was_retired_meanwhile_is_refused_with_its_new_state() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3")
        client.why = "it is retired now"
        held_now = client.feeds
        client.feeds = []
        await press(stage, "R")
        assert "it is retired" in text(stage)
        (ask,) = asks(client)
        assert ask.seen == (1_792_293_120_000,)
        client.feeds = held_now

    play(client, scene)


def test_the_history_of_a_feed_is_a_key_away() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "3", "l")
        assert stage.app.current_mode == "events"
        assert "feed:" in text(stage)

    play(Held(), scene)


def test_feeds_are_snoozed_for_a_choice_of_times_and_retired() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "z", "escape")
        assert asks(client) == []
        await press(stage, "z", "down", "enter")
        (snooze,) = asks(client)
        assert snooze.until == client.now.at + 86_400_000
        await press(stage, "X")
        assert asks(client)[1].decision is FeedDecision.RETIRE

    play(client, scene)


def test_limits_step_and_are_refused_where_they_are_typed() -> None:
    client = Held()

    def changes() -> list[Any]:
        return [c.changes for c in client.commands if isinstance(c, ChangeSettings)]

    async def scene(stage: Stage) -> None:
        await press(stage, "5")
        assert "Feeds polled at once" in text(stage)
        await press(stage, "right", "shift+right")
        assert changes() == [
            (("engine.poll_workers", "33"),),
            (("engine.poll_workers", "43"),),
        ]
        assert "1 in memory only: w saves them" in text(stage)
        await press(stage, "u")
        assert client.commands[-1] == Undo(operation=8, actor="screen")
        await press(stage, "enter", *["backspace"] * 2, *"9999", "enter")
        assert "expected 0 to 512" in text(stage), "it is refused at the field"
        await press(stage, *["backspace"] * 4, *"12", "enter")
        assert changes()[-1] == (("engine.poll_workers", "12"),)
        await press(stage, "d")
        assert "+engine.poll_workers = 12" in text(stage)
        await press(stage, "escape", "w")
        assert "+engine.poll_workers = 12" in text(stage), "what w writes is shown first"
        await press(stage, "n")
        assert saved(client) == []
        await press(stage, "w", "y")
        assert saved(client) == [(("engine.poll_workers", "12"),)]
        assert "changed on disk" not in text(stage), "the file changed by our own hand"
        assert "as the settings say" in text(stage)

    play(client, scene)


def saved(client: FakeClient) -> list[Any]:
    return [
        c.changes
        for c in client.commands
        if isinstance(c, ChangeSettings) and c.save and not c.dry_run
    ]


def test_what_a_smaller_limit_would_do_to_the_feeds_is_said_before() -> None:
    class Failing(Held):
        def query(self, page: PageRequest) -> Page:
            if page.only_ids and page.filter.startswith("state:active fail>="):
                least = int(page.filter.rpartition("=")[2])
                return Page((), None, ids=tuple(range(least, 20)))
            return super().query(page)

    async def scene(stage: Stage) -> None:
        await press(stage, "5", "down")
        assert "more feeds" not in text(stage)
        await press(stage, *["down"] * (limit_rows.SHOWN.index(AFTER) - 1))
        said = "fewer would quarantine more feeds: 3 at 9, 6 at 6, 9 at 3"
        assert said in text(stage)

    play(Failing(), scene)


def test_a_limit_is_set_for_a_time_that_is_checked_at_the_field() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "5", "enter", "backspace", *"9 for soon", "enter")
        assert "Value: expected a duration" in text(stage) or "for soon" in text(stage)
        assert client.commands == []
        await press(stage, *["backspace"] * 4, *"2h", "enter")
        (change,) = client.commands
        assert change == ChangeSettings(changes=(("engine.poll_workers", "9"),), for_s=7200)

    play(client, scene)


def test_an_ini_that_changes_under_unsaved_limits_is_shown_with_a_choice() -> None:
    client = Held()
    client.now = replace(client.now, settings=SettingsView(file="/etc/podfetch.ini", generation=2))

    async def scene(stage: Stage) -> None:
        await press(stage, "5", "plus", "down", "plus")
        assert "2 in memory only" in text(stage)
        # Somebody writes 20 for one of them: that one gives way.
        gone: Row = {"text": "20", "value": 20, "origin": "file", "in_file": "20"}
        client.known["engine.poll_workers"] = {**client.known["engine.poll_workers"], **gone}
        client.now = replace(client.now, at=client.now.at + 5_000)
        await settle(stage)
        assert "podfetch.ini changed on disk meanwhile" in text(stage)
        await press(stage, "w")
        for words in (
            "+ engine.poll_workers = 20",
            "in memory it was 33: it gave way",
            "engine.download_workers = 9",
        ):
            assert words in text(stage)
        await press(stage, "escape")
        assert saved(client) == [], "nothing is decided"
        assert "changed on disk meanwhile" in text(stage)
        await press(stage, "d", "down", "enter")
        assert client.commands[-1] == ChangeSettings(changes=(("engine.poll_workers", "33"),))
        assert "changed on disk meanwhile" not in text(stage)
        # Once more, and now the file wins.
        more: Row = {**gone, "in_file": "21"}
        client.known["engine.poll_workers"] = {**client.known["engine.poll_workers"], **more}
        client.now = replace(client.now, at=client.now.at + 5_000)
        await settle(stage)
        await press(stage, "d", "down", "down", "enter")
        assert client.commands[-1] == ChangeSettings(
            changes=(), forget=("engine.download_workers",)
        )

    play(client, scene)


def test_steps_of_a_limit_hide_nothing_and_are_taken_back_at_once() -> None:
    client = Held()

    async def scene(stage: Stage) -> None:
        await press(stage, "5", "plus", "plus")
        assert not stage.app.screen.query(Toast), "the row and the effect show it"
        undo = stage.app.bridge.undo
        assert undo is not None
        assert undo.text == "engine.poll_workers 32 → 34"
        await press(stage, "u")
        assert client.commands[-1] == Undo(operation=8, actor="screen")
        assert stage.app.bridge.undo is None
        client.why = "engine.poll_workers: 0 to 512"
        await press(stage, "plus")
        assert client.why in text(stage)

    play(client, scene)


def test_the_effect_of_a_change_is_shown_beside_what_lanes_do() -> None:
    client = Held()
    lanes = {
        **client.now.lanes,
        "download": LaneView(
            limit=8, target=5, busy=5, queued=90,
            reason="download target 5 of 8: cpu 91 % for 6 s",
        ),
    }  # fmt: skip

    async def scene(stage: Stage) -> None:
        client.now = replace(client.now, lanes=lanes)
        await press(stage, "5")
        assert "5 of 8 run, 90 wait   held at 5: cpu 91 % for 6 s" in text(stage)
        assert "no limit was changed" in text(stage)
        said = event(9, "limit_changed", "engine.per_host 2 → 4")
        for second in range(1, 30):
            rates = {"bytes_per_s": 1e6 if second < 15 else 3e6}
            at = said.at - 15_000 + second * 1_000
            recent = (*client.now.recent[:8], *((said,) if second >= 15 else ()))
            client.now = replace(client.now, at=at + 60_000, rates=rates, recent=recent)
            stage.app.look()
        await settle(stage)
        await press(stage, "M")
        assert "engine.per_host 2 → 4" in text(stage)
        assert "engine.poll_workers" not in text(stage), "the pane stands for the table"
        await press(stage, "M")
        assert "engine.poll_workers" in text(stage)

    play(client, scene)


Compare = Callable[..., bool]


def shown(compare: Compare, client: FakeClient, size: tuple[int, int], *pressed: str) -> bool:
    app = app_over(client)

    async def before(pilot: Any) -> None:
        stage = Stage(app, pilot, client)
        await settle(stage)
        await press(stage, *pressed)

    return compare(app, terminal_size=size, run_before=before)


@SIZES
def test_quarantine(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, Held(), size, "3", "down")


@SIZES
def test_quarantine_groups(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, Held(), size, "3", "b")


@SIZES
def test_quarantine_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, Held(0), size, "3")


@SIZES
def test_release_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, Held(), size, "3", "ctrl+a", "R")


@SIZES
def test_limits(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert shown(snap_compare, Held(), size, "5", "down", "plus")
