"""The doorway on the socket: whoever asks, however badly; its verbs are in test_client.py."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.archive import running, settings_for
from support.wait import wait_for

from podfetch_tui.api import codec
from podfetch_tui.api.codec import Refused
from podfetch_tui.api.local import LocalClient
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.api.server import MOST_CLIENTS, DoorwayServer
from podfetch_tui.cli import archive as archives
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.commands import Pause
from podfetch_tui.model.errors import Failure, NoEngine
from podfetch_tui.system.sockets import connect_to


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    quiet = settings_for(tmp_path / "archive", engine={"poll_workers": 0, "download_workers": 0})
    with running(quiet, "http://127.0.0.9:9/a.xml", "http://127.0.0.9:9/b.xml") as started:
        yield started


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[DoorwayServer]:
    made = DoorwayServer(
        LocalClient(engine), tmp_path / "s" / "e.sock", archive="uuid", root="/archive"
    )
    with contextlib.closing(made):
        yield made


def test_the_socket_is_its_users_own_and_goes_with_the_server(server: DoorwayServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700
    server.close()
    assert not server.path.exists()
    with pytest.raises(NoEngine, match="no engine answers"):
        RemoteClient(server.path)


def answers(path: Path, sent: bytes) -> list[dict[str, object]]:
    connection = connect_to(path, 10)
    with contextlib.closing(connection):
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                got += piece
    return [json.loads(line) for line in got.splitlines()]


def codes(path: Path, sent: bytes) -> list[object]:
    found = []
    for answer in answers(path, sent):
        error = answer.get("error")
        found.append(error["code"] if isinstance(error, dict) else "result")
    return found


def test_garbage_gets_one_error_a_line_then_the_client_is_dropped_and_counted(
    server: DoorwayServer,
) -> None:
    assert codes(server.path, b"\xff\xfe garbage\n") == [codec.PARSE_ERROR]
    assert codes(server.path, b'{"jsonrpc": "1.0", "method": "snapshot"}\n') == [codec.BAD_REQUEST]
    assert codes(server.path, b'{"jsonrpc":"2.0","id":1,"method":"eval"}\n') == [codec.NO_METHOD]
    bad = b'{"jsonrpc":"2.0","id":1,"method":"watch","params":{"after":"x"}}\n'
    assert codes(server.path, bad) == [codec.BAD_PARAMS]
    before = server.refused
    assert codes(server.path, b"x\n" * 50) == [codec.PARSE_ERROR] * 2 + [codec.BAD_REQUEST]
    assert server.refused == before + 1
    good = b'{"jsonrpc":"2.0","id":7,"method":"snapshot"}\n'
    assert codes(server.path, good) == ["result"]


def test_a_line_without_end_is_cut_off(
    server: DoorwayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "LONGEST_REQUEST", 1000)
    assert codes(server.path, b"x" * 5000) == [codec.BAD_REQUEST]
    assert server.refused == 1


def test_a_client_that_promised_to_read_is_held_to_it(server: DoorwayServer) -> None:
    with contextlib.closing(RemoteClient(server.path, read_only=True)) as reader:
        wait_for(lambda: reader.snapshot().lanes)
        with pytest.raises(Failure, match="only reads"):
            reader.send(Pause())


def test_another_version_is_refused_with_what_to_do(server: DoorwayServer) -> None:
    sent = codec.encode_request(1, "hello", codec.Hello(version=99))
    (answer,) = answers(server.path, sent)
    error = answer["error"]
    assert isinstance(error, dict)
    assert "use the same PodFetch for both" in error["message"]


def test_more_clients_than_are_served_are_told_so(server: DoorwayServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            stack.enter_context(contextlib.closing(RemoteClient(server.path)))
        with pytest.raises(NoEngine, match="too many clients"):
            RemoteClient(server.path)
    wait_for(lambda: not server._connections)
    RemoteClient(server.path).close()


def test_a_client_comes_back_after_the_engine_did(engine: Engine, server: DoorwayServer) -> None:
    with contextlib.closing(RemoteClient(server.path)) as remote:
        server.close()
        with pytest.raises(NoEngine):
            remote.snapshot()
        again = DoorwayServer(LocalClient(engine), server.path, archive="uuid", root="/archive")
        with contextlib.closing(again):
            wait_for(lambda: remote.snapshot().lanes)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_no_line_escapes_the_codec(line: bytes) -> None:
    with contextlib.suppress(Refused):
        codec.decode_request(line)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[str]]:
    """Run an engine as a user does; yield the words that begin a command on its archive."""
    root = tmp_path / "archive"
    base = [sys.executable, "-m", "podfetch_tui", "--archive", str(root)]
    base += ["--set", "archive.min_free=0", "--set", "engine.poll_workers=0"]
    environment = {**os.environ, "PODFETCH_STATE_DIR": str(tmp_path / "state")}
    process = subprocess.Popen([*base, "--no-ui", "-q"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (root / ".podfetch" / "lock").exists())
        wait_for(lambda: b".sock" in (root / ".podfetch" / "lock").read_bytes(), timeout=60)
        yield base
        assert process.wait(30) == 0, "it ends when it is told to stop"
    finally:
        process.kill()
        process.wait()


def said(base: list[str], *words: str, tmp_path: Path, code: int = 0) -> str:
    environment = {**os.environ, "PODFETCH_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [*base, *words], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_commands_that_change_something_go_through_the_running_engine(
    started: list[str], tmp_path: Path
) -> None:
    listed = tmp_path / "feeds.txt"
    listed.write_text("https://one.example/feed\nhttps://two.example/feed\n")
    assert "2 new" in said(started, "import", str(listed), tmp_path=tmp_path)
    assert "1 feed paused" in said(started, "feeds", "pause", "1", tmp_path=tmp_path)
    edited = ("feeds", "edit", "2", "--priority", "7", "--yes")
    said(started, *edited, tmp_path=tmp_path)
    rows = [
        json.loads(line)
        for line in said(started, "feeds", "list", "--json", tmp_path=tmp_path).splitlines()
    ]
    assert [(row["id"], row["state"], row["priority"]) for row in rows] == [
        (1, "paused", 0),
        (2, "active", 7),
    ]
    checked = said(started, "feeds", "check", "--all", "--yes", tmp_path=tmp_path)
    assert "1 feed is due now, 1 skipped" in checked
    said(started, "limits", "set", "engine.download_workers=3", tmp_path=tmp_path)
    limits = json.loads(said(started, "limits", "get", "--json", tmp_path=tmp_path))
    assert limits["engine.download_workers"]["limit"] == 3
    refused = said(started, "limits", "set", "engine.nonsense=3", tmp_path=tmp_path, code=2)
    assert "engine.nonsense" in refused
    said(started, "pause", tmp_path=tmp_path)
    said(started, "resume", tmp_path=tmp_path)
    said(started, "stop", tmp_path=tmp_path)


def test_without_an_engine_there_is_nobody_to_talk_to(tmp_path: Path) -> None:
    quiet = settings_for(tmp_path / "archive")
    with archives.changing(quiet):
        pass
    base = [sys.executable, "-m", "podfetch_tui", "--archive", str(tmp_path / "archive")]
    assert "no engine runs" in said(base, "pause", tmp_path=tmp_path, code=5)


def test_a_doorway_that_is_short_of_files_or_threads_goes_on_when_it_is_not(
    server: DoorwayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, start = socket.socket.accept, threading.Thread.start
    short: list[str] = []

    def no_files(self: socket.socket) -> object:
        if "files" not in short:
            short.append("files")
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return accept(self)

    def no_threads(self: threading.Thread) -> None:
        if self.name == "podfetch-doorway-client" and "threads" not in short:
            short.append("threads")
            raise RuntimeError("can't start new thread")
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_threads)
        # The one that waits in accept() already is the one without a thread.
        with pytest.raises(NoEngine):
            RemoteClient(server.path)
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "accept", no_files)
        for _ in range(2):
            with contextlib.closing(RemoteClient(server.path)) as client:
                assert client.snapshot().state
    assert short == ["threads", "files"]
    assert server.heart.error is None
    assert server.refused == 1
