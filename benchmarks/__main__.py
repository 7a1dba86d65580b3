"""``make bench``: every benchmark that needs nothing but this checkout, one after another."""

from __future__ import annotations

import importlib
import sys

ALL = ("parsers", "catalog", "net_client", "probe", "part_write", "engine")


def main() -> None:
    wanted = sys.argv[1:] or ALL
    for name in wanted:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        module = importlib.import_module(f"benchmarks.{name}")
        module.main()


if __name__ == "__main__":
    main()
