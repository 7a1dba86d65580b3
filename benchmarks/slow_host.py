"""A podcast host on loopback behind a link of a given rate, for benchmarks of throttles.

Every connection carries so many bytes a second at most, and all of them together what the link
carries; that can be changed while it runs.
"""

from __future__ import annotations

import asyncio
import time
from multiprocessing.connection import Connection

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.policy.bandwidth import Bucket

PIECE = 8192
POLL_S = 0.1
"""An answer to a poll takes so long."""


class SlowHost:
    """Serves ``feeds`` shows of ``items`` episodes of ``size`` bytes, each on its own address."""

    def __init__(self, shows: int, items: int, size: int, per_connection: int) -> None:
        self._shows, self._items, self._size = shows, items, size
        self._per_connection = per_connection
        self._link = Bucket(rate=0, at=time.monotonic())
        self.port = 0

    def urls(self) -> list[str]:
        return [f"http://{_address(n)}:{self.port}/{n}.xml" for n in range(self._shows)]

    async def serve(self, pipe: Connection) -> None:
        """Tell the feeds' URLs, then take new rates of the link until ``None`` comes."""
        server = await asyncio.start_server(self._talk, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        pipe.send(self.urls())
        loop = asyncio.get_running_loop()
        async with server:
            while (rate := await loop.run_in_executor(None, pipe.recv)) is not None:
                self._link = self._link.with_rate(rate, time.monotonic())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await self._answer(head.split(" ")[1], writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # the client is gone, or the benchmark is over

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path.endswith(".xml"):
            await asyncio.sleep(POLL_S)
            body = self._feed(int(path[1:-4]))
            await self._send(writer, "application/rss+xml", body, paced=False)
        else:
            body = Media(path, self._size).read(0, self._size)
            await self._send(writer, "audio/mpeg", body, paced=True)

    def _feed(self, number: int) -> bytes:
        base = f"http://{_address(number)}:{self.port}/{number}/{{n}}.mp3"
        items = feeds.items(f"f{number}", self._items, base, length=self._size, notes_bytes=50)
        return feeds.rss(f"Show {number}", items)

    async def _send(
        self, writer: asyncio.StreamWriter, kind: str, body: bytes, *, paced: bool
    ) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode())
        due = time.monotonic()
        for at in range(0, len(body), PIECE if paced else len(body)):
            piece = body[at : at + PIECE] if paced else body
            writer.write(piece)
            await writer.drain()
            if paced:
                due = max(due, time.monotonic() - 0.5) + len(piece) / self._per_connection
                await self._wait(len(piece), due)

    async def _wait(self, count: int, due: float) -> None:
        self._link, ticket = self._link.take(count, time.monotonic())
        while True:
            now = time.monotonic()
            left = max(due - now, self._link.wait_s(ticket, now))
            if left <= 0.001:
                return
            await asyncio.sleep(min(left, 0.25))


def _address(number: int) -> str:
    return f"127.0.9.{number + 1}"


def run(pipe: Connection, shows: int, items: int, size: int, per_connection: int) -> None:
    """Serve until told to end; for a process of its own."""
    asyncio.run(SlowHost(shows, items, size, per_connection).serve(pipe))
