"""A throttle on a made-up machine, one reading a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podfetch_tui.model.settings import ThrottleSettings
from podfetch_tui.policy.pressure import Reading, Strain, observe
from podfetch_tui.policy.throttle import LaneReading, LaneTarget, first_target, following

BytesOf = Callable[[int], int]
"""Bytes a second that so many busy workers bring."""


def link(*, per_worker: int, most: int) -> BytesOf:
    """A link that carries ``most`` bytes a second, ``per_worker`` for each connection."""
    return lambda busy: min(most, busy * per_worker)


def all_busy(target: int) -> int:
    return target


class Trace:
    """One lane; without ``bytes_of`` it is not about bytes."""

    def __init__(
        self,
        limit: int,
        *,
        bytes_of: BytesOf | None = None,
        settings: ThrottleSettings | None = None,
        rss_soft: int = 0,
    ) -> None:
        self.limit = limit
        self.state: LaneTarget = first_target(limit, moves_bytes=bytes_of is not None)
        self.strain = Strain()
        self.at = 1000.0
        self.targets: list[int] = []
        self.reasons: list[str] = []
        self.moved: list[int] = [0]
        self._bytes_of = bytes_of
        self._settings = settings or ThrottleSettings()
        self._rss_soft = rss_soft
        self._ended = self._strained = 0

    @property
    def lowest(self) -> int:
        return min(self.targets)

    def moved_in(self, begin: int, end: int = -1) -> int:
        """Bytes moved from second ``begin`` to ``end``."""
        return self.moved[end] - self.moved[begin]

    def run(
        self,
        seconds: int,
        *,
        busy: Callable[[int], int] = all_busy,
        ended: int = 0,
        strained: int = 0,
        **reading: Any,
    ) -> None:
        """Let ``seconds`` pass, the machine being as ``reading`` says."""
        for _ in range(seconds):
            self.at += 1
            working = busy(self.state.target)
            self.moved.append(self.moved[-1] + (self._bytes_of(working) if self._bytes_of else 0))
            self._ended += ended
            self._strained += strained
            lane = LaneReading(
                limit=self.limit,
                busy=working,
                moved=self.moved[-1] if self._bytes_of else None,
                ended=self._ended,
                strained=self._strained,
            )
            found = Reading(at=self.at, **{"cpu": 20.0, "memory": 30.0, **reading})
            self.strain = observe(self.strain, found, self._settings, rss_soft=self._rss_soft)
            self.state = following(self.state, lane, self.strain)
            self.targets.append(self.state.target)
            self.reasons.append(self.state.why)
