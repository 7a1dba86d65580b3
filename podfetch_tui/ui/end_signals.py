"""Signals that end the screen, and how each does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping

from podfetch_tui.system.locks import log_stacks
from podfetch_tui.ui.dialogs.quit import HowToEnd

WAYS: Mapping[signal.Signals, HowToEnd] = {
    signal.SIGTERM: "drain",
    signal.SIGINT: "drain",
    signal.SIGHUP: "hangup",
}


def listen(end: Callable[[signal.Signals], None]) -> None:
    """Call ``end`` for each of :data:`WAYS` in the running loop, and log stacks for SIGUSR1.

    Elsewhere than on the main thread, as under a test or in a browser, signals are not ours.
    """
    loop = asyncio.get_running_loop()
    try:
        for number in WAYS:
            loop.add_signal_handler(number, end, number)
        # Without a handler it would end the program.
        loop.add_signal_handler(signal.SIGUSR1, log_stacks)
    except (RuntimeError, ValueError):
        return
