"""What a start makes of rows that the process before it left."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import run_once, running, settings_for
from support.shows import SIZE, body_of, episodes_of, good, media_path, show, stored
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, too_many_requests
from podfetch_tui.model.commands import Carry
from podfetch_tui.model.host_writes import ReleaseHosts
from podfetch_tui.model.media import MediaInfo, Validity
from podfetch_tui.model.writes import Claim, Seal


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def test_a_kill_before_the_row_refers_to_the_same_bytes_costs_no_second_download(
    host: PodcastHost, tmp_path: Path
) -> None:
    """The second name could not be linked, the part is gone, and the row is still sealed."""
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a"))
    (first,) = episodes_of(settings)
    polls_only = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    run_once(polls_only, show(host, "b", {1: good("a", 1)}))
    body = body_of("a", 1)
    with archives.changing(settings) as archive:
        at, path = archive.clock.now_ms(), "The b show/one.mp3"
        claim = Claim(episode_id=2, part="2-0.part", path=path, at=at)
        archive.writer.submit(claim).result()
        seal = Seal(
            episode_id=2,
            sha256=hashlib.sha256(body).digest(),
            size=SIZE,
            path=path,
            media_type="audio/mpeg",
            info=MediaInfo(container="mp3"),
            validity=Validity.VALID,
            at=at,
        )
        archive.writer.submit(seal).result()
    run_once(settings)
    _, second = episodes_of(settings)
    assert stored(settings, second) == body
    assert second["path"] == first["path"]
    assert host.asked(media_path("b", 1)) == []


def test_what_was_in_flight_at_a_host_that_tells_us_to_wait_is_not_forgotten(
    host: PodcastHost, tmp_path: Path
) -> None:
    asked = itertools.count()

    def answer(request: Request) -> Route:
        number = int(request.path.rpartition("/")[2].removesuffix(".mp3"))
        return good("a", number) if next(asked) else too_many_requests(7200)

    polls_only = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    run_once(polls_only, show(host, "a", dict.fromkeys((1, 2, 3), answer), count=3))
    with archives.changing(polls_only) as archive:
        for number in (1, 2, 3):
            part, path = f"{number}-0.part", f"The a show/{number}.mp3"
            claim = Claim(episode_id=number, part=part, path=path, at=archive.clock.now_ms())
            archive.writer.submit(claim).result()
    settings = settings_for(tmp_path / "archive", engine={"per_host": 1})
    with running(settings) as engine:
        wait_for(lambda: engine.governor.latest.hosts and not engine.schedule.running())
        (waits,) = engine.governor.latest.hosts
        engine.services.writer.flush()
        states = [row["state"] for row in episodes_of(settings)]
        assert sorted(states) == ["claimed", "claimed", "pending"]
        release = ReleaseHosts(hosts=(waits.host,), at=engine.services.clock.now_ms())
        assert engine.commands.apply(Carry((release,))).ok
        wait_for(lambda: engine.governor.latest.episodes.get("archived") == 3)
