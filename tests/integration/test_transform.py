"""Tags and transcodes: further files of what is archived, whatever ``ffmpeg`` does."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import fake_ffmpeg
from support.archive import rows, run_once, settings_for
from support.fake_ffmpeg import ffmpeg_that
from support.mounts import small_disk
from support.pictures import png

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.engine.engine import Engine
from podfetch_tui.media.budget import Budget
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline import transform

SIZE = 200_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


@pytest.fixture
def nothing_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``ffmpeg`` comes with a package either."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)


def plain(body: bytes) -> bytes:
    return re.sub(rb"<itunes:image[^>]*>\n", b"", body)


def serve(host: PodcastHost, count: int = 1, *, covers: bool = False) -> str:
    base = host.url("/media/{n}.mp3", "127.0.0.9")
    entries = feeds.items("show", count, base, length=SIZE, notes_bytes=50)
    for number in range(1, count + 1):
        path = f"/media/{number}.mp3"
        host.table.routes[path] = Route(body=Media(path, SIZE), content_type="audio/mpeg")
    body = feeds.rss("The show", entries)
    pictures = host.url("/covers", "127.0.0.9").encode() if covers else b""
    body = re.sub(rb"https://shows.example/covers", pictures, body) if covers else plain(body)
    for number in range(1, count + 1):
        host.table.routes[f"/covers/{number}.jpg"] = Route(body=png(), content_type="image/jpeg")
    host.table.routes["/show.xml"] = Route(body=body, etag='"1"')
    return host.url("/show.xml", "127.0.0.9")


def tagging(root: Path, **media: Any) -> Settings:
    return settings_for(root, media={"transform": "tags", **media})


def only(settings: Settings) -> dict[str, Any]:
    (row,) = rows(settings, "episodes")
    return row


def is_untouched(settings: Settings) -> bool:
    row = only(settings)
    stored = Path(settings.archive.root, row["path"]).read_bytes()
    return bool(
        row["state"] == "archived"
        and stored == Media("/media/1.mp3", SIZE).read(0, SIZE)
        and hashlib.sha256(stored).hexdigest() == row["sha256"]
    )


def left_in_parts(settings: Settings) -> list[str]:
    return [path.name for path in Path(settings.archive.root, ".podfetch", "parts").iterdir()]


def partial(settings: Settings) -> dict[str, Any]:
    (found,) = [e for e in rows(settings, "events") if e["kind"] == "episode_partial"]
    return found


def test_a_tagged_copy_lies_beside_the_original_with_a_row_and_a_digest(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    settings = tagging(tmp_path / "a")
    run_once(settings, serve(host))
    row = only(settings)
    assert row["derivatives"] == ["sidecar:done", "tags:done"]
    assert is_untouched(settings)
    made = Path(settings.archive.root, row["path"].removesuffix(".mp3") + ".tagged.mp3")
    sidecar = json.loads(Path(settings.archive.root, row["path"] + ".json").read_bytes())
    (entry,) = sidecar["derivatives"]
    assert Path(settings.archive.root, entry["path"]) == made
    assert entry["kind"] == "tags"
    assert entry["media_type"] == "audio/mpeg"
    assert entry["bytes"] == made.stat().st_size
    assert entry["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    assert left_in_parts(settings) == []


def test_a_name_that_is_taken_is_left_to_its_owner(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    url = serve(host)
    twin = settings_for(tmp_path / "twin")
    run_once(twin, url)
    settings = tagging(tmp_path / "a")
    run_once(settings)  # makes the archive
    taken = Path(settings.archive.root, only(twin)["path"].removesuffix(".mp3") + ".tagged.mp3")
    taken.parent.mkdir()
    taken.write_bytes(b"somebody's")
    run_once(settings, url)
    assert only(settings)["derivatives"] == ["sidecar:done", "tags:done"]
    assert taken.read_bytes() == b"somebody's"
    assert taken.with_name(taken.name.replace(".mp3", " (2).mp3")).stat().st_size == SIZE


FAILURES = {
    "crashes": (fake_ffmpeg.CRASHES, "Invalid data found"),
    "is killed": (fake_ffmpeg.IS_KILLED, "was killed by signal 9"),
    "hangs": (fake_ffmpeg.HANGS, "took too long"),
    "lies": (fake_ffmpeg.LIES, "not mp3"),
    "leaves nothing": (fake_ffmpeg.LEAVES_NOTHING, "is empty"),
    "stops short": (fake_ffmpeg.STOPS_SHORT, "cut short"),
}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.usefixtures("nothing_bundled")
def test_an_ffmpeg_that_fails_leaves_the_original_and_is_asked_again_without_a_download(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    does, says = FAILURES[how]
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", does))
    if how == "hangs":
        monkeypatch.setattr(transform, "transform_budget", lambda *_, **__: Budget(1.5, 5))
    settings = tagging(tmp_path / "a")
    engine = run_once(settings, serve(host))
    assert engine.telemetry.totals()[0]["partial"] == 1
    assert only(settings)["derivatives"] == ["sidecar:done", "tags:failed"]
    assert is_untouched(settings)
    assert left_in_parts(settings) == []
    event = partial(settings)
    assert (event["code"], event["family"]) == ("tags_transform_failed", "malformed")
    assert says in event["text"]

    finish_without_a_download(host, settings, tmp_path, monkeypatch)


def finish_without_a_download(
    host: PodcastHost, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    host.requests.clear()
    engine = run_once(settings)
    assert host.requests == []
    assert only(settings)["derivatives"] == ["sidecar:done", "tags:done"]
    assert is_untouched(settings)
    assert left_in_parts(settings) == []
    derived = [e for e in rows(settings, "events") if e["kind"] == "episode_derived"]
    assert len(derived) == 1
    return engine


@pytest.mark.usefixtures("nothing_bundled")
def test_an_ffmpeg_that_is_not_there_is_partial_and_found_when_it_comes(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    settings = tagging(tmp_path / "a")
    run_once(settings, serve(host))
    assert only(settings)["derivatives"] == ["sidecar:done", "tags:failed"]
    event = partial(settings)
    assert (event["code"], event["family"]) == ("tags_no_program", "system")
    assert "install it, or PodFetch's extra [ffmpeg]" in event["text"]
    finish_without_a_download(host, settings, tmp_path, monkeypatch)


def test_an_ffmpeg_cannot_change_the_original(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("needs Landlock")
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.TOUCHES_THE_ORIGINAL))
    settings = tagging(tmp_path / "a")
    run_once(settings, serve(host))
    assert only(settings)["derivatives"] == ["sidecar:done", "tags:done"]
    assert is_untouched(settings)


@pytest.mark.root
@pytest.mark.usefixtures("nothing_bundled")
@pytest.mark.parametrize(
    "does", [fake_ffmpeg.FILLS_THE_DISK, fake_ffmpeg.FILLS_IT_WITHOUT_A_WORD], ids=["told", "not"]
)
def test_a_disk_that_is_full_while_deriving_pauses_and_blames_nobody(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    url = serve(host)
    with small_disk(tmp_path / "a", "12m") as root, monkeypatch.context() as patched:
        patched.setenv("PATH", ffmpeg_that(tmp_path / "bin", does))
        settings = settings_for(
            root, media={"transform": "tags"}, archive={"catalog": str(tmp_path / "books.db")}
        )
        engine = run_once(settings, url)
        assert engine.end.exit_code == 7
        assert "no room for what ffmpeg made" in engine.end.text
        assert only(settings)["derivatives"] == ["sidecar:pending", "tags:failed"]
        assert is_untouched(settings)
        assert left_in_parts(settings) == []
        event = partial(settings)
        assert (event["code"], event["family"]) == ("tags_disk_full", "system")
        (feed,) = rows(settings, "feeds")
        assert (feed["consecutive_failures"], feed["breaker"]) == (0, "closed")
        finish_without_a_download(host, settings, tmp_path, patched)


@pytest.mark.root
@pytest.mark.usefixtures("nothing_bundled")
def test_a_disk_filled_under_the_catalogue_too_loses_nothing(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(host)
    with small_disk(tmp_path / "a", "12m") as root, monkeypatch.context() as patched:
        patched.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.FILLS_THE_DISK))
        settings = tagging(root)
        assert run_once(settings, url).end.exit_code == 7
        assert is_untouched(settings)
        finish_without_a_download(host, settings, tmp_path, patched)


def test_a_setting_that_is_switched_off_takes_back_what_was_not_made(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.CRASHES))
    settings = tagging(tmp_path / "a")
    run_once(settings, serve(host))
    run_once(settings_for(tmp_path / "a"))
    assert only(settings)["derivatives"] == ["sidecar:done"]


def test_what_is_archived_before_the_setting_is_left_alone(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    run_once(settings_for(tmp_path / "a"), serve(host))
    settings = tagging(tmp_path / "a")
    run_once(settings)
    assert only(settings)["derivatives"] == ["sidecar:done"]
