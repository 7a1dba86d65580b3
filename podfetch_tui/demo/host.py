"""A podcast host on loopback: fast when it behaves, and able to misbehave in every way.

Each address of 127.0.0.0/8 that is asked for gets a listening socket of its own, so that
hosts are real hosts; where the system has 127.0.0.1 only (macOS), all share that one.
Nothing is reachable from another machine.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from types import TracebackType

from podfetch_tui.demo.routes import Request, Route, Table
from podfetch_tui.demo.sending import Hangup, send

_HEADER_LIMIT = 65536


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was answered, for the log."""

    address: str
    method: str
    path: str
    status: int
    sent: int
    """Body bytes."""
    headers: dict[str, str]


class PodcastHost:
    """Serves a :class:`Table`; use it as a context manager."""

    def __init__(self, table: Table | None = None) -> None:
        self.table = table or Table()
        self.requests: list[Served] = []
        """Everything that was answered, in order of its end; append is atomic."""
        self.closing = threading.Event()
        self._port = 0
        self._listeners: dict[str, socket.socket] = {}
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._counts: dict[tuple[str, str], int] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._acceptor = threading.Thread(target=self._accept, name="podcast-host", daemon=True)

    def __enter__(self) -> PodcastHost:
        self.listen("127.0.0.1")
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port, the same on every address."""
        return self._port

    def listen(self, address: str) -> str:
        """Serve ``address`` too; return the one that is served in its place."""
        if sys.platform != "linux":
            address = "127.0.0.1"
        if address not in self._listeners:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, self._port))
            listener.listen(512)
            listener.setblocking(False)
            self._port = listener.getsockname()[1]
            self._listeners[address] = listener
            self._selector.register(listener, selectors.EVENT_READ, address)
            self._wake.send(b"x")
        return address

    def url(self, path: str, address: str = "127.0.0.1") -> str:
        """Return the URL of ``path`` on ``address``, which is served from now on."""
        return f"http://{self.listen(address)}:{self._port}{path}"

    def asked(self, path: str) -> list[Served]:
        """Return the answered requests for ``path``."""
        return [served for served in list(self.requests) if served.path == path]

    def close(self) -> None:
        """End every connection, thread and listener; may be called again."""
        self.closing.set()
        self._wake.close()
        if self._acceptor.is_alive():
            self._acceptor.join(10)
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already
        for thread in self._threads:
            thread.join(10)
        for listener in self._listeners.values():
            listener.close()
        self._woken.close()
        self._selector.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            for key, _ in self._selector.select():
                listener = key.fileobj
                if not isinstance(listener, socket.socket) or listener is self._woken:
                    if not self._woken.recv(4096):
                        return
                    continue
                try:
                    connection, _ = listener.accept()
                except OSError:
                    continue
                self._begin(connection, str(key.data))

    def _begin(self, connection: socket.socket, address: str) -> None:
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.add(connection)
        thread = threading.Thread(
            target=self._converse, args=(connection, address), name="podcast-talk", daemon=True
        )
        self._threads = (
            [old for old in self._threads if old.is_alive()]
            if len(self._threads) > 256
            else self._threads
        )
        self._threads.append(thread)
        thread.start()

    def _converse(self, connection: socket.socket, address: str) -> None:
        buffer = b""
        try:
            while not self.closing.is_set():
                while b"\r\n\r\n" not in buffer:
                    piece = connection.recv(65536)
                    if not piece or len(buffer) > _HEADER_LIMIT:
                        return
                    buffer += piece
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                if not self._answer(connection, address, head):
                    return
        except Hangup:
            # An orderly close would look like the end of a body without a length.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            return  # the client went away
        finally:
            self._connections.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, address: str, head: bytes) -> bool:
        """Answer one request; return whether the connection stays open."""
        lines = head.decode("latin-1").split("\r\n")
        method, target, *_ = [*lines[0].split(" "), "/"]
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        key = (address, target)
        count = self._counts.get(key, 0)
        self._counts[key] = count + 1
        request = Request(address, method, target, headers, count)
        route: Route = self.table.find(request)
        sent = 0
        status = route.status
        try:
            status, sent, keep = send(connection, request, route, self.closing)
        finally:
            self.requests.append(Served(address, method, target, status, sent, headers))
        return keep and headers.get("connection", "").lower() != "close"
