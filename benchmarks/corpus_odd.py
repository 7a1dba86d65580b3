"""Malformed documents and conformance suites through real polls, several times over.

Every file of ``corpus/malformed`` and ``corpus/conformance`` is a feed on loopback; a headless
engine polls all of them, round after round, while its memory and its children are watched. From
the second round on each body ends in other blanks, so that nothing is spared for being unchanged.

    python -m benchmarks.corpus_odd [--corpus FOLDER] [--rounds 12]

Exit 1 when a promise was broken: an exception that escaped, a child beyond its limits or left
behind, a feed without an outcome, memory that grows.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median

import psutil

from benchmarks.corpus_run import CHANNEL_LINKS, corpus_folder
from benchmarks.kills import ask
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route

ASIDE = re.compile(r"\.(expect|headers)\.")
"""Files beside a document that say what is expected of it."""
WALL_S = 20.0
"""What a task may take in a child, as the program has it."""
GROWTH = 0.10
"""Share by which the engine may grow from the middle third of the rounds to the last. Until then
the caches of SQLite fill up, and so does what malloc keeps for its threads."""
MOST = 150_000_000
"""Bytes the engine may take at any time."""
PATIENCE_S = 300.0


@dataclass
class Watched:
    """What was seen of the engine and its children."""

    parent: list[list[int]] = field(default_factory=list)
    """Resident bytes of the engine, by round."""
    children: dict[int, float] = field(default_factory=dict)
    """Process id → when it was started, of every child that was seen."""
    resident: int = 0
    """Most resident bytes of one child."""
    space: int = 0
    """Most address space of one child."""
    unlimited: set[int] = field(default_factory=set)
    """Children at work without a limit to their address space."""
    beyond: set[int] = field(default_factory=set)
    """Children with more address space than their limit."""

    def look(self, engine: psutil.Process) -> None:
        """Take one sample."""
        self.parent[-1].append(engine.memory_info().rss)
        for child in engine.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                self._look_at(child)

    def _look_at(self, child: psutil.Process) -> None:
        memory, limit = child.memory_info(), child.rlimit(psutil.RLIMIT_AS)[0]
        self.children.setdefault(child.pid, child.create_time())
        if limit == psutil.RLIM_INFINITY:
            # Until it has started; what is seen twice without a limit has none.
            if time.time() - child.create_time() > 5:
                self.unlimited.add(child.pid)
            return
        self.resident = max(self.resident, memory.rss)
        self.space = max(self.space, memory.vms)
        if memory.vms > limit:
            self.beyond.add(child.pid)


class Documents:
    """The odd documents as they are served: each a feed, with other blanks in every round."""

    def __init__(self, folder: Path, host: PodcastHost) -> None:
        self.round = 0
        self._bodies: dict[str, bytes] = {}
        self.urls: list[str] = []
        paths = [*(folder / "malformed").rglob("*"), *(folder / "conformance").rglob("*")]
        wanted = (path for path in sorted(paths) if path.is_file() and not ASIDE.search(path.name))
        for number, path in enumerate(wanted):
            place = f"/odd/{number}"
            # They would lead to hosts that are not on this machine.
            self._bodies[place] = CHANNEL_LINKS.sub(b"", path.read_bytes())
            self.urls.append(host.url(place, f"127.0.11.{number % 250 + 1}"))
        host.table.fallback = self._answer

    def _answer(self, request: Request) -> Route:
        body = self._bodies.get(request.path)
        if body is None:
            return Route(status=404)
        return Route(body=body + b"\n" * self.round, content_type="application/rss+xml")


def command(root: Path, *words: str) -> list[str]:
    """Return the command line of the program, which polls and downloads nothing."""
    sets = {
        "archive.min_free": "0",
        "network.allow_private": "127.0.0.0/8",
        "engine.download_workers": "0",
        "throttle.adaptive": "no",
        "quarantine.quarantine_after_failures": "1000",
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    return [sys.executable, "-m", "podfetch_tui", "--archive", str(root), *options, *words]


def run(root: Path, documents: Documents, rounds: int, watched: Watched) -> Iterator[str]:
    """Poll everything so often; yield what went wrong."""
    listed = root.parent / "feeds.txt"
    listed.write_text("\n".join(documents.urls))
    subprocess.run(command(root, "import", str(listed)), check=True, capture_output=True)
    log = root.parent / "log"
    with log.open("wb") as file:
        child = subprocess.Popen(
            command(root, "--no-ui", "--log-format", "json"),
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    engine = psutil.Process(child.pid)
    try:
        for number in range(rounds):
            documents.round = number
            watched.parent.append([])
            began = time.monotonic()
            left = _round(root, engine, watched, check=number > 0)
            said = watched.parent[-1]
            print(
                f"round {number + 1}: {time.monotonic() - began:5.1f} s, {left} not polled, engine"
                f" {median(said) / 1e6:6.1f} MB (most {max(said) / 1e6:.1f}),"
                f" children so far {len(watched.children)}",
                flush=True,
            )
            if left:
                yield f"round {number + 1}: {left} feeds without an outcome"
    finally:
        child.send_signal(signal.SIGTERM)
        code = child.wait(60)
    if code:
        yield f"the engine ended with {code}"
    if b"Traceback" in log.read_bytes():
        yield f"an exception escaped: {log.read_text('utf-8', 'replace')[-2000:]}"
    left_behind = [pid for pid, at in watched.children.items() if _is_there(pid, at)]
    if left_behind:
        yield f"children left behind: {left_behind}"


def _round(root: Path, engine: psutil.Process, watched: Watched, *, check: bool) -> int:
    """Have every feed polled and watch; return how many were not in the end."""
    began = int(time.time() * 1000) - (0 if check else 60_000)
    if check:
        done = subprocess.run(
            command(root, "feeds", "check", "--all", "--yes"), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    query = (
        "SELECT count(*) FROM feed WHERE state = 'active' AND NOT EXISTS (SELECT 1 FROM outcome"
        f" WHERE outcome.feed_id = feed.id AND job = 'poll' AND at >= {began})"
    )
    end = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    left = -1
    while left and time.monotonic() < end:
        for _ in range(10):
            watched.look(engine)
            pause.wait(0.05)
        left = int(ask(root, query)[0][0])
    return left


def _is_there(pid: int, created: float) -> bool:
    with contextlib.suppress(psutil.Error):
        return abs(psutil.Process(pid).create_time() - created) < 1
    return False


def compare(root: Path, watched: Watched) -> Iterator[str]:
    """Print what the outcomes and the samples say; yield what was broken."""
    codes = Counter[str]()
    for result, family, code, count in ask(
        root,
        "SELECT result, coalesce(family, ''), code, count(*) FROM outcome WHERE job = 'poll'"
        " GROUP BY 1, 2, 3",
    ):
        codes[f"{family or result}: {code}"] += count
    for name, count in codes.most_common():
        print(f"  {count:>6} {name}")
    if any("bug" in name for name in codes):
        yield f"a bug was recorded: {dict(codes)}"
    (longest,) = ask(root, "SELECT max(duration_ms) FROM outcome WHERE job = 'poll'")[0]
    print(f"longest poll {longest / 1000:.2f} s; a task in a child may take {WALL_S:.0f} s")
    print(
        f"children: {len(watched.children)} in all, most resident {watched.resident / 1e6:.0f} MB,"
        f" most address space {watched.space / 2**20:.0f} MiB"
    )
    if longest > WALL_S * 1000:
        yield f"a poll took {longest} ms"
    if watched.unlimited or watched.beyond:
        yield f"children without limits {watched.unlimited}, beyond them {watched.beyond}"
    third = len(watched.parent) // 3
    if third:
        middle = median(chain.from_iterable(watched.parent[third : 2 * third]))
        last = median(chain.from_iterable(watched.parent[-third:]))
        growth = last / middle - 1
        print(
            f"engine: {middle / 1e6:.1f} MB in the middle third of the rounds,"
            f" {last / 1e6:.1f} MB in the last ({growth:+.1%})"
        )
        if growth > GROWTH:
            yield f"the engine grew by {growth:.1%}"
    most = max(max(one) for one in watched.parent)
    if most > MOST:
        yield f"the engine took {most / 1e6:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    options.corpus = options.corpus or corpus_folder()
    watched = Watched()
    with tempfile.TemporaryDirectory() as folder, PodcastHost() as host:
        os.environ["PODFETCH_STATE_DIR"] = str(Path(folder) / "state")
        root = Path(folder) / "archive"
        documents = Documents(options.corpus, host)
        print(f"{len(documents.urls)} documents")
        broken = [*run(root, documents, options.rounds, watched), *compare(root, watched)]
        crashes = list((Path(folder) / "state").glob("crashes/*"))
        if crashes:
            broken.append(f"crash files: {crashes}")
    for text in broken:
        print(f"BROKEN: {text}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
