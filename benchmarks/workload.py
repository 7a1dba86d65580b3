"""Work without end for an engine, and pseudo-terminals to look at it: shared by benchmarks.

The podcast host is a process of its own. Feeds have few items and small files; every second feed
has no validators, so that a further poll of it is read and compared too.
"""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.engine import settings_for
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.model.writes import ImportFeeds, NewFeed
from podfetch_tui.system.instance import holder

ITEMS = 20
SIZE = 40_000
ADDRESSES = 500
COLUMNS, ROWS = 120, 36
PATIENCE_S = 120.0
_MARK = b"0number0"
_TICKS = os.sysconf("SC_CLK_TCK")


def title_of(number: int) -> str:
    """Return the title of feed ``number``."""
    return f"Show s{number:06d}"


def _serve(pipe: Connection) -> None:
    with PodcastHost(keep_log=False) as host:
        bodies: dict[str, bytes] = {}

        def answer(request: Request) -> Route:
            if request.path.startswith("/m/"):
                media = Media(request.path, SIZE)
                return Route(body=media, content_type="audio/mpeg", etag='"m"')
            number = request.path[1:-4]
            body = bodies.get(request.address)
            if body is None:
                place = host.url(f"/m/{_MARK.decode()}/{{n}}.mp3", request.address)
                entries = feeds.items("f", ITEMS, place, length=SIZE)
                body = bodies[request.address] = feeds.rss(f"Show s{_MARK.decode()}", entries)
            body = body.replace(_MARK, number.encode())
            return Route(body=body, etag=f'"{number}"', ignore_validators=int(number) % 2 == 0)

        host.table.fallback = answer
        pipe.send(host.port)
        pipe.recv()


@contextlib.contextmanager
def hosts() -> Iterator[int]:
    """Serve any feed ``/<number>.xml`` on any address from another process; yield the port."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    try:
        yield here.recv()
    finally:
        here.send("end")
        server.join(10)


class Archive:
    """An archive of feeds that are all due, with its INI."""

    def __init__(self, folder: Path, port: int, count: int) -> None:
        """Make the archive in ``folder``."""
        self.root, self.ini = folder / "archive", folder / "podfetch.ini"
        self.environ = {
            **os.environ,
            "HOME": str(folder),
            "PODFETCH_STATE_DIR": str(folder / "state"),
            "TERM": "xterm-256color",
            "TZ": "UTC",
        }
        os.environ["PODFETCH_STATE_DIR"] = self.environ["PODFETCH_STATE_DIR"]
        # What else this machine does is no reason to work less: it is the benchmark itself.
        self.ini.write_text(
            f"[archive]\nroot = {self.root}\nmin_free = 0\nmin_free_percent = 0\n"
            "[network]\nallow_private = 127.0.0.0/8\n[throttle]\nadaptive = no\n"
        )
        new = []
        for number in range(1, count + 1):
            at = number % ADDRESSES
            url = f"http://127.0.{9 + at // 250}.{at % 250 + 1}:{port}/{number:06d}.xml"
            new.append(NewFeed(url=url, title=title_of(number)))
        with archives.changing(settings_for(self.root)) as archive:
            write = ImportFeeds(source="bench", feeds=tuple(new), at=archive.clock.now_ms())
            archive.writer.submit(write).result()

    def argv(self, *words: str) -> list[str]:
        """Return the command line of the program on this archive."""
        return [sys.executable, "-m", "podfetch_tui", "--config", str(self.ini), *words]

    def client(self) -> RemoteClient:
        """Connect to the engine as soon as there is one."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            who = holder(self.root / ".podfetch" / "lock")
            if who is not None and who.socket:
                return RemoteClient(Path(who.socket))
            threading.Event().wait(0.1)
        raise AssertionError("no engine came")

    @contextlib.contextmanager
    def headless(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run an engine without a screen meanwhile."""
        quiet = subprocess.DEVNULL
        engine = subprocess.Popen(
            self.argv("--no-ui"), env=self.environ, stdout=quiet, stderr=quiet
        )
        try:
            yield engine
        finally:
            engine.send_signal(signal.SIGTERM)
            engine.wait(PATIENCE_S)


class Seat:
    """A program at a pseudo-terminal of its own."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        """Start ``argv``."""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            argv, env=environ, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._reader: threading.Thread | None = None

    def read(self, seconds: float) -> bytes:
        """Return what is painted within ``seconds``; nothing when nothing is."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            return os.read(self.master, 1 << 16)
        except OSError:  # the other end is closed
            return b""

    def press(self, keys: bytes) -> None:
        """Type ``keys``."""
        os.write(self.master, keys)

    def look_away(self) -> None:
        """Take in from now on what is painted, unseen."""
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def leave(self) -> None:
        """End the program and the terminal."""
        self.process.send_signal(signal.SIGTERM)
        if self._reader is None:
            self.look_away()
        self.process.wait(PATIENCE_S)
        os.close(self.master)

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self.master, 1 << 16):
                pass


def used(pid: int) -> float:
    """Return the processor seconds of a process, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
