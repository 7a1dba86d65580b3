"""Probing many feeds: it says how far it is, stops, and leaves alone what was chosen meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row
from support.stage import Stage, painted, play, press
from support.wait import wait_for
from textual.events import Key

from podfetch_tui.model.commands import ActOnFeeds, Command, CommandResult, ProbeFeed
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.ui.screens.quarantine import Quarantine

HOST = "https://anchor.example/show/{}/rss"
FAILS: dict[str, JsonValue] = {
    "last_error": "read_timeout: The host fell silent.",
    "consecutive_failures": 9,
}


class Probing(FakeClient):
    """Feeds in quarantine whose probes go well, but for some; the operator acts meanwhile."""

    def __init__(self, count: int) -> None:
        snapshot = busy_snapshot()
        feeds = {**snapshot.feeds, "quarantined": count}
        rows = [
            {**feed_row(n, state="quarantined", url=HOST.format(n), **FAILS), **_more()}
            for n in range(1, count + 1)
        ]
        super().__init__(replace(snapshot, feeds=feeds), rows)
        self.dead: set[int] = set()
        self.lost: set[int] = set()
        """Feeds whose probe cannot be made."""
        self.meanwhile: Callable[[], None] = lambda: None
        """Done once, while the third probe runs."""

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        if not isinstance(command, ProbeFeed):
            return self.answer
        if len(self.probed) == 3:
            self.meanwhile()
        number = command.feed_id
        if number in self.lost:
            return CommandResult(ok=False, text=f"no feed {number}")
        return CommandResult(
            ok=True,
            probe=ProbeReport(
                feed_id=number,
                title=f"Show {number}",
                url=HOST.format(number),
                ok=number not in self.dead,
                code="http_404" if number in self.dead else "ok",
                release="goes_back" if number in self.dead else "recovers",
            ),
        )

    @property
    def probed(self) -> list[int]:
        return [command.feed_id for command in self.commands if isinstance(command, ProbeFeed)]

    @property
    def released(self) -> list[tuple[int, ...]]:
        return [one.ask.feed_ids for one in self.commands if isinstance(one, ActOnFeeds)]


def _more() -> dict[str, str]:
    return {
        "failing_since": "2026-10-18T03:12:00Z",
        "quarantined_at": "2026-10-18T03:12:00Z",
        "host": "anchor.example",
        "cause": "read_timeout",
    }


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def notes(stage: Stage) -> str:
    return "\n".join(note.message for note in stage.app._notifications)


def key(stage: Stage, name: str, character: str | None = None) -> None:
    """Press a key from another thread, while a probe runs."""
    event = Key(name, character)
    event.set_sender(stage.app)
    stage.app.post_message(event)


def selected(stage: Stage) -> set[int]:
    screen = stage.app.screen
    assert isinstance(screen, Quarantine)
    return screen.listing.table.selected


def test_escape_ends_a_round_after_the_probe_that_runs() -> None:
    client = Probing(80)

    async def scene(stage: Stage) -> None:
        def stop() -> None:
            wait_for(lambda: "Probed 2 of 80 · esc stops" in notes(stage))
            key(stage, "escape")
            wait_for(lambda: stage.app.bridge.probes._is_to_stop)

        client.meanwhile = stop
        await press(stage, "3", "ctrl+a", "T")
        assert "stopped, 77 not probed" in notes(stage)
        assert "esc stops" not in notes(stage), "the end takes the place of the progress"

    play(client, scene)
    assert len(client.probed) == 3


def test_a_round_is_no_longer_than_it_is_on_feeds() -> None:
    client = Probing(101)

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "T")
        assert "At most 100 feeds are probed at once" in notes(stage)
        await press(stage, "escape", "b", "T")
        assert "enter shows those of a group" in notes(stage)

    play(client, scene)
    assert client.probed == []


def test_what_was_selected_meanwhile_stays_selected() -> None:
    client = Probing(8)

    async def scene(stage: Stage) -> None:
        def go_on() -> None:
            key(stage, "space", " ")
            wait_for(lambda: len(selected(stage)) == 7)

        client.meanwhile = go_on
        await press(stage, "3", "ctrl+a", "T")
        assert len(selected(stage)) == 7
        assert "what you selected meanwhile stays selected" in notes(stage)

    play(client, scene)


def test_where_none_answers_the_next_key_releases_nothing_without_a_question() -> None:
    client = Probing(3)
    client.dead = {1, 2, 3}

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "T")
        assert "0 of 3 feeds answered." in notes(stage)
        await press(stage, "R")
        assert "Release 3 feeds?" in text(stage)

    play(client, scene)
    assert client.released == []


def test_a_feed_whose_probe_could_not_be_made_does_not_count_by_an_older_one() -> None:
    client = Probing(3)

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a", "T")
        assert "3 of 3 feeds answered" in notes(stage)
        client.lost = {2}
        await press(stage, "T")
        assert "2 of 2 feeds answered" in notes(stage)
        assert "1 could not be probed: no feed 2" in notes(stage)
        assert selected(stage) == {1, 3}

    play(client, scene)


def test_a_key_that_comes_twice_at_once_begins_one_round() -> None:
    client = Probing(4)

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "ctrl+a")
        key(stage, "T", "T")
        key(stage, "T", "T")
        await press(stage, "l")
        assert "Feeds are being probed already: esc stops that" in notes(stage)

    play(client, scene)
    assert client.probed == [1, 2, 3, 4]


def test_both_keys_probe_the_feeds_of_a_group_and_escape_leads_back_to_feeds() -> None:
    client = Probing(4)

    async def scene(stage: Stage) -> None:
        await press(stage, "3", "b", "t")
        assert client.probed == [1, 2, 3, 4]
        assert "4 of 4 feeds answered: they are selected, R releases them." in notes(stage)
        assert selected(stage) == {1, 2, 3, 4}
        await press(stage, "b", "T")
        assert client.probed == [1, 2, 3, 4] * 2
        await press(stage, "b", "l")
        assert "enter shows those of a group" in notes(stage)
        assert "grouped by" in text(stage)
        await press(stage, "escape")
        assert "grouped by" not in text(stage)

    play(client, scene)


def test_on_feeds_a_round_says_how_far_it_is_and_stops_too() -> None:
    client = Probing(20)

    async def scene(stage: Stage) -> None:
        def stop() -> None:
            key(stage, "escape")
            wait_for(lambda: stage.app.bridge.probes._is_to_stop)

        client.meanwhile = stop
        await press(stage, "2", "ctrl+a", "T")
        assert "3 feeds probed: 3 ok; stopped, 17 not probed" in notes(stage)

    play(client, scene)
