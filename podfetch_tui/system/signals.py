"""Signals: what a supervisor or an impatient operator can tell the process.

A handler runs in the main thread between any two steps of it: perhaps while that thread holds
the inner lock of the very event that the handler would set, and not at all while it waits for
C code. So the handlers do nothing. The interpreter writes each number into a pipe at the moment
it arrives (``signal.set_wakeup_fd``), and a thread of its own reads them and calls back.

Stacks are never written from inside a signal's handler, as ``faulthandler.register`` would: it
walks frames that other threads are changing, and ended a busy program every few hundred times.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TextIO, Union

_STOP = 0
_MOST_AT_ONCE = 64
_Previous = Union[Callable[[int, Union[FrameType, None]], object], int, None]


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal: without a handler the system's default would happen."""


class SignalWatch:
    """Handlers that are installed; :meth:`close` puts the old ones back."""

    def __init__(
        self,
        *,
        on_drain: Callable[[int], None],
        on_now: Callable[[int], None],
        on_reload: Callable[[], None] | None,
        on_dump: Callable[[], None] | None,
    ) -> None:
        """Keep the callbacks; use :func:`install`."""
        self._on_drain = on_drain
        self._on_now = on_now
        self._on_reload = on_reload
        self._on_dump = on_dump
        self._asked = False
        self._tells_crashes = False
        self._previous_fd = -1
        self._arrived, self._arriving = os.pipe()
        self._previous: dict[signal.Signals, _Previous] = {}
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)

    def start(self, *, crashes: TextIO | None) -> None:
        """Install the handlers and start the thread.

        Raises:
            ValueError: This is not the main thread.
        """
        wanted = [signal.SIGTERM, signal.SIGINT]
        if self._on_reload is not None:
            wanted.append(signal.SIGHUP)
        if self._on_dump is not None:
            wanted.append(signal.SIGUSR1)
        os.set_blocking(self._arriving, False)
        try:
            self._previous_fd = signal.set_wakeup_fd(self._arriving, warn_on_full_buffer=False)
        except ValueError:
            self._close_pipe()
            raise
        for number in wanted:
            self._previous[number] = signal.signal(number, _do_nothing)
        if crashes is not None and not faulthandler.is_enabled():
            faulthandler.enable(crashes)
            self._tells_crashes = True
        self._thread.start()

    def close(self) -> None:
        """Put the old handlers back and end the thread; may be called again.

        Raises:
            ValueError: This is not the main thread.
        """
        if self._arriving < 0:
            return
        if self._tells_crashes:
            faulthandler.disable()
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._previous_fd)
        os.set_blocking(self._arriving, True)
        os.write(self._arriving, bytes((_STOP,)))
        self._thread.join()
        self._close_pipe()

    def __enter__(self) -> SignalWatch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _close_pipe(self) -> None:
        os.close(self._arrived)
        os.close(self._arriving)
        self._arrived = self._arriving = -1

    def _watch(self) -> None:
        while True:
            for number in os.read(self._arrived, _MOST_AT_ONCE):
                if number == _STOP:
                    return
                if number in self._previous:  # others' handlers share the pipe
                    self._tell(number)

    def _tell(self, number: int) -> None:
        if number == signal.SIGHUP:
            if self._on_reload is not None:
                self._on_reload()
        elif number == signal.SIGUSR1:
            if self._on_dump is not None:
                self._on_dump()
        elif self._asked:
            self._on_now(number)
        else:
            self._asked = True
            self._on_drain(number)


def install(
    *,
    on_drain: Callable[[int], None],
    on_now: Callable[[int], None],
    on_reload: Callable[[], None] | None = None,
    on_dump: Callable[[], None] | None = None,
    crashes: TextIO | None = None,
) -> SignalWatch:
    """Call back when signals arrive, in a thread of their own. Call it in the main thread.

    A callback returns soon and does not raise: it sets an event or puts into a queue.

    Args:
        on_drain: For the first SIGTERM or SIGINT, with its number: finish and stop.
        on_now: For each one after it: stop at once.
        on_reload: For SIGHUP; ``None`` leaves that signal alone.
        on_dump: For SIGUSR1; ``None`` leaves it alone.
        crashes: A file with a descriptor that gets the stacks of a program that the system
            ends (SIGSEGV, SIGABRT …); it must stay open.

    Raises:
        ValueError: This is not the main thread.
    """
    watch = SignalWatch(on_drain=on_drain, on_now=on_now, on_reload=on_reload, on_dump=on_dump)
    watch.start(crashes=crashes)
    return watch
