"""What the program costs while nothing is due: processor time, memory, threads.

An archive of feeds of which none is due, once without the terminal application and once with it
at a pseudo-terminal; after some seconds to settle down, what is used in a while.

    python -m benchmarks.idle [--feeds 1000] [--seconds 20]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.engine import settings_for
from podfetch_tui.catalog import lookups
from podfetch_tui.cli import archive as archives
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ChangeFeed, ImportFeeds, NewFeed

SETTLE_S = 5.0
_DAY_MS = 86_400_000


def stock(settings: Settings, count: int) -> None:
    """Make an archive of ``count`` feeds that are due tomorrow."""
    with archives.changing(settings) as archive:
        now = archive.clock.now_ms()
        feeds = tuple(NewFeed(url=f"http://127.0.0.9:9/{number}") for number in range(count))
        archive.writer.submit(ImportFeeds(source="bench", feeds=feeds, at=now)).result()
        for feed_id in lookups.feed_ids(archive.catalog):
            later = ChangeFeed(feed_id=feed_id, next_poll_at=now + _DAY_MS, at=now)
            archive.writer.submit(later, lazy=True)
        archive.writer.flush()


@contextlib.contextmanager
def started(argv: list[str], *, on_screen: bool) -> Iterator[int]:
    """Run the program meanwhile; return its process id."""
    if not on_screen:
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        return
    pid, master = pty.fork()
    if not pid:
        os.environ.update(TERM="xterm-256color", LINES="36", COLUMNS="120")
        os.execv(argv[0], argv)
    reader = threading.Thread(target=_read_all, args=(master,), daemon=True)
    reader.start()
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _read_all(master: int) -> None:
    with contextlib.suppress(OSError):  # the other end is closed
        while os.read(master, 65536):
            pass


def used(pid: int) -> tuple[float, int, int]:
    """Return processor seconds, resident bytes and threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"), int(fields[17])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    pause = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PODFETCH_STATE_DIR"] = f"{folder}/state"
        stock(settings_for(Path(folder) / "archive"), options.feeds)
        program = [sys.executable, "-m", "podfetch_tui", "--archive", f"{folder}/archive"]
        for name, more in (("headless", ["--no-ui"]), ("with a screen", [])):
            with started([*program, *more], on_screen=not more) as pid:
                pause.wait(SETTLE_S)
                before, began = used(pid)[0], time.perf_counter()
                pause.wait(options.seconds)
                after, resident, threads = used(pid)
                share = (after - before) / (time.perf_counter() - began)
            print(
                f"{options.feeds} feeds, none due, {name:13}  {share:.2%} of a processor,"
                f" {resident / 1e6:.0f} MB, {threads} threads"
            )


if __name__ == "__main__":
    main()
