"""Signals: what a supervisor or an impatient operator can tell the process.

A handler runs in the main thread between any two steps of it, perhaps while that thread holds
the inner lock of the very event that the handler would set. So handlers only put the number
into a queue, which is safe at any moment, and a thread of its own calls back.
"""

from __future__ import annotations

import faulthandler
import queue
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TextIO, Union

_STOP = 0
_Previous = Union[Callable[[int, Union[FrameType, None]], object], int, None]


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
        self._stacks: TextIO | None = None
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._previous: dict[signal.Signals, _Previous] = {}
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)

    def start(self, *, stacks: TextIO | None) -> None:
        """Install the handlers and start the thread.

        Raises:
            ValueError: This is not the main thread.
        """
        wanted = [signal.SIGTERM, signal.SIGINT]
        if self._on_reload is not None:
            wanted.append(signal.SIGHUP)
        if self._on_dump is not None:
            wanted.append(signal.SIGUSR1)
        for number in wanted:
            self._previous[number] = signal.signal(number, self._arrive)
        if stacks is not None:
            # Works even while the main thread hangs in C code, where no handler runs.
            chain = self._on_dump is not None  # the default action would end the process
            faulthandler.register(signal.SIGUSR1, file=stacks, all_threads=True, chain=chain)
            self._stacks = stacks
        self._thread.start()

    def close(self) -> None:
        """Put the old handlers back and end the thread; may be called again.

        Raises:
            ValueError: This is not the main thread.
        """
        if self._stacks is not None:
            faulthandler.unregister(signal.SIGUSR1)
            self._stacks = None
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous.clear()
        self._arrived.put(_STOP)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> SignalWatch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _arrive(self, number: int, _frame: FrameType | None) -> None:
        self._arrived.put(number)

    def _watch(self) -> None:
        while (number := self._arrived.get()) != _STOP:
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
    stacks: TextIO | None = None,
) -> SignalWatch:
    """Call back when signals arrive, in a thread of their own. Call it in the main thread.

    A callback returns soon and does not raise: it sets an event or puts into a queue.

    Args:
        on_drain: For the first SIGTERM or SIGINT, with its number: finish and stop.
        on_now: For each one after it: stop at once.
        on_reload: For SIGHUP; ``None`` leaves that signal alone.
        on_dump: For SIGUSR1; ``None`` leaves it alone.
        stacks: A file with a descriptor that also gets all stacks at SIGUSR1, written by
            ``faulthandler`` at once, whatever the threads do; it must stay open.

    Raises:
        ValueError: This is not the main thread.
    """
    watch = SignalWatch(on_drain=on_drain, on_now=on_now, on_reload=on_reload, on_dump=on_dump)
    watch.start(stacks=stacks)
    return watch
