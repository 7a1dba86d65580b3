"""The shell's side of a program that may go on after its screen was closed.

A process that has threads cannot be forked. So the program is split before it has any: the
process that the shell started only waits, and another one does everything. When that one is
to go on by itself it leaves the terminal's session and lets the waiting one end: the shell
prompts again, and of what runs nothing was touched (docs/decisions/0009).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""Sent on. Not SIGINT: a terminal sends that to both processes."""
_HELD = {*_FORWARDED, signal.SIGINT}
_LEAVE = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"
    b"\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[0m\r\n"
)
"""Ordinary screen, cursor, no mouse, focus or paste reports, plain keys and colours."""


class Foreground:
    """The place at the terminal that another process holds for this one."""

    def __init__(self, waiting: int, life: int) -> None:
        """Take over two ends of pipes; use :func:`split`.

        Args:
            waiting: The shell's process reads at the other end.
            life: Ends when that process does.
        """
        self._waiting = waiting
        self._life = life
        threading.Thread(target=self._watch, name="podfetch-shell", daemon=True).start()

    def give_back(self) -> None:
        """Let the shell prompt again; this process goes on without a terminal.

        What was a terminal among the standard files leads nowhere afterwards; a file into
        which standard error was led stays. May be called again.
        """
        if self._waiting < 0:
            return
        waiting, self._waiting = self._waiting, -1
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            if os.isatty(descriptor):
                os.dup2(nothing, descriptor)
        os.close(nothing)
        os.setsid()
        with contextlib.suppress(BrokenPipeError):  # the shell's process was killed
            os.write(waiting, b"\n")
        os.close(waiting)

    def _watch(self) -> None:
        """Take the death of the shell's process for the loss of the terminal, which it is."""
        os.read(self._life, 1)
        if self._waiting >= 0:
            os.kill(os.getpid(), signal.SIGHUP)


def split() -> Foreground | None:
    """Go on in a process of one's own while this one holds its place at the terminal.

    Returns in the new process only, and ``None`` in the old one where there cannot be
    another. Call it before the first thread is started and the first lock is taken.
    """
    found = _modes()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    waiting, other = os.pipe()
    life, alive = os.pipe()
    try:
        child = os.fork()
    except OSError:
        for end in (waiting, other, life, alive):
            os.close(end)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return None
    for end in (other, life) if child else (waiting, alive):
        os.close(end)
    if child:
        _stand_by(child, waiting, found, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Foreground(other, life)


def _stand_by(
    child: int, waiting: int, found: list[Any] | None, before: Iterable[int]
) -> NoReturn:  # pragma: no cover  this process ends here
    """Wait until the program ends or goes on by itself, then end as it did."""
    for one in _FORWARDED:
        signal.signal(one, lambda number, _: os.kill(child, number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # an editor may be in front of the terminal
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if os.read(waiting, 1):
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    if found is not None:
        _tidy(found)
    os.write(2, f"podfetch: {_killed(number)}\n".encode())
    os._exit(128 + number)


def _killed(number: int) -> str:
    names: Mapping[int, str] = {int(one): one.name for one in signal.Signals}
    return (
        f"the program was ended by {names.get(number, number)}; what it recorded is safe, and the"
        " next start goes on from there"
    )


def _modes() -> list[Any] | None:
    """Return how the terminal is set, or ``None`` when there is none."""
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _tidy(found: list[Any]) -> None:
    """Put the terminal back as it was found: who painted on it cannot any more."""
    try:
        os.write(1, _LEAVE)
        termios.tcsetattr(0, termios.TCSADRAIN, found)
    except (OSError, termios.error):
        return
