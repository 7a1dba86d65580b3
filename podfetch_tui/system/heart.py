"""What shows that a thread lives, and who is told when a bug ends it.

A thread that others depend on beats as it goes round and rests while it waits for as long as
it takes. Whoever watches compares the beats (``engine/vitals.py``). Nothing is locked: the
thread writes, the watcher reads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""A thread that does not beat for so long, and does not rest either, is stuck."""

OnDeath = Callable[[str, BaseException], None]
"""Told which thread ended and why, in that thread."""


def _tell_nobody(_name: str, _error: BaseException) -> None:
    """The log has it; nothing else depends on the thread."""


class Heart:
    """Of one thread, or of one job in a thread."""

    __slots__ = ("beats", "error", "is_resting", "name", "on_death", "patience_s")

    def __init__(self, name: str, *, patience_s: float = PATIENCE_S) -> None:
        """Begin at rest.

        Args:
            name: What lives by it, in words that fit into a sentence.
            patience_s: Seconds without a beat that are nothing unusual.
        """
        self.name = name
        self.patience_s = patience_s
        self.beats = 0
        self.is_resting = True
        self.error: BaseException | None = None
        """What it died of."""
        self.on_death: OnDeath = _tell_nobody

    def beat(self) -> None:
        """Go on."""
        self.beats += 1
        self.is_resting = False

    def rest(self) -> None:
        """Wait on purpose, for as long as it takes."""
        self.is_resting = True

    def guard(self, body: Callable[[], object]) -> None:
        """Call ``body``, the whole work of a thread; what escapes it is a bug."""
        try:
            body()
        except BaseException as error:
            self.error = error
            logger.critical("A bug ended %s", self.name, exc_info=error)
            self.on_death(self.name, error)
        finally:
            self.rest()
