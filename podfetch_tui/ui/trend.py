"""How an engine did over the last minutes, and what was changed of its settings last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Union

import msgspec

from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import spark
from podfetch_tui.model.snapshot import EngineSnapshot

KEPT = 600
"""Samples that are kept: ten minutes of one a second."""
SAMPLE_MS = 1_000
COMPARED_MS = 120_000
"""What was before and after a change is a mean over so long at most."""
_CHANGES = ("limit_changed", "settings_changed", "settings_ended", "settings_gave_way")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A few figures of one moment."""

    at: int
    """UTC milliseconds."""
    bytes_per_s: float
    failures_per_min: float
    cpu_percent: float
    queued: int
    """Polls and downloads that wait."""


class Change(msgspec.Struct, frozen=True):
    """Settings became others."""

    at: int
    """UTC milliseconds."""
    text: str


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of ten minutes, the newest last, and the last change."""

    samples: Sequence[Sample] = ()
    change: Union[Change, None] = None


class TrendMemory:
    """Makes a :class:`Trend` of snapshots; confined to the application's thread."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._change: Change | None = None
        self._failed: int | None = None

    def take(self, now: EngineSnapshot) -> Trend:
        """Take ``now`` in, at most once a second; and the events that came with it."""
        last = self._samples[-1].at if self._samples else None
        if last is not None and now.at < last:
            self._samples.clear()  # the clock was set back: what was before has no place
            last = None
        is_due = last is None or now.at - last >= SAMPLE_MS
        if is_due and now.state != "starting":
            self._samples.append(self._sample(now, last))
        for event in now.recent:
            if event.kind in _CHANGES and self._is_newer(event):
                self._change = Change(event.at, event.text)
        return Trend(samples=tuple(self._samples), change=self._change)

    def _is_newer(self, event: Event) -> bool:
        return self._change is None or event.at > self._change.at

    def _sample(self, now: EngineSnapshot, last: int | None) -> Sample:
        failed = sum(now.errors.values())
        before, self._failed = self._failed, failed
        new = 0 if before is None or failed < before else failed - before
        minutes = (now.at - last) / 60_000 if last is not None else 1.0
        return Sample(
            at=now.at,
            bytes_per_s=now.rates.get("bytes_per_s", 0.0),
            failures_per_min=new / minutes,
            cpu_percent=now.resources.get("cpu_percent", 0.0),
            queued=now.queue.get("polls", 0) + now.queue.get("downloads", 0),
        )


def means(
    trend: Trend, figure: Callable[[Sample], float]
) -> tuple[Union[float, None], Union[float, None]]:
    """Return a figure before and after the change, ``None`` where nothing is known of it."""
    change = trend.change
    if change is None:
        return None, _mean([figure(one) for one in trend.samples])
    before = [figure(one) for one in trend.samples if change.at - COMPARED_MS <= one.at < change.at]
    newest = trend.samples[-1].at if trend.samples else 0
    after = [
        figure(one)
        for one in trend.samples
        if one.at >= change.at and one.at >= newest - COMPARED_MS
    ]
    return _mean(before), _mean(after)


def drawn(
    trend: Trend, figure: Callable[[Sample], float], cells: int, *, ascii_only: bool = False
) -> str:
    """Return a figure as a line of ``cells`` blocks with a mark where the change was."""
    if not trend.samples or cells < 3:
        return ""
    first, last = trend.samples[0].at, trend.samples[-1].at
    length = max(last - first + SAMPLE_MS, 1)
    change = trend.change
    mark = None
    if change is not None and first < change.at <= last:
        mark = (change.at - first) * (cells - 1) // length
    room = cells if mark is None else cells - 1
    sums, numbers = [0.0] * room, [0] * room
    for one in trend.samples:
        cell = (one.at - first) * room // length
        sums[cell] += figure(one)
        numbers[cell] += 1
    values, value = [], 0.0
    for total, number in zip(sums, numbers, strict=True):
        value = total / number if number else value
        values.append(value)
    blocks = spark(values, room, ascii_only=ascii_only)
    if mark is None:
        return blocks
    return blocks[:mark] + ("|" if ascii_only else "│") + blocks[mark:]


def _mean(values: Sequence[float]) -> Union[float, None]:
    return sum(values) / len(values) if values else None
