"""How often Python looks for garbage that only its cyclic collector can free.

The engine makes hundreds of objects a feed and frees nearly all of them by counting references.
At Python's own threshold (700) the collector walks over what is in use again and again, for
nothing (``docs/decisions/0006-garbage-collector.md``).
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

YOUNG = 50_000
"""New objects beyond those freed again, after which the collector looks at them."""
YOUNG_BESIDE_A_SCREEN = 10_000
"""The same where somebody waits for what a key does: a look takes 10 ms instead of 50."""


def collect_rarely(young: int = YOUNG) -> None:
    """Leave alone what exists now, and look at new objects only when there are ``young``."""
    gc.freeze()
    gc.set_threshold(young, *gc.get_threshold()[1:])


@contextlib.contextmanager
def collecting_rarely(young: int = YOUNG) -> Iterator[None]:
    """Do :func:`collect_rarely` for a while."""
    before = gc.get_threshold()
    collect_rarely(young)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
