"""What the screen costs the engine that it hosts: the same archive with and without it, in turn.

The program works on an archive whose feeds are all due again and again
(``benchmarks/workload.py``), once headless and once with its screen at a pseudo-terminal that
nobody touches, on the Dashboard, which changes most. Which comes first takes turns, too. The cost
is what the engine does less, in jobs a second, and the processor time that its process takes more
for a job; medians of the rounds.

    python -m benchmarks screen_cost [--feeds 10000] [--seconds 20] [--rounds 5]
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.attached import SETTLE_S, TARGET, Period, period
from benchmarks.workload import Archive, Seat, hosts
from podfetch_tui.system.instance import holder


@contextlib.contextmanager
def hosted(archive: Archive) -> Iterator[None]:
    """Run the program with its screen."""
    seat = Seat(archive.argv(), archive.environ)
    seat.look_away()
    try:
        yield
    finally:
        seat.leave()


@contextlib.contextmanager
def headless(archive: Archive) -> Iterator[None]:
    """Run the program without its screen."""
    with archive.headless():
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    rounds: list[dict[str, Period]] = []
    with hosts() as port, tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), port, given.feeds)
        ways = {"headless": headless, "with screen": hosted}
        for turn in range(given.rounds):
            did: dict[str, Period] = {}
            for name in sorted(ways, reverse=bool(turn % 2)):
                with ways[name](archive):
                    archive.client().close()
                    # A screen's engine may be a child of the process that the shell waits for.
                    who = holder(archive.root / ".podfetch" / "lock")
                    assert who is not None
                    threading.Event().wait(SETTLE_S)
                    did[name] = period(archive, who.pid, given.seconds)
            rounds.append(did)
            for name, found in did.items():
                print(
                    f"  round {turn + 1}: {name:11} {found.jobs_per_s:7.1f} jobs/s,"
                    f" {found.ms_per_job:5.2f} ms each",
                    flush=True,
                )
    pairs = [(did["headless"], did["with screen"]) for did in rounds]
    less = statistics.median(100 * (1 - two.jobs_per_s / one.jobs_per_s) for one, two in pairs)
    more = statistics.median(100 * (two.ms_per_job / one.ms_per_job - 1) for one, two in pairs)
    print(f"  the screen costs the engine {less:.1f} % of its jobs a second")
    print(f"  and {more:+.1f} % processor time for a job (at most {TARGET:g} %)")


if __name__ == "__main__":
    main()
