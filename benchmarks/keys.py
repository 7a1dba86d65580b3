"""From a key to what it does on the screen, while the engine behind it works as hard as it can.

The program hosts an engine on an archive of so many feeds, all due, each with files to fetch; the
podcast host is another process. Keys come at a steady rate at a pseudo-terminal: up, down and
pages in the list of feeds, screens, a filter that is typed and dropped. A key counts as answered
when the bytes for it are read: the cursor on the row it must stand on and that row with its title,
the other screen with its body, the letter in the filter box. No key is pressed before the one
before it was answered; how many waited for that is shown. What a filter finds is counted apart
(``rows found``, from its last letter), and so is ``escape``, with which every terminal program
waits to see whether it is the beginning of another key.

    python -m benchmarks keys [--feeds 10000,100000] [--keys 200] [--per-second 10]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.glass import Glass
from benchmarks.workload import COLUMNS, PATIENCE_S, ROWS, Archive, Seat, hosts, title_of
from podfetch_tui.model.figures import count

TARGET_MS, FRAME_TARGET_S = 50.0, 0.8
DOWN, UP, PAGE_DOWN, PAGE_UP = b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~"
BODIES = {b"1": "Failures, last", b"4": "Progress", b"6": "What"}
"""What only the body of a screen shows, by the key of the screen."""
COUNTED = ("row", "page", "filter box", "screen")
SETTLE_S = 8.0
BREATH_S = 0.5
"""After a filter was dropped, to see on which row the cursor is then."""
LOST_S = 5.0
Seen = Callable[[], bool]


class Operator:
    """Presses keys and looks at what they do."""

    def __init__(self, seat: Seat, feeds: int) -> None:
        self._seat, self._feeds = seat, feeds
        self._glass = Glass(COLUMNS, ROWS)
        self.times: dict[str, list[float]] = {}
        """Milliseconds by kind of key."""
        self.late: list[float] = []
        """Milliseconds by which keys were pressed too late, because the one before took longer."""
        self.lost = 0
        self._paint = ""
        """How the row under the cursor is painted."""
        self._at = 1
        """Number of the feed under the cursor."""

    def see(self, seen: Seen, patience: float = PATIENCE_S) -> float:
        """Look until ``seen``; return when that was."""
        until = time.perf_counter() + patience
        now = time.perf_counter()
        while not seen():
            if now > until:
                return 0.0
            data = self._seat.read(until - now)
            now = time.perf_counter()
            self._glass.take(data)
        return now

    def shows(self, text: str) -> bool:
        """Return whether ``text`` is on the screen."""
        return any(text in line for line in self._glass.lines())

    def look(self, seconds: float) -> None:
        """Only look, for some time."""
        self.see(lambda: False, seconds)

    def learn(self) -> None:
        """Go to the list of feeds and see what its cursor looks like."""
        self._seat.press(b"2")
        assert self.see(lambda: self.shows(title_of(2)), 30.0), self._glass.lines()
        self.look(1.0)
        self._paint = self._glass.paint(self._line_of(1), 3)
        assert self._paint != self._glass.paint(self._line_of(2), 3)

    def run(self, keys: int, per_second: float, rng: random.Random) -> None:
        """Press ``keys`` keys at a steady rate."""
        due = time.perf_counter()
        plan = self._plan(rng)
        left_over, pressed = keys, due
        while left_over:
            kind, key, seen = next(plan)
            if not kind:
                self._seat.press(key)
                self.look(BREATH_S)
                assert self.see(lambda: self._under_cursor() > 0, LOST_S), self._glass.lines()
                due = time.perf_counter()
                continue
            if key:
                left_over -= 1
                while (left := due - time.perf_counter()) > 0:
                    self._glass.take(self._seat.read(left))
                pressed = time.perf_counter()
                self._seat.press(key)
            at = self.see(seen, LOST_S)
            if at:
                self.times.setdefault(kind, []).append(1000 * (at - pressed))
                self.late.append(1000 * max(0.0, pressed - due))
            else:
                self.lost += 1
            if key:
                due += 1 / per_second

    def _plan(self, rng: random.Random) -> Iterator[tuple[str, bytes, Seen]]:
        """Yield keys with their kind and how one sees that they are answered."""
        page = self._rows() - 1
        steps = {DOWN: 1, UP: -1, PAGE_DOWN: page, PAGE_UP: -page}
        while True:
            moves = [DOWN] * 5 + [PAGE_DOWN] * 2 + [UP] * 2 + [PAGE_UP]
            for key in moves:
                self._at = max(1, min(self._feeds, self._at + steps[key]))
                yield "row" if abs(steps[key]) == 1 else "page", key, self._on(self._at)
            yield "filter box", b"/", lambda: self.shows("part of a title")
            # Its letter is in no address; the figures alone are in some.
            word = f"s{rng.randrange(self._feeds):06d}"[:4]
            for end in range(1, len(word) + 1):
                yield "filter box", word[end - 1 :][:1].encode(), self._typed(word[:end])
            found = sum(word in title_of(number) for number in range(1, self._feeds + 1))
            wanted = f"{count(found)} of "
            yield "rows found", b"", lambda wanted=wanted: self.shows(wanted)  # type: ignore[misc]
            yield "", b"\r", lambda: False
            yield "escape", b"\x1b", self._whole
            yield "", b"", lambda: False
            self._at = self._under_cursor()
            for key, text in BODIES.items():
                yield "screen", key, lambda text=text: self.shows(text)  # type: ignore[misc]
            yield "screen", b"2", self._on(self._at)

    def _rows(self) -> int:
        """Return how many rows the list has: from its labels to the pane below."""
        lines = self._glass.lines()
        labels = next(y for y, line in enumerate(lines) if "Title" in line and "Last ok" in line)
        return next(y for y, line in enumerate(lines) if y > labels and line[0] == "─") - labels - 1

    def _whole(self) -> bool:
        text = self._glass.line(1).strip()
        return text.startswith(f"{count(self._feeds)} feeds") and "match" not in text

    def _typed(self, text: str) -> Seen:
        return lambda: any(line.strip().startswith(text) for line in self._glass.lines()[:6])

    def _line_of(self, number: int) -> int:
        title = title_of(number)
        return next((y for y, line in enumerate(self._glass.lines()) if title in line), -1)

    def _on(self, number: int) -> Seen:
        def seen() -> bool:
            y = self._line_of(number)
            return y >= 0 and self._glass.paint(y, 3) == self._paint

        return seen

    def _under_cursor(self) -> int:
        for y, line in enumerate(self._glass.lines()):
            if "Show s" in line and self._glass.paint(y, 3) == self._paint:
                return int(line.partition("Show s")[2][:6])
        return 0


def quantile(times: list[float], part: float) -> float:
    """Return the value that ``part`` of ``times`` do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def shown(name: str, times: list[float]) -> str:
    """Return a line about ``times``."""
    cells = "  ".join(f"p{part:g} {quantile(times, part / 100):6.1f}" for part in (50, 95, 99))
    return f"  {name:11} {len(times):4}  {cells}  most {max(times):6.1f} ms"


def work(archive: Archive, began: dict[str, int], seconds: float) -> dict[str, int]:
    """Say what the engine did since ``began``; return its counts now."""
    client = archive.client()
    now = client.snapshot()
    client.close()
    if seconds:
        done = {name: now.totals.get(name, 0) - began.get(name, 0) for name in now.totals}
        print(
            f"  meanwhile {done['polls'] / seconds:.0f} polls/s, "
            f"{done['archived'] / seconds:.0f} files/s; the program used "
            f"{now.resources.get('own_cpu_percent', 0):.0f} % of a core, the machine "
            f"{now.resources.get('cpu_percent', 0):.0f} %",
            flush=True,
        )
    return dict(now.totals)


def measure(port: int, feeds: int, keys: int, per_second: float, seed: int) -> None:
    """Measure one archive and print what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), port, feeds)
        seat = Seat(archive.argv(), archive.environ)
        operator = Operator(seat, feeds)
        try:
            painted = operator.see(lambda: operator.shows("1 Dash")) - seat.began
            operator.look(SETTLE_S)
            operator.learn()
            began, before = time.perf_counter(), work(archive, {}, 0)
            operator.run(keys, per_second, random.Random(seed))
            print(f"{count(feeds)} feeds: first frame {painted:.2f} s (at most {FRAME_TARGET_S} s)")
            work(archive, before, time.perf_counter() - began)
        finally:
            seat.leave()
    counted = [t for kind, ts in operator.times.items() if kind in COUNTED for t in ts]
    for kind, times in operator.times.items():
        print(shown(kind, times))
    print(shown("keys", counted))
    late = sum(by > 1000 / per_second for by in operator.late)
    print(f"  p95 {quantile(counted, 0.95):.1f} ms (at most {TARGET_MS:g} ms)", end="")
    print(f"; {late} of {len(operator.late)} keys waited for the one before them")
    if operator.lost:
        print(f"  NOT ANSWERED within {LOST_S:g} s: {operator.lost}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", default="10000,100000")
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--per-second", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with hosts() as port:
        for feeds in map(int, options.feeds.split(",")):
            measure(port, feeds, options.keys, options.per_second, options.seed)
            threading.Event().wait(1.0)


if __name__ == "__main__":
    main()
