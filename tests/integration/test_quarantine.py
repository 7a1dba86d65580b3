"""A feed's way into quarantine and out again, in a running engine and by command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.archive import make_due, rows, run_once, running, settings_for
from support.wait import wait_for

from podfetch_tui.api.local import LocalClient
from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.main import podfetch
from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.engine.engine import Engine
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.commands import (
    ActOnFeeds,
    Command,
    CommandResult,
    ProbeFeed,
    SetLimit,
    Undo,
)
from podfetch_tui.model.decisions import FeedAsk, FeedDecision
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import PageRequest

WELL = Route(
    body=feeds.rss("Harbour", feeds.items("one", 2, "http://127.0.0.9:9/{n}.mp3", length=9)),
    content_type="application/rss+xml",
)
SOLD = Route(status=404, body=b"<html>This domain is for sale", content_type="text/html")


@dataclass
class World:
    host: PodcastHost
    settings: Settings
    url: str
    root: Path

    def answer(self, route: Route) -> None:
        self.host.table.routes["/feed.xml"] = route

    def feed(self) -> dict[str, Any]:
        return rows(self.settings, "feeds")[0]

    def asked(self) -> int:
        return sum(request.path == "/feed.xml" for request in self.host.requests)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A feed that was well once, and failed in three processes until it was quarantined."""
    root = tmp_path / "archive"
    settings = settings_for(
        root,
        retry={"attempts": 1},
        engine={"download_workers": 0},
        quarantine={
            "open_after_failures": 1,
            "quarantine_after_failures": 3,
            "cooldown": 0.1,
            "cooldown_max": 1.0,
        },
    )
    with PodcastHost() as host:
        made = World(host, settings, host.url("/feed.xml", "127.0.0.31"), root)
        made.answer(WELL)
        run_once(settings, made.url)
        made.answer(SOLD)
        for failures in (1, 2, 3):
            make_due(settings)
            run_once(settings)
            assert made.feed()["consecutive_failures"] == failures
        assert (made.feed()["state"], made.feed()["state_reason"]) == (
            "quarantined",
            "3 failures in a row",
        )
        yield made


def kinds(engine: Engine) -> list[str]:
    return [event.kind for event in engine.events.watch(0, 0).events]


def send(engine: Engine, command: Command) -> CommandResult:
    return LocalClient(engine).send(command)


def act(engine: Engine, decision: FeedDecision, **more: Any) -> CommandResult:
    return send(engine, ActOnFeeds(FeedAsk(feed_ids=(1,), decision=decision, **more)))


def test_probed_released_sent_back_and_released_for_good(world: World) -> None:
    with running(world.settings) as engine:
        before = world.feed()
        looked = send(engine, ProbeFeed(feed_id=1)).probe
        assert looked is not None
        assert (looked.ok, looked.code, looked.family) == (False, "http_404", "permanent")
        assert (looked.release, looked.head) == ("goes_back", "<html>This domain is for sale")
        assert world.feed() == before

        assert act(engine, FeedDecision.RELEASE).text == "1 feed released"
        wait_for(lambda: kinds(engine).count("feed_quarantined") == 1)
        assert world.feed()["state_reason"].startswith("failed on probation: http_404")

        world.answer(WELL)
        looked = send(engine, ProbeFeed(feed_id=1)).probe
        assert looked is not None
        assert (looked.ok, looked.items, looked.known_items) == (True, 2, 2)
        assert (looked.release, looked.found_title) == ("recovers", "Harbour")
        asked = world.asked()
        assert world.feed()["state"] == "quarantined"

        released = act(engine, FeedDecision.RELEASE)
        wait_for(lambda: "feed_recovered" in kinds(engine))
        assert world.asked() == asked + 1
        feed = world.feed()
        assert (feed["state"], feed["breaker"], feed["consecutive_failures"]) == (
            "active",
            "closed",
            0,
        )
        refused = send(engine, Undo(operation=released.operation))
        assert refused.refused == ((1, "was polled since and is active"),)
    with archives.reading(world.settings) as (_, catalog):
        kept = [str(row["kind"]) for row in pages.events(catalog)]
    # Two releases and two looks.
    told = {"feed_quarantined": 2, "feed_recovered": 1, "operator_acted": 4}
    assert {kind: kept.count(kind) for kind in told} == told


def test_another_url_is_looked_at_without_moving_the_feed_there(world: World) -> None:
    with running(world.settings) as engine:
        before = world.feed()
        elsewhere = "http://127.0.0.1:1999/nothing.xml"
        looked = send(engine, ProbeFeed(feed_id=1, url=elsewhere)).probe
        assert looked is not None
        assert (looked.url, looked.ok, looked.family) == (elsewhere, False, "transient")
        assert world.feed() == before
        for bad in ("ftp://feeds.example/a", "http://10.0.0.5/a.xml", "x"):
            refused = send(engine, ProbeFeed(feed_id=1, url=bad))
            assert (refused.ok, refused.probe) == (False, None)


def test_what_changed_meanwhile_is_refused_and_what_did_not_is_undone(world: World) -> None:
    with running(world.settings) as engine:
        page = LocalClient(engine).query(PageRequest(kind="quarantine"))
        assert [row["cause"] for row in page.rows] == ["http_404"]
        retired = act(engine, FeedDecision.RETIRE, reason="dead")
        late = act(engine, FeedDecision.RELEASE, seen=(1,))
        assert (late.ok, late.affected) == (False, 0)
        assert "it is retired (by operator: dead) since" in late.refused[0][1]
        assert send(engine, Undo()).text == "retire_feed of 1 feed undone"
        assert world.feed()["state"] == "quarantined"
        assert not send(engine, Undo(operation=retired.operation)).ok

        now = engine.services.clock.now_ms()
        assert not act(engine, FeedDecision.SNOOZE, until=now - 1).ok
        assert act(engine, FeedDecision.SNOOZE, until=now + 90_000_000).ok
        assert send(engine, Undo()).ok
        assert send(engine, Undo()).text.startswith("nothing to undo")
        assert not send(engine, Undo(operation=999)).ok
        assert not send(engine, ProbeFeed(feed_id=999)).ok


def test_a_limit_is_set_back_by_an_undo(world: World) -> None:
    with running(world.settings) as engine:
        changed = send(engine, SetLimit(key="engine.poll_workers", value="7"))
        assert send(engine, Undo(operation=changed.operation)).ok
        assert engine.slots.limit(Lane.POLL) == 32
        assert not send(engine, Undo(operation=changed.operation)).ok
        assert send(engine, Undo()).text.startswith("nothing to undo")
        changed = send(engine, SetLimit(key="engine.per_host", value="3"))
        send(engine, SetLimit(key="engine.poll_workers", value="9"))
        send(engine, SetLimit(key="engine.per_host", value="4"))
        refused = send(engine, Undo(operation=changed.operation))
        assert refused.text == "changed meanwhile: engine.per_host is 4"


def test_the_steps_of_a_limit_are_one_event_and_one_undo(world: World) -> None:
    with running(world.settings) as engine:
        steps = [
            send(engine, SetLimit(key="engine.poll_workers", value=str(value)))
            for value in (31, 30, 29)
        ]
        assert {one.operation for one in steps} == {steps[0].operation}
        assert steps[-1].undoes == "engine.poll_workers 32 → 29"
        newest = engine.events.tail(20)[1]
        told = [event.text for event in newest if event.kind == "limit_changed"]
        assert told == ["engine.poll_workers 32 → 29"]
        page = LocalClient(engine).query(PageRequest(kind="history", filter="code:set_limit"))
        assert [row["text"] for row in page.rows] == [
            "set limit by command: engine.poll_workers 32 → 29"
        ]
        assert send(engine, Undo(operation=steps[-1].operation)).ok
        assert engine.slots.limit(Lane.POLL) == 32


def command(world: World, *words: str, code: int = 0) -> Any:
    argv = [
        "--archive",
        str(world.root),
        "--set",
        "network.allow_private=127.0.0.0/8",
        *words,
    ]
    done = CliRunner().invoke(podfetch, argv, standalone_mode=False)
    assert (done.return_value or 0) == code, (done.output, done.exception)
    return done


def test_all_of_it_by_command_where_no_engine_runs(world: World) -> None:
    text = command(world, "quarantine", "list").stdout
    assert text.startswith("http_404 · 127.0.0.31:")
    assert "Harbour: 3 failures in a row, since" in text
    shown = command(world, "quarantine", "show", "1").stdout
    assert "This domain is for sale" in shown
    probed = command(world, "quarantine", "probe", "--all", code=1).stdout
    assert "came      http_404: the host answered 404 Not Found (permanent)" in probed
    snoozed = json.loads(
        command(world, "quarantine", "snooze", "1", "--until", "2d", "--json").stdout
    )
    assert "snoozed for 1d" in command(world, "quarantine", "list").stdout
    undone = json.loads(command(world, "undo", str(snoozed["operation"]), "--json").stdout)
    assert undone == {"ok": True, "undone": 1, "refused": []}
    left = command(world, "quarantine", "release", "--all", "--if-answers", code=1)
    assert "feed 1 is left: http_404: the host answered 404 Not Found" in left.stderr
    assert world.feed()["state"] == "quarantined"
    world.answer(WELL)
    named = ("quarantine", "release", "err:404", "--if-answers", "--dry-run", "--json")
    planned = json.loads(command(world, *named).stdout)
    assert (planned["ids"], planned["refused"]) == ([1], [])
    assert command(world, "quarantine", "release", "err:404", "--if-answers").stderr.endswith(
        "takes it back within 60 s\n"
    )
    assert "nothing is in quarantine" in command(world, "quarantine", "list").stderr
    refused = command(world, "quarantine", "release", "1", code=1).stderr
    assert "feed 1 is active already" in refused


def test_by_hand_a_feed_waits_for_its_probe_and_an_undo_lets_it_go_on(world: World) -> None:
    world.answer(WELL)
    with running(world.settings) as engine:
        act(engine, FeedDecision.RELEASE)
        wait_for(lambda: "feed_recovered" in kinds(engine))
        before = world.feed()
        asked = world.asked()
        held = act(engine, FeedDecision.QUARANTINE, reason="an imposter")
        assert held.text == "1 feed quarantined"
        (row,) = LocalClient(engine).query(PageRequest(kind="quarantine")).rows
        assert row["reason"] == "by operator: an imposter"
        assert str(row["next_probe_at"]) > str(before["next_poll_at"])
        again = act(engine, FeedDecision.QUARANTINE)
        assert again.refused == ((1, "is in quarantine already"),)
        (state,) = LocalClient(engine).query(PageRequest(kind="groups", sort="state")).rows
        assert state == {"value": "quarantined", "feeds": 1}
        assert send(engine, Undo(operation=held.operation)).ok
        assert world.feed() == before
        assert world.asked() == asked
