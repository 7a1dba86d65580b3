"""What is wrong with this machine, until it is over: nobody else is blamed for it.

A full or read-only disk is found out about by trying to write, not by waiting: work goes on as
soon as there is room again. Trouble that comes back soon after it was over is looked at more
and more rarely.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage import space
from podfetch_tui.storage.unusable import with_advice
from podfetch_tui.system.clock import Clock

FIRST_LOOK_S = 2.0
LONGEST_LOOK_S = 300.0
NETWORK_LOOK_S = 30.0
RELAPSE_S = 60.0
"""Trouble that begins again within this time after it was over doubles the wait."""
_DISK = frozenset({Kind.DISK_FULL, Kind.READ_ONLY})


class _Case(msgspec.Struct, frozen=True):
    """One trouble that is going on."""

    kind: Kind
    reason: str
    look_at: float
    """Monotonic second of the next look."""


class Trouble:
    """The trouble that is going on, if any.

    Workers and the writer's thread begin it, the governor's thread ends it; each replaces one
    reference as a whole.
    """

    def __init__(self, clock: Clock, can_write: Callable[[Kind], bool]) -> None:
        """Begin with nothing wrong.

        Args:
            clock: The time.
            can_write: Finds out whether trouble of this kind with a disk is over.
        """
        self._clock = clock
        self._can_write = can_write
        self._case: _Case | None = None
        self._wait = FIRST_LOOK_S
        self._over_at: float | None = None

    @property
    def reason(self) -> str:
        """Why everything waits; empty when nothing is wrong."""
        case = self._case
        return case.reason if case is not None else ""

    def begin(self, failure: Failure) -> bool:
        """Note a system failure; return whether it is news."""
        now = self._clock.monotonic()
        known = self._case is not None
        if not known:
            relapse = self._over_at is not None and now - self._over_at < RELAPSE_S
            longest = NETWORK_LOOK_S if failure.kind is Kind.NETWORK_DOWN else LONGEST_LOOK_S
            self._wait = min(2 * self._wait, longest) if relapse else FIRST_LOOK_S
            self._case = _Case(failure.kind, with_advice(failure), now + self._wait)
        return not known

    def end(self, kind: Kind) -> None:
        """Forget trouble of this kind: it is known to be over."""
        case = self._case
        if case is not None and case.kind is kind:
            self._case = None

    def ended_now(self) -> bool:
        """Look whether it is over, when it is time to; return whether it ended by this look."""
        case, now = self._case, self._clock.monotonic()
        if case is None or now < case.look_at:
            return False
        if case.kind in _DISK and not self._can_write(case.kind):
            self._case = msgspec.structs.replace(case, look_at=now + self._wait)
            return False
        self._case, self._over_at = None, now
        return True


def can_write(services: Services) -> bool:
    """Find out whether a disk that was full, or read-only, takes bytes again."""
    try:
        space.try_writing(services.layout, services.catalog.path.parent)
    except Failure:
        return False
    return True
