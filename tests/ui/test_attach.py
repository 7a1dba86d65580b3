"""``podfetch attach`` on a real terminal and a real engine."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import running, settings_for
from support.program import podfetch
from support.terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal
from support.wait import wait_for

from podfetch_tui.api import codec
from podfetch_tui.api.local import LocalClient
from podfetch_tui.api.server import DoorwayServer
from podfetch_tui.cli import archive as archives
from podfetch_tui.engine.engine import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    quiet = settings_for(tmp_path / "archive", engine={"poll_workers": 0, "download_workers": 0})
    with running(quiet, "http://127.0.0.9:9/a.xml") as started:
        yield started


def serve(engine: Engine, folder: Path) -> DoorwayServer:
    path = folder / "s" / "e.sock"
    return DoorwayServer(LocalClient(engine), path, archive="uuid", root="/archive")


def attach(*words: str) -> Terminal:
    return Terminal([sys.executable, "-m", "podfetch_tui", "attach", *words], columns=120, rows=30)


def test_a_screen_joins_loses_finds_again_and_leaves_an_engine(
    engine: Engine, tmp_path: Path
) -> None:
    server = serve(engine, tmp_path)
    with attach(str(server.path)) as terminal:
        terminal.wait_for("⇄ archive".encode())
        terminal.press(b"P")
        wait_for(lambda: engine.governor.sample().state == "paused")
        server.close()
        terminal.wait_for(b"Disconnected")
        with contextlib.closing(serve(engine, tmp_path)):
            before = len(terminal.shown)
            while b"PAUSED" not in terminal.shown[before:]:
                terminal.wait_for_more()
            terminal.press(b"q")
            assert terminal.wait_for_end() == 0
    assert terminal.shown.count(ENTER_SCREEN) == terminal.shown.count(LEAVE_SCREEN) == 1
    assert not engine.finished.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_too(engine: Engine, tmp_path: Path, number: signal.Signals) -> None:
    with contextlib.closing(serve(engine, tmp_path)) as server:
        with attach("--read-only", str(server.path)) as terminal:
            terminal.wait_for(b"read-only")
            terminal.process.send_signal(number)
            assert terminal.wait_for_end() == 0
        assert terminal.shown.count(LEAVE_SCREEN) == 1
    assert not engine.finished.is_set()


def test_what_cannot_be_joined_is_said_in_a_sentence_without_a_screen(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("")
    (tmp_path / "folder").mkdir()
    with archives.changing(settings_for(tmp_path / "idle")):
        pass
    with contextlib.closing(serve(engine, tmp_path)) as server:
        monkeypatch.setattr(codec, "VERSION", 99)
        for target, code, word in (
            (server.path, 5, b"use the same PodFetch for both"),
            (tmp_path / "idle", 5, b"no engine runs on"),
            (tmp_path / "archive", 5, b"without a socket"),
            (tmp_path / "folder", 7, b"podfetch:"),
            (tmp_path / "plain", 2, b"neither the folder of an archive nor a socket"),
            (tmp_path / "missing", 2, b"name an archive or a socket"),
        ):
            with attach(str(target)) as terminal:
                assert terminal.wait_for_end() == code, terminal.shown
            assert word in terminal.shown
            assert ENTER_SCREEN not in terminal.shown
            assert b"Traceback" not in terminal.shown
    done = podfetch("attach", str(tmp_path / "idle"))
    assert done.returncode == 2
    assert "attach needs a terminal" in done.stderr
