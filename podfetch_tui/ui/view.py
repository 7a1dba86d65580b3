"""What every screen is shown: one snapshot and what the application remembers beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from podfetch_tui.model.link import Link
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.ui.trend import Trend, TrendMemory

SAMPLES = 600
"""Samples kept for the lines of blocks: ten minutes of one a second."""
_SAMPLE_MS = 1000
BUCKET_S = 10
"""Failures are counted in buckets of so many seconds."""
BUCKETS = 60
"""Buckets kept: ten minutes."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment, for all screens alike."""

    snapshot: EngineSnapshot
    speeds: tuple[float, ...] = ()
    """Bytes per second, one sample a second, newest last."""
    failures: Mapping[str, tuple[int, ...]] = {}
    """Family → failures in each bucket of the last ten minutes, newest last."""
    trend: Trend = Trend()
    """A few more figures of these minutes, and the last change of the settings."""
    waiting: int = 0
    """Feeds that were imported paused and wait for the operator to begin."""
    link: Link | None = None
    """How the engine's process is reached; ``None`` when it is this one."""

    def polls(self, feed_id: int) -> bool:
        """Return whether the feed is being polled."""
        workers = self.snapshot.workers
        return any(one.feed_id == feed_id and one.lane == "poll" for one in workers)

    @property
    def refusal(self) -> str:
        """Why nothing can be changed from here; empty when it can."""
        return self.link.refusal() if self.link is not None else ""


class Memory:
    """Remembers the recent past of an engine; confined to the application's thread."""

    def __init__(self) -> None:
        self._speeds: deque[float] = deque(maxlen=SAMPLES)
        self._sampled_at: int | None = None
        self._failures: deque[dict[str, int]] = deque(maxlen=BUCKETS)
        self._bucket = 0
        self._errors: dict[str, int] | None = None
        self._trend = TrendMemory()
        self.waiting = 0

    def view(self, snapshot: EngineSnapshot, link: Link | None = None) -> View:
        """Take ``snapshot`` in and return what the screens are shown."""
        last = self._sampled_at
        if last is None or snapshot.at - last >= _SAMPLE_MS or snapshot.at < last:
            self._sampled_at = snapshot.at
            self._speeds.append(snapshot.rates.get("bytes_per_s", 0.0))
        self._count(snapshot)
        families = {name for bucket in self._failures for name in bucket}
        return View(
            snapshot=snapshot,
            speeds=tuple(self._speeds),
            failures={
                name: tuple(bucket.get(name, 0) for bucket in self._failures) for name in families
            },
            trend=self._trend.take(snapshot),
            waiting=self.waiting,
            link=link,
        )

    def _count(self, snapshot: EngineSnapshot) -> None:
        """Put the failures since the last snapshot into the bucket of this time."""
        bucket = snapshot.at // (BUCKET_S * 1000)
        behind = bucket - self._bucket
        before = snapshot.errors if self._errors is None else self._errors
        if self._errors is None or not 0 <= behind <= BUCKETS:
            # The first look, or the clock made a leap: what was before is not known.
            self._failures.clear()
            self._failures.append({})
            before = snapshot.errors
        else:
            self._failures.extend({} for _ in range(behind))
        self._bucket = bucket
        counts = self._failures[-1]
        for name, number in snapshot.errors.items():
            # Fewer than before: the engine was restarted and counts anew.
            new = number - before.get(name, 0) if number >= before.get(name, 0) else number
            if new:
                counts[name] = counts.get(name, 0) + new
        self._errors = snapshot.errors
