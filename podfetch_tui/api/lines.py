"""Lines of a connection, capped."""

from __future__ import annotations

import socket

from podfetch_tui.api import codec
from podfetch_tui.api.codec import Refused

_CHUNK = 1 << 16


class LineReader:
    """Lines of a connection, without their ends; ends when the other side does."""

    def __init__(self, connection: socket.socket, longest: int) -> None:
        self._connection = connection
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        self._ready: list[bytes] = []

    def __iter__(self) -> LineReader:
        return self

    def __next__(self) -> bytes:
        """Return the next line that is not blank.

        Raises:
            Refused: It is longer than it may be.
            OSError: The connection failed or timed out.
        """
        while True:
            while self._ready:
                line = self._ready.pop(0)
                if line.strip():
                    return line
            piece = self._connection.recv(_CHUNK)
            if not piece:
                raise StopIteration
            first, *rest = piece.split(b"\n")
            self._pieces.append(first)
            self._size += len(first)
            if self._size > self._longest:
                raise Refused(codec.BAD_REQUEST, f"a line of more than {self._longest} bytes")
            if rest:
                self._ready = [b"".join(self._pieces), *rest[:-1]]
                self._pieces, self._size = [rest[-1]], len(rest[-1])
