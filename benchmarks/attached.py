"""What attached screens cost an engine at full load, and whether they find it again.

A headless engine polls and downloads (``benchmarks/workload.py``; all feeds are made due again as
soon as few are). Periods without and with attached screens, each at a pseudo-terminal of its own
and on another screen, take turns. The cost is the work that the engine does less: jobs a second
with screens as a part of those in the period before without, and the processor time that its
process takes for a job, as a ratio too; medians. In the end the engine is killed and started
again, and every screen must say that it is disconnected, and be back by itself.

    python -m benchmarks attached [--feeds 10000] [--screens 3] [--minutes 10] [--rounds 5]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.glass import Glass
from benchmarks.workload import COLUMNS, ROWS, Archive, Seat, hosts, used
from podfetch_tui.model.commands import CheckFeeds

TARGET = 5.0
"""Percent of the engine's work that all screens together may cost it."""
SCREENS = b"1246835"
SETTLE_S = 4.0
BACK_S = 60.0
_FEW_DUE = 2_000


class Period(NamedTuple):
    """What an engine did in a while."""

    jobs_per_s: float
    ms_per_job: float
    """Processor time of its process."""


@contextlib.contextmanager
def screens(number: int, archive: Archive) -> Iterator[list[Seat]]:
    """Attach ``number`` screens while the block runs."""
    seats = []
    for key in itertools.islice(itertools.cycle(SCREENS), number):
        seat = Seat(archive.argv("attach", str(archive.root)), archive.environ)
        shows(seat, Glass(COLUMNS, ROWS), "⇄")
        seat.press(bytes((key,)))
        seats.append(seat)
    try:
        yield seats
    finally:
        for seat in seats:
            seat.leave()


def shows(seat: Seat, glass: Glass, text: str) -> float:
    """Look until ``text`` is in the first line; return how long it took, seconds."""
    began = time.monotonic()
    while text not in glass.line(0):
        glass.take(seat.read(0.2))
        assert time.monotonic() - began < BACK_S, glass.lines()
    return time.monotonic() - began


def period(archive: Archive, pid: int, seconds: float) -> Period:
    """Let the engine work and return what it did."""
    client = archive.client()
    with contextlib.closing(client):
        first, spent, began = client.snapshot(), used(pid), time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            threading.Event().wait(min(left, 2.0))
            last = client.snapshot()
            if last.batch.due < _FEW_DUE:
                client.send(CheckFeeds())
        took, cpu = time.monotonic() - began, used(pid) - spent
        last = client.snapshot()
    jobs = last.totals.get("jobs", 0) - first.totals.get("jobs", 0)
    return Period(jobs / took, 1000 * cpu / max(1, jobs))


def cost(archive: Archive, pid: int, number: int, rounds: int, seconds: float) -> None:
    """Print what ``number`` screens cost the engine."""
    alone, beside = [], []
    for turn in range(rounds):
        # The work changes as it goes on: which period comes first does, too.
        for is_alone in (True, False) if turn % 2 else (False, True):
            if is_alone:
                threading.Event().wait(SETTLE_S)
                alone.append(period(archive, pid, seconds / 2))
                continue
            with screens(number, archive) as seats:
                for seat in seats:
                    seat.look_away()
                threading.Event().wait(SETTLE_S)
                beside.append(period(archive, pid, seconds))
        print(
            f"  round {turn + 1}: alone {alone[-1].jobs_per_s:6.1f} jobs/s,"
            f" {alone[-1].ms_per_job:5.2f} ms each; with {number} screens"
            f" {beside[-1].jobs_per_s:6.1f} jobs/s, {beside[-1].ms_per_job:5.2f} ms each",
            flush=True,
        )
    pairs = list(zip(alone, beside, strict=True))
    less = statistics.median(100 * (1 - two.jobs_per_s / one.jobs_per_s) for one, two in pairs)
    more = statistics.median(100 * (two.ms_per_job / one.ms_per_job - 1) for one, two in pairs)
    print(f"  {number} screens cost the engine {less:.1f} % of its jobs a second,")
    print(f"  and {more:+.1f} % processor time for a job (at most {TARGET:g} %)")


def killed(archive: Archive, number: int) -> None:
    """Kill the engine under attached screens, start another one, and print what they did."""
    with contextlib.ExitStack() as after:
        with archive.headless() as engine:
            archive.client().close()
            seats = after.enter_context(screens(number, archive))
            glasses = [Glass(COLUMNS, ROWS) for _ in seats]
            for seat, glass in zip(seats, glasses, strict=True):
                seat.press(b"[]")  # all is painted again
                shows(seat, glass, "RUNNING")
            engine.kill()
            lost = [shows(*pair, "DISCONNECTED") for pair in zip(seats, glasses, strict=True)]
        with archive.headless():
            archive.client().close()
            back = [shows(*pair, "RUNNING") for pair in zip(seats, glasses, strict=True)]
            after.close()
    print(f"  killed: {len(lost)} screens say so after at most {max(lost):.1f} s,")
    print(f"  and all {len(back)} are back {max(back):.1f} s after the next engine answers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--screens", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0, help="with screens, in all")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with hosts() as port, tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), port, given.feeds)
        print(f"{given.feeds} feeds, {given.screens} screens, {given.minutes:g} minutes with them")
        with archive.headless() as engine:
            archive.client().close()
            threading.Event().wait(SETTLE_S)
            cost(
                archive, engine.pid, given.screens, given.rounds, 60 * given.minutes / given.rounds
            )
        killed(archive, given.screens)


if __name__ == "__main__":
    main()
