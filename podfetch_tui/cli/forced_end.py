"""The end of a process that was told twice to stop."""

from __future__ import annotations

import os
import threading

LAST_S = 1.0
"""It has so long to end in good order."""


def end_for_certain(number: int) -> None:
    """End the process soon, whatever still hangs: every step of the archive survives that.

    Args:
        number: Of the signal; the exit code follows from it.
    """
    timer = threading.Timer(LAST_S, os._exit, (128 + number,))
    timer.daemon = True
    timer.start()
