"""The podcast host of the demo, for tests: served in a block, asked without a library's help."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Route, Table

PATIENCE_S = 20.0

_numbers = itertools.count(1)


@contextlib.contextmanager
def serve(routes: Mapping[str, Route | Answer] | None = None) -> Iterator[PodcastHost]:
    """Serve ``routes`` by path, on every address, while the block runs."""
    with PodcastHost(Table(routes=dict(routes or {}))) as host:
        yield host


def new_address() -> str:
    """Return a loopback address that no test of this process had before.

    Where the system has 127.0.0.1 only, the host serves that in its place: take the URL from
    ``host.url(path, new_address())`` and nothing is different.
    """
    number = next(_numbers)
    return f"127.{20 + number // 64516 % 200}.{number // 254 % 254}.{number % 254 + 1}"


def site_of(url: str) -> str:
    """Return the address in a URL, as the host's log and counters name it."""
    return urlsplit(url).hostname or ""


class Reply(NamedTuple):
    """One whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def get(url: str, *, method: str = "GET", **headers: str) -> Reply:
    """Ask once on a connection of its own; header names with ``_`` for ``-``.

    Raises:
        http.client.HTTPException: The answer is no HTTP or is cut short.
        OSError: The connection was reset, or nothing came in time.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, headers=fields)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, received, answer.read())
    finally:
        connection.close()


class RawClient:
    """One connection on which a test sees every byte and how the end came."""

    def __init__(self, host: PodcastHost, address: str = "127.0.0.1") -> None:
        self._netloc = f"{host.listen(address)}:{host.port}"
        self.sock = socket.create_connection((host.listen(address), host.port), PATIENCE_S)

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def ask(self, path: str, *fields: str, method: str = "GET") -> None:
        """Send a request head."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._netloc}", *fields]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def read_head(self) -> str:
        """Return the head of the answer and leave the body on the connection."""
        seen = b""
        while not seen.endswith(b"\r\n\r\n"):
            piece = self.sock.recv(1)
            if not piece:
                raise ConnectionError(f"the connection ended after {seen!r}")
            seen += piece
        return seen.decode("latin-1")

    def read(self, count: int) -> bytes:
        """Return exactly ``count`` bytes."""
        seen = b""
        while len(seen) < count:
            piece = self.sock.recv(count - len(seen))
            if not piece:
                raise ConnectionError(f"the connection ended after {len(seen)} bytes")
            seen += piece
        return seen

    def read_to_end(self) -> tuple[bytes, str]:
        """Return all that is left and how it ended: ``closed`` or ``reset``."""
        seen = b""
        while True:
            try:
                piece = self.sock.recv(65536)
            except ConnectionResetError:
                return seen, "reset"
            if not piece:
                return seen, "closed"
            seen += piece
