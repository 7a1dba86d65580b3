"""What every screen is shown: one snapshot and what the application remembers beside it."""

from __future__ import annotations

from collections import deque

import msgspec

from podfetch_tui.model.snapshot import EngineSnapshot

SAMPLES = 600
"""Samples kept for the lines of blocks: ten minutes of one a second."""
_SAMPLE_MS = 1000


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment, for all screens alike."""

    snapshot: EngineSnapshot
    speeds: tuple[float, ...] = ()
    """Bytes per second, one sample a second, newest last."""
    waiting: int = 0
    """Feeds that were imported paused and wait for the operator to begin."""


class Memory:
    """Remembers the recent past of an engine; confined to the application's thread."""

    def __init__(self) -> None:
        self._speeds: deque[float] = deque(maxlen=SAMPLES)
        self._sampled_at: int | None = None
        self.waiting = 0

    def view(self, snapshot: EngineSnapshot) -> View:
        """Take ``snapshot`` in and return what the screens are shown."""
        last = self._sampled_at
        if last is None or snapshot.at - last >= _SAMPLE_MS or snapshot.at < last:
            self._sampled_at = snapshot.at
            self._speeds.append(snapshot.rates.get("bytes_per_s", 0.0))
        return View(snapshot=snapshot, speeds=tuple(self._speeds), waiting=self.waiting)
