"""Waiting for something to become true, without sleeping blindly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

_STEP_S = 0.01


def wait_for(predicate: Callable[[], object], timeout: float = 20.0, what: str = "") -> None:
    """Return once ``predicate`` is true; fail the test after ``timeout`` seconds."""
    end = monotonic() + timeout
    never = threading.Event()
    while not predicate():
        if monotonic() > end:
            raise AssertionError(f"did not happen within {timeout:g} s: {what or predicate}")
        never.wait(_STEP_S)
