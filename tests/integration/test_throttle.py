"""A real engine on a machine that is under pressure: less is done at once, and it is said why."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from support.archive import settings_for
from support.served import served
from support.shows import show
from support.wait import wait_for

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.main import podfetch
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.model.commands import ChangeSettings, CheckFeeds


def said(root: Path, *words: str) -> str:
    done = CliRunner().invoke(podfetch, ["--archive", str(root), *words], standalone_mode=False)
    return done.stdout


def test_a_lane_under_pressure_goes_on_with_one_worker_and_back_when_told(tmp_path: Path) -> None:
    """Every machine uses more than 1 % of its memory."""
    root = tmp_path / "archive"
    pressed = {"adaptive": True, "memory_high": 1.0}
    settings = settings_for(root, engine={"poll_workers": 4}, throttle=pressed)
    with PodcastHost() as host, served(settings, show(host, "a", count=2)) as engine:
        assert set(engine.governor.latest.lanes) == {"poll", "download"}, "whole from the start"
        wait_for(lambda: engine.governor.latest.lanes["poll"].target == 1)
        wait_for(lambda: engine.governor.latest.episodes.get("archived") == 2)
        engine.commands.apply(CheckFeeds())
        wait_for(lambda: engine.telemetry.totals()[0]["polls"] >= 2)
        found = json.loads(said(root, "limits", "get", "--json"))["engine.poll_workers"]
        assert (found["limit"], found["target"]) == (4, 1)
        assert found["reason"].startswith("poll target 1 of 4: ")
        assert "download target" in said(root, "limits", "get")
        # An engine that does not answer in time is shown as silent, without its lanes.
        wait_for(lambda: "throttle  poll target 1 of 4: " in said(root, "status"))
        off = ChangeSettings(changes=(("throttle.adaptive", "no"),))
        assert engine.commands.apply(off).ok
        wait_for(lambda: engine.governor.latest.lanes["poll"].target == 4)
        assert engine.governor.latest.lanes["poll"].reason == ""
    with archives.reading(settings) as (_, catalog):
        kinds = [row["kind"] for row in pages.events(catalog)]
    assert kinds.count("throttled") == kinds.count("unthrottled") == 2
