"""What the limits do at the moment, and what the last change of them did."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from podfetch_tui.model.figures import count, rate, span
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.model.text import counted
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.trend import Sample, drawn, means
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import Part, line

_LABEL = 12
_FIGURES: tuple[tuple[str, Callable[[Sample], float], Callable[[float], str]], ...] = (
    ("throughput", lambda one: one.bytes_per_s, rate),
    ("failures", lambda one: one.failures_per_min, lambda value: f"{value:.1f}/min"),
    ("cpu", lambda one: one.cpu_percent, lambda value: f"{value:.0f} %"),
    ("queued", lambda one: one.queued, lambda value: count(round(value))),
)
_WORDS = 34
"""Cells for the figures beside a line of blocks."""
_LONGEST = 120


def effect(view: View, width: int, glyphs: Glyphs) -> list[Content]:
    """Return the lines of the pane: the lanes, the last change, four figures around it."""
    now, trend = view.snapshot, view.trend
    lines = [_lane(now, "poll", "polls"), _lane(now, "download", "downloads")]
    if trend.change is None:
        lines.append(line(("the last ten minutes; no limit was changed in them", "$quiet")))
    else:
        ago = span(max(0, now.at - trend.change.at) / 1000)
        lines.append(line((trend.change.text, "bold"), (f"  {ago} ago", "$quiet")))
    cells = max(10, min(width - _LABEL - _WORDS, _LONGEST))
    for label, figure, text in _FIGURES:
        before, after = means(trend, figure)
        said = "–" if after is None else text(after)
        if before is not None:
            said = f"{text(before)} {'->' if glyphs.ascii_only else '→'} {said}"
        blocks = drawn(trend, figure, cells, ascii_only=glyphs.ascii_only)
        lines.append(line((f"{label:<{_LABEL}}", "$quiet"), (blocks, "$primary"), f"  {said}"))
    return lines


def _lane(now: EngineSnapshot, name: str, label: str) -> Content:
    lane = now.lanes.get(name)
    head: Part = (f"{label:<{_LABEL}}", "$quiet")
    if lane is None:
        return line(head, "–")
    if not lane.limit:
        waiting = now.episodes.get("pending", 0) if name == "download" else now.batch.due
        return line(head, ("off: the limit is 0", "$warning"), f", {count(waiting)} wait")
    parts: list[Part] = [
        (f"{lane.busy} of {lane.limit} run", "bold"),
        (f", {count(lane.queued)} wait", ""),
    ]
    if lane.throttled:
        parts.append((f"   held at {lane.throttled.removeprefix('target ')}", "$warning"))
    if name == "poll":
        parts.append((f"   {counted(now.batch.due, 'feed')} due", "$quiet"))
        if now.batch.waits:
            parts.append((f", the next batch waits for {now.batch.waits}", "$quiet"))
    return line(head, *parts)
