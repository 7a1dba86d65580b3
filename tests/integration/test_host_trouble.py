"""A host in trouble, and our own network: nobody else is blamed, also after a restart."""

from __future__ import annotations

from pathlib import Path

from support.archive import rows, running, settings_for
from support.wait import wait_for

from podfetch_tui.catalog.hosts import hosts
from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route, redirect, too_many_requests
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.health import DOWN_HOSTS, HostChange
from podfetch_tui.model.commands import CheckFeeds
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.policy.host_breaker import LEAST_CALLS, HostHealth
from podfetch_tui.policy.hosts import host_of

FEEDS = 12


def events(engine: Engine, kind: str) -> list[str]:
    return [event.text for event in engine.events.watch(0, 0).events if event.kind == kind]


def test_a_host_that_answers_503_opens_and_its_feeds_are_spared(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", retry={"attempts": 1}, engine={"per_host": 1})
    with PodcastHost() as host:
        urls = []
        for number in range(FEEDS):
            host.table.routes[f"/{number}.xml"] = Route(status=503, body=b"busy")
            urls.append(host.url(f"/{number}.xml", "127.0.0.21"))
        with running(settings, *urls) as engine:
            wait_for(lambda: bool(events(engine, "host_opened")))
            wait_for(lambda: not engine.schedule.running())
            asked = len(host.requests)
            assert asked == LEAST_CALLS
            wait_for(lambda: len(hosts(engine.services.catalog)) == 1)
            (row,) = hosts(engine.services.catalog)
            assert (row.breaker, row.opened, row.last_error) == (BreakerState.OPEN, 1, "http_503")
        charged = [feed["consecutive_failures"] for feed in rows(settings, "feeds")]
        assert sorted(charged, reverse=True) == [1] * LEAST_CALLS + [0] * (FEEDS - LEAST_CALLS)

        with running(settings) as engine:
            assert engine.schedule.open_hosts() == {
                row.name: HostHealth(breaker=BreakerState.OPEN, opened=1, open_until=row.open_until)
            }
        assert len(host.requests) == asked


def test_a_host_that_redirects_is_not_to_blame_for_those_it_leads_to(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", retry={"attempts": 1}, engine={"per_host": 1})
    with PodcastHost() as host, PodcastHost() as down:
        nobody = down.url("/feed.xml", "127.0.0.34")
        down.close()
        busy = host.url("/busy.xml", "127.0.0.35")
        host.table.routes["/busy.xml"] = Route(status=500, body=b"no")
        cut = host.url("/cut.xml", "127.0.0.36")
        host.table.routes["/cut.xml"] = Route(body=b"<rss>" * 999, cut_at=9)
        places = (nobody, busy, cut)
        urls = []
        for number in range(FEEDS):
            target = places[number % len(places)]
            host.table.routes[f"/{number}.xml"] = redirect(target, 302)
            urls.append(host.url(f"/{number}.xml", "127.0.0.33"))
        with running(settings, *urls) as engine:
            wait_for(lambda: all(host.asked(f"/{number}.xml") for number in range(FEEDS)))
            wait_for(lambda: not engine.schedule.running())
            assert events(engine, "host_opened") == []
        charged = [feed["consecutive_failures"] for feed in rows(settings, "feeds")]
        assert charged == [1] * FEEDS


def test_how_long_a_host_told_us_to_wait_stands_when_its_breaker_opens(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path / "archive", retry={"attempts": 1}, engine={"per_host": LEAST_CALLS + 1}
    )
    # All are asked before the first one answers.
    wait = Route(status=503, delay=1.0, headers=(("Retry-After", "7200"),), body=b"busy")
    down = Route(status=500, delay=1.5, body=b"down")
    with PodcastHost() as host:
        urls = []
        for number in range(LEAST_CALLS + 1):
            host.table.routes[f"/{number}.xml"] = down if number else wait
            urls.append(host.url(f"/{number}.xml", "127.0.0.23"))
        with running(settings, *urls) as engine:
            wait_for(lambda: bool(events(engine, "host_opened")))
            wait_for(lambda: not engine.schedule.running())
            engine.services.writer.flush()
            (row,) = hosts(engine.services.catalog)
            told = engine.schedule.blocked_until(row.name)
            assert (row.breaker, row.not_before) == (BreakerState.OPEN, told)
        with running(settings) as engine:
            assert engine.schedule.blocked_until(row.name) == told


def test_a_shorter_wait_does_not_shorten_the_one_that_a_host_named_before(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    with running(settings) as engine:
        now = engine.services.clock.now_ms()
        for seconds in (7200, 60):
            engine.host_gates.defer("a.example", now + 1000 * seconds)
        engine.services.writer.flush()
        (row,) = hosts(engine.services.catalog)
        assert row.not_before == now + 7_200_000


def test_why_the_breaker_of_a_host_is_open_stands_when_the_host_names_a_time(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path / "archive")
    with running(settings) as engine:
        now = engine.services.clock.now_ms()
        opened = HostHealth(breaker=BreakerState.OPEN, opened=1, open_until=now + 600_000)
        engine.schedule.restore_host("a.example", opened, None)
        engine.host_gates.changed(HostChange("a.example", opened, "http_503"))
        engine.host_gates.defer("a.example", now + 7_200_000)
        engine.services.writer.flush()
        (row,) = hosts(engine.services.catalog)
        assert (row.breaker, row.last_error) == (BreakerState.OPEN, "http_503")
        engine.host_gates.changed(HostChange("a.example", HostHealth()))
        engine.services.writer.flush()
        (row,) = hosts(engine.services.catalog)
        assert (row.breaker, row.last_error) == (BreakerState.CLOSED, "")


def test_behind_a_redirect_the_host_that_told_us_to_wait_waits_and_no_other(
    tmp_path: Path,
) -> None:
    """Thousands of shows have one tracking service in front, and hosts of their own behind it."""
    settings = settings_for(
        tmp_path / "archive", engine={"per_host": 1, "poll_workers": 1, "download_workers": 0}
    )
    with PodcastHost() as host:
        tracker, store = "127.0.0.31", "127.0.0.32"
        well = Route(
            body=feeds.rss("Well", feeds.items("well", 1, "http://a.example/{n}", length=9))
        )
        for name in ("a", "c"):
            host.table.routes[f"/{name}.xml"] = redirect(host.url(f"/{name}/", store), 302)
            host.table.routes[f"/{name}/"] = too_many_requests(7200)
        host.table.routes["/b.xml"] = host.table.routes["/d.xml"] = well
        urls = [host.url(f"/{name}.xml", tracker) for name in "abc"]
        with running(settings, *urls, host.url("/d.xml", store)) as engine:
            wait_for(lambda: host.asked("/b.xml") and host.asked("/c.xml"))
            wait_for(lambda: not engine.schedule.running())
            engine.services.writer.flush()
            (row,) = hosts(engine.services.catalog)
            assert row.name == host_of(host.url("/", store))
            named = row.not_before
            assert named == engine.schedule.told_until(row.name)
            engine.commands.apply(CheckFeeds((1, 2, 3, 4)))
            wait_for(lambda: len(host.asked("/b.xml")) == 2 and len(host.asked("/c.xml")) == 2)
            wait_for(lambda: not engine.schedule.running())
            assert [len(host.asked(path)) for path in ("/a/", "/c/", "/d.xml")] == [1, 0, 0]
            assert engine.schedule.told_until(row.name) == named, "nobody told us again"
        assert [feed["consecutive_failures"] for feed in rows(settings, "feeds")] == [0] * 4


def test_names_that_cannot_be_looked_up_anywhere_are_our_own_network(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", retry={"attempts": 1})
    urls = [f"http://{number}.unknown.invalid/feed.xml" for number in range(FEEDS)]
    with running(settings, *urls) as engine:
        wait_for(lambda: engine.schedule.is_network_down)
        wait_for(lambda: engine.governor.latest.state == "degraded")
        assert "network is down" in engine.governor.latest.reason
        wait_for(lambda: not engine.schedule.running())
    charged = [feed["consecutive_failures"] for feed in rows(settings, "feeds")]
    assert sum(charged) < DOWN_HOSTS
    assert max(charged) <= 1
