"""37: a signed URL that expires between the poll and the download."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import rows, run_once, settings_for
from support.shows import body_of, episodes_of, media_path, show, stored

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.model.settings import Settings

HOUR = 3_600_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


class Signer:
    """A host whose enclosure URLs hold until the next time somebody asks for the feed."""

    def __init__(self, host: PodcastHost, count: int = 1, *, forbidden: int | None = None) -> None:
        self.valid = 0
        self._forbidden = forbidden
        self._host = host
        self._count = count
        self.url = self.publish("0")
        feed = host.table.routes["/a.xml"]
        assert isinstance(feed, Route)
        host.table.routes["/a.xml"] = self._feed

    def publish(self, token: str) -> str:
        url_of = self._host.url(f"/media/a/{{n}}.mp3?Expires=1&Signature={token}", "127.0.0.9")
        made = show(self._host, "a", count=self._count, url_of=url_of)
        self._body = self._host.table.routes["/a.xml"]
        for number in range(1, self._count + 1):
            self._host.table.routes[media_path("a", number)] = self._media
        return made

    def _feed(self, request: Request) -> Route:
        self.publish(str(self.valid))
        feed, self._host.table.routes["/a.xml"] = self._host.table.routes["/a.xml"], self._feed
        assert isinstance(feed, Route)
        return feed

    def _media(self, request: Request) -> Route:
        path = request.path.partition("?")[0]
        number = int(path.rpartition("/")[2].partition(".")[0])
        signed = request.path.endswith(f"Signature={self.valid}")
        if not signed or number == self._forbidden:
            return Route(status=403, body=b"<Error>Request has expired</Error>")
        return Route(body=Media(path, 20_000), content_type="audio/mpeg")


def polled_only(settings: Settings, *urls: str) -> None:
    """Poll without downloading, then let an hour pass for what the catalogue remembers."""
    polling = settings_for(Path(settings.archive.root), engine={"download_workers": 0})
    run_once(polling, *urls)
    books = sqlite3.connect(Path(settings.archive.root) / ".podfetch" / "catalog.db")
    books.execute("UPDATE feed SET last_poll_at = last_poll_at - ?", (HOUR,))
    books.commit()
    books.close()


def test_37_the_feed_is_asked_for_a_fresh_url_and_the_episode_archived(
    host: PodcastHost, tmp_path: Path
) -> None:
    signer = Signer(host)
    settings = settings_for(tmp_path / "archive")
    polled_only(settings, signer.url)
    signer.valid = 1
    engine = run_once(settings)
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)
    assert len(host.asked("/a.xml")) == 2
    assert len([served for served in host.requests if "/media/" in served.path]) == 2
    assert rows(settings, "feeds")[0]["consecutive_failures"] == 0
    assert engine.telemetry.totals()[0]["failed"] == 0


def test_37_many_episodes_ask_their_feed_once(host: PodcastHost, tmp_path: Path) -> None:
    signer = Signer(host, 12)
    settings = settings_for(tmp_path / "archive")
    polled_only(settings, signer.url)
    signer.valid = 1
    run_once(settings)
    assert {row["state"] for row in episodes_of(settings)} == {"archived"}
    assert len(host.asked("/a.xml")) == 2


def test_37_what_is_forbidden_with_a_fresh_url_too_is_left_for_later(
    host: PodcastHost, tmp_path: Path
) -> None:
    signer = Signer(host, 2, forbidden=1)
    settings = settings_for(tmp_path / "archive")
    polled_only(settings, signer.url)
    signer.valid = 1
    engine = run_once(settings)
    first, second = episodes_of(settings)
    assert second["state"] == "archived"
    assert first["state"] == "failed"
    assert "http_403" in first["error"]
    assert len(host.asked("/a.xml")) == 2
    assert engine.telemetry.totals()[0]["failed"] == 1


def test_37_a_url_without_a_signature_is_no_reason_to_ask_again(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    polled_only(settings, show(host, "a", {1: Route(status=403, body=b"no")}))
    run_once(settings)
    (row,) = episodes_of(settings)
    assert row["state"] == "failed"
    assert len(host.asked("/a.xml")) == 1
