"""A running engine whose clock is set: one event, no storm, and no feed that waits a year."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import add_feeds, settings_for
from support.wait import wait_for

from podfetch_tui.catalog import feeds
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.writes import ChangeFeed
from podfetch_tui.system.clock import Clock

HOUR, YEAR = 3_600_000, 365 * 86_400_000


class SetClock(Clock):
    """The real clock, and how far it was set and the machine slept."""

    def __init__(self) -> None:
        self.set_by = 0
        self.slept = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.set_by + self.slept

    def since_boot(self) -> float:
        return super().since_boot() + self.slept / 1000


@contextlib.contextmanager
def engine_with(clock: Clock, root: Path) -> Iterator[Engine]:
    settings = settings_for(root, engine={"poll_workers": 0, "download_workers": 0})
    with archives.changing(settings) as archive:
        if not feeds.get_feed(archive.catalog, 1):
            add_feeds(archive, "http://127.0.0.9:9/a.xml")
        theirs = dataclasses.replace(archive, clock=clock)
        with compose.engine_on(theirs, settings) as engine:
            yield engine


def plan(engine: Engine, ms: int) -> None:
    now = engine.services.clock.now_ms()
    engine.services.commit(ChangeFeed(feed_id=1, next_poll_at=now + ms, at=now))


def wait_of(engine: Engine) -> int:
    feed = feeds.get_feed(engine.services.catalog, 1)
    assert feed is not None
    return feed.next_poll_at - engine.services.clock.now_ms()


def jumps(engine: Engine) -> list[tuple[str, str]]:
    found = engine.events.watch(0, 0.0).events
    return [(event.code, event.text) for event in found if event.kind == "clock_jumped"]


@pytest.mark.parametrize("by", [-YEAR, YEAR])
def test_a_clock_set_by_a_year_while_it_runs(by: int, tmp_path: Path) -> None:
    clock = SetClock()
    with engine_with(clock, tmp_path / "a") as engine:
        wait_for(lambda: engine.governor.latest.lanes)
        plan(engine, HOUR)
        clock.set_by = by
        ((code, text),) = wait_for(lambda: jumps(engine))
        assert (code, "365d" in text) == ("back" if by < 0 else "forward", True)
        if by < 0:
            wait_for(lambda: 0 < wait_of(engine) <= HOUR)
        else:
            assert wait_of(engine) < 0, "due, and let in at the pace of any outage"
        clock.set_by = 0
        wait_for(lambda: len(jumps(engine)) == 2)
        wait_for(lambda: wait_of(engine) <= HOUR)


def test_a_suspend_is_time_that_passed(tmp_path: Path) -> None:
    clock = SetClock()
    with engine_with(clock, tmp_path / "a") as engine:
        wait_for(lambda: engine.governor.latest.lanes)
        plan(engine, HOUR)
        clock.slept = 5 * HOUR
        ((code, text),) = wait_for(lambda: jumps(engine))
        assert (code, text[:22]) == ("suspend", "the machine slept for ")
        assert wait_of(engine) <= -4 * HOUR


def test_what_a_process_with_another_clock_planned_is_due_at_the_next_start(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    clock.set_by = YEAR
    with engine_with(clock, tmp_path / "a") as engine:
        plan(engine, HOUR)
        assert jumps(engine) == []
    with engine_with(Clock(), tmp_path / "a") as engine:
        ((code, text),) = jumps(engine)
        assert (code, text.startswith("1 feed and ")) == ("before_start", True)
        assert wait_of(engine) <= 0
