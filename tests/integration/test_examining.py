"""What is said of a file before it is recorded, through whole runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import rows, run_once, settings_for
from support.program import ON_LOOPBACK, podfetch

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.feeds import BYTES_PER_S
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route

SECONDS = 100
ADDRESS = "127.0.0.9"


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def publish(host: PodcastHost, duration: str) -> str:
    body = Route(body=Media("/1.mp3", SECONDS * BYTES_PER_S), content_type="audio/mpeg")
    host.table.routes["/1.mp3"] = body
    document = (
        "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel>"
        "<title>Show</title><item><title>One</title><guid>1</guid>"
        f"<itunes:duration>{duration}</itunes:duration>"
        f"<enclosure url='{host.url('/1.mp3', ADDRESS)}' type='audio/mpeg'/></item></channel></rss>"
    )
    host.table.routes["/f.xml"] = Route(body=document.encode())
    return host.url("/f.xml", ADDRESS)


@pytest.mark.parametrize(
    ("declared", "validity"),
    [
        ("1:00:00", "suspect"),
        ("5:00", "suspect"),
        ("1:41", "valid"),
        ("2:30", "valid"),  # other advertisements
        ("0:30", "valid"),
        ("100:00", "valid"),  # h:mm for m:ss
        ("", "valid"),
    ],
)
def test_a_file_far_shorter_than_its_feed_declares_is_kept_and_suspect(
    host: PodcastHost, tmp_path: Path, declared: str, validity: str
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, publish(host, declared))
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["validity"]) == ("archived", validity)
    assert row["duration_s"] == pytest.approx(SECONDS, abs=2)


def test_no_engine_starts_where_its_prober_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    root = ("--archive", str(tmp_path / "archive"))
    done = podfetch(*root, "--set", "media.prober=ffprobe", "--no-ui", "--once")
    assert done.returncode == 3
    assert "install FFmpeg, or set media.prober = libav" in done.stderr
    unasked = ("--set", "media.prober=ffprobe", "--set", "media.validate=off")
    assert podfetch(*root, *ON_LOOPBACK, *unasked, "--no-ui", "--once").returncode == 0


def test_a_prober_that_went_away_costs_no_download_and_no_file_its_good_name(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = settings_for(tmp_path / "archive", media={"prober": "ffprobe"})
    run_once(settings, publish(host, "1:40"))
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["family"], row["attempts"]) == ("failed", "system", 0)
    assert "install FFmpeg" in row["error"]
    assert host.asked("/1.mp3") == []
    settings = settings_for(tmp_path / "archive")
    again = podfetch("--archive", settings.archive.root, "episodes", "retry", "1")
    assert again.returncode == 0, again.stderr
    run_once(settings)
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["validity"]) == ("archived", "valid")
