"""The form that changes one feed: its address is checked as the engine checks it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row
from support.reloading import IDLE, reloading
from support.stage import Stage, painted, play, press, until
from textual.widgets import Input

from podfetch_tui.api.client import EngineClient
from podfetch_tui.api.local import LocalClient
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.api.server import DoorwayServer
from podfetch_tui.model.commands import Carry
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.model.text import redact
from podfetch_tui.ui.dialogs.form import Form

OLD = "http://old.example/rss"
NEW = "http://127.0.0.20:8080/rss"


async def edit(stage: Stage) -> Input:
    await press(stage, "e")
    await until(stage, "Edit feed 1")
    assert isinstance(stage.app.screen, Form)
    return stage.app.screen.query_one("#field-url", Input)


def urls(client: FakeClient) -> list[object]:
    """Return the addresses that feeds were given."""
    writes = [write for one in client.commands if isinstance(one, Carry) for write in one.writes]
    return [write.url for write in writes if isinstance(write, EditFeed)]


def flat(stage: Stage) -> str:
    """Return what the screen says with its lines put together."""
    return " ".join(" ".join(line.strip(" │") for line in painted(stage.app)).split())


class WithSettings(FakeClient):
    """Shows the settings of a real engine."""

    def __init__(self, real: EngineClient):
        super().__init__(busy_snapshot(), [feed_row(1, url=OLD)])
        self.real = real

    def query(self, page: PageRequest) -> Page:
        return self.real.query(page) if page.kind == "settings" else super().query(page)


@pytest.mark.parametrize("where", ["here", "attached"])
def test_a_new_address_is_checked_by_the_settings_that_hold_now(tmp_path: Path, where: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        (await edit(stage)).value = NEW
        await press(stage, "enter")
        run.ini.write_text(run.ini.read_text().replace("127.0.0.0/8", "10.0.0.0/8"))
        run.wait_for_event("settings_changed")
        (await edit(stage)).value = "http://127.0.0.21/rss"
        await press(stage, "enter")
        assert "blocked address 127.0.0.21: loopback" in flat(stage)
        assert "(now: 10.0.0.0/8)" in flat(stage)
        assert "feeds edit --allow-private for one" in flat(stage)

    with reloading(tmp_path, IDLE) as run, contextlib.ExitStack() as stack:
        real: EngineClient = LocalClient(run.engine)
        if where == "attached":
            path = tmp_path / "e.sock"
            server = DoorwayServer(LocalClient(run.engine), path, archive="uuid", root="/archive")
            stack.enter_context(contextlib.closing(server))
            real = stack.enter_context(contextlib.closing(RemoteClient(path)))
        client = WithSettings(real)
        play(client, scene)
    assert urls(client) == [NEW]


def test_what_is_open_to_the_feed_alone_is_open_in_its_form() -> None:
    client = FakeClient(busy_snapshot(), [feed_row(1, url=OLD, allow_private=["10.0.0.0/8"])])

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        (await edit(stage)).value = "http://10.0.0.7/rss"
        await press(stage, "enter")

    play(client, scene)
    assert urls(client) == ["http://10.0.0.7/rss"]


@pytest.mark.parametrize(
    ("error", "begins"), [("http_404: none", "url"), ("http_410: gone", "url"), (None, "title")]
)
def test_a_feed_that_has_moved_begins_at_the_end_of_its_address(
    error: str | None, begins: str
) -> None:
    client = FakeClient(busy_snapshot(), [feed_row(1, url=OLD, last_error=error)])

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        box = await edit(stage)
        assert stage.app.screen.focused is stage.app.screen.query_one(f"#field-{begins}")
        box.focus()
        await press(stage, *"2")
        assert box.value == OLD + "2"

    play(client, scene)


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@old.example/rss", "https://old.example/?token=hunter2"]
)
def test_an_address_that_holds_a_secret_is_not_put_into_the_form(url: str) -> None:
    client = FakeClient(
        busy_snapshot(), [feed_row(1, url=redact(url), last_error="http_404: none")]
    )

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        box = await edit(stage)
        assert box.value == ""
        assert "as it is: https://" in box.placeholder
        assert "hunter2" not in flat(stage)
        await press(stage, "enter")

    play(client, scene)
    assert client.commands == []


@pytest.mark.parametrize("word", ["url", "moved"])
def test_the_palette_finds_the_form_by_what_a_moved_feed_needs(word: str) -> None:
    client = FakeClient(busy_snapshot(), [feed_row(1, url=OLD)])

    async def scene(stage: Stage) -> None:
        await press(stage, "2", ":", *word)
        await until(stage, "Edit")

    play(client, scene)


def test_what_is_said_of_a_feed_that_moved_names_the_key_and_no_time_gone_by() -> None:
    row = feed_row(1, url=OLD, last_error="http_404: none", next_poll_at="2026-10-20T10:42:00.000Z")
    client = FakeClient(busy_snapshot(), [row])

    async def scene(stage: Stage) -> None:
        for key in ("2", "enter"):
            await press(stage, key)
            assert "http_404: none. Moved? e: type its new address" in flat(stage)
            assert "next due now" in flat(stage)

    play(client, scene)


class Listed(FakeClient):
    """A feed that a list file names, and that was pasted once, too."""

    def __init__(self, *lists: dict[str, JsonValue]):
        super().__init__(busy_snapshot(), [feed_row(1, url=OLD)])
        self.lists = lists

    def query(self, page: PageRequest) -> Page:
        found = super().query(page)
        if page.kind != "feed":
            return found
        return replace(found, rows=({**found.rows[0], "lists": list(self.lists)},))


@pytest.mark.parametrize("is_listed", [True, False])
def test_after_a_new_address_the_lists_that_name_the_former_one_are_no_worry(
    is_listed: bool,
) -> None:
    file: dict[str, JsonValue] = {"list": "/srv/lists/mine.opml", "line": 77}
    pasted: dict[str, JsonValue] = {"list": "pasted", "line": 3}
    client = Listed(pasted, file) if is_listed else Listed(pasted)

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        box = await edit(stage)
        box.value = "https://new.example/rss"
        await press(stage, "enter")
        said = [note.message for note in stage.app._notifications]
        assert "feed 1 has a new URL, and is polled there next" in said
        harmless = "mine.opml:77 may still name the former URL. No harm: both mean this feed."
        assert [text for text in said if "former" in text] == ([harmless] if is_listed else [])

    play(client, scene)
