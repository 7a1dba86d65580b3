"""Alerts of a running engine: raised once, known to the next process, cleared by an event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.archive import running, settings_for
from support.wait import wait_for

from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.model.settings import Settings

NONE_RUN = {"poll_workers": 0, "download_workers": 0}
FULL = 1 << 60
"""No disk has so much free."""


def kept(settings: Settings) -> list[tuple[str, str]]:
    """Return the events of alerts and engines that the catalogue keeps."""
    with archives.reading(settings) as (_, catalog):
        found: list[dict[str, Any]] = list(pages.events(catalog))
    return [(row["kind"], row["code"]) for row in found]


def test_an_alert_is_raised_once_survives_a_restart_and_is_cleared(tmp_path: Path) -> None:
    watched = settings_for(tmp_path / "a", engine=NONE_RUN, alerts={"free_space": FULL})
    with running(watched) as engine:
        (first,) = wait_for(lambda: engine.governor.latest.alerts)
        assert first.name == "free_space"
        assert "are free for media" in first.text
        live = [
            event for event in engine.events.watch(0, 0.0).events if event.kind == "alert_raised"
        ]
        assert [(event.code, event.text) for event in live] == [("free_space", first.text)]
    with running(watched) as engine:
        (again,) = wait_for(lambda: engine.governor.latest.alerts)
        assert again.since == first.since
    off = settings_for(tmp_path / "a", engine=NONE_RUN)
    with running(off) as engine:
        wait_for(lambda: engine.governor.latest.lanes and not engine.governor.latest.alerts)
    found = kept(off)
    assert [code for kind, code in found if kind == "alert_raised"] == ["free_space"]
    assert [code for kind, code in found if kind == "alert_cleared"] == ["free_space"]
    assert [kind for kind, _ in found].count("engine_started") == 3
    assert [kind for kind, _ in found].count("engine_stopped") == 3
