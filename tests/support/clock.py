"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading

from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked

_LOOK_S = 0.002


class FakeClock(Clock):
    """Time under the test's control; safe to move from any thread.

    Args:
        now_ms: Wall time at the start, UTC milliseconds.
        auto: ``wait`` moves the time itself and returns at once, for tests with one thread.
    """

    def __init__(self, *, now_ms: int = 1_700_000_000_000, auto: bool = False) -> None:
        self._moved = threading.Condition()
        self._wall_ms = float(now_ms)
        self._monotonic = 1000.0
        self._slept = 0.0
        self._auto = auto
        self._waiting = 0

    def now_ms(self) -> int:
        with self._moved:
            return int(self._wall_ms)

    def monotonic(self) -> float:
        with self._moved:
            return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        with self._moved:
            self._wall_ms += seconds * 1000
            self._monotonic += seconds
            self._moved.notify_all()

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP would."""
        with self._moved:
            self._wall_ms += seconds * 1000

    def sleep(self, seconds: float) -> None:
        """Suspend the machine: wall time goes on, the monotonic clock stands still."""
        with self._moved:
            self._wall_ms += seconds * 1000
            self._slept += seconds

    def since_boot(self) -> float:
        with self._moved:
            return self._monotonic + self._slept

    def wait(self, event: threading.Event, seconds: float) -> bool:
        assert_unlocked("waiting for an event")
        if self._auto:
            if not event.is_set():
                self.advance(max(seconds, 0.0))
            return event.is_set()
        with self._moved:
            deadline = self._monotonic + seconds
            self._waiting += 1
            self._moved.notify_all()
            try:
                # Setting the event cannot notify this condition: look again now and then.
                while not event.is_set() and self._monotonic < deadline:
                    self._moved.wait(_LOOK_S)
            finally:
                self._waiting -= 1
            return event.is_set()

    def wait_for_waiters(self, count: int = 1, patience: float = 10.0) -> None:
        """Return as soon as ``count`` threads wait on this clock."""
        with self._moved:
            if not self._moved.wait_for(lambda: self._waiting >= count, patience):
                raise AssertionError(f"{self._waiting} threads wait, not {count}")
