"""The limits of a running engine as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from textual.content import Content

from podfetch_tui.model.figures import count, rate, span
from podfetch_tui.model.setting import Form, Key
from podfetch_tui.model.settings import keys_by_id
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.policy.limit_advice import advice
from podfetch_tui.policy.steps import share, text_of
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.feed_rows import milliseconds
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.text import line

SHOWN = (
    "engine.poll_workers",
    "engine.download_workers",
    "engine.per_host",
    "engine.host_spacing",
    "network.bandwidth",
    "engine.batch_min",
    "engine.batch_max",
    "engine.queue_limit",
    "feeds.min_interval",
    "feeds.default_interval",
    "feeds.max_interval",
    "retry.attempts",
    "quarantine.open_after_failures",
    "quarantine.quarantine_after_failures",
    "quarantine.quarantine_after",
    "quarantine.quarantine_probe",
    "throttle.adaptive",
    "throttle.cpu_high",
    "throttle.memory_high",
    "archive.min_free",
)
"""The keys that are limits, in the order of the screen."""
COLUMNS = (
    Column(label="Limit", width=38),
    Column(label="Value", width=10, right=True),
    Column(label="", width=8, wide=(100, 20)),
    Column(label="From", width=15, from_width=100),
    Column(label="Now"),
)
BAR = 2
"""Number of the column with the bar."""
_BARS = (8, 20)
_WIDE = 100
_LANES = {"engine.poll_workers": "poll", "engine.download_workers": "download"}


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One key with what holds."""

    key: str
    value: Any
    text: str
    default: str
    origin: str = ""
    source: str = ""
    in_file: str | None = None
    ends_at: str | None = None
    """RFC 3339; when a value that was set for a time gives way."""

    @property
    def facts(self) -> Key:
        """What is known of the key."""
        return keys_by_id()[self.key]

    @property
    def is_in_memory(self) -> bool:
        """It was changed while running, and not saved."""
        return self.origin == "runtime"

    @property
    def advice(self) -> str:
        """Why the value is not wise; empty when nothing speaks against it."""
        return advice(self.key, self.value)

    @property
    def number(self) -> int:
        """Its place on the screen, from 1: what the table knows it by."""
        return SHOWN.index(self.key) + 1


def limit_rows(rows: Sequence[dict[str, Any]]) -> list[LimitRow]:
    """Return the limits among rows of kind ``settings``, in the order of the screen."""
    known = [convert(row, LimitRow) for row in rows if row["key"] in SHOWN]
    return sorted(known, key=lambda row: row.number)


def cells_with(
    glyphs: Glyphs, view: Callable[[], View], width: Callable[[], int]
) -> Callable[[LimitRow], Sequence[Cell]]:
    """Return the function that gives the cells of one limit in a table of ``width`` cells."""

    def cells(row: LimitRow) -> Sequence[Cell]:
        mark = glyphs.idle if row.is_in_memory else glyphs.ok
        mark = glyphs.warning if row.advice else mark
        where = _where(row, view().snapshot.at)
        return (
            (f"{mark} {row.key}", "warning" if row.is_in_memory else "plain"),
            (row.text, "strong"),
            (_bar(row, _BARS[width() >= _WIDE], glyphs), "muted"),
            (where, "warning" if row.is_in_memory else "muted"),
            (_now(row.key, view().snapshot), "plain"),
        )

    return cells


def _bar(row: LimitRow, room: int, glyphs: Glyphs) -> str:
    """Return how far up its range a value is; a word where that would say something else."""
    if row.facts.form is Form.FLAG:
        return ""
    if row.key == "network.bandwidth" and not row.value:
        return "no cap"
    filled = round(room * min(share(row.facts, row.value), 1.0))
    full, rest = ("#", "-") if glyphs.ascii_only else ("█", "░")
    return full * filled + rest * (room - filled)


def legend(glyphs: Glyphs) -> str:
    """Return what the signs before the limits mean."""
    return f"{glyphs.ok} saved  {glyphs.idle} in memory only  {glyphs.warning} not advised"


def details(row: LimitRow, now: int, what_if: str = "") -> list[Content]:
    """Return what is known of a limit at ``now``: its meaning, range, default and source.

    Args:
        row: The limit.
        now: UTC milliseconds.
        what_if: What other values would do, in words.
    """
    key = row.facts
    bounds = f"{_bound(key, key.low)} to {_bound(key, key.high)}"
    applies = {"live": "at once", "next_batch": "with the next batch"}.get(
        key.applies.value, "after a restart"
    )
    file = f"; the file says {row.in_file}" if row.in_file and row.in_file != row.text else ""
    return [
        line(key.help, (f"   {row.advice}" if row.advice else "", "$warning")),
        line((f"{bounds}, default {row.default}, takes effect {applies}", "$quiet")),
        line((f"from {row.source}{_until(row, now)}{file}", "$quiet"), f"   {what_if}".rstrip()),
    ]


def _where(row: LimitRow, now: int) -> str:
    end = milliseconds(row.ends_at)
    if end is not None:
        return f"for {span(max(0, end - now) / 1000)}"
    return "in memory only" if row.is_in_memory else row.origin


def _until(row: LimitRow, now: int) -> str:
    end = milliseconds(row.ends_at)
    return "" if end is None else f", for {span(max(0, end - now) / 1000)} more"


def _bound(key: Key, bound: float | None) -> str:
    if bound is None:
        return "any"
    return text_of(key, bound)


def _now(key: str, now: EngineSnapshot) -> str:
    """Return what the engine does with it at the moment."""
    lane = now.lanes.get(_LANES.get(key, ""))
    if lane is not None:
        aim = f", aims at {lane.target}" if lane.target != lane.limit else ""
        return f"{count(lane.busy)} busy{aim}, {count(lane.queued)} queued"
    if key == "network.bandwidth":
        return rate(now.rates.get("bytes_per_s", 0.0))
    if key in ("engine.batch_min", "engine.batch_max"):
        return f"batch of {count(now.batch.size)}, {count(now.batch.left)} left"
    if key.startswith("quarantine.quarantine_"):
        return f"{count(now.feeds.get('quarantined', 0))} in quarantine"
    if key == "quarantine.open_after_failures":
        return f"{count(now.feeds.get('cooling', 0))} cooling"
    if key == "throttle.cpu_high":
        return f"cpu {now.resources.get('cpu_percent', 0):.0f} %"
    return ""
