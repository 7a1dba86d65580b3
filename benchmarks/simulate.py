"""Months of polling in minutes: the engine's own scheduling on a clock that is moved by hand.

    python -m benchmarks simulate --feeds 10000 --days 30 --seeds 20
    python -m benchmarks simulate --feeds 10000 --days 30 --seed 7     # one of them again
    python -m benchmarks simulate --feeds 100000 --days 1 --seeds 1
    python -m benchmarks simulate --load 0.95 --days 7 --seeds 3

Schedule, host lanes, health, batches, endings and policy are the engine's; only the catalogue,
the network and the time are played. Every seed is printed and gives the same run again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from benchmarks.simulation import World, WorldPlan, run
from benchmarks.simulation_report import Report, report


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=3, help="how many, from --seed on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=float, default=0.0, help="share of the workers' capacity")
    chosen = parser.parse_args(arguments)
    bad = 0
    for seed in range(chosen.seed, chosen.seed + chosen.seeds):
        plan = WorldPlan(feeds=chosen.feeds, days=chosen.days, seed=seed, load=chosen.load)
        began = time.perf_counter()
        result: Report = report(run(World(plan)))
        bad += not result.is_good
        took = time.perf_counter() - began
        print(f"seed {seed:3d}  {result.line()}  ({took:.0f} s)", flush=True)
    print(f"{chosen.seeds - bad} of {chosen.seeds} seeds keep every promise")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
