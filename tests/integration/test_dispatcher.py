"""The dispatcher rests while nothing may start, whatever is due."""

from __future__ import annotations

import time
from pathlib import Path

from support.archive import running, settings_for
from support.wait import wait_for

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.commands import Pause, Resume


def test_a_paused_engine_does_not_go_round_for_what_is_due(tmp_path: Path) -> None:
    retry = {"attempts": 10, "base": 1.0, "cap": 1.0}
    with PodcastHost() as host:
        host.table.routes["/a.xml"] = Route(status=500, body=b"no")
        settings = settings_for(tmp_path / "archive", retry=retry)
        with running(settings, host.url("/a.xml", "127.0.0.9")) as engine:
            wait_for(engine.schedule.delayed)
            engine.commands.apply(Pause())
            clock, heart = engine.services.clock, engine.dispatcher.heart
            wait_for(lambda: (engine.schedule.next_wake() or clock.now_ms()) < clock.now_ms())
            began, beats = time.monotonic(), heart.beats
            wait_for(lambda: heart.beats >= beats + 4)
            assert time.monotonic() - began > 1.0
            asked = len(host.requests)
            engine.commands.apply(Resume())
            wait_for(lambda: len(host.requests) > asked)
