"""A pseudo-terminal with a program in it, as an operator sees it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from typing import TypeVar

ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE_S = 60.0
_T = TypeVar("_T", bound="Terminal")


class Terminal:
    """A pseudo-terminal with a program in it."""

    def __init__(self, argv: list[str], *, columns: int = 80, rows: int = 24) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.shown = b""
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "TZ": "UTC"},
        )
        self.slave = slave

    def __enter__(self: _T) -> _T:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # the program, too, for which it waits
        self.process.wait()
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)

    def wait_for(self, text: bytes) -> None:
        """Read until ``text`` was shown."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            left = until - time.monotonic()
            assert left > 0, f"{text!r} never came: {self.shown[-3000:]!r}"
            ended = self.process.poll() is not None
            if not self._read(0.0 if ended else left) and ended:
                assert text in self.shown, self.shown[-3000:]

    def wait_for_more(self) -> None:
        """Read until anything more was shown."""
        assert self._read(PATIENCE_S), f"nothing more came: {self.shown[-3000:]!r}"

    def press(self, keys: bytes) -> None:
        """Type ``keys``."""
        os.write(self.master, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.killpg(self.process.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """Take the terminal away, as a lost connection does."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def is_as_found(self) -> bool:
        """Say whether the terminal works as it did before: lines, echo, signals by key."""
        return bool(termios.tcgetattr(self.slave)[3] == self.modes[3])

    def wait_for_end(self) -> int:
        """Read until the program ends; return its exit code."""
        while self.master >= 0 and self.process.poll() is None:
            self._read(0.05)
        code = self.process.wait(PATIENCE_S)
        while self.master >= 0 and self._read(0.0):
            pass
        return code

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
