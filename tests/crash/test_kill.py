"""``kill -9`` at any moment: nothing lost, nothing twice, nothing fetched again."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from support.archive import rows, settings_for
from support.kill_child import CATALOG
from support.mounts import exfat_disk
from support.wait import wait_for

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, Served
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.model.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FEEDS, EPISODES, SIZE, KILLS = 6, 5, 120_000, 10


def serve(host: PodcastHost, number: int) -> str:
    name, address = f"feed{number}", f"127.0.4.{number + 1}"
    entries = feeds.items(
        name, EPISODES, host.url(f"/media/{name}/{{n}}.mp3", address), length=SIZE, notes_bytes=60
    )
    body = feeds.rss(f"Feed {number}", entries)
    host.table.routes[f"/{name}.xml"] = Route(body=body, etag=f'"{number}"')
    return host.url(f"/{name}.xml", address)


def media(request: Request) -> Route:
    etag = hashlib.sha256(request.path.encode()).hexdigest()[:12]
    return Route(
        body=Media(request.path, SIZE), content_type="audio/mpeg", etag=f'"{etag}"', rate=600_000
    )


def start(settings: Settings, urls: list[str]) -> subprocess.Popen[bytes]:
    archive = settings.archive
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), CATALOG: archive.catalog}
    command = [sys.executable, "-m", "support.kill_child", archive.root, *urls]
    return subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)


def whole_now(settings: Settings) -> set[str]:
    """URLs of the episodes whose bytes are whole and on the disk, by their rows."""
    try:
        found = rows(settings, "episodes")
    except ArchiveUnusable:  # the kill came before there was a catalogue
        return set()
    return {row["enclosure_url"] for row in found if row["state"] in ("sealed", "archived")}


def url_of(host: PodcastHost, served: Served) -> str:
    return f"http://{served.address}:{host.port}{served.path}"


def is_far_enough(host: PodcastHost, target: int, child: subprocess.Popen[bytes]) -> bool:
    return len(host.requests) >= target or child.poll() is not None


@pytest.mark.crash
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    kill_and_restart(settings_for(tmp_path / "archive"))


@pytest.mark.root
@pytest.mark.crash
def test_kills_lose_and_double_nothing_where_there_are_no_hard_links(tmp_path: Path) -> None:
    with exfat_disk(tmp_path / "exfat", 64 * 1024**2) as disk:
        catalog = str(tmp_path / "catalog.db")
        kill_and_restart(settings_for(disk / "archive", archive={"catalog": catalog}))


def kill_and_restart(settings: Settings) -> None:
    root = Path(settings.archive.root)
    rng = random.Random(int(os.environ.get("PODFETCH_SEED", "7")))
    with PodcastHost() as host:
        host.table.fallback = media
        completed: list[tuple[float, set[str]]] = []
        urls = [serve(host, number) for number in range(FEEDS)]
        for number in range(KILLS):
            # Later kills come later: a process must live long enough to archive something.
            target = len(host.requests) + number + rng.randint(1, 5)
            child = start(settings, urls)
            wait_for(partial(is_far_enough, host, target, child), 60)
            threading.Event().wait(rng.uniform(0.0, 0.1))
            child.send_signal(signal.SIGKILL)
            child.wait()
            completed.append((monotonic(), whole_now(settings)))
        assert start(settings, urls).wait(100) == 0
        episodes = rows(settings, "episodes")
        assert Counter(row["state"] for row in episodes) == {"archived": FEEDS * EPISODES}
        assert len({row["guid"] for row in episodes}) == FEEDS * EPISODES
        files = {p for p in root.rglob("*.mp3") if ".podfetch" not in p.parts}
        assert files == {root / row["path"] for row in episodes}
        for row in episodes:
            data = (root / row["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert not list((root / ".podfetch" / "parts").iterdir())
        assert any(urls_then for _, urls_then in completed), "no kill came late enough"
        for killed_at, urls_then in completed:
            later = {url_of(host, served) for served in host.requests if served.at > killed_at}
            assert not later & urls_then, "a completed file was fetched again"
