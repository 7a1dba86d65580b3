"""A download that the operator does not want any more ends, and its episode is skipped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import rows, running, settings_for
from support.podhost import serve
from support.shows import good, media_path, show
from support.wait import wait_for

from podfetch_tui.api.local import LocalClient
from podfetch_tui.demo.routes import Route
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.commands import (
    ActOnFeeds,
    CancelDownloads,
    Carry,
    CheckFeeds,
    RetryEpisode,
)
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision, FeedAsk, FeedDecision
from podfetch_tui.model.settings import Settings


def test_a_cancelled_download_ends_and_comes_back_when_it_is_retried(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    size = 400_000
    with serve() as host:
        slow = good("slow", 1, size, drip=(500, 0.02))
        url = show(host, "slow", {1: slow}, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)

            def downloads() -> list[int]:
                lane = [one for one in client.snapshot().workers if one.lane == "download"]
                return [one.episode_id or 0 for one in lane if one.done]

            wait_for(downloads)
            (episode,) = downloads()
            result = client.send(CancelDownloads((episode,)))
            assert (result.ok, result.affected) == (True, 1)
            wait_for(lambda: not client.snapshot().workers)
            (row,) = rows(settings, "episodes")
            assert row["state"] == "skipped"
            assert list(engine.services.layout.parts.iterdir()) == []
            again = client.send(CancelDownloads((episode,)))
            assert not again.ok
            assert "is skipped already" in again.text
            assert client.send(RetryEpisode((episode,))).affected == 1
            wait_for(downloads)


def test_what_came_of_a_cancelled_download_outlives_the_engine_and_is_gone_on_with(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path / "archive")
    size = 600_000
    with serve() as host:
        slow = good("slow", 1, size, drip=(2_000, 0.02))
        url = show(host, "slow", {1: slow}, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)

            def far() -> list[int]:
                workers = client.snapshot().workers
                return [one.episode_id or 0 for one in workers if one.done > 100_000]

            ids = tuple(wait_for(far))
            assert client.send(CancelDownloads(ids, keep_parts=True)).affected == 1
            wait_for(lambda: not client.snapshot().workers)
            assert [row["state"] for row in rows(settings, "episodes")] == ["skipped"]
            (part,) = engine.services.layout.parts.iterdir()
        host.table.routes[media_path("slow", 1)] = good("slow", 1, size)
        with running(settings) as engine:
            client = LocalClient(engine)
            assert part.stat().st_size > 100_000, "no sweep takes it"
            assert not client.snapshot().workers
            assert client.send(RetryEpisode(ids)).affected == 1
            wait_for(lambda: client.snapshot().episodes.get("archived"))
            asked = host.asked(media_path("slow", 1))[-1].headers["range"]
            assert int(asked.removeprefix("bytes=").rstrip("-")) > 20_000
            assert list(engine.services.layout.parts.iterdir()) == []


@contextlib.contextmanager
def cancelled(settings: Settings) -> Iterator[Engine]:
    """Run an engine whose only download was cancelled on its way, what came of it kept."""
    size = 600_000
    with serve() as host:
        url = show(host, "slow", {1: good("slow", 1, size, drip=(2_000, 0.02))}, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)
            wait_for(lambda: [one.done for one in client.snapshot().workers if one.done > 9_000])
            assert client.send(CancelDownloads((1,), keep_parts=True)).ok
            yield engine


def decide(client: LocalClient, decision: EpisodeDecision) -> None:
    write = DecideEpisodes(episode_ids=(1,), decision=decision, at=client.snapshot().at)
    assert client.send(Carry((write,))).ok


def test_a_cancelled_download_that_was_deleted_meanwhile_is_not_said_to_be_taken_back(
    tmp_path: Path,
) -> None:
    with cancelled(settings_for(tmp_path / "archive")) as engine:
        client = LocalClient(engine)
        decide(client, EpisodeDecision.DELETE)
        result = client.send(RetryEpisode((1,)))
        assert (result.ok, result.affected) == (False, 0)
        assert "episode 1 was deleted" in result.text


@pytest.mark.parametrize("decision", [EpisodeDecision.SKIP, EpisodeDecision.DELETE])
def test_what_was_kept_goes_when_its_episode_is_skipped_once_more_or_deleted(
    tmp_path: Path, decision: EpisodeDecision
) -> None:
    with cancelled(settings_for(tmp_path / "archive")) as engine:
        client = LocalClient(engine)
        wait_for(lambda: not client.snapshot().workers)
        assert len(list(engine.services.layout.parts.iterdir())) == 1
        decide(client, decision)
        assert list(engine.services.layout.parts.iterdir()) == []
        again = client.send(CancelDownloads((1,)))
        assert "already" in again.text or "deleted" in again.text


def test_a_part_of_a_url_that_is_out_of_date_does_not_stay(tmp_path: Path) -> None:
    """Hosts that sign their URLs give another one with every poll."""
    size = 400_000
    settings = settings_for(tmp_path / "archive")
    with serve() as host:
        old = good("signed", 1, size, drip=(2_000, 0.02), reset_at=200_000)
        url = show(host, "signed", {1: old}, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)
            wait_for(lambda: [one.lane for one in client.snapshot().workers] == ["download"])
            feed = host.table.routes["/signed.xml"]
            assert isinstance(feed, Route)
            assert isinstance(feed.body, bytes)
            body = feed.body.replace(b"/1.mp3", b"/2.mp3")
            host.table.routes[media_path("signed", 2)] = good("signed", 2, size)
            host.table.routes["/signed.xml"] = Route(body=body)
            assert client.send(CheckFeeds((1,))).ok
            wait_for(lambda: client.snapshot().episodes.get("archived"))
            wait_for(lambda: not client.snapshot().workers)
            assert host.asked(media_path("signed", 1))[-1].sent == 200_000
            assert list(engine.services.layout.parts.iterdir()) == []


def test_the_part_of_an_episode_that_is_skipped_while_it_waits_does_not_stay(
    tmp_path: Path,
) -> None:
    size = 400_000
    settings = settings_for(tmp_path / "archive", retry={"attempts": 1})
    with serve() as host:
        url = show(host, "cut", {1: good("cut", 1, size, reset_at=200_000)}, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)
            wait_for(lambda: client.snapshot().episodes.get("failed"))
            wait_for(lambda: not client.snapshot().workers)
            assert len(list(engine.services.layout.parts.iterdir())) == 1
            write = DecideEpisodes(
                episode_ids=(1,), decision=EpisodeDecision.SKIP, at=client.snapshot().at
            )
            assert client.send(Carry((write,))).ok
            assert list(engine.services.layout.parts.iterdir()) == []


def test_of_a_feed_that_is_paused_nothing_more_is_downloaded(tmp_path: Path) -> None:
    size, count = 400_000, 6
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 1})
    with serve() as host:
        numbers = range(1, count + 1)
        media = {number: good("slow", number, size, drip=(500, 0.02)) for number in numbers}
        url = show(host, "slow", media, count=count, size=size)
        with running(settings, url) as engine:
            client = LocalClient(engine)
            wait_for(lambda: engine.schedule.queued(Lane.DOWNLOAD) == count - 1)
            pause = FeedAsk(feed_ids=(1,), decision=FeedDecision.PAUSE, actor="screen")
            assert client.send(ActOnFeeds(pause)).ok
            (first,) = wait_for(lambda: [one.episode_id for one in client.snapshot().workers])
            assert client.send(CancelDownloads((first or 0,))).ok
            wait_for(lambda: not engine.schedule.running() and not client.snapshot().workers)
            assert not engine.schedule.queued(Lane.DOWNLOAD)
        states = [row["state"] for row in rows(settings, "episodes")]
        assert sorted(states) == ["pending"] * (count - 1) + ["skipped"]


def test_a_running_engine_deletes_files_at_once_and_ends_what_runs_of_them(tmp_path: Path) -> None:
    root, size = tmp_path / "archive", 400_000
    settings = settings_for(root)
    with serve() as host:
        quick = good("quick", 1, 4_000)
        slow = good("slow", 1, size, drip=(500, 0.02))
        urls = (
            show(host, "quick", {1: quick}, size=4_000),
            show(host, "slow", {1: slow}, size=size),
        )
        with running(settings, *urls) as engine:
            client = LocalClient(engine)

            def states() -> dict[str, str]:
                return {row["feed_url"]: row["state"] for row in rows(settings, "episodes")}

            wait_for(lambda: sorted(states().values()) == ["archived", "claimed"])
            found = {row["state"]: row for row in rows(settings, "episodes")}
            file = root / found["archived"]["path"]
            assert file.exists()
            ids = tuple(int(row["id"]) for row in found.values())
            write = DecideEpisodes(
                episode_ids=ids,
                decision=EpisodeDecision.DELETE,
                actor="screen",
                at=client.snapshot().at,
            )
            assert client.send(Carry((write,))).ok
            assert not file.exists()
            assert set(states().values()) == {"deleted"}
            wait_for(lambda: not client.snapshot().workers)
