"""Waiting for what another thread or process does, without guessing how long it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_LOOK_S = 0.001
_LONGEST_LOOK_S = 0.05


def wait_for(
    predicate: Callable[[], T], timeout: float = 20.0, what: str | Callable[[], str] = ""
) -> T:
    """Return the first true value of ``predicate``.

    Args:
        predicate: Asked again and again from this thread; must not block.
        timeout: Seconds of patience.
        what: Words for the error; called when it is a function, so that it can show the state
            at the end.

    Raises:
        AssertionError: Nothing true came in time.
    """
    never = threading.Event()
    deadline = time.monotonic() + timeout
    pause = _FIRST_LOOK_S
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            words = what() if callable(what) else what
            raise AssertionError(f"waited {timeout:g} s in vain: {words or predicate}")
        never.wait(pause)
        pause = min(pause * 2, _LONGEST_LOOK_S)
