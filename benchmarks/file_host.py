"""A web server that costs as little as it can: files by ``sendfile``, a thread a connection.

What serves in Python shares two cores with what is measured and would be most of the figure.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from multiprocessing.connection import Connection
from pathlib import Path

_REQUEST = re.compile(rb"GET (\S+) HTTP/1\.1\r\n")


def run(pipe: Connection, folder: Path) -> None:
    """Serve what is in ``folder`` on every address of loopback; for a process of its own.

    Sends the port, then serves until the pipe says something.
    """
    listening = socket.create_server(("", 0), backlog=512)
    pipe.send(listening.getsockname()[1])
    threading.Thread(target=_accept, args=(listening, folder), daemon=True).start()
    pipe.recv()


def _accept(listening: socket.socket, folder: Path) -> None:
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_serve, args=(connection, folder), daemon=True).start()


def _serve(connection: socket.socket, folder: Path) -> None:
    with connection, contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting = b""
        while received := connection.recv(65536):
            waiting += received
            while b"\r\n\r\n" in waiting:
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                _answer(connection, folder, head + b"\r\n")


def _answer(connection: socket.socket, folder: Path, head: bytes) -> None:
    asked = _REQUEST.match(head)
    path = folder / asked[1].decode().lstrip("/") if asked else folder
    if not path.is_file():
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    kind = "application/rss+xml" if path.suffix == ".xml" else "audio/mpeg"
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
            f'ETag: "{path.name}"\r\nAccept-Ranges: bytes\r\n\r\n'.encode()
        )
        connection.sendfile(file)
