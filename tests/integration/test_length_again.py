"""A file whose length was never declared: its host is asked once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import rows, run_once, settings_for

from podfetch_tui.catalog.derivatives import derivatives_of
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.derivatives import DeriveEpisodes
from podfetch_tui.model.settings import Settings
from podfetch_tui.system.clock import Clock

SIZE = 60_000
ADDRESS = "127.0.0.9"


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def archived(host: PodcastHost, root: Path, *, framing: str = "chunked") -> Settings:
    body = Route(body=Media("/1.mp3", SIZE), content_type="audio/mpeg", framing=framing)
    host.table.routes["/1.mp3"] = body
    url = host.url("/1.mp3", ADDRESS)
    document = (
        "<rss version='2.0'><channel><title>Show</title><item><title>One</title><guid>1</guid>"
        f"<enclosure url='{url}' type='audio/mpeg'/></item></channel></rss>"
    )
    host.table.routes["/f.xml"] = Route(body=document.encode())
    settings = settings_for(root)
    run_once(settings, host.url("/f.xml", ADDRESS))
    return settings


def ask_now(settings: Settings) -> None:
    with archives.changing(settings) as archive:
        write = DeriveEpisodes(episode_ids=(1,), kinds=(), at=archive.clock.now_ms())
        archive.writer.submit(write).result()
    run_once(settings)


def episode(settings: Settings) -> tuple[str, str, list[str], str]:
    """Validity in the catalogue and in the sidecar, derivatives, what the last outcome says."""
    (row,) = rows(settings, "episodes")
    said = [event["text"] for event in rows(settings, "events")]
    (side,) = Path(settings.archive.root, "Show").glob("*.json")
    beside = json.loads(side.read_text())["media"]["validity"]
    return row["validity"], beside, row["derivatives"], said[-1]


def test_it_is_asked_within_a_day(host: PodcastHost, tmp_path: Path) -> None:
    settings = archived(host, tmp_path / "a")
    validity, beside, made, _ = episode(settings)
    assert (validity, beside, made) == (
        "unverified",
        "unverified",
        ["length:pending", "sidecar:done"],
    )
    with archives.reading(settings) as (_, catalog):
        now = Clock().now_ms()
        waits = [row.next_attempt_at for row in derivatives_of(catalog, 1) if row.kind == "length"]
    assert waits[0] is not None
    assert 11 * 3600 * 1000 < waits[0] - now < 24 * 3600 * 1000
    before = len(host.requests)
    run_once(settings)
    assert len(host.requests) == before, "it is not time yet"
    assert episode(settings)[2] == ["length:pending", "sidecar:done"]


@pytest.mark.parametrize(
    ("now", "validity", "says"),
    [
        (Route(body=Media("/1.mp3", SIZE)), "valid", "its length is what the host declares"),
        (
            Route(body=Media("/1.mp3", SIZE + 9_000)),
            "suspect",
            "has 60,000 of the 69,000 bytes that its host declares",
        ),
        (Route(body=Media("/1.mp3", SIZE - 9_000)), "unverified", "its length is still not known"),
        (
            Route(body=Media("/1.mp3", SIZE), framing="chunked"),
            "unverified",
            "its length is still not known",
        ),
        (Route(status=404), "unverified", "its length is still not known: http_status 404"),
    ],
    ids=["same", "more", "fewer", "unknown", "gone"],
)
def test_what_the_host_says_then_counts(
    host: PodcastHost, tmp_path: Path, now: Route, validity: str, says: str
) -> None:
    settings = archived(host, tmp_path / "a")
    (file,) = (tmp_path / "a" / "Show").glob("*.mp3")
    before = file.read_bytes()
    host.table.routes["/1.mp3"] = now
    ask_now(settings)
    got, beside, made, said = episode(settings)
    assert (got, beside, made) == (validity, validity, ["sidecar:done"])
    assert says in said
    assert file.read_bytes() == before


def test_a_file_whose_length_was_declared_is_not_asked_for(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = archived(host, tmp_path / "a", framing="length")
    assert episode(settings)[:3] == ("valid", "valid", ["sidecar:done"])


def test_a_host_that_does_not_answer_is_asked_again_later(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = archived(host, tmp_path / "a")
    host.table.routes["/1.mp3"] = Route(status=503)
    ask_now(settings)
    assert episode(settings)[2] == ["length:failed", "sidecar:done"]
    host.table.routes["/1.mp3"] = Route(body=Media("/1.mp3", SIZE))
    ask_now(settings)
    assert episode(settings)[:3] == ("valid", "valid", ["sidecar:done"])
