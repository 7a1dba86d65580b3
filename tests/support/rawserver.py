"""A TCP server whose behaviour is a plain function over a connection.

For hosts that no HTTP server would be: those that drip, hang, lie, reset or talk rubbish.
Every connection runs the handler in a thread of its own; all threads and sockets are gone
when the ``with`` block ends.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple


class Request(NamedTuple):
    """The head of one request as it came."""

    raw: bytes
    method: str
    path: str
    headers: dict[str, str]


class Peer:
    """One accepted connection, as a handler sees it."""

    def __init__(self, server: RawServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self._read = b""

    def request(self) -> Request | None:
        """Read one request head; ``None`` when the client closed."""
        while b"\r\n\r\n" not in self._read:
            data = self.sock.recv(65536)
            if not data:
                return None
            self._read += data
        raw, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        request = Request(raw, method, path, headers)
        self.server.requests.append(request)
        return request

    def rest(self, size: int) -> bytes:
        """Read the body of a request, of ``size`` bytes."""
        while len(self._read) < size and (data := self.sock.recv(65536)):
            self._read += data
        body, self._read = self._read[:size], self._read[size:]
        return body

    def send(self, *parts: bytes) -> None:
        self.sock.sendall(b"".join(parts))

    def answer(
        self, status: str = "200 OK", body: bytes = b"", *fields: str, length: int | None = None
    ) -> None:
        """Send a whole answer; ``length`` overrides the true Content-Length, -1 omits it."""
        lines = [f"HTTP/1.1 {status}", *fields]
        if length != -1:
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        self.send("\r\n".join(lines).encode("latin-1"), b"\r\n\r\n", body)

    def drip(self, data: bytes, *, every: float = 0.02) -> None:
        """Send a byte at a time until the data or the server ends."""
        for position in range(len(data)):
            if self.server.closing.wait(every):
                return
            self.send(data[position : position + 1])

    def hang(self) -> None:
        """Do nothing until the server closes."""
        self.server.closing.wait(60)

    def reset(self) -> None:
        """End with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Handler = Callable[[Peer], None]


class RawServer:
    """A listening socket on loopback; a context manager.

    Args:
        handler: Runs once per connection.
        address: Any address of 127.0.0.0/8; each is a host of its own.
        port: 0 for any; the same port on several addresses when given.
        tls: Context to speak TLS with.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.connections = 0
        self._tls = tls
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(256)
        self.address = address
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, name="rawserver")
        self._acceptor.start()

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def close(self) -> None:
        self.closing.set()
        # Unlike close(), shutdown() wakes the thread that accepts.
        _quietly(self._listener.shutdown, socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        for sock in self._open:
            _quietly(sock.shutdown, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), name="rawserver-peer")
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            self.handler(Peer(self, sock))
        except OSError:
            pass  # the client gave up, which is what most tests are about
        finally:
            sock.close()


def _quietly(call: Callable[[int], None], how: int) -> None:
    try:
        call(how)
    except OSError:
        pass  # closed already


def always(*answers: bytes) -> Handler:
    """Return a handler that gives these whole answers in turn, the last one for ever."""
    given = list(answers)

    def handler(peer: Peer) -> None:
        while peer.request() is not None:
            peer.send(given.pop(0) if len(given) > 1 else given[0])

    return handler


def message(status: str, *fields: str, body: bytes = b"") -> bytes:
    """Return a whole answer with its true Content-Length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
