"""A disk that is full or read-only: everything waits, nobody is blamed, work goes on by itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import add_feeds, rows, settings_for
from support.mounts import small_disk
from support.permissions import obeying_permissions
from support.program import ON_LOOPBACK, podfetch
from support.wait import wait_for

from podfetch_tui.catalog.connections import PAGE_SIZE
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.commands import CheckFeeds, Command
from podfetch_tui.model.settings import Settings

SIZE = 1_200_000
RATE = 3_000_000
MIB = 1024**2


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, count: int, *, size: int = SIZE, rate: int | None = RATE) -> str:
    address = "127.0.0.9"
    entries = feeds.items("one", count, host.url("/one/{n}.mp3", address), length=size)
    for number in range(1, count + 1):
        path = f"/one/{number}.mp3"
        host.table.routes[path] = Route(
            body=Media(path, size), content_type="audio/mpeg", etag=f'"{number}"', rate=rate
        )
    host.table.routes["/one.xml"] = Route(body=feeds.rss("The one show", entries), etag='"1"')
    return host.url("/one.xml", address)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Fill a file system but for ``leave`` bytes; deleting the file returns the space."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        found = os.statvfs(disk)
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - leave)))
    return ballast


@contextlib.contextmanager
def engine_over(settings: Settings, url: str) -> Iterator[Engine]:
    with archives.changing(settings) as archive:
        add_feeds(archive, url)
        with compose.engine_on(archive, settings) as engine:
            yield engine


def state_of(engine: Engine) -> str:
    return engine.governor.latest.state


def is_streaming(engine: Engine) -> bool:
    return any(worker.phase == "stream" for worker in engine.telemetry.workers())


def archived(engine: Engine) -> int:
    return engine.governor.latest.episodes.get("archived", 0)


def assert_nobody_is_blamed(settings: Settings) -> None:
    (feed,) = rows(settings, "feeds")
    assert (feed["consecutive_failures"], feed["last_error"], feed["failed"]) == (0, None, 0)
    for row in rows(settings, "episodes"):
        done = row["state"] in ("archived", "claimed")
        # One whose bytes are whole stays sealed also when an attempt did not count.
        assert row["attempts"] in ((0, 1) if row["state"] == "sealed" else (int(done),)), row


def assert_clean(root: Path, episodes: int) -> None:
    done = podfetch("--archive", str(root), "verify", "--deep", "--list", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, found
    assert found["ok"] == found["checked"] >= episodes
    assert (found["missing"], found["mismatched"], found["foreign"], found["parts"]) == (0, 0, 0, 0)


@pytest.mark.root
def test_a_disk_that_fills_up_in_the_middle_of_downloads_stops_nothing_for_good(
    host: PodcastHost, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        settings = settings_for(disk / "archive")
        with engine_over(settings, serve(host, 6)) as engine:
            wait_for(lambda: is_streaming(engine))
            ballast = fill(disk)
            wait_for(lambda: state_of(engine) == "degraded")
            assert "make room" in engine.governor.latest.reason
            wait_for(lambda: not engine.schedule.running())
            assert_nobody_is_blamed(settings)
            ballast.unlink()
            wait_for(lambda: archived(engine) == 6, 60)
            assert (state_of(engine), engine.governor.latest.reason) == ("running", "")
            assert engine.telemetry.totals()[0]["failed"] == 0
        kinds = [event.kind for event in engine.events.watch(0, 0).events]
        assert kinds.count("system_trouble") == kinds.count("system_recovered") >= 1
        assert_nobody_is_blamed(settings)
        assert_clean(disk / "archive", 6)


@pytest.mark.root
def test_a_catalogue_whose_disk_is_full_forgets_no_episode(
    host: PodcastHost, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        settings = settings_for(tmp_path / "archive", archive={"catalog": str(disk / "catalog.db")})
        with engine_over(settings, serve(host, 4)) as engine:
            wait_for(lambda: is_streaming(engine))
            ballast = fill(disk)
            wait_for(lambda: state_of(engine) == "degraded")
            wait_for(lambda: not engine.schedule.running())
            # How many came to be archived before depends on how busy the machine is.
            assert_nobody_is_blamed(settings)
            ballast.unlink()
            wait_for(lambda: archived(engine) == 4, 60)
        assert {row["attempts"] for row in rows(settings, "episodes")} <= {1, 2}
        done = podfetch(
            "--archive",
            str(tmp_path / "archive"),
            "--set",
            f"archive.catalog={disk / 'catalog.db'}",
            "verify",
            "--deep",
        )
        assert done.returncode == 0, done.stdout
        assert "0 foreign, 0 parts, 0 unreadable" in done.stdout


@pytest.mark.parametrize("command", [CheckFeeds((1,)), CheckFeeds()])
def test_a_catalogue_that_cannot_be_read_any_more_ends_the_engine_with_exit_7(
    host: PodcastHost, tmp_path: Path, command: Command
) -> None:
    settings = settings_for(tmp_path / "archive")
    with engine_over(settings, serve(host, 1, rate=None)) as engine:
        wait_for(lambda: archived(engine) == 1)
        catalog = engine.services.catalog.path
        wait_for(lambda: catalog.with_name("catalog.db-wal").stat().st_size == 0)
        with catalog.open("r+b") as file:
            file.seek(PAGE_SIZE)
            file.write(bytes(catalog.stat().st_size - PAGE_SIZE))
        engine.commands.apply(command)
        wait_for(engine.finished.is_set)
        assert engine.end.exit_code == 7, engine.end.text
        assert "the catalogue is damaged; restore the newest backup" in engine.end.text


@pytest.mark.root
def test_once_on_a_full_disk_is_exit_7_with_one_sentence_and_the_next_run_finishes(
    host: PodcastHost, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "16m") as disk:
        root = str(disk / "archive")
        settings = settings_for(disk / "archive")
        url = serve(host, 4)
        assert podfetch(*ON_LOOPBACK, "--archive", root, "feeds", "add", url).returncode == 0
        ballast = fill(disk, leave=2 * MIB)
        done = podfetch(*ON_LOOPBACK, "--archive", root, "--once")
        assert done.returncode == 7, done.stderr
        said = [line for line in done.stderr.splitlines() if line.startswith("podfetch:")]
        assert len(said) == 1
        assert "make room" in said[0]
        assert root in said[0]
        assert_nobody_is_blamed(settings)
        ballast.unlink()
        done = podfetch(*ON_LOOPBACK, "--archive", root, "--once")
        assert done.returncode == 0, done.stderr
        assert_nobody_is_blamed(settings)
        assert_clean(disk / "archive", 4)


@pytest.mark.root
def test_a_disk_that_is_full_from_the_start_is_exit_7_with_one_sentence(
    host: PodcastHost, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        root = str(disk / "archive")
        url = serve(host, 2, size=300_000)
        assert podfetch(*ON_LOOPBACK, "--archive", root, "feeds", "add", url).returncode == 0
        ballast = fill(disk)
        for words in (["status"], ["--once"], ["feeds", "add", "http://feeds.example/"]):
            done = podfetch(*ON_LOOPBACK, "--archive", root, *words)
            if words == ["status"]:
                assert done.returncode == 0, done.stderr
                continue
            assert done.returncode == 7, (words, done.stderr)
            said = [line for line in done.stderr.splitlines() if line.startswith("podfetch:")]
            assert len(said) == 1
            assert "full" in said[0]
            assert "Traceback" not in done.stderr
        ballast.unlink()
        assert podfetch(*ON_LOOPBACK, "--archive", root, "--once").returncode == 0
        assert_clean(disk / "archive", 2)


def chmod_tree(root: Path, *, writable: bool) -> None:
    for folder in (root, *root.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755 if writable else 0o555)


def test_a_folder_made_read_only_is_exit_7_and_the_next_run_finishes(
    host: PodcastHost, tmp_path: Path
) -> None:
    root = tmp_path / "archive"
    settings = settings_for(root)
    url = serve(host, 3)
    preexec = obeying_permissions()
    assert podfetch(*ON_LOOPBACK, "--archive", str(root), "feeds", "add", url).returncode == 0
    chmod_tree(root, writable=False)
    try:
        done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    finally:
        chmod_tree(root, writable=True)
    assert done.returncode == 7, done.stderr
    assert done.stderr.count("podfetch:") == 1
    assert "permission" in done.stderr
    assert_nobody_is_blamed(settings)
    done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    assert done.returncode == 0, done.stderr
    assert_clean(root, 3)


def assert_original_stands(root: Path, row: dict[str, Any], host: PodcastHost) -> None:
    data = (root / row["path"]).read_bytes()
    assert data == Media("/one/1.mp3", len(data)).read(0, len(data))
    assert (row["state"], row["bytes"]) == ("archived", len(data))
    assert hashlib.sha256(data).hexdigest() == row["sha256"]


@pytest.mark.root
def test_a_disk_that_is_full_at_the_sidecar_is_partial_and_finished_without_a_download(
    host: PodcastHost, tmp_path: Path
) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    size = 40 * page
    with small_disk(tmp_path / "disk", "4m") as disk:
        root = disk / "archive"
        catalog = f"archive.catalog={tmp_path / 'catalog.db'}"
        options = (*ON_LOOPBACK, "--set", catalog, "--archive", str(root))
        settings = settings_for(root, archive={"catalog": str(tmp_path / "catalog.db")})
        url = serve(host, 1, size=size, rate=None)
        assert podfetch(*options, "feeds", "add", url).returncode == 0
        ballast = fill(disk, leave=size + page)  # the lock's text needs one
        done = podfetch(*options, "--once")
        assert done.returncode == 7, done.stderr
        assert "the disk is full: make room" in done.stderr
        (row,) = rows(settings, "episodes")
        assert row["derivatives"] == ["sidecar:failed"]
        assert_original_stands(root, row, host)
        codes = [(event["kind"], event["code"]) for event in rows(settings, "events")]
        assert ("episode_partial", "sidecar_disk_full") in codes
        ballast.unlink()
        host.requests.clear()
        done = podfetch(*options, "--once")
        assert done.returncode == 0, done.stderr
        assert host.requests == []
        (row,) = rows(settings, "episodes")
        assert row["derivatives"] == ["sidecar:done"]
        assert_original_stands(root, row, host)
        done = podfetch(*options, "verify", "--deep")
        assert (done.returncode, done.stdout.strip()) == (
            0,
            "2 checked, 2 ok, 0 missing, 0 mismatched, 0 foreign, 0 parts, 0 unreadable",
        )


def test_a_folder_that_is_read_only_at_the_sidecar_is_partial_and_finished_without_a_download(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = serve(host, 1, size=20_000, rate=None)
    preexec = obeying_permissions()
    twin, root = tmp_path / "twin", tmp_path / "archive"
    for folder in (twin, root):
        done = podfetch(*ON_LOOPBACK, "--archive", str(folder), "feeds", "add", url)
        assert done.returncode == 0, done.stderr
    assert podfetch(*ON_LOOPBACK, "--archive", str(twin), "--once").returncode == 0
    (row,) = rows(settings_for(twin), "episodes")
    in_the_way = root / f"{row['path']}.json"
    in_the_way.mkdir(parents=True)
    assert podfetch(*ON_LOOPBACK, "--archive", str(root), "--once").returncode == 1
    in_the_way.rmdir()
    in_the_way.parent.chmod(0o555)
    host.requests.clear()
    try:
        done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    finally:
        in_the_way.parent.chmod(0o755)
    settings = settings_for(root)
    assert done.returncode == 1, done.stderr
    codes = [(event["kind"], event["code"]) for event in rows(settings, "events")]
    assert codes[-1] == ("episode_partial", "sidecar_permission")
    (row,) = rows(settings, "episodes")
    assert_original_stands(root, row, host)
    done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    assert done.returncode == 0, done.stderr
    assert host.requests == []
    assert_clean(root, 1)


def test_one_folder_that_is_read_only_holds_up_its_own_feed_alone(
    host: PodcastHost, tmp_path: Path
) -> None:
    root = tmp_path / "archive"
    preexec = obeying_permissions()
    url = serve(host, 2, size=20_000, rate=None)
    assert podfetch(*ON_LOOPBACK, "--archive", str(root), "feeds", "add", url).returncode == 0
    folder = root / "The one show"
    folder.mkdir(mode=0o555)
    try:
        done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 1, done.stderr
    for row in rows(settings_for(root), "episodes"):
        assert (row["state"], row["family"]) == ("sealed", "system")
        assert "The one show" in row["error"] or "publish" in row["error"]
    host.requests.clear()
    done = podfetch(*ON_LOOPBACK, "--archive", str(root), "--once", preexec=preexec)
    assert done.returncode == 0, done.stderr
    assert [served.path for served in host.requests if "mp3" in served.path] == []
    assert_clean(root, 2)
