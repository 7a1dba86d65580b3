"""The one thread of the podcast host: many connections, none of which can hold up another.

It reads request heads, asks for the answer, and carries its script out: sends, waits, resets.
It decides nothing about HTTP beyond where a request ends.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import itertools
import math
import selectors
import socket
import struct
from collections.abc import Callable
from queue import Empty, SimpleQueue

from podfetch_tui.demo.connection import Connection, body_length, unsent
from podfetch_tui.demo.sending import End, Exchange, Pause
from podfetch_tui.system.clock import Clock

_READ = selectors.EVENT_READ
_BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE
_HEADER_LIMIT = 64 * 1024
_BODY_LIMIT = 4 * 1024 * 1024
_TURN_BYTES = 2 * 1024 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)
_DRAIN_LOOK_S = 0.002
_DRAIN_LOOKS = 1000
_BREATHER_S = 0.05


class Loop:
    """Runs in one thread; ``tell`` and ``stop`` may be called from others."""

    def __init__(
        self,
        *,
        clock: Clock,
        opened: Callable[[Connection], None],
        closed: Callable[[Connection], None],
        answer: Callable[[Connection, bytes, bytes], Exchange],
    ) -> None:
        """``answer`` gets the head and the body of a request; all run in the loop's thread."""
        self._opened = opened
        self._closed = closed
        self._answer = answer
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._woken, _READ)
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._listeners: list[socket.socket] = []
        self._connections: dict[Connection, None] = {}
        self._stopping = False

    def listen(self, listener: socket.socket) -> None:
        """Accept from ``listener`` too, and own it."""
        self.tell(lambda: self._add(listener))

    def drop_idle(self) -> None:
        """Close every connection that waits for its next request, as hosts do after a while."""
        self.tell(self._drop_idle)

    def stop(self) -> None:
        """Make ``run`` return."""
        self.tell(self._stop)

    def tell(self, order: Callable[[], None]) -> None:
        """Have ``order`` called in the loop's thread."""
        self._orders.put(order)
        with contextlib.suppress(OSError):  # full: it wakes anyway; closed: nobody listens
            self._wake.send(b"x")

    def run(self) -> None:
        """Serve until told to stop; close everything whatever happens."""
        try:
            while not self._stopping:
                for key, _ in self._selector.select(self._patience()):
                    self._attend(key)
                self._run_timers()
        finally:
            self._close()

    def _attend(self, key: selectors.SelectorKey) -> None:
        if isinstance(key.data, Connection):
            connection = key.data
            if not connection.is_open:
                return  # closed earlier in this very turn
            if connection.writes:
                self._advance(connection)
            if connection.is_open:
                self._read(connection)
        elif key.fileobj is self._woken:
            self._obey()
        elif isinstance(key.fileobj, socket.socket):
            self._accept(key.fileobj)

    def _patience(self) -> float | None:
        if not self._timers:
            return None
        return max(0.0, self._timers[0][0] - self._clock.monotonic())

    def _run_timers(self) -> None:
        now = self._clock.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        if seconds < math.inf:
            due = self._clock.monotonic() + seconds
            heapq.heappush(self._timers, (due, next(self._numbers), call))

    def _obey(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        with contextlib.suppress(Empty):
            while True:
                self._orders.get_nowait()()

    def _add(self, listener: socket.socket) -> None:
        self._listeners.append(listener)
        self._watch(listener)

    def _watch(self, listener: socket.socket) -> None:
        self._selector.register(listener, _READ)

    def _stop(self) -> None:
        self._stopping = True

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(64):
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._make_room(listener)
                return
            address = str(sock.getsockname()[0])
            if not address.startswith("127."):
                sock.close()  # a system that takes the interface option and ignores it
                continue
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, address)
            self._connections[connection] = None
            self._selector.register(sock, _READ, connection)
            self._opened(connection)

    def _make_room(self, listener: socket.socket) -> None:
        """No descriptors are left: let idle connections go, and look again a little later."""
        self._drop_idle()
        self._selector.unregister(listener)
        self._later(_BREATHER_S, lambda: self._watch(listener))

    def _drop_idle(self) -> None:
        for connection in list(self._connections):
            if connection.exchange is None and not connection.buffer:
                self._drop(connection)

    def _read(self, connection: Connection) -> None:
        try:
            piece = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece or len(connection.buffer) > _HEADER_LIMIT + _BODY_LIMIT:
            self._drop(connection)
            return
        connection.buffer = connection.buffer + piece if connection.buffer else piece
        if connection.exchange is None:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        """Answer the next request, when all of it is here."""
        buffer = connection.buffer
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > _HEADER_LIMIT:
                self._drop(connection)
            return
        head, begin = buffer[:end], end + 4
        length = body_length(head)
        if length > _BODY_LIMIT:
            self._drop(connection)
            return
        if len(buffer) < begin + length:
            return
        connection.buffer = buffer[begin + length :]
        exchange = self._answer(connection, head, buffer[begin : begin + length])
        connection.exchange = exchange
        connection.steps = exchange.steps
        self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Carry the script on until it waits, ends or had its turn."""
        left = _TURN_BYTES
        while left > 0:
            if connection.out is not None:
                try:
                    count = connection.sock.send(connection.out)
                except BlockingIOError:
                    break
                except OSError:
                    self._drop(connection)
                    return
                left -= count
                connection.out = connection.out[count:] if count < len(connection.out) else None
                continue
            step = next(connection.steps, None)
            if isinstance(step, bytes):
                connection.out = memoryview(step) if step else None
            elif step is None:
                self._finish(connection)
                return
            else:
                self._wants_to_write(connection, False)
                self._halt(connection, step)
                return
        self._wants_to_write(connection, True)

    def _halt(self, connection: Connection, step: Pause | End) -> None:
        if isinstance(step, Pause):
            self._later(step.seconds, lambda: self._resume(connection))
        elif step is End.CLOSE:
            self._drop(connection)
        elif step is End.RESET:
            self._reset(connection, _DRAIN_LOOKS)

    def _resume(self, connection: Connection) -> None:
        if connection.is_open:
            self._advance(connection)

    def _reset(self, connection: Connection, looks: int) -> None:
        """Reset once the client's system has all that was sent: a reset discards the rest."""
        if not connection.is_open:
            return
        if looks and unsent(connection.sock):
            self._later(_DRAIN_LOOK_S, lambda: self._reset(connection, looks - 1))
            return
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._drop(connection)

    def _finish(self, connection: Connection) -> None:
        exchange, connection.exchange = connection.exchange, None
        if exchange is None or not exchange.keep:
            self._drop(connection)
            return
        self._wants_to_write(connection, False)
        if connection.buffer:
            self._begin(connection)

    def _wants_to_write(self, connection: Connection, wants: bool) -> None:
        if connection.writes is not wants:
            connection.writes = wants
            self._selector.modify(connection.sock, _BOTH if wants else _READ, connection)

    def _drop(self, connection: Connection) -> None:
        if not connection.is_open:
            return
        connection.is_open = False
        if connection.exchange is not None:
            connection.exchange.end()
        self._closed(connection)
        del self._connections[connection]
        self._selector.unregister(connection.sock)
        connection.sock.close()

    def _close(self) -> None:
        for connection in list(self._connections):
            self._drop(connection)
        with contextlib.suppress(Empty):
            while True:  # listeners handed over but not yet taken
                self._orders.get_nowait()()
        for sock in (*self._listeners, self._wake, self._woken):
            sock.close()
        self._selector.close()
