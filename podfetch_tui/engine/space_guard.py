"""Downloads wait while less is free than has to stay free; polls go on.

The catalogue may lie on another disk: when that has hardly any room, nothing starts, because
whatever is done has to be written down. The governor's thread looks, workers ask for space, the
dispatcher asks what is not worth a try.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.telemetry import Active, Telemetry
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.figures import size
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.settings import ArchiveSettings
from podfetch_tui.policy.space import catalog_floor, fits, is_low, resume_at
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.space import Room, room
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import RankedLock

logger = logging.getLogger(__name__)

LOOK_S = 1.0
AGAIN_S = 5.0
"""What did not fit is not tried again sooner, whatever is seen meanwhile."""
MOST_REFUSED = 200
"""When so many downloads did not fit, no further one is tried before there is more space."""
_ON_DISK = frozenset({EpisodeState.SEALED, EpisodeState.ARCHIVED})
_UNKNOWN = 2**63 - 1


class _Refusal(msgspec.Struct, frozen=True):
    needed: int
    """Bytes that were still to come; 0 when nobody knew."""
    again_at: float
    """Monotonic second before which it is not tried again."""


class SpaceGuard:
    """Why downloads wait for space, if they do, and which of them did not fit."""

    def __init__(
        self,
        lock: RankedLock,
        layout: Layout,
        catalog: Path,
        settings: Callable[[], ArchiveSettings],
        telemetry: Telemetry,
        events: EventRing,
        clock: Clock,
    ) -> None:
        """Begin without having looked: everything fits.

        Args:
            lock: TELEMETRY.
            layout: The archive.
            catalog: The folder of the catalogue.
            settings: What must stay free, as it is set now.
            telemetry: Knows what is promised to running downloads.
            events: Where it is told.
            clock: For the time between two looks.
        """
        self.reason = ""
        """Empty while there is more free than has to stay free."""
        self.stops_all = False
        """The catalogue has no room: not even polls start."""
        self._lock = lock
        self._layout = layout
        self._catalog = catalog
        self._settings = settings
        self._telemetry = telemetry
        self._events = events
        self._clock = clock
        self._is_low = False
        self._looked: float | None = None
        self._room = Room(_UNKNOWN, 0, 0)
        # guarded by TELEMETRY
        self._left = _UNKNOWN
        self._refused: dict[int, _Refusal] = {}

    def look(self) -> bool:
        """Look when it is time to, and tell; return whether anything begins to wait or goes on."""
        now = self._clock.monotonic()
        if self._looked is not None and now - self._looked < LOOK_S:
            return False
        self._looked = now
        try:
            found = room(self._layout.parts, self._settings())
            base = room(self._catalog, self._settings())
        except Failure:
            return False  # a disk that is away is trouble, which others report
        left = max(0, found.usable - self._telemetry.promised())
        before = (self._is_low, self.stops_all)
        least = catalog_floor(base.total, base.floor)
        self._is_low = is_low(found.free, found.floor, was_low=self._is_low)
        self.stops_all = is_low(base.free, least, was_low=self.stops_all)
        self._room = found
        self.reason = _reason(found) if self._is_low else ""
        if self.stops_all:
            self.reason = _catalog_reason(self._catalog, base.free, least)
        with self._lock:
            self._left = left
            self._refused = {
                number: refusal
                for number, refusal in self._refused.items()
                if now < refusal.again_at or not fits(left, 0, refusal.needed, 0)
            }
        if before == (self._is_low, self.stops_all):
            return False
        self._tell()
        return True

    def _tell(self) -> None:
        if self.reason:
            code = Kind.LOW_SPACE.value
            self._events.emit("low_space", self.reason, family="system", code=code)
            logger.warning("Space is low: %s", self.reason)
        else:
            self._events.emit("space_back")

    def admit(self, job: EpisodeJob, active: Active) -> Failure | int:
        """Give a download its space; return what is promised to others, or why it has to wait.

        Args:
            job: What is about to run.
            active: Its entry in the telemetry.
        """
        if job.episode.state in _ON_DISK:
            return 0
        found = self._room
        promised = self._telemetry.admit(active, found.usable)
        if promised is not None:
            return promised
        others = self._telemetry.promised()
        self.refused(job, active)
        return Failure(
            Kind.LOW_SPACE,
            f"{size(active.expected)} are needed, {size(found.free)} are free, {size(others)} of"
            f" them are promised to other downloads and {size(found.floor)} must stay free"
            " ([archive] min_free, min_free_percent)",
        )

    def refused(self, job: EpisodeJob, active: Active) -> None:
        """Note that a download found no space for the rest of it."""
        refusal = _Refusal(active.expected, self._clock.monotonic() + AGAIN_S)
        with self._lock:
            self._refused[job.episode.id] = refusal

    def try_again(self) -> None:
        """Let what did not fit be tried again soon: an operator may have given it up."""
        with self._lock:
            self._refused = {
                number: _Refusal(0, refusal.again_at) for number, refusal in self._refused.items()
            }

    def held(self) -> frozenset[int]:
        """Return the episodes that are not worth a try before there is more space."""
        with self._lock:
            return frozenset(self._refused)

    @property
    def is_closed(self) -> bool:
        """No download starts."""
        with self._lock:
            return self._is_low or self.stops_all or len(self._refused) >= MOST_REFUSED

    def summary(self, *, waiting: bool) -> str:
        """Return what a run that ends now has to say about space; empty for nothing.

        Args:
            waiting: A download is due that did not start.
        """
        with self._lock:
            count, left = len(self._refused), self._left
        if self.reason:
            return f"{self.reason}: make room" if waiting or self.stops_all else ""
        if not count:
            return ""
        noun = "a download does" if count == 1 else f"{count} downloads do"
        return f"{noun} not fit into the {size(left)} that are left: make room"


def _catalog_reason(folder: Path, free: int, least: int) -> str:
    return (
        f"everything waits for space for the catalogue: {size(free)} free in {folder}, it needs"
        f" {size(least)} at least, it goes on at {size(resume_at(least))}"
    )


def _reason(found: Room) -> str:
    return (
        f"downloads wait for space: {size(found.free)} free, {size(found.floor)} must stay free"
        f" ([archive] min_free, min_free_percent), they go on at {size(resume_at(found.floor))}"
    )
