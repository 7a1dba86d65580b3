"""Downloads of 5 MB through the engine, beside the programs one would take otherwise.

The engine polls the feeds, downloads with SHA-256, validates, syncs, publishes and records. In
turn with it, from the same server and at the same parallelism: ``curl -Z`` with ``sha256sum`` and
``sync`` of the same files, ``aria2c`` with none of that, and a bare urllib3 loop that throws the
bytes away. A program that is not on this machine is left out, and said so. What counts is the
ratio within a round; the order is another one in every round.

    python -m benchmarks.downloads [--files 200] [--parallel 8] [--rounds 3] [--folder FOLDER]

``--folder`` says where all files go: on a disk, syncing is most of it; in ``/dev/shm`` none is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import bare, file_host
from benchmarks.engine import MEDIA_BYTES, Spent, once, settings_for, spent, take_in
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media

TO_A_FEED = 10
ENGINE = "engine"
Way = Callable[[Path], Spent]
"""Downloads everything into a folder that is there and empty."""


class Shelf:
    """What is served: files of valid audio, no two alike, and the feeds that list them."""

    def __init__(self, folder: Path, port: int, files: int) -> None:
        self.feeds: list[str] = []
        self.media: list[str] = []
        for number in range(files // TO_A_FEED):
            base = f"http://127.0.8.{number % 250 + 1}:{port}"
            place = f"{base}/d{number}-{{n}}.mp3"
            items = feeds.items(f"d{number}", TO_A_FEED, place, length=MEDIA_BYTES, notes_bytes=50)
            (folder / f"d{number}.xml").write_bytes(feeds.rss(f"D {number}", items))
            self.feeds.append(f"{base}/d{number}.xml")
            for item in items:
                name = item.url.rpartition("/")[2]
                (folder / name).write_bytes(Media(name, MEDIA_BYTES).read(0, MEDIA_BYTES))
                self.media.append(item.url)


def by_engine(shelf: Shelf, parallel: int) -> Way:
    """The whole program, from the first poll to the last commit."""

    def way(folder: Path) -> Spent:
        root = folder / "archive"
        settings = settings_for(root, download_workers=parallel)
        with archives.changing(settings) as archive:
            take_in(archive, shelf.feeds)
            took = once(archive, settings)
        _check(root.rglob("*.mp3"), len(shelf.media))
        return took

    return way


def by_curl(shelf: Shelf, parallel: int) -> Way:
    """``curl -Z``, then ``sha256sum`` of the files and ``sync`` of each."""

    def way(folder: Path) -> Spent:
        names = [str(folder / url.rpartition("/")[2]) for url in shelf.media]
        lines = [
            f'url = "{url}"\noutput = "{name}"\n'
            for url, name in zip(shelf.media, names, strict=True)
        ]
        (folder / "list").write_text("".join(lines))
        fetch = ("curl", "--no-progress-meter", "-Z", "--parallel-max", str(parallel))

        def work() -> None:
            _run(*fetch, "-K", str(folder / "list"))
            _run("sha256sum", *names)
            _run("sync", *names)

        took = spent(work)
        _check(folder.glob("*.mp3"), len(shelf.media))
        return took

    return way


def by_aria2c(shelf: Shelf, parallel: int) -> Way:
    """``aria2c``, one connection a file, and nothing else."""

    def way(folder: Path) -> Spent:
        (folder / "list").write_text("\n".join(shelf.media))
        options = ("--no-conf", "-q", "--file-allocation=none", "-x1", "-s1", f"-j{parallel}")
        took = spent(
            lambda: _run("aria2c", *options, "-d", str(folder), "-i", str(folder / "list"))
        )
        _check(folder.glob("*.mp3"), len(shelf.media))
        return took

    return way


def by_urllib3(shelf: Shelf, parallel: int) -> Way:
    """Plain urllib3 in threads; the bytes are thrown away."""
    return lambda _: spent(lambda: bare.fetch_all(shelf.media, parallel))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _check(found: Iterable[Path], count: int) -> None:
    sizes = [path.stat().st_size for path in found]
    assert sizes == [MEDIA_BYTES] * count, f"{len(sizes)} of {count} files"


def report(rounds: list[dict[str, Spent]], files: int, parallel: int) -> None:
    """Print medians, and how fast the engine is beside every other way, by round."""
    print(f"{files} files of 5 MB, {parallel} at a time; medians of {len(rounds)} rounds")
    for name in rounds[0]:
        seconds = statistics.median([took[name].seconds for took in rounds])
        cpu = statistics.median([took[name].cpu_s for took in rounds])
        ratios = [took[name].seconds / took[ENGINE].seconds for took in rounds]
        print(
            f"  {name:26}{files * MEDIA_BYTES / 1e6 / seconds:7.0f} MB/s"
            f"{cpu / files * 1000:8.2f} CPU ms each"
            f"   engine {statistics.median(ratios):.2f} of it"
            f" ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="default: that of temporary files")
    options = parser.parse_args()
    rounds: list[dict[str, Spent]] = []
    here, there = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        served = Path(place) / "served"
        served.mkdir()
        server = multiprocessing.get_context("fork").Process(
            target=file_host.run, args=(there, served), daemon=True
        )
        server.start()
        shelf = Shelf(served, here.recv(), options.files)
        os.environ["PODFETCH_STATE_DIR"] = f"{place}/state"
        ways = {ENGINE: by_engine(shelf, options.parallel)}
        for program, name, way in (
            ("curl", "curl -Z, sha256sum, sync", by_curl),
            ("aria2c", "aria2c", by_aria2c),
        ):
            if shutil.which(program):
                ways[name] = way(shelf, options.parallel)
            else:
                print(f"no {program} on this machine: not compared with it")
        ways["bare urllib3, no file"] = by_urllib3(shelf, options.parallel)
        for number in range(options.rounds):
            names = list(ways)
            turn = number % len(names)
            took = {}
            for name in names[turn:] + names[:turn]:
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    os.sync()  # what others wrote is not this one's to wait for
                    took[name] = ways[name](Path(folder))
            rounds.append({name: took[name] for name in names})
        report(rounds, len(shelf.media), options.parallel)
        here.send("end")
        server.join(10)


if __name__ == "__main__":
    main()
