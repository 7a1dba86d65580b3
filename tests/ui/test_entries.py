"""An entry of the audit trail, opened: all that is kept of it, and the ways on from there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.fake_client import (
    NOW,
    FakeClient,
    Row,
    busy_snapshot,
    episode_rows,
    feed_rows,
    history_rows,
    poll_entry,
)
from support.hostile_text import TITLES, forbidden
from support.stage import SMALL, WIDE, Stage, painted, play, press

from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import HostView, JsonValue, Page, PageRequest
from podfetch_tui.ui.dialogs.entry import Entry
from podfetch_tui.ui.entry_facts import Fact, facts
from podfetch_tui.ui.glyphs import UNICODE

NUMBER = 100
FOLDED = "".join(f"<{number:03}>" for number in range(200))


def client_with(entry: Row) -> FakeClient:
    """An engine whose newest entry is ``entry``."""
    client = FakeClient(busy_snapshot(), feed_rows(100))
    client.episodes = episode_rows(20)
    newest: Row = {name: entry.get(name) for name in ("feed_id", "episode_id", "kind", "text")}
    client.history = [{**history_rows()[0], "id": NUMBER, **newest}]
    client.entries[NUMBER] = entry
    return client


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def dialog(stage: Stage) -> str:
    """Return what the dialog says, its lines joined, blanks made one."""
    inner = (line[line.find("│") + 1 : line.rfind("│")] for line in painted(stage.app))
    return " ".join(" ".join(inner).split())


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_an_outcome_is_shown_with_every_field_and_what_it_means(size: tuple[int, int]) -> None:
    client = client_with(poll_entry())
    held = HostView(host="feeds5.example.org", breaker="open", until=NOW + 90_000)
    client.now = replace(client.now, hosts=(held,))

    async def scene(stage: Stage) -> None:
        await press(stage, "6", "enter")
        seen = dialog(stage)
        await press(stage, "end")
        seen += dialog(stage)
        for part in (
            "2026-10-20 09:38:00 UTC (1h04m ago)",
            "✗ feed failed, failure",
            "the host answered 503 Service Unavailable: it is closed for stocktaking",
            "transient: http_503",
            "status 503",
            "1.3 s",
            "231.0 kB (231,044 bytes)",
            "feed 5 A Short History of Tides 5",
            "paused, by hand",
            "feeds5.example.org, left alone until 2026-10-20 10:43:37 UTC (in 1m30s)",
            "https://feeds5.example.org/show/5/rss",
            "It may work on the next try.",
        ):
            assert part in seen
        await press(stage, "escape")
        assert not isinstance(stage.app.screen, Entry)
        assert "in the audit trail" in text(stage)

    play(client, scene, size=size)


def test_a_short_while_is_told_in_milliseconds() -> None:
    short = {**poll_entry(duration_ms=84), "feed": None, "episode": None}
    assert Fact("took", "84 ms") in facts(short, busy_snapshot(), UNICODE)


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_a_long_text_is_wrapped_and_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "6", "enter")
        seen = set()
        for _ in range(3):
            page = dialog(stage).replace(" ", "")
            seen |= {number for number in range(200) if f"<{number:03}>" in page}
            await press(stage, "pagedown")
        assert len(seen) >= 198, "one may begin on one page and end on the next"
        assert 199 in seen

    play(client_with(poll_entry(text=FOLDED)), scene, size=size)


def test_strangers_texts_do_no_harm() -> None:
    client = client_with(poll_entry())
    client.history = [{**history_rows()[0], "id": number} for number in range(len(TITLES))]
    client.entries = {
        number: poll_entry(text=title, host=title, code=title, kind=title)
        for number, title in enumerate(TITLES)
    }

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        for _ in TITLES:
            await press(stage, "enter")
            assert isinstance(stage.app.screen, Entry)
            assert not any(forbidden(line) for line in painted(stage.app))
            await press(stage, "escape", "down")

    play(client, scene, size=SMALL)


@pytest.mark.parametrize(
    ("about", "key", "filter_"),
    [
        ({}, "l", "id:5"),
        ({"episode_id": 3, "job": "download", "kind": "episode_failed"}, "e", "id:3"),
    ],
)
def test_a_key_leads_to_what_an_entry_is_about(
    about: dict[str, JsonValue], key: str, filter_: str
) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "6", "enter", key)
        assert not isinstance(stage.app.screen, Entry)
        assert stage.app.current_mode == ("feeds" if key == "l" else "episodes")
        assert filter_ in text(stage)

    play(client_with(poll_entry(**about)), scene)


def test_an_entry_about_nothing_leads_nowhere() -> None:
    entry = poll_entry(feed_id=None, kind="clock_jumped", job=None, family=None, text="an hour")

    async def scene(stage: Stage) -> None:
        await press(stage, "6", "enter")
        assert "the machine slept (suspend); what waits was seen to." in dialog(stage)
        assert "Feed (l)" not in dialog(stage)
        await press(stage, "l", "e")
        assert isinstance(stage.app.screen, Entry)

    play(client_with(entry), scene)


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_a_line_of_a_feeds_history_opens_with_its_number(size: tuple[int, int]) -> None:
    client = client_with(poll_entry())
    client.entries[9_000] = poll_entry(text="it is the newest poll")
    client.entries[-7] = poll_entry(
        kind="operator_acted",
        job=None,
        code="snooze_feed",
        actor="screen",
        until="2026-10-30T10:00:00Z",
        text="on holiday",
    )

    async def scene(stage: Stage) -> None:
        await press(stage, "2", *["down"] * 4, "enter", "right", "enter")
        assert "it is the newest poll" in dialog(stage)
        assert "Feed (l)" not in dialog(stage), "one is there"
        await press(stage, "escape", "down", "enter")
        for part in ("snooze feed", "on holiday", "by screen", "until 2026-10-30 10:00:00 UTC"):
            assert part in dialog(stage)

    play(client, scene, size=size)


def test_an_entry_that_is_no_longer_kept_is_said_and_opens_nothing() -> None:
    class Forgetful(FakeClient):
        def query(self, page: PageRequest) -> Page:
            if page.kind == "entry":
                raise UsageError("this entry is no longer kept")
            return super().query(page)

    client = Forgetful(busy_snapshot(), feed_rows(20))
    client.history = history_rows()

    async def scene(stage: Stage) -> None:
        await press(stage, "6", "enter")
        assert not isinstance(stage.app.screen, Entry)
        assert "this entry is no longer kept" in text(stage)

    play(client, scene)
