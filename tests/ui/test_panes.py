"""What the panes of the dashboard say, and what the application remembers for them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from support.fake_client import MINUTE, NOW, busy_snapshot, idle_snapshot
from textual.content import Content

from podfetch_tui.model.snapshot import (
    MOST_HOSTS,
    BatchView,
    EngineSnapshot,
    HostView,
    LaneView,
)
from podfetch_tui.ui import panes
from podfetch_tui.ui.glyphs import ASCII, UNICODE
from podfetch_tui.ui.view import BUCKETS, Memory, View


def said(lines: list[Content]) -> str:
    return "\n".join(line.plain for line in lines)


def view(snapshot: EngineSnapshot) -> View:
    return Memory().view(snapshot)


def test_polls_per_second_are_whole_where_the_pane_is_narrow() -> None:
    rates = {"bytes_per_s": 590_200.0, "episodes_per_min": 1234.0, "polls_per_s": 118.3}
    now = view(replace(busy_snapshot(), rates=rates))
    for width in (58, 90):
        first = panes.throughput(now, width, UNICODE)[0].plain
        assert first.endswith("118.3 polls/s")
        assert len(first) <= width
    assert "mean" in first


def test_failures_are_counted_by_kind_in_buckets_and_survive_a_restart_of_the_engine() -> None:
    memory = Memory()
    first = replace(busy_snapshot(), errors={"transient": 100}, failures=None)
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
    assert "cpu 91 % for 6 s" in said(panes.alerts(view(held), UNICODE, {}))


def alerts(*hosts: HostView, failing: int = 0, keys: Mapping[str, str] = {}) -> str:
    now = replace(idle_snapshot(), hosts=hosts, feeds={"failing": failing})
    return said(panes.alerts(view(now), ASCII, keys))


def told(host: str, minutes: int, feeds: int = 0) -> HostView:
    until = NOW + minutes * MINUTE
    return HostView(host=host, breaker="closed", told_until=until, feeds=feeds)


def test_hosts_that_are_left_alone_say_how_many_feeds_wait_and_until_when() -> None:
    one, other = told("a.example", 2, 1203), told("b.example", 1, 1)
    assert alerts(one) == "= 1,203 feeds wait for a.example until 10:44; h shows more"
    assert alerts(other) == "= 1 feed waits for b.example until 10:43; h shows more"
    assert alerts(one, other) == (
        "= 1,204 feeds wait for 2 hosts until 10:43 or later; h shows more"
    )
    assert alerts(told("cdn.example", 1)) == (
        "= cdn.example is left alone until 10:43; h shows more"
    )
    most = alerts(*(told(f"{number}.example", 1, 1) for number in range(MOST_HOSTS)))
    assert "50 feeds wait for 50 hosts or more until" in most
    over = HostView(host="a.example", breaker="half_open", until=NOW)
    assert alerts(over) == ""


def test_feeds_that_fail_are_counted_and_the_keys_are_those_of_the_operator() -> None:
    assert alerts(failing=1) == "! 1 feed is failing; e shows which"
    keys = {"dashboard.failing": "ctrl+e,E", "app.hosts": "H"}
    text = alerts(told("a.example", 1), failing=1203, keys=keys)
    assert "! 1,203 feeds are failing; ^e shows which" in text
    assert "; H shows more" in text
    assert alerts() == ""


def test_what_is_said_of_a_host_fits_into_80_columns() -> None:
    long = told("feeds.of-a-very-long-name.example", 60 * 24, 10_412)
    assert len(alerts(long)) <= 78


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
