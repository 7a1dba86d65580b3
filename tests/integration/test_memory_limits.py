"""Above the limits of its own memory the engine does less, then ends, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

from support.archive import rows, run_once, running, settings_for
from support.program import ON_LOOPBACK, podfetch
from support.shows import good, media_path, show
from support.wait import wait_for

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.model.settings import Settings

MIB = 1024**2


def kinds_kept(settings: Settings) -> set[str]:
    with archives.reading(settings) as (_, catalog):
        return {str(row["kind"]) for row in pages.events(catalog)}


def test_above_the_soft_limit_one_worker_a_lane_goes_on_and_says_why(tmp_path: Path) -> None:
    with PodcastHost() as host:
        settings = settings_for(tmp_path / "archive", engine={"rss_soft": 10 * MIB})
        with running(settings, show(host, "a", count=3)) as engine:
            wait_for(lambda: engine.governor.latest.state == "degraded")
            wait_for(lambda: engine.governor.latest.lanes["poll"].target == 1)
            wait_for(lambda: engine.governor.latest.episodes.get("archived") == 3)
            latest = engine.governor.latest
    assert "engine.rss_soft" in latest.reason
    assert latest.lanes["poll"].reason.startswith("poll target 1 of 32: ")
    assert {"memory_high", "throttled"} <= kinds_kept(settings)


def test_above_the_hard_limit_it_ends_with_8_and_the_next_start_goes_on(tmp_path: Path) -> None:
    root, size = tmp_path / "archive", 3_000_000
    limits = ("engine.rss_soft=1MiB", "engine.rss_hard=2MiB", "engine.drain_timeout=0s")
    with PodcastHost() as host:
        hanging = good("a", 1, size, hang_at=1_000_000)
        url = show(host, "a", {1: hanging}, count=3, size=size)
        (tmp_path / "feeds.txt").write_text(url)
        ended = podfetch(
            *("--archive", str(root), "--feeds", str(tmp_path / "feeds.txt"), "--no-ui"),
            *ON_LOOPBACK,
            *(word for limit in limits for word in ("--set", limit)),
        )
        assert ended.returncode == 8, ended.stderr
        assert "engine.rss_hard (2.1 MB): start it again, nothing is lost" in ended.stderr
        host.table.routes[media_path("a", 1)] = good("a", 1, size)
        settings = settings_for(root)
        assert run_once(settings).end.exit_code == 0
        asked = [request for request in host.requests if request.path == media_path("a", 1)]
    assert [row["state"] for row in rows(settings, "episodes")] == ["archived"] * 3
    assert "memory_end" in kinds_kept(settings)
    assert [bool(request.headers.get("range")) for request in asked] == [False, True]
