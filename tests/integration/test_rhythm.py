"""A feed is polled in its own rhythm, also when it has answered nothing but 304 since."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.podhost import serve

from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo import feeds as generated
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.feed import Rhythm
from podfetch_tui.model.settings import Settings

HOUR = timedelta(hours=1)


def wait_of(settings: Settings, began: datetime) -> timedelta:
    (row,) = rows(settings, "feeds")
    at: datetime = datetime.fromisoformat(row["next_poll_at"].replace("Z", "+00:00"))
    return at - began


def test_a_304_keeps_the_rhythm_the_document_gave(tmp_path: Path) -> None:
    now = datetime.now(tz=timezone.utc)
    entries = generated.items(
        "a",
        12,
        "http://127.0.0.1:9/{n}.mp3",
        length=99,
        first=now - 12 * 16 * HOUR,
        every=16 * HOUR,
    )
    body = generated.rss("A", entries, extra="<ttl>30</ttl>")
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    with serve({"/a.xml": Route(body=body, etag='"1"')}) as host:
        run_once(settings, host.url("/a.xml"))
        assert 3.5 * HOUR < wait_of(settings, now) < 4.5 * HOUR
        with archives.reading(settings) as (_, catalog):
            feed = get_feed(catalog, 1)
        assert feed is not None
        assert feed.rhythm == Rhythm(gap_ms=16 * 3_600_000, ttl_s=1800)
        make_due(settings)
        began = datetime.now(tz=timezone.utc)
        run_once(settings)
        assert [served.status for served in host.requests] == [200, 304]
        assert 3.5 * HOUR < wait_of(settings, began) < 4.5 * HOUR


@pytest.mark.parametrize("word", ["skipHours", "skipDays"])
def test_hours_and_days_of_rest_are_kept_in_the_catalogue(word: str, tmp_path: Path) -> None:
    extra = {
        "skipHours": "<skipHours><hour>3</hour><hour>4</hour></skipHours>",
        "skipDays": "<skipDays><day>Sunday</day></skipDays>",
    }[word]
    entries = generated.items("a", 1, "http://127.0.0.1:9/{n}.mp3", length=99)
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    with serve({"/a.xml": Route(body=generated.rss("A", entries, extra=extra))}) as host:
        run_once(settings, host.url("/a.xml"))
    with archives.reading(settings) as (_, catalog):
        feed = get_feed(catalog, 1)
    assert feed is not None
    assert (feed.rhythm.skip_hours, feed.rhythm.skip_days) == (
        (1 << 3 | 1 << 4, 0) if word == "skipHours" else (0, 1 << 6)
    )
