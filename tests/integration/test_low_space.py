"""Less free than has to stay free: downloads wait, polls go on, nothing is blamed or lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import add_feeds, rows, running, settings_for
from support.mounts import small_disk
from support.program import podfetch
from support.shows import body_of, episodes_of, files_in, good, media_path, show, stored
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.engine import space_guard
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.commands import (
    ActOnFeeds,
    AddFeeds,
    CancelDownloads,
    Carry,
    CheckFeeds,
    Command,
)
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision, FeedAsk, FeedDecision
from podfetch_tui.model.settings import Settings

MIB = 1024**2
pytestmark = pytest.mark.root


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "32m") as at:
        yield at


def keeping(disk: Path, reserve: int) -> Settings:
    """Settings of an archive on ``disk`` that keeps ``reserve`` bytes free."""
    return settings_for(disk / "archive", archive={"min_free": reserve, "min_free_percent": 100.0})


def fill(disk: Path, *, leave: int) -> Path:
    """Fill the disk but for ``leave`` bytes; deleting the file returns the space."""
    ballast = disk / "ballast"
    found = os.statvfs(disk)
    ballast.write_bytes(bytes(found.f_bavail * found.f_frsize - leave))
    return ballast


def state_of(engine: Engine) -> str:
    return engine.governor.latest.state


def archived(engine: Engine) -> int:
    return engine.governor.latest.episodes.get("archived", 0)


def polls(engine: Engine) -> int:
    return engine.telemetry.totals()[0].get("polls", 0)


def test_downloads_wait_below_the_reserve_while_polls_go_on(host: PodcastHost, disk: Path) -> None:
    url = show(host, "a", count=3)
    settings = keeping(disk, 10 * MIB)
    with archives.changing(settings):
        pass
    ballast = fill(disk, leave=9 * MIB)
    with running(settings, url) as engine:
        wait_for(lambda: polls(engine) >= 1)
        wait_for(lambda: state_of(engine) == "degraded")
        assert "downloads wait for space" in engine.governor.latest.reason
        engine.commands.apply(CheckFeeds())
        wait_for(lambda: polls(engine) >= 2)
        assert [served for served in host.requests if "/media/" in served.path] == []
        # More than the reserve, but not a tenth more: it still waits.
        ballast.unlink()
        ballast = fill(disk, leave=10 * MIB + MIB // 2)
        wait_for(lambda: engine.space.look() or True)
        assert state_of(engine) == "degraded"
        ballast.unlink()
        wait_for(lambda: archived(engine) == 3)
        wait_for(lambda: state_of(engine) == "running")
        assert engine.governor.latest.reason == ""
        kinds = [event.kind for event in engine.events.watch(0, 0).events]
        assert kinds.count("low_space") == kinds.count("space_back") == 1
    for row in episodes_of(settings):
        assert stored(settings, row)
        assert row["attempts"] == 1


def test_a_download_that_does_not_fit_waits_alone_and_asks_nobody(
    host: PodcastHost, disk: Path
) -> None:
    """The large one is declared by its feed, so that not even a request is made for it."""
    large = show(host, "large", size=6 * MIB, address="127.0.0.10")
    small = show(host, "small", count=3)
    settings = keeping(disk, 4 * MIB)
    with archives.changing(settings):
        pass
    ballast = fill(disk, leave=9 * MIB)
    with running(settings, large, small) as engine:
        wait_for(lambda: archived(engine) == 3)
        wait_for(lambda: not engine.schedule.running())
        assert state_of(engine) == "running"
        assert host.asked(media_path("large", 1)) == []
        (row,) = [row for row in episodes_of(settings) if row["state"] != "archived"]
        assert (row["state"], row["family"], row["attempts"]) == ("pending", "system", 0)
        assert "6.3 MB are needed" in row["error"]
        assert rows(settings, "feeds")[0]["consecutive_failures"] == 0
        ballast.unlink()
        wait_for(lambda: archived(engine) == 4)
        assert engine.telemetry.totals()[0]["failed"] == 0


@pytest.mark.parametrize("way", ["skip", "cancel", "retire"])
def test_downloads_that_do_not_fit_and_are_given_up_hold_no_others(
    host: PodcastHost, disk: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(space_guard, "MOST_REFUSED", 2)
    large = show(host, "large", count=2, size=6 * MIB, address="127.0.0.10")
    small = show(host, "small", count=3)
    settings = keeping(disk, 4 * MIB)
    with archives.changing(settings):
        pass
    fill(disk, leave=9 * MIB)
    with running(settings, large) as engine:
        wait_for(lambda: engine.space.is_closed)
        engine.commands.apply(AddFeeds(data=small.encode()))
        wait_for(lambda: engine.governor.latest.episodes.get("pending", 0) == 5)
        now = engine.services.clock.now_ms()
        skip = DecideEpisodes(episode_ids=(1, 2), decision=EpisodeDecision.SKIP, at=now)
        retire = FeedAsk(feed_ids=(1,), decision=FeedDecision.RETIRE, actor="screen")
        commands: dict[str, Command] = {
            "skip": Carry((skip,)),
            "cancel": CancelDownloads((1, 2)),
            "retire": ActOnFeeds(retire),
        }
        assert engine.commands.apply(commands[way]).ok
        wait_for(lambda: archived(engine) == 3)


def test_downloads_that_run_together_are_not_promised_the_same_space(
    host: PodcastHost, disk: Path
) -> None:
    urls = [
        show(host, name, {1: good(name, 1, 5 * MIB, rate=2 * MIB)}, address=f"127.0.3.{n}",
             size=5 * MIB)
        for n, name in enumerate("abc", 1)
    ]  # fmt: skip
    settings = keeping(disk, 4 * MIB)
    with archives.changing(settings) as archive:
        add_feeds(archive, *urls)
    fill(disk, leave=16 * MIB)
    done = once(settings)
    assert done.returncode == 7
    assert "a download does not fit into the" in done.stderr
    assert "make room" in done.stderr
    assert sorted(row["state"] for row in episodes_of(settings)) == [
        "archived", "archived", "pending",
    ]  # fmt: skip
    found = os.statvfs(disk)
    assert found.f_bavail * found.f_frsize >= 4 * MIB


def test_a_download_that_runs_stops_at_half_of_the_reserve_and_goes_on_later(
    host: PodcastHost, disk: Path
) -> None:
    """Another program fills the disk meanwhile; what is durable is not fetched again."""
    size = 14 * MIB
    url = show(host, "a", {1: good("a", 1, size, rate=4 * MIB)}, size=size)
    settings = keeping(disk, 6 * MIB)
    with running(settings, url) as engine:
        wait_for(lambda: any(w.done > MIB for w in engine.telemetry.workers()))
        ballast = fill(disk, leave=9 * MIB)
        wait_for(lambda: state_of(engine) == "degraded")
        wait_for(lambda: not engine.schedule.running())
        (row,) = episodes_of(settings)
        assert (row["state"], row["family"]) == ("pending", "system")
        ballast.unlink()
        wait_for(lambda: archived(engine) == 1)
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, size)
    first, second = host.asked(media_path("a", 1))
    assert (first.status, second.status) == (200, 206)
    assert first.sent + second.sent <= size + 2 * MIB


def test_once_below_the_reserve_polls_and_says_what_waits(host: PodcastHost, disk: Path) -> None:
    settings = keeping(disk, 10 * MIB)
    with archives.changing(settings) as archive:
        add_feeds(archive, show(host, "a", count=2))
    ballast = fill(disk, leave=9 * MIB)
    done = once(settings)
    assert done.returncode == 7
    said = [line for line in done.stderr.splitlines() if line.startswith("podfetch:")]
    assert len(said) == 1
    assert "downloads wait for space" in said[0]
    assert "make room" in said[0]
    assert len(host.asked("/a.xml")) == 1
    assert {row["state"] for row in episodes_of(settings)} == {"pending"}
    ballast.unlink()
    assert once(settings).returncode == 0
    assert len(files_in(settings)) == 4


def test_without_room_for_a_catalogue_elsewhere_not_even_polls_start(
    host: PodcastHost, tmp_path: Path
) -> None:
    """It needs a hundredth of its disk at least; whatever is done has to be written down."""
    base = tmp_path / "base"
    place = {"catalog": str(base / "catalog.db"), "min_free": 2 * MIB, "min_free_percent": 100.0}
    settings = settings_for(tmp_path / "archive", archive=place)
    url = show(host, "a")
    with small_disk(base, "128m"), running(settings, url) as engine:
        wait_for(lambda: archived(engine) == 1)
        ballast = fill(base, leave=300_000)
        wait_for(lambda: engine.space.stops_all)
        engine.commands.apply(CheckFeeds())
        before = len(host.asked("/a.xml"))
        wait_for(lambda: "waits for space for the catalogue" in engine.governor.latest.reason)
        assert state_of(engine) == "degraded"
        assert len(host.asked("/a.xml")) == before
        ballast.unlink()
        wait_for(lambda: len(host.asked("/a.xml")) > before)
        wait_for(lambda: state_of(engine) == "running")


def once(settings: Settings) -> subprocess.CompletedProcess[str]:
    archive = settings.archive
    sets = {
        "archive.min_free": f"{archive.min_free} B",
        "archive.min_free_percent": "100 %",
        "network.allow_private": "127.0.0.0/8",
    }
    words = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    return podfetch(*words, "--archive", archive.root, "--once")
