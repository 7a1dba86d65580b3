"""Media that is late, far away, cut short, shared or gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.shows import body_of, episodes_of, files_in, good, media_path, show, stored

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Route, in_turn, redirect, too_many_requests

BIG = 400_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def test_38_a_host_that_is_not_ready_is_asked_again_when_it_said(
    host: PodcastHost, tmp_path: Path
) -> None:
    busy = in_turn(too_many_requests(1), too_many_requests(1), good("a", 1))
    settings = settings_for(tmp_path / "archive")
    engine = run_once(settings, show(host, "a", {1: busy}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)
    asked = host.asked(media_path("a", 1))
    assert [served.status for served in asked] == [429, 429, 200]
    assert all(later.at - before.at >= 0.9 for before, later in pairwise(asked))
    assert engine.telemetry.totals()[0]["failed"] == 0
    (feed,) = rows(settings, "feeds")
    assert feed["consecutive_failures"] == 0


def test_38_a_429_without_a_time_is_put_off_and_blames_nobody(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = show(host, "a", {1: Route(status=429, body=b"later")})
    settings = settings_for(tmp_path / "archive")
    engine = run_once(settings, url)
    (row,) = episodes_of(settings)
    assert row["state"] == "pending"
    assert row["family"] == "deferred"
    assert engine.telemetry.totals()[0]["failed"] == 0
    assert len(host.asked(media_path("a", 1))) <= 2


def chain(host: PodcastHost, hops: int) -> str:
    """Serve redirects over ``hops`` hosts to episode 1 of show ``a``; return the first URL."""
    url = host.url(media_path("a", 1), "127.0.0.9")
    for number in range(hops):
        path = f"/redirect.mp3/track{number}/1.mp3"
        host.table.routes[path] = redirect(url, 302)
        url = host.url(path, f"127.0.1.{number + 1}")
    return url


@pytest.mark.parametrize("hops", [5, 8])
def test_39_a_chain_of_tracking_prefixes_is_followed(
    host: PodcastHost, tmp_path: Path, hops: int
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", url_of=chain(host, hops)))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)


def test_39_a_longer_chain_ends_at_the_cap_and_says_so(host: PodcastHost, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", url_of=chain(host, 9)))
    (row,) = episodes_of(settings)
    assert row["state"] == "failed"
    assert "more than 8 redirects" in row["error"]
    assert host.asked(media_path("a", 1)) == []


def test_39_the_cap_is_the_operators(host: PodcastHost, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", network={"max_redirects": 12})
    run_once(settings, show(host, "a", url_of=chain(host, 11)))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_40_a_body_without_a_length_is_archived_and_not_called_verified_for_nothing(
    host: PodcastHost, tmp_path: Path, framing: str
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: good("a", 1, framing=framing)}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)
    assert row["validity"] in ("valid", "unverified")


def test_40_a_body_without_a_length_that_was_cut_is_not_called_valid(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    cut = good("a", 1, BIG, framing="close", cut_at=BIG // 2)
    run_once(settings, show(host, "a", {1: cut}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, BIG)[: BIG // 2]
    assert row["validity"] == "suspect"


def test_40_a_body_that_is_cut_short_goes_on_where_it_stopped(
    host: PodcastHost, tmp_path: Path
) -> None:
    answers = in_turn(good("a", 1, BIG, cut_at=BIG // 4), good("a", 1, BIG))
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: answers}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, BIG)
    assert row["validity"] == "valid"
    assert [served.status for served in host.asked(media_path("a", 1))] == [200, 206]


def test_40_a_body_that_is_always_cut_short_is_never_archived(
    host: PodcastHost, tmp_path: Path
) -> None:
    """The host declares 400 KB and has 100 KB, whatever is asked for."""
    short = Route(
        body=Media("short", BIG // 4),
        content_type="audio/mpeg",
        declared_length=BIG,
        etag='"short"',
    )
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: short}))
    (row,) = episodes_of(settings)
    assert row["state"] == "failed"
    assert row["family"] == "transient"
    assert files_in(settings) == []


@pytest.mark.parametrize("where", [{"hang_before": True}, {"hang_at": BIG // 2}])
def test_40_a_host_that_falls_silent_is_left_and_asked_again(
    host: PodcastHost, tmp_path: Path, where: dict[str, object]
) -> None:
    answers = in_turn(good("a", 1, BIG, **where), good("a", 1, BIG))
    settings = settings_for(tmp_path / "archive", network={"idle_timeout": 0.5})
    run_once(settings, show(host, "a", {1: answers}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, BIG)
    assert host.arrivals(media_path("a", 1)) == 2


def test_41_the_same_audio_in_several_feeds_is_stored_once(
    host: PodcastHost, tmp_path: Path
) -> None:
    same: Route | Answer = Route(body=Media("shared", BIG), content_type="audio/mpeg")
    urls = [show(host, name, {1: same}, address=f"127.0.2.{n}") for n, name in enumerate("abc", 1)]
    settings = settings_for(tmp_path / "archive")
    run_once(settings, *urls)
    found = episodes_of(settings)
    assert {stored(settings, row) for row in found} == {Media("shared", BIG).read(0, BIG)}
    assert len({row["path"] for row in found}) == 3
    assert len({(tmp_path / "archive" / row["path"]).stat().st_ino for row in found}) == 1
    sidecars = [path for path in files_in(settings) if path.suffix == ".json"]
    assert len(sidecars) == 3


def test_41_bytes_that_somebody_changed_in_the_archive_do_not_stand_in_for_the_same_audio(
    host: PodcastHost, tmp_path: Path
) -> None:
    same = Route(body=Media("shared", BIG), content_type="audio/mpeg")
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: same}))
    (first,) = episodes_of(settings)
    tagged = tmp_path / "archive" / first["path"]
    tagged.write_bytes(b"ID3 of another program" + tagged.read_bytes())
    run_once(settings, show(host, "b", {1: same}))
    _, second = episodes_of(settings)
    assert stored(settings, second) == Media("shared", BIG).read(0, BIG)


@pytest.mark.parametrize("status", [403, 404])
def test_42_old_enclosures_that_are_gone_harm_neither_feed_nor_others(
    host: PodcastHost, tmp_path: Path, status: int
) -> None:
    lost: dict[int, Route | Answer] = {n: Route(status=status, body=b"no") for n in range(1, 8)}
    url = show(host, "a", lost, count=10)
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    found = episodes_of(settings)
    assert [row["state"] for row in found] == ["failed"] * 7 + ["archived"] * 3
    assert {row["family"] for row in found[:7]} == {"permanent"}
    assert all(f"http_{status}" in row["error"] for row in found[:7])
    (feed,) = rows(settings, "feeds")
    assert feed["state"] == "active"
    assert feed["consecutive_failures"] == 0
    assert feed["breaker"] == "closed"
    make_due(settings)
    run_once(settings)
    for number in range(1, 11):
        assert len(host.asked(media_path("a", number))) == 1, "asked for again too soon"
