"""The time, and waiting for it: the only place that asks the operating system.

Everything else takes a :class:`Clock`, so that tests can move time by hand.
"""

from __future__ import annotations

import threading
import time

from podfetch_tui.system.locks import assert_unlocked

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock:
    """The real time. Tests pass a subclass that stands still until it is moved."""

    def now_ms(self) -> int:
        """Return the wall time in UTC milliseconds; it may jump."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds from an unknown start; never goes back, stands still in suspend."""
        return time.monotonic()

    def since_boot(self) -> float:
        """Return seconds from an unknown start that go on in suspend, where the system has such.

        Elsewhere (macOS) this is :meth:`monotonic`: a suspend looks like a clock set forward.
        """
        if _BOOTTIME is None:
            return self.monotonic()
        return time.clock_gettime(_BOOTTIME)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until ``event`` is set, at most ``seconds``; return whether it is set.

        Raises:
            LockOrderError: The thread holds a ranked lock.
        """
        assert_unlocked("waiting for an event")
        return event.wait(min(max(seconds, 0.0), threading.TIMEOUT_MAX))
