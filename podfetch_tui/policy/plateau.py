"""Whether more workers bring more bytes: what tells a saturated link from a free one. Pure.

Bytes are counted only while every worker is busy, and not in the first second after a change.
A level is *worth it* when its rate is above that of the last such level by a fifth of what
workers were added. A third more workers without that, and the link is full: the target goes back
to what would have brought as much, and is tried again after a while or when the rate changes.
"""

from __future__ import annotations

import math

import msgspec
from msgspec.structs import replace

LEAST = 4
"""So few workers are allowed without a look at what they bring."""
HOLD_S = 30.0
_SETTLE_S = 1.0
_MEASURE_S = 2.0
_GAIN = 0.2
_EVIDENCE = 1.3
_WEAK = 0.5
_FALLEN, _RISEN = 0.7, 1.2


class Plateau(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the rate at some levels."""

    workers: int = 0
    """The highest level that was worth it; 0 when none is known."""
    rate: float = 0.0
    """Bytes per second at it."""
    is_weak: bool = False
    """It brought less than half of what its workers could, or was full: two more tell."""
    held_until: float | None = None
    """The link is full; not tried again before this monotonic second."""
    began: float | None = None
    """Since when every worker has been busy at the present level."""
    base: tuple[float, int] | None = None
    """Moment and bytes from which on the present level is measured."""
    latest: tuple[float, int] | None = None

    def watched(self, now: float, is_full: bool, moved: int | None) -> Plateau:
        """Take note of the bytes moved so far; a lane with room begins anew."""
        if moved is None or not is_full:
            return replace(self, began=None, base=None, latest=None)
        began = now if self.began is None else self.began
        base = self.base
        if base is None and now - began >= _SETTLE_S:
            base = (now, moved)
        return replace(self, began=began, base=base, latest=(now, moved))

    def restarted(self) -> Plateau:
        """Measure anew: the level has changed."""
        return replace(self, began=None, base=None, latest=None)

    @property
    def measured(self) -> float | None:
        """Bytes per second at the present level; ``None`` while that is not known."""
        if self.base is None or self.latest is None:
            return None
        seconds = self.latest[0] - self.base[0]
        return (self.latest[1] - self.base[1]) / seconds if seconds >= _MEASURE_S else None


def judge(state: Plateau, workers: int, limit: int, now: float) -> tuple[Plateau, int | None]:
    """Take the measured rate of a level into account.

    Args:
        state: What was known.
        workers: The present level.
        limit: The highest level there is.
        now: Monotonic seconds.

    Returns:
        What is known, and the level to go back to when the link is full.
    """
    measured = state.measured
    if measured is None:
        return state, None
    if state.held_until is not None:
        is_as_before = _FALLEN * state.rate <= measured <= _RISEN * state.rate
        if now < state.held_until and is_as_before:
            return replace(state, base=state.latest), None
        return Plateau(workers=workers, rate=measured, is_weak=True), None
    if not state.workers or workers <= state.workers:
        return replace(state, workers=workers, rate=measured), None
    added = workers / state.workers - 1
    if measured >= state.rate * (1 + _GAIN * added):
        is_weak = measured < state.rate * (1 + _WEAK * added)
        return replace(state, workers=workers, rate=measured, is_weak=is_weak), None
    least = state.workers + 2
    is_enough = state.is_weak or workers == limit
    if workers >= (least if is_enough else max(_EVIDENCE * state.workers, least)):
        enough = math.ceil(state.workers * max(1.0, measured / max(state.rate, 1.0)))
        enough = min(workers, max(enough, LEAST))
        rate = max(measured, state.rate)
        return Plateau(workers=enough, rate=rate, held_until=now + HOLD_S), enough
    return state, None


def is_worth_more(state: Plateau, now: float) -> bool:
    """Say whether a further level is tried.

    A lane with room to spare rises: that costs nothing. One that is full rises when its present
    level has been measured and the link is not known to be full.
    """
    if state.held_until is not None and now < state.held_until:
        return False
    return state.began is None or state.measured is not None
