"""``episodes derive``: what lies beside a file is made later, or mended, without a download."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import fake_ffmpeg
from support.archive import rows, run_once, settings_for
from support.fake_ffmpeg import ffmpeg_that
from support.pictures import png
from support.program import podfetch as in_process

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.settings import Settings

SIZE = 60_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, count: int = 2) -> str:
    items = ""
    for number in range(1, count + 1):
        path = f"/media/{number}.mp3"
        host.table.routes[path] = Route(body=Media(path, SIZE))
        items += (
            f"<item><title>Part {number}</title><guid>{number}</guid>"
            f'<enclosure url="{host.url(path, "127.0.0.9")}" type="audio/mpeg"/></item>'
        )
    host.table.routes["/c.png"] = Route(body=png())
    image = f"<image><url>{host.url('/c.png', '127.0.0.9')}</url></image>"
    body = f"<rss version='2.0'><channel><title>Show</title>{image}{items}</channel></rss>"
    host.table.routes["/show.xml"] = Route(body=body.encode())
    return host.url("/show.xml", "127.0.0.9")


def podfetch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    sets = ("--set", "media.transform=tags", "--set", "media.extras=cover")
    return in_process("--archive", str(root), *sets, *words)


def tagging(root: Path) -> Settings:
    return settings_for(root, media={"transform": "tags", "extras": ("cover",)})


def made(settings: Settings) -> list[list[str]]:
    return [row["derivatives"] for row in rows(settings, "episodes")]


ALL = ["cover:done", "sidecar:done", "tags:done"]


def test_what_a_setting_asks_for_later_is_made_on_request(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a"
    run_once(settings_for(root), serve(host))
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    assert podfetch(root, "episodes", "derive", "state:archived").returncode == 2  # nobody to ask
    shown = podfetch(root, "episodes", "derive", "state:archived", "--dry-run", "--json")
    assert json.loads(shown.stdout)["due"] == 2
    assert made(tagging(root)) == [["sidecar:done"]] * 2
    done = podfetch(root, "episodes", "derive", "state:archived", "--yes")
    assert (done.returncode, done.stderr) == (0, "2 episodes due\n")
    host.requests.clear()
    run_once(tagging(root))
    assert made(tagging(root)) == [ALL] * 2
    assert {request.path for request in host.requests} == {"/c.png"}
    verified = podfetch(root, "verify", "--deep", "--json")
    report = json.loads(verified.stdout)
    assert (verified.returncode, report["checked"], report["foreign"]) == (0, 7, 0)


def test_what_is_damaged_or_missing_is_found_and_mended_in_its_place(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a"
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    run_once(tagging(root), serve(host))
    before = {path.name: path.read_bytes() for path in (root / "Show").iterdir()}
    damaged = root / "Show" / "undated Part 1.tagged.mp3"
    damaged.write_bytes(b"?" * damaged.stat().st_size)
    (root / "Show" / "cover.png").unlink()
    (root / "Show" / "undated Part 2.mp3.json").unlink()

    found = podfetch(root, "verify", "--deep", "--list", "--json")
    assert found.returncode == 6
    items = json.loads(found.stdout)["items"]
    assert {(item["kind"], item["problem"]) for item in items} == {
        ("tags", "mismatched"),
        ("cover", "missing"),
        ("sidecar", "missing"),
    }
    assert "episodes derive" in found.stderr

    assert podfetch(root, "episodes", "derive", "state:archived", "--yes").returncode == 0
    host.requests.clear()
    run_once(tagging(root))
    assert {request.path for request in host.requests} == {"/c.png"}
    assert made(tagging(root)) == [ALL] * 2
    assert podfetch(root, "verify", "--deep").returncode == 0
    after = {path.name: path.read_bytes() for path in (root / "Show").iterdir()}
    assert after.keys() == before.keys()
    media = [name for name in before if not name.endswith(".json")]
    assert {name: after[name] for name in media} == {name: before[name] for name in media}
    (kept,) = (root / ".podfetch" / "rejected").iterdir()
    assert kept.read_bytes().strip(b"?") == b""


def test_an_episode_without_a_file_has_nothing_to_derive(host: PodcastHost, tmp_path: Path) -> None:
    root = tmp_path / "a"
    run_once(settings_for(root, engine={"download_workers": 0}), serve(host, 1))
    done = podfetch(root, "episodes", "derive", "1")
    assert done.returncode == 1
    assert "episode 1 is pending" in done.stderr


def test_a_deletion_leaves_a_cover_that_others_have(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a"
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    run_once(tagging(root), serve(host))
    assert podfetch(root, "episodes", "delete", "1").returncode == 0
    names = sorted(path.name for path in (root / "Show").iterdir())
    stem = "undated Part " + ("2" if "undated Part 2.mp3" in names else "1")
    assert names == ["cover.png", f"{stem}.mp3", f"{stem}.mp3.json", f"{stem}.tagged.mp3"]
    assert podfetch(root, "verify", "--deep").returncode == 0
