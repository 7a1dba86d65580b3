"""The program under everything at once: load, new limits, edits of its INI, and ``kill -9``.

A headless engine archives from a podcast host of this process. Every 5 s its limits change
through the socket, every 10 s its INI is edited (each fourth time badly), every minute it is
killed and started again; the last minutes pass without kills. Then, when everything is archived
and its memory had time to settle, it is watched until it is clear whether it grows, limits and
INI changing as before; what counts is the longest stretch without new threads. In the end
catalogue, files, threads and requests are compared.

    python -m benchmarks.soak [--feeds 10000] [--items 3] [--addresses 500] [--minutes 15]
                              [--level 10]

Exit 1 when a promise was broken. A window that is too short to tell whether memory grows breaks
none, and is said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.growth import Growth, growth
from benchmarks.kills import ask, wrong_files
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.model.commands import SetLimit
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.system.instance import holder

SIZE = 40_000
LIMITS_S, EDIT_S, KILL_S = 5.0, 10.0, 60.0
CALM_SHARE = 0.35
"""The last part of the time passes without kills."""
SETTLE_S = 60.0
"""So long after the last file what the work had used is given back, or kept for good."""
START_S = 30.0
RELOAD_S = 2.0
NAMES_S = 20.0
POOLS = frozenset({"podfetch-poll", "podfetch-download"})
"""Threads of the two lanes: as many as jobs ran at once so far, up to the permitted maximum."""
PASSING = frozenset({"podfetch-doorway-client", "podfetch-resolve", "podfetch-stop"})
"""Threads that serve one client, one name or the end, and go with it."""
_THREAD = re.compile(r"^Thread (.+) \(\d+\):$", re.MULTILINE)
_NUMBERS = re.compile(r"[-_]\d+( \(.*\))?$")
SLOPE_MB_PER_HOUR = 1.0
BAD_LINES = (
    "[engine]\npoll_workers = many\n",
    "[engine]\nper_host = 999999\n",
    "[retry]\nbase = 3 parsecs\n",
    "[engine\npoll_wor",
)


@dataclass
class Seen:
    """What the engine said and how it stood."""

    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    rss: list[tuple[float, float]] = field(default_factory=list)
    """Monotonic second, MB of the engine; of the run without kills alone."""
    done_at: float | None = None
    """When the last episode was seen to be archived, in a run without kills."""
    tree: list[tuple[float, float]] = field(default_factory=list)
    """The same with its children."""
    threads: list[int] = field(default_factory=list)
    """How many threads the engine had at each of these times."""
    names: list[Counter[str]] = field(default_factory=list)
    """Threads by their names, pools and what passes apart: before each kill and in the end."""
    reloads: list[float] = field(default_factory=list)
    """Seconds from a good edit to its event."""
    refusals: list[float] = field(default_factory=list)
    limits: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    broken: list[str] = field(default_factory=list)


def serve(host: PodcastHost, count: int, items: int, addresses: int) -> list[str]:
    """Serve ``count`` feeds on so many addresses; return their URLs."""

    def media(request: Request) -> Route:
        return Route(body=Media(request.path, SIZE), content_type="audio/mpeg", etag='"m"')

    host.table.fallback = media
    urls = []
    for number in range(count):
        at = number % addresses
        address = f"127.0.{9 + at // 250}.{at % 250 + 1}"
        place = host.url(f"/m/{number}/{{n}}.mp3", address)
        entries = feeds.items(f"f{number}", items, place, length=SIZE, notes_bytes=60)
        body = feeds.rss(f"Feed {number}", entries)
        host.table.routes[f"/{number}.xml"] = Route(body=body, etag=f'"{number}"')
        urls.append(host.url(f"/{number}.xml", address))
    return urls


class Program:
    """The engine as a child, its INI, and what it says."""

    def __init__(self, folder: Path, seen: Seen) -> None:
        self.root, self.ini, self._seen = folder / "archive", folder / "podfetch.ini", seen
        self.good = 0
        self.child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._stacks: deque[str] = deque(maxlen=1)
        self.started = threading.Event()
        """The engine said that it has started: it takes signals from now on."""

    def write(self, more: str = "") -> None:
        """Save the INI as editors do: another file in its place."""
        text = (
            f"[archive]\nroot = {self.root}\nmin_free = 0\nmin_free_percent = 0\n"
            f"[network]\nallow_private = 127.0.0.0/8\n[retry]\nbase = {50 + self.good % 50}ms\n"
        )
        draft = self.ini.with_suffix(".new")
        draft.write_text(text + more)
        draft.replace(self.ini)

    def command(self, *words: str) -> list[str]:
        """Return the command line of the program."""
        return [sys.executable, "-m", "podfetch_tui", "--config", str(self.ini), *words]

    def start(self) -> None:
        """Start the engine and listen to its lines."""
        self.started.clear()
        command = self.command("--no-ui", "--log-format", "json")
        self.child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._listen, args=(self.child,))
        self._reader.start()

    def _listen(self, child: subprocess.Popen[str]) -> None:
        assert child.stderr is not None
        for line in child.stderr:
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("kind") == "engine_started":
                    self.started.set()
                if "stacks" in said:
                    self._stacks.append(said["stacks"])
                elif said.get("kind") not in ("episode_archived", "feed_polled", None):
                    self._seen.events.append((time.monotonic(), said))

    def end(self, how: signal.Signals) -> int:
        """Signal the engine and wait for its end."""
        assert self.child is not None
        assert self._reader is not None
        self.child.send_signal(how)
        code = self.child.wait(60)
        self._reader.join()
        return code

    def is_alive(self) -> bool:
        """Say whether the engine still runs."""
        return self.child is not None and self.child.poll() is None

    def memory(self) -> tuple[float, float]:
        """Return the memory of the engine, and of the engine with its children, MB."""
        assert self.child is not None
        found = []
        for pid in (self.child.pid, *_children(self.child.pid)):
            with contextlib.suppress(OSError, IndexError, ValueError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        return found[0] if found else 0.0, sum(found)

    def threads(self) -> int:
        """Return how many threads the engine has."""
        assert self.child is not None
        return len(list(Path(f"/proc/{self.child.pid}/task").iterdir()))

    def names(self) -> Counter[str] | None:
        """Return the threads by name, without numbers, as the engine logs them at SIGUSR1."""
        assert self.child is not None
        if not self.started.wait(NAMES_S):
            return None
        self._stacks.clear()
        self.child.send_signal(signal.SIGUSR1)
        end = time.monotonic() + NAMES_S
        while not self._stacks:
            if time.monotonic() > end:
                return None
            threading.Event().wait(0.05)
        return Counter(_NUMBERS.sub("", name) for name in _THREAD.findall(self._stacks[0]))

    def ask(self, what: Callable[[RemoteClient], Any]) -> Any:
        """Ask the engine through its socket; ``None`` while there is none."""
        who = holder(self.root / ".podfetch" / "lock")
        if who is None or not who.socket:
            return None
        try:
            with contextlib.closing(RemoteClient(Path(who.socket))) as client:
                return what(client)
        except (Failure, PodfetchError, OSError):
            return None


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Disturber:
    """Changes limits, edits the INI and kills, each in its own rhythm."""

    def __init__(self, program: Program, seen: Seen, rng: random.Random) -> None:
        self.program, self._seen, self._rng = program, seen, rng
        self._edits = 0
        self._began = time.monotonic()

    def limits(self) -> None:
        """Set a random limit through the socket."""
        key, most = self._rng.choice((("poll_workers", 48), ("download_workers", 24)))
        value = str(self._rng.choice((0, 1, most // 4, most // 2, most)))
        self._seen.limits[self._set(SetLimit(key=f"engine.{key}", value=value))] += 1

    def back_to_normal(self) -> None:
        """Open both lanes again."""
        for key, value in (("poll_workers", "32"), ("download_workers", "8")):
            self._set(SetLimit(key=f"engine.{key}", value=value))

    def _set(self, command: SetLimit) -> str:
        result = self.program.ask(lambda client: client.send(command))
        return "no engine" if result is None else "ok" if result.ok else "refused"

    def edit(self) -> None:
        """Save the INI, each fourth time badly, and wait for what the engine says of it."""
        self._edits += 1
        is_bad = self._edits % 4 == 0
        self.program.good += not is_bad
        before = len(self._seen.events)
        began = time.monotonic()
        self.program.write(self._rng.choice(BAD_LINES) if is_bad else "")
        wanted = "settings_rejected" if is_bad else "settings_changed"
        while time.monotonic() - began < 4 * RELOAD_S:
            for at, said in self._seen.events[before:]:
                if said.get("kind") == wanted:
                    (self._seen.refusals if is_bad else self._seen.reloads).append(at - began)
                    return
            threading.Event().wait(0.02)
        self._seen.broken.append(f"edit {self._edits}: no {wanted} within {4 * RELOAD_S:.0f} s")

    def tell(self) -> None:
        """Print how it goes."""
        program, seen = self.program, self._seen
        done = dict(ask(program.root, "SELECT state, count(*) FROM episode GROUP BY state"))
        engine, tree = program.memory()
        print(
            f"{(time.monotonic() - self._began) / 60:5.1f} min  "
            f"archived {done.get('archived', 0):>6}  waiting {done.get('pending', 0):>6}  "
            f"rss {engine:5.1f} MB, with children {tree:5.1f} MB  threads {program.threads()}  "
            f"kills {seen.kills}  limits {sum(seen.limits.values())}  "
            f"reloads {len(seen.reloads)}  refused {len(seen.refusals)}",
            flush=True,
        )

    def look(self) -> None:
        """Note when there is nothing left to do."""
        if self._seen.done_at is None and not left(self.program):
            self._seen.done_at = time.monotonic()

    def weigh(self) -> None:
        """Note how much memory is used."""
        now, (engine, tree) = time.monotonic(), self.program.memory()
        self._seen.rss.append((now, engine))
        self._seen.tree.append((now, tree))
        self._seen.threads.append(self.program.threads())

    def kill(self) -> None:
        """Kill the engine and start it again."""
        self._seen.kills += 1
        note_names(self.program, self._seen)
        self.program.end(signal.SIGKILL)
        # A start from a bad file is refused, as it should be; its user would mend it first.
        self.program.write()
        self.program.start()
        if not self.program.started.wait(START_S):
            self._seen.broken.append(f"kill {self._seen.kills}: no start within {START_S:.0f} s")


def note_names(program: Program, seen: Seen) -> None:
    """Remember which threads there are."""
    names = program.names()
    if names is None:
        seen.broken.append(f"no stacks within {NAMES_S:.0f} s of SIGUSR1")
    else:
        seen.names.append(names)


def disturb(acts: Disturber, seconds: float, *, kills: bool) -> None:
    """Let everything happen at its time; print a line a minute."""
    began = time.monotonic()
    plan: list[list[Any]] = [
        [began + LIMITS_S, LIMITS_S, acts.limits],
        [began + EDIT_S, EDIT_S, acts.edit],
        [began + KILL_S - 1, KILL_S, acts.tell],
        [began + KILL_S, KILL_S, acts.kill] if kills else [began + 5, 5, acts.look],
    ]
    while time.monotonic() < began + seconds and acts.program.is_alive():
        now = time.monotonic()
        for turn in plan:
            at, every, act = turn
            if now >= at:
                turn[0] = max(at + every, now)
                act()
        if not kills:
            acts.weigh()
        threading.Event().wait(0.2)


def left(program: Program) -> int:
    """Return how many feeds and episodes there is something to do about."""
    queries = (
        "SELECT count(*) FROM episode WHERE state <> 'archived'",
        "SELECT count(*) FROM feed WHERE polls_ok = 0",
    )
    return sum(int(ask(program.root, text)[0][0]) for text in queries)


def finish(program: Program, acts: Disturber) -> None:
    """Let the engine archive what is left, at most ten minutes long."""
    end = time.monotonic() + 600
    while time.monotonic() < end and program.is_alive() and left(program):
        threading.Event().wait(1.0)
    acts.look()


def level(memory: list[tuple[float, float]], seen: Seen) -> list[tuple[float, float]]:
    """Return what was seen after the last file, when that had settled and no threads came.

    A thread takes memory of its own, once: what is judged is the longest stretch in which no more
    of them lived than before.
    """
    if seen.done_at is None:
        return []
    stretches: list[list[tuple[float, float]]] = [[]]
    most = 0
    for sample, threads in zip(memory, seen.threads, strict=True):
        if sample[0] < seen.done_at + SETTLE_S:
            continue
        if threads > most:
            most = threads
            stretches.append([])
        stretches[-1].append(sample)
    return max(stretches, key=len)


def in_words(found: Growth) -> str:
    """Return how fast memory grows, how sure that is and what it was told from."""
    return (
        f"{found.slope:+.2f} MB an hour (95 % sure: {found.low:+.2f} to {found.high:+.2f})"
        f" in a window of {found.seconds / 60:.1f} min"
    )


def other_threads(names: list[Counter[str]]) -> Iterator[str]:
    """Yield in which processes there were other threads than in the first."""
    own = [
        Counter({name: n for name, n in one.items() if name not in POOLS | PASSING})
        for one in names
    ]
    for number, one in enumerate(own):
        if one != own[0]:
            more, less = sorted((one - own[0]).elements()), sorted((own[0] - one).elements())
            yield f"threads at look {number}: {more} too many, {less} missing"


def compare(program: Program, host: PodcastHost, seen: Seen, count: int) -> Iterator[str]:
    """Yield every promise that was broken."""
    states = dict(ask(program.root, "SELECT state, count(*) FROM episode GROUP BY state"))
    if states != {"archived": count}:
        yield f"states: {states}, wanted {count} archived"
    (different,) = ask(program.root, "SELECT count(DISTINCT feed_id || ' ' || guid) FROM episode")[
        0
    ]
    if different != count:
        yield f"{different} different episodes"
    yield from wrong_files(program.root)
    yield from other_threads(seen.names)
    late = [took for took in seen.reloads if took > RELOAD_S]
    if late:
        yield f"{len(late)} good edits took longer than {RELOAD_S} s: {max(late):.1f} s"
    whole = Counter(
        (one.address, one.path)
        for one in host.requests
        if one.path.startswith("/m/") and one.status == 200 and one.sent >= SIZE
    )
    twice = sum(times > 1 for times in whole.values())
    # A kill between the last byte and the seal leaves a whole part that is not fetched again;
    # one before the last flush may repeat a file that is smaller than a flush.
    most = seen.kills * 24
    if twice > most:
        yield f"{twice} files were sent whole more than once, at {seen.kills} kills"
    print(f"sent whole more than once: {twice} of {len(whole)} files, at {seen.kills} kills")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=3)
    parser.add_argument("--addresses", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--level", type=float, default=10, help="minutes of looking at memory")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder, PodcastHost() as host:
        os.environ["PODFETCH_STATE_DIR"] = str(Path(folder) / "state")
        urls = serve(host, options.feeds, options.items, options.addresses)
        listed = Path(folder) / "feeds.txt"
        listed.write_text("\n".join(urls))
        program = Program(Path(folder), seen)
        program.write()
        subprocess.run(program.command("import", str(listed)), check=True, capture_output=True)
        program.start()
        program.started.wait(4 * START_S)
        try:
            acts = Disturber(program, seen, random.Random(options.seed))
            disturb(acts, 60 * options.minutes * (1 - CALM_SHARE), kills=True)
            acts.back_to_normal()
            disturb(acts, 60 * options.minutes * CALM_SHARE, kills=False)
            if not program.is_alive():
                sys.exit("BROKEN: the engine ended by itself")
            threads = program.threads()
            note_names(program, seen)
            acts.back_to_normal()
            finish(program, acts)
            if seen.done_at is not None:
                level_for = time.monotonic() - seen.done_at
                disturb(acts, SETTLE_S + 60 * options.level - level_for, kills=False)
            note_names(program, seen)
            if not program.is_alive():
                sys.exit("BROKEN: the engine ended by itself")
            print(f"threads {threads} under load, {program.threads()} after it")
            for name, count in sorted(seen.names[-1].items() if seen.names else ()):
                print(f"  {name}{f' x {count}' if count > 1 else ''}")
            code = program.end(signal.SIGTERM)
        finally:
            if program.child is not None and program.child.poll() is None:
                program.end(signal.SIGKILL)
        if code:
            seen.broken.append(f"the engine ended with {code}")
        seen.broken += compare(program, host, seen, options.feeds * options.items)
    if seen.reloads:
        print(f"good edits: {len(seen.reloads)}, in force after {median(seen.reloads):.2f} s")
        print(f"  (at most {max(seen.reloads):.2f} s); bad ones refused: {len(seen.refusals)}")
    print(f"limits set: {dict(seen.limits)}; kills: {seen.kills}")
    engine, tree = growth(level(seen.rss, seen)), growth(level(seen.tree, seen))
    verdict = engine.verdict(SLOPE_MB_PER_HOUR)
    print(f"memory, settled for {SETTLE_S:.0f} s after the last file, no new threads: {verdict}")
    print(f"  engine {in_words(engine)}")
    print(f"  with children {in_words(tree)}")
    print(f"  each half minute, MB: {' '.join(f'{mb:.2f}' for mb in engine.points)}")
    if verdict == "grows":
        seen.broken.append(f"memory grows by {engine.slope:.1f} MB an hour")
    if not engine.points:
        seen.broken.append("no memory was seen after the last file")
    for text in seen.broken:
        print(f"BROKEN: {text}")
    sys.exit(bool(seen.broken))


if __name__ == "__main__":
    main()
