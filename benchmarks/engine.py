"""What the whole engine does a second, beside bare loops on the same server.

Three workloads, each in turn with its bare twins (``benchmarks/bare.py``): feeds polled cold
(100 items), feeds that all answer 304, and downloads of 5 MB with digest, sync and record. The
server is a process of its own on the same machine; ratios within a round are what counts.

    python -m benchmarks.engine [--feeds 300] [--downloads 100] [--rounds 3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import bare
from podfetch_tui.catalog import lookups
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ChangeFeed, ImportFeeds, NewFeed

MEDIA_BYTES = 5_000_000
HOSTS = 50


def serve(pipe: Connection, count: int, downloads: int) -> None:
    """Serve ``count`` feeds of 100 items and one feed of ``downloads`` files."""
    with PodcastHost() as host:
        urls = []
        for number in range(count):
            address = f"127.0.7.{number % HOSTS + 1}"
            base = host.url(f"/m/{number}/{{n}}.mp3", address)
            body = feeds.rss(f"Feed {number}", feeds.items(f"f{number}", 100, base, length=1000))
            host.table.routes[f"/{number}.xml"] = Route(body=body, etag=f'"{number}"')
            urls.append(host.url(f"/{number}.xml", address))
        media = []
        for number in range(downloads // 10):
            address = f"127.0.8.{number + 1}"
            base = host.url(f"/d/{number}/{{n}}.mp3", address)
            items = feeds.items(f"d{number}", 10, base, length=MEDIA_BYTES, notes_bytes=50)
            for item in items:
                path = "/" + item.url.split("/", 3)[3]
                body_of = Media(path, MEDIA_BYTES)
                host.table.routes[path] = Route(body=body_of, content_type="audio/mpeg")
            host.table.routes[f"/d{number}.xml"] = Route(body=feeds.rss(f"D {number}", items))
            media.append((host.url(f"/d{number}.xml", address), [item.url for item in items]))
        pipe.send((urls, media))
        pipe.recv()


def settings_for(root: Path, **engine: int) -> Settings:
    settings = Settings()
    replace = msgspec.structs.replace
    return replace(
        settings,
        archive=replace(settings.archive, root=str(root), min_free=0, min_free_percent=0.0),
        network=replace(settings.network, allow_private=("127.0.0.0/8",)),
        engine=replace(settings.engine, **engine),
        # To the throttle the server on this machine is somebody else who needs the processor.
        throttle=replace(settings.throttle, adaptive=False),
    )


class Spent(NamedTuple):
    """What some work took."""

    seconds: float
    cpu_s: float
    """Processor seconds, of children that ended meanwhile too."""


def spent(work: Callable[[], object]) -> Spent:
    """Do ``work`` and return what it took."""
    began, cpu = time.perf_counter(), _cpu_s()
    work()
    return Spent(time.perf_counter() - began, _cpu_s() - cpu)


def _cpu_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def once(archive: archives.OpenArchive, settings: Settings) -> Spent:
    """Run the engine once; the seconds are those from its start to its last commit."""
    began, cpu = time.perf_counter(), _cpu_s()
    with compose.engine_on(archive, settings, once=True) as engine:
        engine.finished.wait()
        seconds = time.perf_counter() - began
    return Spent(seconds, _cpu_s() - cpu)


def take_in(archive: archives.OpenArchive, urls: list[str]) -> None:
    write = ImportFeeds(
        source="bench", feeds=tuple(NewFeed(url=url) for url in urls), at=archive.clock.now_ms()
    )
    archive.writer.submit(write).result()


def polls(urls: list[str], root: Path) -> dict[str, Spent]:
    """Poll all feeds cold and again with 304, each in turn with its bare twins."""
    settings = settings_for(root / "engine", poll_workers=32, download_workers=0)
    took = {"cold, bare urllib3": spent(lambda: bare.fetch_all(urls, 32))}
    with archives.changing(settings_for(root / "bare")) as archive:
        take_in(archive, urls)
        catalog = archive.catalog.path
    took["cold, bare loop"] = spent(lambda: bare.poll_all(urls, catalog))
    with archives.changing(settings) as archive:
        take_in(archive, urls)
        took["cold, engine"] = once(archive, settings)
        now = archive.clock.now_ms()
        for feed_id in lookups.feed_ids(archive.catalog):
            archive.writer.submit(ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now), lazy=True)
        archive.writer.flush()
        etags = [{"If-None-Match": f'"{number}"'} for number in range(len(urls))]
        took["304, bare urllib3"] = spent(lambda: bare.fetch_all(urls, 32, etags))
        took["304, engine"] = once(archive, settings)
    return took


def downloads(media: list[tuple[str, list[str]]], root: Path) -> dict[str, Spent]:
    """Download all files, in turn with the bare twin."""
    settings = settings_for(root, download_workers=8)
    files = [url for _, urls in media for url in urls]
    with archives.changing(settings) as archive:
        take_in(archive, [url for url, _ in media])
        plain = spent(lambda: bare.fetch_all(files, 8))
        return {"5 MB, bare urllib3": plain, "5 MB, engine": once(archive, settings)}


def report(rounds: list[dict[str, Spent]], feeds_polled: int, files: int) -> None:
    """Print medians, and the ratio of every twin to the engine within each round."""
    print(f"{feeds_polled} feeds of 100 items, {files} files; medians of {len(rounds)} rounds")
    for name in rounds[0]:
        kind = name.partition(",")[0]
        count = files if kind == "5 MB" else feeds_polled
        seconds = statistics.median([took[name].seconds for took in rounds])
        cpu = statistics.median([took[name].cpu_s for took in rounds])
        ratios = [took[name].seconds / took[f"{kind}, engine"].seconds for took in rounds]
        rate = f"{count / seconds:7.0f} feeds/s"
        if kind == "5 MB":
            rate = f"{count * MEDIA_BYTES / 1e6 / seconds:7.0f} MB/s   "
        print(
            f"  {name:20}{rate}{cpu / count * 1000:8.2f} CPU ms each"
            f"   engine {statistics.median(ratios):.2f} of it"
            f" ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--downloads", type=int, default=100, help="0: none")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(
        target=serve, args=(there, options.feeds, options.downloads), daemon=True
    )
    server.start()
    urls, media = here.recv()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PODFETCH_STATE_DIR"] = f"{folder}/state"
            took = polls(urls, Path(folder) / "polls")
            if media:
                took |= downloads(media, Path(folder) / "downloads")
            rounds.append(took)
    report(rounds, len(urls), options.downloads)
    here.send("end")
    server.join(10)


if __name__ == "__main__":
    main()
