"""A host that is left alone can be asked all the same: by command and beside a running engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.archive import rows, run_once, running, settings_for
from support.wait import wait_for

from podfetch_tui.catalog.hosts import hosts
from podfetch_tui.cli.main import podfetch
from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.commands import Carry, CheckFeeds
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.host_writes import ReleaseHosts
from podfetch_tui.model.settings import Settings
from podfetch_tui.policy.hosts import host_of

WELL = Route(
    body=feeds.rss("Harbour", feeds.items("one", 1, "http://127.0.0.9:9/{n}.mp3", length=9))
)
BUSY = Route(status=429, headers=(("Retry-After", "72000"),), body=b"slow down")
DOWN = Route(status=503, body=b"down")
FEEDS = 6


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def held(host: PodcastHost, answer: Route) -> list[str]:
    for number in range(FEEDS):
        host.table.routes[f"/{number}.xml"] = answer
    return [host.url(f"/{number}.xml", "127.0.0.22") for number in range(FEEDS)]


def heal(host: PodcastHost) -> None:
    for number in range(FEEDS):
        host.table.routes[f"/{number}.xml"] = WELL


def quiet(settings: Settings) -> Settings:
    return settings_for(
        Path(settings.archive.root), retry={"attempts": 1}, engine={"download_workers": 0}
    )


def run(settings: Settings, *words: str) -> Result:
    root = str(settings.archive.root)
    sets = ["--set", "network.allow_private=127.0.0.0/8", "--set", "archive.min_free=0"]
    return CliRunner().invoke(podfetch, ["--archive", root, *sets, *words])


@pytest.mark.parametrize("answer", [BUSY, DOWN], ids=["told us to wait", "breaker open"])
def test_a_running_engine_asks_a_released_host_at_once(
    host: PodcastHost, tmp_path: Path, answer: Route
) -> None:
    settings = quiet(settings_for(tmp_path / "archive"))
    urls = held(host, answer)
    name = host_of(urls[0])
    with running(settings, *urls) as engine:
        wait_for(lambda: len(hosts(engine.services.catalog)) == 1)
        wait_for(lambda: not engine.schedule.running())
        wait_for(lambda: [one.host for one in engine.governor.latest.hosts] == [name])
        (shown,) = engine.governor.latest.hosts
        assert bool(shown.told_until) is (answer is BUSY)
        wait_for(lambda: engine.governor.latest.hosts[0].feeds == FEEDS)
        checked = engine.commands.apply(CheckFeeds((1,)))
        assert (
            checked.text
            == f"due now, but {name} is left alone: `podfetch hosts release {name}` asks it"
        )
        heal(host)
        write = ReleaseHosts(hosts=(name, "other.example"), at=engine.services.clock.now_ms())
        result = engine.commands.apply(Carry((write,)))
        assert result.ok
        assert f"{name} released: " in result.text
        assert result.text.endswith("; other.example is not left alone")
        wait_for(lambda: engine.governor.latest.hosts == ())
        wait_for(lambda: sum(row["last_success_at"] is not None for row in rows(settings, "feeds")))
        if answer is BUSY:  # nobody failed: all that was put off is due
            wait_for(lambda: all(row["last_success_at"] for row in rows(settings, "feeds")))
        assert hosts(engine.services.catalog) == []
        told = [event.text for event in engine.events.watch(0, 0).events if name in event.text]
        assert any("due now" in text for text in told)


def test_without_an_engine_the_commands_show_and_release_hosts(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = quiet(settings_for(tmp_path / "archive"))
    urls = held(host, BUSY)
    name = host_of(urls[0])
    run_once(settings, *urls)
    asked = len(host.requests)
    run_once(settings)
    assert len(host.requests) == asked, "it is left alone"

    (row,) = [
        json.loads(line)
        for line in run(settings, "hosts", "list", "--json").output.split("\n")
        if line
    ]
    assert (row["host"], row["why"]) == (name, "it told us to wait")
    assert f" hosts release {name}" in run(settings, "why", "1").output
    waits = [row["waits_until"] for row in rows(settings, "feeds")]
    assert set(waits) == {row["until"]}
    assert len(run(settings, "feeds", "list", "waits>1h").stdout.splitlines()) > FEEDS
    checked = run(settings, "feeds", "check", "1")
    assert f"{name} is left alone until {row['until']}" in checked.stderr
    dry = run(settings, "hosts", "release", "--all", "--dry-run")
    assert "1 host would be released" in dry.stderr

    heal(host)
    done = run(settings, "hosts", "release", name.upper(), "nobody.example", "--json")
    assert done.exit_code == 1, "one of them is not left alone"
    report = json.loads(done.stdout)
    assert (report["released"], report["refused"]) == ([name], ["nobody.example"])
    assert report["feeds"] >= FEEDS - 1
    assert run(settings, "hosts", "list").stderr == "no host is left alone\n"
    assert run(settings, "feeds", "list", "waits:*", "--json").stdout == ""
    assert "release_host" in run(settings, "events", "--json").stdout
    run_once(settings)
    assert all(row["last_success_at"] for row in rows(settings, "feeds"))


def test_a_release_names_hosts_or_all(tmp_path: Path) -> None:
    settings = quiet(settings_for(tmp_path / "archive"))
    run_once(settings)
    for words in ((), ("a.example", "--all")):
        result = run(settings, "hosts", "release", *words)
        assert isinstance(result.exception, UsageError)
        assert "podfetch hosts list" in str(result.exception)
    assert run(settings, "hosts", "release", "--all").exit_code == 0
