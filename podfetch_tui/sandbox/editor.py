"""The operator's own editor, at the terminal that the screen was taken off.

Not a sandbox: it is what the operator named and runs with all their rights. It gets the place in
front of the terminal in a process group of its own, so that what a key sends there (Ctrl-C,
Ctrl-Z) reaches the editor and not the engine, whose threads go on meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import signal
import termios
from collections.abc import Sequence
from typing import Any

_TERMINAL = 0
_ITS_OWN = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
)
"""Signals that it finds as from a shell, whatever this process does about them."""


def run_editor(argv: Sequence[str]) -> int:
    """Run an editor to its end; return its exit status, or minus the signal that ended it.

    One that stops itself is woken at once: there is no shell here to wake it. Call it in the
    main thread, while nothing else reads from the terminal. The terminal's modes are as before
    afterwards, whatever the editor left.

    Raises:
        OSError: It cannot be started.
    """
    modes = _modes()
    # Who is not in front of the terminal and sets who is would be stopped by this.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        editor = os.posix_spawnp(
            argv[0],
            list(argv),
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, 1, 2)],  # where ours goes is no place for it
            setpgroup=0,
            setsigmask=(),
            setsigdef=_ITS_OWN,
        )
        return _wait_for(editor)
    finally:
        _put_in_front(os.getpgrp())
        if modes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(_TERMINAL, termios.TCSADRAIN, modes)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for(editor: int) -> int:
    while True:
        _put_in_front(editor)
        _, status = os.waitpid(editor, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        # Ctrl-Z, or it looked at the terminal before it was in front of it.
        _put_in_front(editor)
        os.killpg(editor, signal.SIGCONT)


def _put_in_front(group: int) -> None:
    """Let keys go to ``group``; where there is no job control, all get them anyway."""
    with contextlib.suppress(OSError):
        os.tcsetpgrp(_TERMINAL, group)


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(_TERMINAL)
    except termios.error:
        return None
