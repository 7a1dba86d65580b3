"""What the panes of the dashboard say, and what the application remembers for them."""

from __future__ import annotations

from msgspec.structs import replace
from support.fake_client import NOW, busy_snapshot, idle_snapshot
from textual.content import Content

from podfetch_tui.model.snapshot import BatchView, EngineSnapshot, LaneView
from podfetch_tui.ui import panes
from podfetch_tui.ui.glyphs import ASCII, UNICODE
from podfetch_tui.ui.view import BUCKETS, Memory, View


def said(lines: list[Content]) -> str:
    return "\n".join(line.plain for line in lines)


def view(snapshot: EngineSnapshot) -> View:
    return Memory().view(snapshot)


def test_failures_are_counted_by_kind_in_buckets_and_survive_a_restart_of_the_engine() -> None:
    memory = Memory()
    first = replace(busy_snapshot(), errors={"transient": 100})
    memory.view(first)
    memory.view(replace(first, at=NOW + 10_000, errors={"transient": 104, "system": 1}))
    memory.view(replace(first, at=NOW + 11_000, errors={"transient": 105, "system": 1}))
    restarted = memory.view(replace(first, at=NOW + 30_000, errors={"transient": 2}))
    assert restarted.failures == {"transient": (0, 5, 0, 2), "system": (0, 1, 0, 0)}
    text = said(panes.errors(restarted, UNICODE, short=False))
    assert "transient" in text
    assert "7.0/min" in text
    later = memory.view(replace(first, at=NOW + 20_000 * BUCKETS, errors={"transient": 2}))
    assert later.failures == {}, "nothing is known of a time that was not seen"
    back = memory.view(replace(first, at=NOW, errors={"transient": 2}))
    assert back.failures == {}, "a clock that was set back is no failure"


def test_an_eta_is_said_when_it_is_known_and_only_then() -> None:
    busy = busy_snapshot()
    text = said(panes.progress(view(busy), 60, UNICODE))
    assert "171/240" in text
    assert "ETA 50s" in text
    assert "ETA 34m" in text
    unknown = replace(busy, batch=BatchView(size=10, left=5, due=9, waits="downloads"))
    text = said(panes.progress(view(unknown), 60, ASCII))
    assert "ETA …" in text
    assert "waits: downloads" in text
    assert "done" in said(panes.progress(view(replace(busy, batch=BatchView(size=9))), 60, ASCII))
    assert "none yet" in said(panes.progress(view(idle_snapshot()), 60, ASCII))


def test_a_lane_shows_what_it_may_do_and_what_holds_it_back() -> None:
    lane = LaneView(limit=8, target=5, busy=4, reason="cpu 91 % for 6 s")
    strip = panes.lane_line("downloads", lane, 1, 80, ASCII).plain
    assert "!@@@...." in strip
    assert "4 of 5 (limit 8)" in strip
    assert (
        "off" in panes.lane_line("polls", LaneView(limit=0, target=0, busy=0), 0, 80, ASCII).plain
    )
    held = replace(busy_snapshot(), lanes={"download": lane})
    assert "cpu 91 % for 6 s" in said(panes.alerts(view(held), UNICODE))


def test_the_queue_names_shut_hosts_and_why_the_next_jobs_are_next() -> None:
    text = said(panes.queue(view(busy_snapshot()), short=False))
    assert "anchor.example open, dead.example half open" in text
    assert "new, priority 5" in text
    assert text.index("new, priority 5") < text.index("due 4m12s ago")
    assert "anchor" not in said(panes.queue(view(busy_snapshot()), short=True))


def test_a_machine_that_tells_little_is_no_reason_to_fail() -> None:
    bare = view(replace(idle_snapshot(), resources={}))
    for short in (True, False):
        assert "cpu" in said(panes.resources(bare, ASCII, short=short))
    assert "99.5 %" in said(panes.errors(view(busy_snapshot()), ASCII, short=True))
