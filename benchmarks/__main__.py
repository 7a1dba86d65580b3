"""``make bench``: every benchmark that needs nothing but this checkout, one after another."""

from __future__ import annotations

import importlib
import itertools
import sys

ALL = (
    "start",
    "idle",
    "parsers",
    "catalog",
    "net_client",
    "probe",
    "part_write",
    "engine",
    "downloads",
)


def main() -> None:
    given = sys.argv[1:]
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), given))
    for name in names or ALL:
        print(f"== {name}", flush=True)
        sys.argv = [name, *given[len(names) :]]
        module = importlib.import_module(f"benchmarks.{name}")
        module.main()


if __name__ == "__main__":
    main()
