"""Events and Config: what happened, and which settings hold."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.fake_client import (
    NOW,
    FakeClient,
    busy_snapshot,
    feed_rows,
    history_rows,
    setting_rows,
)
from support.stage import Stage, painted, play, press, settle

from podfetch_tui.model.commands import Reload
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.system.times import rfc3339


def client_with_a_past() -> FakeClient:
    client = FakeClient(busy_snapshot(), feed_rows(100))
    client.history = history_rows()
    client.settings = setting_rows()
    return client


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def happens(client: FakeClient, said: str) -> None:
    """Let something newer stand in the trail."""
    newest = client.history[0]
    client.history.insert(0, {**newest, "id": int(str(newest["id"])) + 1, "text": said})
    client.now = replace(client.now, seq=client.now.seq + 1, at=client.now.at + 2_000)


def test_the_trail_is_followed_filtered_and_leads_to_the_feed() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        assert "6 events in the audit trail" in text(stage)
        assert "12 failures in a row" in text(stage)
        happens(stage.client, "41 items, 1 new")
        await settle(stage)
        assert "41 items, 1 new" in text(stage)
        await press(stage, "e")
        await settle(stage)
        assert "The host fell silent." in text(stage)
        assert "12 failures in a row" not in text(stage)
        await press(stage, "escape", "slash", "!", "enter")
        await settle(stage)
        assert "column 1: ! stands before" in text(stage)
        assert "The host fell silent." in text(stage), "the last rows stay"
        await press(stage, "escape", "slash", *"fell", "enter")
        await settle(stage)
        assert "1 events that match" in text(stage)
        assert "transient: read_timeout" in text(stage)
        await press(stage, "l")
        await settle(stage)
        assert "id:88" in text(stage)
        assert "1 of 10,412 feeds match" in text(stage)

    play(client_with_a_past(), scene)


def test_settings_show_value_source_and_meaning_and_are_read_again() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "7")
        assert "5 of 5 settings" in text(stage)
        await press(stage, "down", "down")
        assert "engine.download_workers = 24   from runtime   default 8" in text(stage)
        (row,) = (one for one in painted(stage.app) if " set now " in one)
        assert row.split() == ["engine.download_workers", "24", "set", "now", "16"]
        (row,) = (one for one in painted(stage.app) if "  restart" in one)
        assert row.split() == ["archive.root", "/srv/podcasts", "file", "/srv/podcasts", "restart"]
        assert "Downloads" in text(stage)
        await press(stage, "c")
        assert "network.user_agent" not in text(stage)
        assert "archive.root" in text(stage)
        await press(stage, "c", "slash", *"runtime", "enter")
        assert "1 of 5 settings" in text(stage)
        await press(stage, "r")
        assert stage.client.commands == [Reload()]

    play(client_with_a_past(), scene)


def test_the_cursor_on_the_newest_event_stays_on_the_newest_and_on_an_older_one_with_it() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        happens(stage.client, "41 items, 1 new")
        await settle(stage)
        assert text(stage).count("41 items, 1 new") == 2, "in the list, and in the details"
        await press(stage, "down")
        happens(stage.client, "42 items, 1 new")
        await settle(stage)
        assert text(stage).count("42 items, 1 new") == 1
        assert text(stage).count("40 items, 3 new") == 2

    play(client_with_a_past(), scene)


def test_of_what_operators_did_the_first_words_say_most() -> None:
    client = client_with_a_past()
    client.history = [
        {**client.history[0], "id": number, "kind": "operator_acted", "code": code, "text": text}
        for number, code, text in (
            (3, "set_limit", "set limit by command: engine.per_host 8 → 4"),
            (2, "snooze", "1 feed snoozed until 2026-10-30T10:00:00Z by screen: on holiday"),
            (1, "pause_feed", "pause feed by command"),
        )
    ]

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        rows = [" ".join(row.split()) for row in painted(stage.app)]
        (limit,) = (row for row in rows if "· set limit" in row)
        assert "engine.per_host 8 → 4, by command" in limit
        assert any("· snooze" in row and "1 feed snoozed until" in row for row in rows)
        assert any("· pause feed" in row and "pause feed by command" in row for row in rows)

    play(client, scene)


def long_past(client: FakeClient, entries: int) -> None:
    """Let so many things have happened, one a second."""
    pattern = client.history[0]
    client.history = [
        {
            **pattern,
            "id": entries - n,
            "at": rfc3339(NOW - n * 1_000),
            "text": f"said {entries - n}",
        }
        for n in range(entries)
    ]


def test_the_trail_goes_on_where_one_comes_to_its_end_and_new_events_leave_no_gap() -> None:
    client = client_with_a_past()
    long_past(client, 1_200)

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        assert "newest 500 events in the audit trail, older ones at the end" in text(stage)
        await press(stage, "G")
        assert "newest 1,000 events" in text(stage)
        assert "said 701" in text(stage), "the cursor stays on its row"
        happens(client, "the very newest")
        await settle(stage)
        await press(stage, "G")
        await settle(stage)
        assert "1,201 events in the audit trail, the newest on top" in text(stage)
        await press(stage, "G")
        assert "said 1 " in text(stage) + " "
        await press(stage, "g")
        assert "the very newest" in text(stage)

    play(client, scene)


def test_where_only_so_many_rows_were_looked_at_the_screen_says_so_and_looks_further() -> None:
    client = client_with_a_past()

    async def scene(stage: Stage) -> None:
        await press(stage, "6")

        def bounded(page: PageRequest) -> Page:
            """Find nothing in any page but the twentieth."""
            if page.kind != "history":
                return FakeClient.query(client, page)
            number = page.key if isinstance(page.key, int) else 0
            if number < 20:
                return Page((), None, number + 1)
            return Page((client.history[0],), None, number + 1)

        client.query = bounded  # type: ignore[method-assign]
        await press(stage, "slash", *"rare", "enter")
        assert "None of the newest 55,000 events matches. end looks further back" in text(stage)
        await press(stage, "G")
        assert "newest 1 events that match among the newest 105,000" in text(stage)

    play(client, scene)


def test_what_is_found_far_back_stays_and_is_not_looked_for_again_while_more_happens() -> None:
    client = client_with_a_past()
    match = {**client.history[0], "at": rfc3339(NOW - 3_600_000)}
    asked: list[PageRequest] = []

    def bounded(page: PageRequest) -> Page:
        """Find it in the fourth page; a page reaches a minute back."""
        if page.kind != "history":
            return FakeClient.query(client, page)
        asked.append(page)
        number = page.key if isinstance(page.key, int) else 0
        if page.after:
            return Page((), None, None if page.after > NOW - 60_000 else 1)
        return Page((match,) if number == 3 else (), None, number + 1)

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        client.query = bounded  # type: ignore[method-assign]
        await press(stage, "slash", *"rare", "enter")
        assert "newest 1 events that match among the newest 20,000" in text(stage)
        before = len(asked)
        for _ in range(3):
            happens(client, "as ever")
            await settle(stage)
            assert "newest 1 events that match among the newest 20,000" in text(stage)
        assert [page.key for page in asked[before:]] == [None] * 3

    play(client, scene)


def test_where_nothing_matches_only_what_is_new_is_looked_at_again() -> None:
    client = client_with_a_past()
    asked: list[PageRequest] = []

    def bounded(page: PageRequest) -> Page:
        if page.kind != "history":
            return FakeClient.query(client, page)
        asked.append(page)
        number = page.key if isinstance(page.key, int) else 0
        return Page((), None, None if page.after else number + 1)

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        client.query = bounded  # type: ignore[method-assign]
        await press(stage, "slash", *"rare", "enter")
        assert "None of the newest 55,000 events matches." in text(stage)
        before = len(asked)
        for _ in range(3):
            happens(client, "as ever")
            await settle(stage)
        assert len(asked) - before == 3
        assert all(page.after for page in asked[before:])
        assert "None of the newest 55,000 events matches." in text(stage)

    play(client, scene)


def test_a_screen_that_stays_open_keeps_so_many_rows_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("podfetch_tui.ui.trail.KEPT", 8)
    client = client_with_a_past()

    async def scene(stage: Stage) -> None:
        await press(stage, "6")
        assert "6 events in the audit trail, the newest on top" in text(stage)
        for number in range(4):
            happens(client, f"said {number}")
            await settle(stage)
        assert "newest 8 events in the audit trail, as many as are kept here" in text(stage)
        assert "said 3" in text(stage)

    play(client, scene)
