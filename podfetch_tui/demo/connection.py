"""One accepted connection of the podcast host, and the two things to know about its bytes."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

from podfetch_tui.demo.sending import Exchange, Step


class Connection:
    """One accepted connection and how far its answer is."""

    __slots__ = (
        "address",
        "buffer",
        "exchange",
        "is_open",
        "out",
        "site",
        "sock",
        "steps",
        "writes",
    )

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.sock = sock
        self.address = address
        self.site = ""
        """The host of its first request; empty before."""
        self.buffer = b""
        self.exchange: Exchange | None = None
        self.steps: Iterator[Step] = iter(())
        self.out: memoryview | None = None
        self.writes = False
        """Whether it waits for room to write."""
        self.is_open = True


def body_length(head: bytes) -> int:
    """Return how many bytes follow this request head."""
    if b"ontent-" not in head and b"ONTENT-" not in head:
        return 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0


def unsent(sock: socket.socket) -> int:
    """Return how many bytes the peer has not acknowledged yet (Linux; elsewhere 0)."""
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    answer = fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0\0\0\0")
    return int.from_bytes(answer, sys.byteorder)
