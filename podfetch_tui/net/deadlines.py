"""Total deadlines for transfers, held by one watchdog thread.

A socket timeout bounds one ``recv``, not a transfer: a server that drips a byte a second
holds a worker for ever, in the header, the TLS handshake or the body. The watchdog looks
at every running transfer ten times a second and shuts the socket of those that are past
their deadline or were asked to stop; the blocked read then ends at once, and the worker
asks its :class:`Watch` why.

Nothing is locked: a worker hands its watch over through a ``SimpleQueue`` and writes only
its own fields, the watchdog writes only ``cut``. Time is ``time.monotonic`` and not the
engine's clock, because the sockets beside it time out in real time, whatever a test says.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.system.heart import Heart

_TICK_S = 0.1
_QUIET_S = 5.0


class Watch:
    """One transfer under a deadline: which socket it uses now, and why it was cut."""

    __slots__ = ("cut", "deadline", "done", "sock", "stop")

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        """Start the clock.

        Args:
            seconds: Total time from now, over all redirects.
            stop: Set by the engine to end the transfer early.
        """
        self.deadline = time.monotonic() + seconds
        self.stop = stop
        self.cut: Kind | None = None
        """Why the watchdog shut the socket (DEADLINE or STOPPED); ``None``: it did not."""
        self.done = False
        self.sock: socket.socket | None = None
        """The socket the transfer blocks on; set by :meth:`hold`."""

    def remaining(self) -> float:
        """Return the seconds left; raise when there are none.

        Raises:
            Failure: DEADLINE or STOPPED.
        """
        left = self.deadline - time.monotonic()
        if left <= 0 or self.cut is not None or self.stop.is_set():
            self.check()
            raise Failure(Kind.DEADLINE, "took longer than the deadline allows")
        return left

    def restart(self, seconds: float) -> None:
        """Give the transfer a new total time, counted from now."""
        self.deadline = time.monotonic() + seconds

    def check(self) -> None:
        """Raise when the transfer was cut or asked to stop.

        Raises:
            Failure: DEADLINE or STOPPED.
        """
        if self.stop.is_set() or self.cut is Kind.STOPPED:
            raise Failure(Kind.STOPPED, "asked to stop")
        if self.cut is not None:
            raise Failure(Kind.DEADLINE, "took longer than the deadline allows")

    def hold(self, sock: socket.socket) -> None:
        """Say which socket the transfer blocks on from now on.

        Raises:
            Failure: DEADLINE or STOPPED, when the cut came before the socket.
        """
        # Set first, then look: a watchdog that cuts in between sees the socket.
        self.sock = sock
        if self.cut is not None:
            self.check()

    def release(self) -> bool:
        """Let go of the socket; return whether it may serve another transfer.

        A watchdog that saw the socket before this has said so in ``cut`` before that, so
        that no socket is ever shut under a transfer that is not its own.
        """
        self.sock = None
        return self.cut is None

    def end(self) -> None:
        """The transfer is over; the watchdog forgets it."""
        self.done = True
        self.sock = None

    def enforce(self, now: float) -> None:
        """Shut the socket when the time is up (watchdog only)."""
        if self.cut is None:
            if self.stop.is_set():
                self.cut = Kind.STOPPED
            elif now >= self.deadline:
                self.cut = Kind.DEADLINE
            else:
                return
        sock = self.sock
        if sock is None or self.done:
            return
        try:
            # Not SSLSocket.shutdown: that drops the TLS layer under the reader, who would
            # then take ciphertext for the body.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            pass  # not connected yet, or closed by its owner this moment


class Watchdog:
    """The thread behind all watches of one client."""

    def __init__(self, *, on_quiet: Callable[[], None] | None = None) -> None:
        """Start the thread.

        Args:
            on_quiet: Called about every five seconds in the watchdog thread.
        """
        self.heart = Heart("the watchdog of the transfers")
        self._arrivals: SimpleQueue[Watch | None] = SimpleQueue()
        self._closing = threading.Event()
        self._on_quiet = on_quiet
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._run,), name="http-watchdog", daemon=True
        )
        self._thread.start()

    def watch(self, seconds: float, stop: threading.Event) -> Watch:
        """Return a watch that is enforced until its ``end()``."""
        watch = Watch(seconds, stop)
        self._arrivals.put(watch)
        return watch

    def close(self) -> None:
        """Stop the thread; running transfers are no longer watched."""
        self._closing.set()
        self._arrivals.put(None)
        self._thread.join()

    def _run(self) -> None:
        watched: list[Watch] = []
        next_quiet = time.monotonic() + _QUIET_S
        while not self._closing.is_set():
            # While something runs, arrivals do not wake this thread: at 800 polls a second
            # that would cost more than the polls themselves. They wait for the next tick.
            self.heart.beat()
            if watched:
                self._closing.wait(_TICK_S)
            self._collect(watched, blocking=not watched)
            now = time.monotonic()
            for watch in watched:
                watch.enforce(now)
            watched = [watch for watch in watched if not watch.done]
            if now >= next_quiet:
                next_quiet = now + _QUIET_S
                if self._on_quiet is not None:
                    self._on_quiet()

    def _collect(self, watched: list[Watch], *, blocking: bool) -> None:
        try:
            if blocking:
                first = self._arrivals.get(timeout=_QUIET_S)
                if first is not None:
                    watched.append(first)
            while True:
                watch = self._arrivals.get_nowait()
                if watch is not None and not watch.done:
                    watched.append(watch)
        except Empty:
            pass
