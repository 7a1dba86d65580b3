"""What the whole engine does a second, beside a bare urllib3 loop on the same server.

Three workloads, each in turn with its bare twin: feeds polled cold (100 items), feeds that
all answer 304, and downloads of 5 MB with digest, sync and record. The server is a process of
its own on the same machine; ratios are what counts.

    python -m benchmarks.engine [--feeds 300] [--downloads 100] [--rounds 1]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import urllib3

from podfetch_tui.catalog import pages
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
    )


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def once(archive: archives.OpenArchive, settings: Settings) -> float:
    """Run the engine once; return the seconds from its start to its last commit."""
    began = time.perf_counter()
    with compose.engine_on(archive, settings, once=True) as engine:
        engine.finished.wait()
        return time.perf_counter() - began


def take_in(archive: archives.OpenArchive, urls: list[str]) -> None:
    write = ImportFeeds(
        source="bench", feeds=tuple(NewFeed(url=url) for url in urls), at=archive.clock.now_ms()
    )
    archive.writer.submit(write).result()


def bare(urls: list[str], threads: int, headers: list[dict[str, str]] | None = None) -> float:
    """Fetch ``urls`` with plain urllib3 and throw the bodies away."""
    pool = urllib3.PoolManager(num_pools=512, maxsize=4, block=True)
    pairs = list(zip(urls, headers or [{}] * len(urls), strict=True))

    def fetch(pair: tuple[str, dict[str, str]]) -> None:
        answer = pool.request("GET", pair[0], headers=pair[1], preload_content=False)
        for _ in answer.stream(262144):
            pass
        answer.release_conn()

    def work() -> None:
        with ThreadPoolExecutor(threads) as executor:
            list(executor.map(fetch, pairs))

    seconds = timed(work)
    pool.clear()
    return seconds


def polls(urls: list[str], root: Path) -> None:
    settings = settings_for(root, poll_workers=32, download_workers=0)
    etags = [{"If-None-Match": f'"{number}"'} for number in range(len(urls))]
    with archives.changing(settings) as archive:
        take_in(archive, urls)
        cold_bare = bare(urls, 32)
        cold = once(archive, settings)
        now = archive.clock.now_ms()
        for feed_id in pages.feed_ids(archive.catalog):
            archive.writer.submit(ChangeFeed(feed_id=feed_id, next_poll_at=now, at=now), lazy=True)
        archive.writer.flush()
        same_bare = bare(urls, 32, etags)
        same = once(archive, settings)
    count = len(urls)
    print(
        f"cold  {count / cold:7.0f} feeds/s, bare urllib3 {count / cold_bare:7.0f},"
        f" ratio {cold_bare / cold:.2f}"
    )
    print(
        f"304   {count / same:7.0f} feeds/s, bare urllib3 {count / same_bare:7.0f},"
        f" ratio {same_bare / same:.2f}"
    )


def downloads(media: list[tuple[str, list[str]]], root: Path) -> None:
    settings = settings_for(root, download_workers=8)
    files = [url for _, urls in media for url in urls]
    megabytes = len(files) * MEDIA_BYTES / 1e6
    with archives.changing(settings) as archive:
        take_in(archive, [url for url, _ in media])
        plain = bare(files, 8)
        seconds = once(archive, settings)
    print(
        f"5 MB  {megabytes / seconds:7.0f} MB/s,    bare urllib3 {megabytes / plain:7.0f},"
        f" ratio {plain / seconds:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--downloads", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    for _ in range(options.rounds):
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("fork").Process(
            target=serve, args=(there, options.feeds, options.downloads), daemon=True
        )
        server.start()
        urls, media = here.recv()
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PODFETCH_STATE_DIR"] = f"{folder}/state"
            polls(urls, Path(folder) / "polls")
            downloads(media, Path(folder) / "downloads")
        here.send("end")
        server.join(10)


if __name__ == "__main__":
    main()
