"""The cap that all media transfers share; feeds are small and are not held up by it.

Every worker has the bucket for itself for a moment: it is handed from one to the next through
a queue of one place. Nobody holds it while waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from podfetch_tui.policy.bandwidth import Bucket, piece_size
from podfetch_tui.system.clock import Clock

_LOOK_S = 0.25
"""A changed cap holds within this for those who wait."""
_SOON_S = 0.0005
"""Not worth a wait."""


class Bandwidth:
    """Bytes per second for all transfers together, changed at any time."""

    def __init__(self, rate: int, clock: Clock) -> None:
        """Set the cap: ``rate`` in bytes per second, 0 for none."""
        self._clock = clock
        self._rate = rate
        self._place: SimpleQueue[Bucket] = SimpleQueue()
        self._place.put(Bucket(rate=rate, at=clock.monotonic()))

    @property
    def rate(self) -> int:
        """Bytes per second; 0 for no cap."""
        return self._rate

    def set_rate(self, rate: int) -> None:
        """Change the cap for all transfers, those that wait included."""
        if rate != self._rate:
            self._rate = rate
            self._change(lambda bucket, now: (bucket.with_rate(rate, now), 0.0))

    def piece(self, most: int) -> int:
        """Return how many bytes, ``most`` at most, are read before :meth:`pay`."""
        return piece_size(self._rate, most)

    def pay(self, count: int, stop: threading.Event) -> float:
        """Wait until ``count`` bytes that were read fit under the cap.

        Args:
            count: Bytes.
            stop: Ends the wait; what was taken stays taken.

        Returns:
            Seconds waited.
        """
        if not self._rate:
            return 0.0
        began = self._clock.monotonic()
        ticket = self._change(lambda bucket, now: bucket.take(count, now))
        while (left := self._left(ticket)) > _SOON_S and not stop.is_set():
            self._clock.wait(stop, min(left, _LOOK_S))
        return self._clock.monotonic() - began

    def _left(self, ticket: float) -> float:
        return self._change(lambda bucket, now: (bucket, bucket.wait_s(ticket, now)))

    def _change(self, step: Callable[[Bucket, float], tuple[Bucket, float]]) -> float:
        bucket = self._place.get()
        try:
            bucket, result = step(bucket, self._clock.monotonic())
        finally:
            self._place.put(bucket)
        return result
