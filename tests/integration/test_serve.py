"""``podfetch serve``: screens in a browser, to look at, and for nobody else's page."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import settings_for
from support.program import podfetch
from support.served import served
from support.wait import wait_for

from podfetch_tui.cli import serve_command
from podfetch_tui.cli.context import Context


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    root = tmp_path / "archive"
    with served(settings_for(root, engine={"poll_workers": 0, "download_workers": 0})):
        yield str(root)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_without_the_extra_it_says_how_to_get_it(
    root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    done = podfetch("serve", root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'podfetch-tui[web]'" in done.stderr


def test_without_an_engine_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    root = str(tmp_path / "archive")
    assert podfetch("--archive", root, "init").returncode == 0
    assert podfetch("serve", root).returncode == 5


def test_a_port_that_is_taken_is_said(root: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = podfetch("serve", root, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "choose another with --port" in done.stderr


def test_a_tab_only_looks_at_the_archive_that_was_named() -> None:
    given = Context(config_file="/etc/p.ini", archive="/srv/my pods", sets=("ui.theme=dark",))
    words = serve_command.command(given, None)
    expected = "--config /etc/p.ini --archive|/srv/my pods|--set ui.theme=dark attach --read-only"
    assert words[3:] == [part for group in expected.split("|") for part in _split(group)]
    assert serve_command.command(Context(), Path("/run/e.sock"))[3:] == [
        "attach",
        "--read-only",
        "/run/e.sock",
    ]


def _split(group: str) -> list[str]:
    return [group] if group.startswith("/") else group.split()


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("localhost:8000", None, True),
        ("127.0.0.1:8000", "http://localhost:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("pods.example", "https://pods.example", True),
        ("localhost:8000", "https://PODS.example", True),
        ("localhost:8000", "https://evil.example", False),
        ("localhost:8000", "null", False),
        ("localhost:8000", "http://localhost:8001", False),
        ("evil.example:8000", None, False),
        ("evil.example:8000", "http://evil.example:8000", False),
        ("localhost", None, False),
    ],
)
def test_only_our_own_page_under_our_own_name_is_answered(
    host: str, origin: str | None, ours: bool
) -> None:
    own = serve_command.own_names(8000, "https://pods.example")
    assert serve_command.is_ours("localhost", None, serve_command.own_names(80, "http://localhost"))
    assert serve_command.is_ours(host, origin, own) is ours


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://pods.example:443", "pods.example"),
        ("https://pods.example", "pods.example:443"),
        ("http://[2001:db8::1]:80/pods", "[2001:db8::1]"),
    ],
)
def test_the_port_that_browsers_leave_out_may_be_there_or_not(url: str, host: str) -> None:
    own = serve_command.own_names(8000, url)
    assert serve_command.is_ours(host, f"{url.partition(':')[0]}://{host}", own)


@pytest.mark.parametrize(
    "url", ["pods.example", "ftp://pods.example", "https://", "http://[::1", "http://a:x"]
)
def test_a_public_url_that_is_none_is_a_mistake_of_usage(url: str) -> None:
    done = podfetch("serve", "--public-url", url)
    assert done.returncode == 2
    assert "write it as https://pods.example" in done.stderr


@contextlib.contextmanager
def serving(root: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-m", "podfetch_tui", "serve", root, "--port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            assert child.stderr is not None
            assert f"http://localhost:{port}".encode() in child.stderr.readline()
            wait_for(lambda: b"403" in ask(port, "/", host="evil.example"))
            yield child
        finally:
            child.kill()


def ask(port: int, path: str, *, host: str = "", more: str = "") -> bytes:
    try:
        with socket.create_connection(("localhost", port), timeout=20) as asking:
            head = f"GET {path} HTTP/1.1\r\nHost: {host or f'localhost:{port}'}\r\n{more}\r\n"
            asking.sendall(head.encode())
            return asking.recv(64 * 1024)
    except ConnectionRefusedError:
        return b""


def upgrade(port: int, origin: str) -> str:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\nOrigin: {origin}\r\n"
    )


def test_a_browser_of_this_machine_sees_the_engine_and_a_strangers_page_does_not(
    root: str,
) -> None:
    port = free_port()
    with serving(root, port) as child:
        assert f"ws://localhost:{port}/ws".encode() in ask(port, "/", more="Connection: close\r\n")
        refused = ask(port, "/ws", more=upgrade(port, "http://evil.example"))
        assert refused.startswith(b"HTTP/1.1 403")
        with socket.create_connection(("localhost", port), timeout=60) as tab:
            mine = upgrade(port, f"http://localhost:{port}")
            head = f"GET /ws?width=100&height=30 HTTP/1.1\r\nHost: localhost:{port}\r\n{mine}\r\n"
            tab.sendall(head.encode())
            shown = b""
            while b"RUNNING" not in shown:
                more = tab.recv(64 * 1024)
                assert more, shown
                shown += more
            assert shown.startswith(b"HTTP/1.1 101")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, b"", b"")


def test_attach_needs_no_terminal_where_a_browser_shows_it(root: str) -> None:
    """Without the web driver it is refused; with it, it draws for the server of the page."""
    assert podfetch("attach", "--read-only", root).returncode == 2
    words = [sys.executable, "-m", "podfetch_tui", "attach", "--read-only", root]
    driver = "textual.drivers.web_driver:WebDriver"
    drawing = {**os.environ, "TEXTUAL_DRIVER": driver, "COLUMNS": "100", "ROWS": "30"}
    with subprocess.Popen(
        words, env=drawing, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"__GANGLION__\n"
        shown = b""
        while b"1 Dash" not in shown:
            shown += os.read(child.stdout.fileno(), 64 * 1024)
        child.kill()
