"""What leaves the program by itself, to a webhook, a program, a scraper, a report: no secret."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.canary import ABROAD, BASIC, CANARY, WEBHOOK, World, assert_silent, canary_world
from support.rawserver import Peer, RawServer
from support.wait import wait_for

from podfetch_tui.api.local import LocalClient
from podfetch_tui.api.metrics import MetricsServer
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.cli.context import Context, source_of
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model import text
from podfetch_tui.notify import notifier
from podfetch_tui.system import logs
from podfetch_tui.system.locks import log_stacks
from podfetch_tui.system.paths import user_state_dir

HOOK = """
import json, os, sys
told = json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read()])
with open(sys.argv[1], "w") as file:
    file.write(told)
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # What other tests of this process made known would hide what nobody hides.
    monkeypatch.setattr(text, "_known", text._Known())
    monkeypatch.setattr(notifier, "LOOK_S", 0.01)
    monkeypatch.chdir(tmp_path)
    with canary_world(tmp_path) as made:
        yield made


@contextlib.contextmanager
def engine_on(world: World) -> Iterator[Engine]:
    """Run an engine on the world's feeds with all it is told to do, and its log at its longest."""
    taken = world.podfetch("import", "feeds.txt")
    assert taken.returncode == 0, taken.stderr
    source = source_of(Context())
    loaded = source.read()
    assert loaded.problems == ()
    log = logs.setup(level="debug", json=False, stream=None, file=Path("told.log"))
    with (
        contextlib.closing(log),
        archives.changing(loaded.settings) as archive,
        compose.engine_on(
            archive, loaded.settings, loaded.credentials, source=source, loaded=loaded
        ) as engine,
    ):
        yield engine


def scrape(engine: Engine) -> str:
    with contextlib.closing(MetricsServer(LocalClient(engine), "127.0.0.1:0")) as server:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{server.port}/metrics") as answer:
            page: bytes = answer.read()
    return page.decode()


def test_who_is_told_of_an_alert_and_who_scrapes_learn_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bytes] = []

    def ears(peer: Peer) -> None:
        while request := peer.request():
            told.append(peer.rest(int(request.headers["content-length"])))
            peer.answer("204 No Content")

    (world.folder / "hook.py").write_text(HOOK)
    command = shlex.join([sys.executable, str(world.folder / "hook.py"), "hook.json"])
    command = command.replace("hook.json", str(world.folder / "hook.json"))
    monkeypatch.setenv("PODFETCH_ALERTS__COMMAND", command)
    monkeypatch.setenv("PODFETCH_ALERTS__FREE_SPACE", "999 TiB")
    with RawServer(ears, address="127.0.0.26") as hook:
        # A setting that is a secret may stand in the environment, too.
        monkeypatch.setenv("PODFETCH_ALERTS__WEBHOOK", hook.url(WEBHOOK))
        with engine_on(world) as engine:
            wait_for(lambda: told and engine.telemetry.totals()[0].get("notices") == 2)
            wait_for(lambda: engine.telemetry.totals()[0].get("archived") == 6)
            figures = scrape(engine)
            log_stacks()
        (request,) = hook.requests
    assert request.path == WEBHOOK
    assert {"authorization", "proxy-authorization"}.isdisjoint(request.headers)
    assert_silent("the head of a webhook", str(request.headers))
    assert json.loads(told[0])["alert"] == "free_space"
    assert_silent("the body of a webhook", told[0].decode())

    heard: list[Any] = json.loads((world.folder / "hook.json").read_text())
    assert heard[1]["PODFETCH_ALERT_NAME"] == "free_space"
    assert json.loads(heard[2])["kind"] == "alert_raised"
    assert_silent("a program", json.dumps(heard, ensure_ascii=False))

    assert 'podfetch_alert{name="free_space"} 1.0' in figures
    assert_silent("the figures", figures)
    log = (world.folder / "told.log").read_text()
    assert "Stacks, asked for by SIGUSR1" in log
    assert "podfetch-notify" in log
    assert_silent("the log", log)
    shown = [served for served in world.host.requests if "authorization" in served.headers]
    assert shown
    assert ABROAD not in {served.address for served in shown}


def test_the_report_of_a_bug_has_no_secret(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise LookupError(f"at {' '.join(world.urls)} with {BASIC}, {CANARY}, {proxy}")

    with engine_on(world) as engine:
        proxy = engine.settings.network.proxy
        assert "c4nary" in proxy
        wait_for(lambda: engine.telemetry.totals()[0].get("archived") == 6)
        monkeypatch.setattr(Dispatcher, "_refill", bug)
        assert engine.finished.wait(30)
    (report,) = (user_state_dir() / "crashes").iterdir()
    kept = report.read_text()
    assert "LookupError: at http://127.0.0.21" in kept
    assert "token=***" in kept
    assert_silent("the report", kept)
    assert "LookupError" in engine.end.text
    assert_silent("the end", engine.end.text)
    log = (world.folder / "told.log").read_text()
    assert "LookupError" in log
    assert_silent("the log", log)
