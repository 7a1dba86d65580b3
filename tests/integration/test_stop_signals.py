"""SIGTERM: work has until the drain's deadline, a second signal ends at once; nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.archive import rows, run_once, settings_for
from support.program import ON_LOOPBACK
from support.wait import wait_for

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route

SIZE, HANGS_AT, DURABLE = 12 << 20, 10 << 20, 8 << 20
"""What is on disk for certain is written down every 8 MiB."""


def program(root: Path, url: str, drain: str) -> subprocess.Popen[bytes]:
    listed = root.parent / "feeds.txt"
    listed.write_text(f"{url}\n")
    words = ["--archive", str(root), *ON_LOOPBACK, "--set", f"engine.drain_timeout={drain}"]
    return subprocess.Popen(
        [sys.executable, "-m", "podfetch_tui", *words, "--no-ui", "-q", "--feeds", str(listed)],
        env={**os.environ, "PODFETCH_STATE_DIR": str(root.parent / "state")},
        stderr=subprocess.DEVNULL,
    )


def durable(root: Path) -> int:
    """Bytes of the part that are there whatever happens."""
    return sum(part.stat().st_size for part in (root / ".podfetch" / "parts").glob("*.part"))


def test_a_drain_has_a_deadline_a_second_signal_none_and_the_download_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "archive"
    monkeypatch.setenv("PODFETCH_STATE_DIR", str(tmp_path / "state"))
    with PodcastHost() as host:
        items = feeds.items("one", 1, host.url("/{n}.mp3", "127.0.0.9"), length=SIZE)
        host.table.routes["/one.xml"] = Route(body=feeds.rss("One", items))
        body, kind = Media("/1.mp3", SIZE), "audio/mpeg"

        def serve(hang_at: int | None) -> None:
            route = Route(body=body, content_type=kind, etag='"v1"', hang_at=hang_at)
            host.table.routes["/1.mp3"] = route

        serve(HANGS_AT)
        url = host.url("/one.xml", "127.0.0.9")

        first = program(root, url, drain="500ms")
        wait_for(lambda: durable(root) >= DURABLE, timeout=60)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0, "in good order, at its deadline"
        assert durable(root) >= DURABLE

        serve(HANGS_AT - DURABLE)  # it counts from where the answer begins
        second = program(root, url, drain="300s")
        asked = len(host.asked("/1.mp3"))
        wait_for(lambda: len(host.asked("/1.mp3")) > asked, timeout=60)
        second.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.0)
        told = time.monotonic()
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 128 + signal.SIGTERM
        assert time.monotonic() - told < 10

        serve(None)
        settings = settings_for(root)
        run_once(settings)
        ranges = [request.headers.get("range", "") for request in host.asked("/1.mp3")]
    (episode,) = rows(settings, "episodes")
    assert episode["state"] == "archived"
    first_byte = int(ranges[-1].removeprefix("bytes=").partition("-")[0])
    assert first_byte >= DURABLE - (1 << 20)


def test_the_stacks_that_a_signal_asks_for_name_every_thread(tmp_path: Path) -> None:
    said = tmp_path / "said"
    words = ["--archive", str(tmp_path / "archive"), "--no-ui", "--log-format", "json"]
    with said.open("wb") as stderr:
        engine = subprocess.Popen([sys.executable, "-m", "podfetch_tui", *words], stderr=stderr)
    try:
        wait_for(lambda: "engine_started" in said.read_text(), timeout=60)
        engine.send_signal(signal.SIGUSR1)
        wait_for(lambda: '"stacks"' in said.read_text(), timeout=60)
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(60) == 0
    finally:
        engine.kill()
        engine.wait()
    for name in ("MainThread", "podfetch-dispatch", "podfetch-governor", "podfetch-catalog"):
        assert f"Thread {name} (" in said.read_text()
