"""The log, the screens and what is told to others show no secret, and are not empty either."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.canary import BASIC, CANARY, World, assert_silent, canary_world
from support.fake_client import FakeClient
from support.stage import UNICODE, Stage, painted, quiet
from textual.events import Key

from podfetch_tui.api.local import LocalClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.cli.context import Context, source_of
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model import text
from podfetch_tui.pipeline import poll_run
from podfetch_tui.ui.app import PodFetchApp
from podfetch_tui.ui.screens.registry import SCREENS

LARGE = (130, 32)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # What other tests of this process made known would hide what nobody hides.
    monkeypatch.setattr(text, "_known", text._Known())
    monkeypatch.chdir(tmp_path)
    with canary_world(tmp_path) as made:
        yield made


@contextlib.contextmanager
def engine_on(world: World) -> Iterator[Engine]:
    """Run an engine on the world's archive, with its settings, credentials and proxy."""
    source = source_of(Context())
    loaded = source.read()
    assert loaded.problems == ()
    with (
        archives.changing(loaded.settings) as archive,
        compose.engine_on(
            archive, loaded.settings, loaded.credentials, source=source, loaded=loaded
        ) as engine,
    ):
        yield engine


def fill(world: World) -> None:
    """Archive what the world has; the two that are refused go to quarantine."""
    world.configure("[quarantine]\nopen_after_failures = 1\nquarantine_after_failures = 1\n")
    ran = world.podfetch("--feeds", "feeds.txt", "--once")
    assert ran.returncode == 1, ran.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_that_says_all_it_can_shows_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def bug(job: Any, *_: object) -> None:
        raise LookupError(f"at {job.feed.url} with {BASIC} and {CANARY}")

    monkeypatch.setattr(poll_run, "look", bug)
    moved = f"{world.tls.url('/moved.xml')}?member=member-canary&token=looks-canary"
    (world.folder / "more.txt").write_text(f"{moved}\n")
    words = ("--feeds", "feeds.txt", "--feeds", "more.txt", "--once", "--set")
    world.podfetch(*words, f"logging.format={form}")
    log = (world.folder / "podfetch.log").read_text()
    bugs = log.count("A run failed unexpectedly")
    assert bugs == log.count("Traceback") == 5, log
    assert log.count("LookupError: at http") == bugs
    assert "redirected from https to http" in log
    assert log.count("token=***") >= 2
    assert "***@127.0.0.23" in log
    assert_silent("the log", log)
    assert_silent("the log without escapes", json.dumps(log.replace("\\", "")))


class Tour:
    """A walk over the screens of an engine; all that was painted is remembered."""

    def __init__(self, engine: Engine) -> None:
        self.app = PodFetchApp(LocalClient(engine), UNICODE)
        self.seen: list[str] = []

    async def look(self, *keys: str) -> None:
        """Press keys, then look."""
        for key in keys:
            event = Key(key, key if len(key) == 1 else None)
            event.set_sender(self.app)
            self.app.post_message(event)
            await quiet(self.stage)
        self.app.look()
        await quiet(self.stage)
        self.seen.extend(painted(self.app))

    async def screens(self) -> None:
        """All screens, and what a row of them tells."""
        for mode in SCREENS:
            self.app.action_go(mode)
            await self.look()
            if mode in ("config", "events"):
                await self.look("c" if mode == "config" else "down")
                await self.look("enter")
                await self.look("escape")

    async def feeds(self) -> None:
        """The feed whose URL has a key, and the one that is refused: all tabs, and the form."""
        for at in (2, 5):
            await self.look("2")
            await self.look("home", *["down"] * at, "enter")
            for _ in range(4):
                await self.look("right")
            await self.look("e")
            await self.look("escape", "escape")

    async def dialogs(self) -> None:
        """Probe, release, help, the question at the end, the palette."""
        await self.look("3")
        for key in ("t", "R", "question_mark", "q"):
            await self.look(key)
            await self.look("escape")
        await self.look("colon", *"show")

    def go(self, what: str) -> str:
        """Walk, and return everything that was seen."""

        async def run() -> None:
            async with self.app.run_test(size=LARGE, notifications=True) as pilot:
                self.stage = Stage(self.app, pilot, FakeClient())
                await getattr(self, what)()

        asyncio.run(run())
        return "\n".join(self.seen)


SEEN = {
    "screens": ("The basic show", "does not take the credentials", "min_free", "***@127.0.0.25"),
    "feeds": ("token=***", "<enclosure url=", "Edit feed 3", "***@127.0.0.25"),
    "dialogs": ("***@127.0.0.25", "Keys", "Quit PodFetch?", "The query show", "does not take"),
}


@pytest.mark.parametrize("what", SEEN)
def test_no_screen_shows_a_secret(world: World, what: str) -> None:
    fill(world)
    with engine_on(world) as engine:
        seen = Tour(engine).go(what)
    assert_silent("a screen", seen)
    for shown in SEEN[what]:
        assert shown in seen, shown
