"""``kill -9`` again and again, aimed at every state an episode passes through.

The program itself runs as a child (``podfetch --once``) against a podcast host of this process.
It is stopped (SIGSTOP) at random moments and looked at; when the state that this kill is for is
there it is killed, else it goes on. Then it is started again. In the end everything is compared:
the catalogue, the files, and what the host was asked for.

    python -m benchmarks.kills [--feeds 200] [--large 20] [--kills 30] [--seed 1]

Exit 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, Served
from podfetch_tui.system.instance import holder

EPISODES = 5
LARGE = 40 * 1024**2
SMALL = 200_000
LARGE_RATE, SMALL_RATE = 6_000_000, 100_000
REPEAT = 8 * 1024**2 + 64 * 1024
"""Bytes an interrupted download may repeat: what was not durable, and the overlap."""
AIMS = ("any", "claimed", "sealed", "published")
PATIENCE_S = 20.0
_RANGE = re.compile(r"bytes=(\d+)-")
_IN_FLIGHT = (
    "SELECT enclosure_url, state, path, part FROM episode WHERE state IN ('claimed', 'sealed')"
)


class Look(NamedTuple):
    """The rows in flight at one moment, and what of them is on the disk."""

    claimed: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    """Sealed in the catalogue, not under their final names."""
    published: tuple[str, ...] = ()
    """Under their final names, not archived in the catalogue."""
    parts: dict[str, int] = {}
    """URL → bytes of its part file."""

    def has(self, aim: str, before: Look) -> bool:
        """Say whether an episode came into the state that is aimed at since ``before``."""
        return aim == "any" or bool(set(getattr(self, aim)) - set(getattr(before, aim)))


@dataclass
class Kill:
    """One kill and what was found after it."""

    aim: str
    at: float
    look: Look
    whole: frozenset[str]
    """URLs whose bytes are whole and on the disk: never to be asked for again."""


@dataclass
class Result:
    """What was found in the end."""

    kills: list[Kill] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)
    """Bytes each interrupted download fetched again."""


def size_of(path: str, large: int) -> int:
    """Size of an enclosure: the newest episode of the first feeds is large, and comes first."""
    match = re.match(rf"/m/(\d+)/{EPISODES}\.mp3", path)
    return LARGE if match and int(match[1]) < large else SMALL


def serve(host: PodcastHost, count: int, large: int) -> list[str]:
    """Serve ``count`` feeds on as many addresses; return their URLs."""

    def media(request: Request) -> Route:
        size = size_of(request.path, large)
        return Route(
            body=Media(request.path, size),
            content_type="audio/mpeg",
            etag=f'"{hashlib.sha256(request.path.encode()).hexdigest()[:12]}"',
            rate=LARGE_RATE if size == LARGE else SMALL_RATE,
        )

    host.table.fallback = media
    urls = []
    for number in range(count):
        address = f"127.0.{9 + number // 250}.{number % 250 + 1}"
        url_of = host.url(f"/m/{number}/{{n}}.mp3", address)
        entries = feeds.items(f"f{number}", EPISODES, url_of, length=SMALL, notes_bytes=60)
        body = feeds.rss(f"Feed {number}", entries)
        host.table.routes[f"/{number}.xml"] = Route(body=body, etag=f'"{number}"')
        urls.append(host.url(f"/{number}.xml", address))
    return urls


def command(root: Path, *words: str) -> list[str]:
    """The command line of the program on the archive at ``root``."""
    sets = {
        "archive.min_free": "0",
        "network.allow_private": "127.0.0.0/8",
        "engine.download_workers": "16",
        "retry.base": "0.05s",
        # What else this machine does is no reason to have fewer downloads to kill.
        "throttle.adaptive": "no",
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    return [sys.executable, "-m", "podfetch_tui", "--archive", str(root), *options, *words]


def look(root: Path) -> Look:
    """Read the rows in flight, and what of them is on the disk. The child must stand still."""
    found: dict[str, list[str]] = {"claimed": [], "sealed": [], "published": []}
    parts: dict[str, int] = {}
    for url, state, path, part in ask(root, _IN_FLIGHT):
        state = "published" if state == "sealed" and (root / path).exists() else state
        found[state].append(url)
        file = root / ".podfetch" / "parts" / part
        if file.exists():
            parts[url] = file.stat().st_size
    return Look(tuple(found["claimed"]), tuple(found["sealed"]), tuple(found["published"]), parts)


def ask(root: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the catalogue; nothing when there is none yet."""
    catalog = root / ".podfetch" / "catalog.db"
    if not catalog.exists():
        return []
    books = sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return books.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []  # it is being made
    finally:
        books.close()


def is_at_work(root: Path, pid: int) -> bool:
    """Say whether the program has the archive: on a busy machine its start takes seconds."""
    who = holder(root / ".podfetch" / "lock")
    return who is not None and who.pid == pid


def kill_aimed(root: Path, aim: str, rng: random.Random) -> Kill | None:
    """Start the program, kill it in the state ``aim``; ``None`` when it ended before."""
    child = subprocess.Popen(
        command(root, "--once"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    pause, before = threading.Event(), look(root)
    while child.poll() is None and not is_at_work(root, child.pid):
        pause.wait(0.05)
    pause.wait(rng.uniform(0.2, 3.0))
    deadline = time.monotonic() + PATIENCE_S
    while child.poll() is None:
        child.send_signal(signal.SIGSTOP)
        if look(root).has(aim, before) or time.monotonic() > deadline:
            child.send_signal(signal.SIGKILL)
            child.wait()
            whole = ask(
                root, "SELECT enclosure_url FROM episode WHERE state IN ('sealed', 'archived')"
            )
            urls = frozenset(url for (url,) in whole)
            return Kill(aim, time.monotonic(), look(root), urls)
        child.send_signal(signal.SIGCONT)
        pause.wait(rng.uniform(0.001, 0.02))
    return None


def url_of(host: PodcastHost, served: Served) -> str:
    """The URL of a request."""
    return f"http://{served.address}:{host.port}{served.path}"


def run(root: Path, host: PodcastHost, urls: list[str], kills: int, rng: random.Random) -> Result:
    """Kill so often, let the last run finish, and compare."""
    result = Result()
    feed_list = root.parent / "feeds.txt"
    feed_list.write_text("\n".join(urls))
    subprocess.run(command(root, "import", str(feed_list)), check=True, capture_output=True)
    print(f"{'kill':>4} {'aim':9} {'archived':>8} {'claimed':>7} {'sealed':>6} {'published':>9}")
    for number in range(kills):
        kill = kill_aimed(root, AIMS[number % len(AIMS)], rng)
        if kill is None:
            print(f"{number + 1:>4} everything was archived before")
            break
        result.kills.append(kill)
        seen = kill.look
        archived = len(kill.whole) - len(seen.sealed) - len(seen.published)
        counts = f"{len(seen.claimed):>7} {len(seen.sealed):>6} {len(seen.published):>9}"
        print(f"{number + 1:>4} {kill.aim:9} {archived:>8} {counts}", flush=True)
    last = subprocess.run(command(root, "--once"), check=False, capture_output=True)
    if last.returncode:
        result.broken.append(f"the last run ended with {last.returncode}: {last.stderr[-300:]!r}")
    result.broken += [
        *wrong_rows(root, len(urls)),
        *wrong_files(root),
        *wrong_requests(host, result),
    ]
    return result


def wrong_rows(root: Path, count: int) -> Iterator[str]:
    """Compare the catalogue with what the feeds list."""
    counted = ask(root, "SELECT state, count(*) FROM episode GROUP BY state")
    states: dict[str, int] = dict(counted)
    if states != {"archived": count * EPISODES}:
        yield f"states: {states}"
    (guids,) = ask(root, "SELECT count(DISTINCT feed_id || ' ' || guid) FROM episode")[0]
    if guids != count * EPISODES:
        yield f"{guids} different episodes"


def wrong_files(root: Path) -> Iterator[str]:
    """Compare the files with the catalogue, byte by byte, and with what the host serves."""
    done = subprocess.run(
        command(root, "verify", "--deep"), check=False, capture_output=True, text=True
    )
    print(f"verify --deep: {done.stdout.strip()}")
    clean = re.search(r"0 missing, 0 mismatched, 0 foreign, 0 parts", done.stdout)
    if done.returncode or not clean:
        yield f"verify: {done.stdout.strip()} {done.stderr.strip()}"
    for url, path in ask(root, "SELECT enclosure_url, path FROM episode WHERE state = 'archived'"):
        file = root / path
        body = Media("/" + url.split("/", 3)[3], file.stat().st_size)
        if hashlib.sha256(file.read_bytes()).digest() != digest(body):
            yield f"{path} has other bytes than {url}"


def digest(body: Media) -> bytes:
    """Digest of what the host serves."""
    whole = hashlib.sha256()
    for start in range(0, body.size, 1 << 20):
        whole.update(body.read(start, start + (1 << 20)))
    return whole.digest()


def wrong_requests(host: PodcastHost, result: Result) -> Iterator[str]:
    """Compare what was asked for after each kill with what was there."""
    for number, kill in enumerate(result.kills, 1):
        later = [served for served in host.requests if served.at > kill.at]
        again = {url_of(host, served) for served in later} & kill.whole
        if again:
            yield f"kill {number}: whole files were asked for again: {sorted(again)[:3]}"
        first: dict[str, Served] = {}
        for served in later:
            first.setdefault(url_of(host, served), served)
        for url, have in kill.look.parts.items():
            if url in first and url not in kill.whole:
                match = _RANGE.match(first[url].range or "")
                repeated = have - (int(match[1]) if match else 0)
                result.repeats.append(max(0, repeated))
                if repeated > REPEAT:
                    yield f"kill {number}: {repeated:,} bytes of {url} were fetched again"


def report(result: Result, seconds: float) -> None:
    """Print what was seen."""
    looks = [Look(), *(kill.look for kill in result.kills)]
    rows, moments = Counter[str](), Counter[str]()
    for before, seen in pairwise(looks):
        for state in ("claimed", "sealed", "published"):
            found = set(getattr(seen, state)) - set(getattr(before, state))
            rows[state] += len(found)
            moments[state] += bool(found)
    print(
        f"{len(result.kills)} kills in {seconds:.0f} s; rows that came into a state since the kill"
        " before, and kills that found any:"
    )
    for state, name in (
        ("claimed", "claimed"), ("sealed", "sealed"), ("published", "published, not committed"),
    ):  # fmt: skip
        print(f"  {name:24} {rows[state]:>5} rows at {moments[state]:>3} kills")
    most = max(result.repeats, default=0)
    print(f"  {len(result.repeats)} interrupted downloads, at most {most:,} bytes fetched again")
    for text in result.broken:
        print(f"BROKEN: {text}")
    if not result.broken:
        print("nothing lost, nothing twice, no orphan, no whole file fetched again")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--large", type=int, default=20, help="enclosures of 40 MiB")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, PodcastHost() as host:
        os.environ["PODFETCH_STATE_DIR"] = str(Path(folder) / "state")
        urls = serve(host, options.feeds, options.large)
        rng = random.Random(options.seed)
        result = run(Path(folder) / "archive", host, urls, options.kills, rng)
        report(result, time.monotonic() - began)
    sys.exit(bool(result.broken))


if __name__ == "__main__":
    main()
