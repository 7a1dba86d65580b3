"""Weeks of polling on a clock that is moved by hand: the engine's scheduling keeps its promises."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import simulation
from benchmarks.simulation import DAY, START, World, WorldPlan, run
from benchmarks.simulation_report import report


def test_the_simulation_drives_the_engines_own_parts() -> None:
    tree = ast.parse(Path(simulation.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = ("engine.schedule", "engine.batches", "engine.endings", "engine.slots", "policy.classify")
    assert {f"podfetch_tui.{name}" for name in own} <= imported
    through = Path(simulation.__file__).parents[1] / "podfetch_tui" / "engine"
    assert "engine.health import" in (through / "schedule.py").read_text(encoding="utf-8")
    assert "engine.hosts import" in (through / "schedule.py").read_text(encoding="utf-8")
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert not defined & {"Schedule", "HostLanes", "Health", "Batches", "Slots"}


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_weeks_with_dead_feeds_a_busy_host_and_an_outage_keep_every_promise(seed: int) -> None:
    found = report(run(World(WorldPlan(feeds=120, days=19, seed=seed))))
    assert found.on_time >= 0.995, found.line()
    assert found.quarantined == found.dead, found.line()
    assert found.wrongly == found.violations == found.doubled == 0, found.line()
    assert found.retries <= 0.1, found.line()


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_no_feed_starves_for_lack_of_priority_at_95_percent_load(seed: int) -> None:
    found = report(run(World(WorldPlan(feeds=300, days=0.03, seed=seed, load=0.95))))
    assert found.polls > 300
    assert found.is_good, found.line()


@pytest.mark.parametrize("seed", [1])
def test_a_seed_gives_the_same_run_again(seed: int) -> None:
    plan = WorldPlan(feeds=60, days=3, seed=seed)
    first, second = run(World(plan)), run(World(plan))
    assert first.seen == second.seen
    assert first.feeds == second.feeds


def test_dead_feeds_are_noticed_as_dead_and_not_before() -> None:
    world = run(World(WorldPlan(feeds=150, days=16, seed=5, dead=0.3)))
    times = [
        (fate.quarantined_at - fate.dies_at) / DAY
        for fate in world.fates.values()
        if fate.quarantined_at and fate.dies_at and fate.dies_at < START + 8 * DAY
    ]
    assert len(times) > 10
    assert min(times) > 1
