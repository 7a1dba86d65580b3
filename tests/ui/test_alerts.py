"""Alerts stand on every screen, and with their figures on the dashboard."""

from __future__ import annotations

from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot
from support.stage import WIDE, Stage, painted, play

from podfetch_tui.model.alerts import Alert

FULL = Alert(name="free_space", since=1, text="1 GB are free", value=1e9, limit=2e9)
LATE = Alert(name="lateness_p95", since=1, text="polls wait", value=5e3, limit=3.6e3)


def test_an_alert_is_in_the_banner_and_all_are_on_the_dashboard() -> None:
    seen: list[str] = []

    async def look(stage: Stage) -> None:
        seen.extend(painted(stage.app))

    play(FakeClient(replace(busy_snapshot(), alerts=(FULL, LATE))), look, size=WIDE)
    (banner,) = [line for line in seen if "Alert free_space: 1 GB are free" in line]
    assert "and 1 more" in banner
    assert any("polls wait" in line for line in seen)
