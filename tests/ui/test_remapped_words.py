"""Keys that were put elsewhere: what the screens say names the keys that work now."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.fake_client import busy_snapshot, idle_snapshot

from podfetch_tui.model.snapshot import EngineSnapshot, LaneView
from podfetch_tui.ui import panes
from podfetch_tui.ui.glyphs import UNICODE
from podfetch_tui.ui.screens.dashboard import idle
from podfetch_tui.ui.view import Memory
from podfetch_tui.ui.widgets.banner import news

ELSEWHERE = {
    "app.quit": "f1", "engine.pause": "f2", "engine.begin": "f3", "feeds.add": "f4",
    "feeds.import": "f5", "go.feeds": "f6", "go.limits": "f7", "limits.more": "f8",
    "limits.save": "f9", "app.hosts": "f10", "dashboard.failing": "f11",
}  # fmt: skip


def off() -> EngineSnapshot:
    lanes = {**busy_snapshot().lanes, "download": LaneView(limit=0, target=0, busy=0)}
    return replace(busy_snapshot(), lanes=lanes)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (replace(busy_snapshot(), state="paused"), "f2 resumes"),
        (replace(busy_snapshot(), state="stopped"), "f1 restarts or quits"),
    ],
)
def test_the_banner_names_the_keys_that_work(now: EngineSnapshot, says: str) -> None:
    content, _ = news(Memory().view(now), UNICODE, ELSEWHERE)
    assert content is not None
    assert says in content.plain


def test_the_dashboard_names_the_keys_that_work() -> None:
    empty = "\n".join(one.plain for one in idle(Memory().view(idle_snapshot()), ELSEWHERE))
    assert "On Feeds (f6) f4 adds one by its address" in empty
    assert "f5 a list" in empty
    view = Memory().view(off())
    told = "\n".join(one.plain for one in panes.alerts(view, UNICODE, ELSEWHERE))
    assert "Limits (f7): f8 raises, f9 saves" in told
    assert "f10 shows more" in told
    assert "f11 shows which" in told
    (why,) = idle(view, ELSEWHERE)
    assert "f8 on Limits (f7)" in why.plain
