"""The newest events of the ring: of the steps of one change they have the whole change."""

from __future__ import annotations

from support.clock import FakeClock

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.locks import Locks


def ring(*changes: tuple[str, str]) -> EventRing:
    events = EventRing(Locks().telemetry, FakeClock())
    for kind, text in changes:
        events.emit(kind, text, code=text.partition(" ")[0])
    return events


def texts(events: EventRing, count: int = 20) -> list[str]:
    return [event.text for event in events.tail(count)[1]]


def test_the_last_step_stands_for_all_of_them() -> None:
    steps = [("limit_changed", f"engine.per_host 8 → {value}") for value in (7, 6, 4)]
    events = ring(("feed_polled", "one"), *steps, ("feed_polled", "two"))
    assert texts(events) == ["one", "engine.per_host 8 → 4", "two"]
    assert texts(events, 2) == ["engine.per_host 8 → 4", "two"]
    assert events.tail(2)[0] == 5
    assert len(events.watch(0, 0.0).events) == 5, "whoever follows is told of each"


def test_what_is_no_step_of_the_next_change_stays() -> None:
    kept = [
        ("limit_changed", "engine.per_host 8 → 7"),
        ("limit_changed", "engine.per_host 7 → 8"),
        ("limit_changed", "engine.per_host_more 7 → 8"),
        ("settings_changed", "engine.per_host_more 7 → 9"),
    ]
    assert texts(ring(*kept)) == [text for _, text in kept]
    assert texts(ring()) == []
