"""On a real terminal: the first picture, the way out, and what signals do."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

CHILD = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.path.insert(0, {tests!r})
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.app import run_app
class Breaking(FakeClient):
    def snapshot(self):
        if self.looks > 4:
            raise RuntimeError("something nobody thought of")
        return super().snapshot()
client = (Breaking if {breaks} else FakeClient)(busy_snapshot(), feed_rows(1000))
how = run_app(client, UiSettings(glyphs="unicode"))
open({answer!r}, "w").write(how)
try:
    print("goodbye")
except OSError:
    pass
"""
TESTS = str(Path(__file__).parents[1])
ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE_S = 60.0


class Terminal:
    """A pseudo-terminal with the application in it."""

    def __init__(
        self, answer: Path, *, columns: int = 80, rows: int = 24, breaks: bool = False
    ) -> None:
        self.answer = answer
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.shown = b""
        code = CHILD.format(tests=TESTS, answer=str(answer), breaks=breaks)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "TZ": "UTC"},
        )
        self.slave = slave

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)

    def wait_for(self, text: bytes) -> None:
        """Read until ``text`` was shown."""
        while text not in self.shown:
            assert self._read(PATIENCE_S), f"{text!r} never came: {self.shown[-3000:]!r}"

    def press(self, keys: bytes) -> None:
        """Type ``keys``."""
        os.write(self.master, keys)

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def end(self) -> str:
        """Wait for the application to end well; return what it told its host."""
        while self.master >= 0 and self.process.poll() is None:
            self._read(0.05)
        assert self.process.wait(PATIENCE_S) == 0, self.shown[-3000:]
        while self.master >= 0 and self._read(0.0):
            pass
        return self.answer.read_text()

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            part = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += part
        return bool(part)


def is_restored(terminal: Terminal) -> bool:
    """Return whether screen, cursor, mouse and line mode are as they were found."""
    shown = terminal.shown
    balanced = shown.count(ENTER_SCREEN) == shown.count(LEAVE_SCREEN) == 1
    after = shown[shown.rindex(LEAVE_SCREEN) :]
    cursor = b"\x1b[?25h" in shown[shown.rindex(b"\x1b[?25l") :]
    mouse = re.search(rb"\x1b\[\?1000l", shown) is not None
    return (
        balanced
        and cursor
        and mouse
        and b"goodbye" in after
        and (termios.tcgetattr(terminal.slave)[3] == terminal.modes[3])
    )


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "answer")


def test_it_paints_and_quits_cleanly(terminal: Terminal) -> None:
    with terminal:
        terminal.wait_for(b"Throughput")
        terminal.press(b"q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.press(b"n")
        assert terminal.end() == "now"
        assert is_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_restores_the_terminal(
    terminal: Terminal, number: signal.Signals
) -> None:
    with terminal:
        terminal.wait_for(b"Throughput")
        terminal.process.send_signal(number)
        assert terminal.end() == "drain"
        assert is_restored(terminal)


def test_a_signal_works_over_a_dialog_too(terminal: Terminal) -> None:
    with terminal:
        terminal.wait_for(b"Throughput")
        terminal.press(b"2q")
        terminal.wait_for(b"Quit PodFetch?")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == "drain"
        assert is_restored(terminal)


def test_a_terminal_that_goes_away_ends_the_screen_and_not_the_host(terminal: Terminal) -> None:
    with terminal:
        terminal.wait_for(b"Throughput")
        terminal.hang_up()
        assert terminal.end() == "hangup"


def test_a_broken_screen_restores_the_terminal_and_lets_work_end(tmp_path: Path) -> None:
    with Terminal(tmp_path / "answer", breaks=True) as terminal:
        terminal.wait_for(b"Throughput")
        assert terminal.end() == "drain"
        assert b"something nobody thought of" in terminal.shown
        assert is_restored(terminal)


def test_ctrl_c_does_not_kill_the_engine(terminal: Terminal) -> None:
    with terminal:
        terminal.wait_for(b"Throughput")
        terminal.press(b"\x03")
        terminal.press(b"4")
        terminal.wait_for(b"Progress")
        terminal.press(b"qd")
        assert terminal.end() == "drain"
