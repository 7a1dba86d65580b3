"""Figures around a change of the settings: what was before, what came after, where it was."""

from __future__ import annotations

from msgspec.structs import replace
from support.fake_client import NOW, event, idle_snapshot

from podfetch_tui.ui.trend import TrendMemory, drawn, means


def test_a_figure_is_told_before_and_after_a_change_with_a_mark_where_it_was() -> None:
    memory, now = TrendMemory(), idle_snapshot()
    change = replace(event(1, "limit_changed", "engine.per_host 2 → 4"), at=NOW + 60_000)
    for second in range(120):
        is_after = second >= 60
        trend = memory.take(
            replace(
                now,
                at=NOW + second * 1_000,
                rates={"bytes_per_s": 3.0 if is_after else 1.0},
                errors={"transient": second},
                recent=(change,) if is_after else (),
            )
        )
    assert trend.change is not None
    assert trend.change.text == "engine.per_host 2 → 4"
    assert means(trend, lambda one: one.bytes_per_s) == (1.0, 3.0)
    before, after = means(trend, lambda one: one.failures_per_min)
    assert after == 60.0
    assert before is not None
    blocks = drawn(trend, lambda one: one.bytes_per_s, 21)
    assert len(blocks) == 21
    assert blocks.index("│") == 10
    assert set(blocks[:10]) != set(blocks[11:])


def test_a_clock_that_is_set_back_and_an_engine_that_starts_anew_make_no_figures() -> None:
    memory, now = TrendMemory(), idle_snapshot()
    memory.take(replace(now, at=NOW, errors={"transient": 50}))
    trend = memory.take(replace(now, at=NOW - 3_600_000, errors={"transient": 2}))
    assert [one.failures_per_min for one in trend.samples] == [0.0]
    assert memory.take(replace(now, at=NOW, state="starting")).samples == trend.samples
    assert means(trend, lambda one: one.bytes_per_s) == (None, 0.0)
