"""What hashing, syncing and publishing cost on top of writing the same bytes.

Run: ``python -m benchmarks.part_write [folder]``. Variants are interleaved in one run and the
figures are ratios of their medians, because machines differ and are shared.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.parts import Part, new_part_name
from podfetch_tui.storage.publish import publish

CHUNK = 256 * 1024
SYNC_EVERY = 8 * 1024**2
ROUNDS = 7

Write = Callable[[Layout, int, memoryview], None]


def bare(layout: Layout, size: int, chunk: memoryview) -> None:
    fd = os.open(layout.root / "bare", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(size // CHUNK):
        os.write(fd, chunk)
    os.close(fd)
    (layout.root / "bare").unlink()


def bare_synced(layout: Layout, size: int, chunk: memoryview) -> None:
    fd = os.open(layout.root / "bare", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(size // CHUNK):
        os.write(fd, chunk)
    os.fsync(fd)
    os.close(fd)
    (layout.root / "bare").unlink()


def part_only(layout: Layout, size: int, chunk: memoryview) -> None:
    with Part.create(layout, new_part_name(1)) as part:
        for _ in range(size // CHUNK):
            part.write(chunk)
        _ = part.sha256
    part.discard()


def part_published(layout: Layout, size: int, chunk: memoryview) -> None:
    name = new_part_name(1)
    with Part.create(layout, name) as part:
        for _ in range(size // CHUNK):
            part.write(chunk)
            if part.size - part.durable >= SYNC_EVERY:
                part.sync()
        part.seal()
    publish(layout, name, "Show/episode.mp3")
    layout.media("Show/episode.mp3").unlink()


VARIANTS: dict[str, Write] = {
    "bare write": bare,
    "bare write + one fsync": bare_synced,
    "Part.write + sha256": part_only,
    "Part.write + sha256 + sync/8 MiB + seal + publish": part_published,
}


def measure(layout: Layout, size: int, files: int) -> None:
    chunk = memoryview(os.urandom(CHUNK))
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(ROUNDS):
        for name, write in VARIANTS.items():
            start = time.perf_counter()
            for _ in range(files):
                write(layout, size, chunk)
            seconds[name].append(time.perf_counter() - start)
    print(f"\n{files} × {size // 1024**2} MiB")
    base = statistics.median(seconds["bare write"])
    for name, values in seconds.items():
        median = statistics.median(values)
        rate = size * files / median / 1024**2
        print(f"  {name:52}{rate:8.0f} MiB/s  {median / base:6.2f} × the time of a bare write")


def main() -> None:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        root = Path(folder)
        layout = open_archive(root / "archive", create=True, state_dir=root / "state")
        measure(layout, 5 * 1024**2, 40)
        measure(layout, 256 * 1024**2, 1)


if __name__ == "__main__":
    main()
