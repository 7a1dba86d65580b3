"""``podfetch status``: as the engine says, or by ourselves; and as a check for supervisors."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.archive import settings_for
from support.served import served
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import status_report
from podfetch_tui.cli.main import podfetch
from podfetch_tui.cli.status_report import Observer
from podfetch_tui.cli.status_watch import watch_status
from podfetch_tui.model.commands import Pause
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.model.settings import Settings
from podfetch_tui.system.instance import holder
from podfetch_tui.system.sockets import connect_to

FULL = 1 << 60
"""No disk has so much free."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PODFETCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PODFETCH_ARCHIVE__MIN_FREE", "0")
    return tmp_path / "archive"


def quiet(root: Path, **more: Any) -> Settings:
    return settings_for(root, engine={"poll_workers": 3, "download_workers": 0}, **more)


def status(root: Path, *words: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(
        podfetch, ["--archive", str(root), "status", *words], standalone_mode=False
    )


def told(root: Path, **env: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(status(root, "--json", **env).stdout)
    return report


def test_a_status_is_what_the_engine_says_while_one_answers(root: Path) -> None:
    with served(quiet(root)) as engine:
        wait_for(lambda: engine.governor.latest.lanes)
        report = told(root)
        assert (report["engine"], report["state"]) == ("answers", "running")
        assert report["lanes"]["poll"]["limit"] == 3
        assert report["resources"]["threads"] > 1
        assert status(root, "--check").stdout == "podfetch OK: running, 0 feeds\n"
        engine.commands.apply(Pause())
        wait_for(lambda: engine.governor.latest.state == "paused")
        assert told(root)["state"] == "paused"
        assert "0 of 3 workers busy" in status(root).stdout
        checked = status(root, "--check")
        assert (checked.return_value, checked.stdout) == (None, "podfetch OK: paused, 0 feeds\n")


def test_a_check_fails_while_an_alert_stands_and_says_which(root: Path) -> None:
    with served(quiet(root, alerts={"free_space": FULL})) as engine:
        (alert,) = wait_for(lambda: engine.governor.latest.alerts)
        done = status(root, "--check")
        assert done.return_value == 1
        assert done.stdout == f"podfetch WARNING: free_space: {alert.text}\n"
        (shown,) = told(root)["alerts"]
        assert (shown["name"], shown["limit"]) == ("free_space", FULL)
        assert "alert     free_space:" in status(root).stdout
        since = shown["since"]
    by_ourselves = told(root, PODFETCH_ALERTS__FREE_SPACE=f"{FULL} B")
    assert by_ourselves["engine"] == "none"
    assert [alert["since"] for alert in by_ourselves["alerts"]] == [since]


def test_without_an_engine_a_check_fails_and_the_catalogue_answers(root: Path) -> None:
    with archives.changing(quiet(root)):
        pass
    assert told(root)["state"] == "stopped"
    done = status(root, "--check")
    assert (done.return_value, done.stdout) == (1, f"podfetch WARNING: no engine runs on {root}\n")


def test_an_engine_that_does_not_answer_fails_the_check_within_its_patience(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_report, "PATIENCE_S", 0.05)
    with archives.changing(quiet(root)) as archive:
        path = tmp_path / "deaf"
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(path))
            deaf.listen()
            archive.lock.announce(str(path))
            report = told(root)
            assert (report["engine"], report["state"]) == ("silent", "running")
            done = status(root, "--check")
        assert done.return_value == 1
        assert "the engine does not answer" in done.stdout


def test_an_archive_that_is_not_there_is_told_apart_from_an_alert(root: Path) -> None:
    error = status(root, "--check").exception
    assert isinstance(error, ArchiveUnusable)
    assert error.exit_code == 7


def looks(steps: list[Callable[[], object]]) -> Callable[[], bool]:
    """Take a step after each look; the watch ends after the last."""

    def pause() -> bool:
        if not steps:
            return True
        steps.pop(0)()
        return False

    return pause


def test_a_watch_goes_on_while_engines_come_and_go(root: Path) -> None:
    settings = quiet(root)
    out = io.StringIO()
    observer = Observer(settings)
    running = ExitStack()

    def start() -> None:
        engine = running.enter_context(served(settings))
        wait_for(lambda: engine.governor.latest.lanes)

    with archives.changing(settings):
        pass
    steps: list[Callable[[], object]] = [start, lambda: None, running.close, start, running.close]
    watch_status(observer, as_json=True, check=False, stream=out, pause=looks(steps))
    observer.close()
    seen = [json.loads(line)["engine"] for line in out.getvalue().splitlines()]
    assert seen == ["none", "answers", "answers", "none", "answers", "none"]


def test_garbage_at_the_socket_is_dropped_counted_and_said_now_and_then(root: Path) -> None:
    with served(quiet(root)) as engine:
        wait_for(lambda: engine.governor.latest.lanes)
        with archives.reading(quiet(root)) as (layout, _):
            who = holder(layout.lock)
        assert who is not None
        for _ in range(3):
            with contextlib.closing(connect_to(Path(who.socket), 10)) as rude:
                rude.sendall(b"\xff garbage\n" * 9)
                while rude.recv(65536):
                    pass
        wait_for(lambda: told(root)["totals"].get("clients_dropped") == 3)
        kinds = [event.kind for event in engine.events.watch(0, 0.0).events]
        assert kinds.count("client_dropped") == 1
