"""Whether there is room: what must stay free, and whether a download still fits."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.figures import size
from podfetch_tui.model.settings import ArchiveSettings
from podfetch_tui.policy import space as policy
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.sweep import temp_path
from podfetch_tui.system.durable import os_failures, write_trial
from podfetch_tui.system.resources import free_bytes

TRIAL_BYTES = 256 * 1024


class Room(msgspec.Struct, frozen=True):
    """Space on the file system of an archive, in bytes."""

    free: int
    total: int
    """0 when the file system does not say; then ``free`` is without end and only a write that
    fails tells."""
    floor: int
    """What must stay free."""

    @property
    def usable(self) -> int:
        """What downloads may still take; 0 when the floor is reached."""
        return max(0, self.free - self.floor)


def room(path: Path, archive: ArchiveSettings) -> Room:
    """Return the space where ``path`` is.

    Raises:
        Failure: The system would not say.
    """
    free, total = free_bytes(path)
    reserve = policy.floor(
        total, min_free=archive.min_free, min_free_percent=archive.min_free_percent
    )
    return Room(free, total, reserve)


def require(
    path: Path, expected: int | None, archive: ArchiveSettings, *, promised: int = 0
) -> None:
    """Raise unless a download of ``expected`` bytes fits.

    Args:
        path: Where it goes.
        expected: Bytes still to come; ``None`` when nobody said.
        archive: What must stay free.
        promised: Bytes that running downloads have still to write.

    Raises:
        Failure: ``LOW_SPACE`` when it does not fit, with the figures; or the system would not
            say.
    """
    found = room(path, archive)
    if not policy.fits(found.free, found.floor, expected or 0, promised):
        raise Failure(Kind.LOW_SPACE, _figures(found, (expected or 1) + promised))


def require_to_run_on(path: Path, archive: ArchiveSettings) -> None:
    """Raise when a download that runs has to stop: it may use a part of the reserve only.

    Raises:
        Failure: ``LOW_SPACE``, with the figures; or the system would not say.
    """
    found = room(path, archive)
    if not policy.may_run_on(found.free, found.floor):
        raise Failure(Kind.LOW_SPACE, _figures(found, 1))


def _figures(found: Room, needed: int) -> str:
    return (
        f"{size(needed)} are needed, {size(found.free)} are free and {size(found.floor)} of"
        " them must stay free ([archive] min_free, min_free_percent)"
    )


def try_writing(layout: Layout, catalog: Path) -> None:
    """Find out whether the archive and the folder of its catalogue can be written now.

    Raises:
        Failure: Why not.
    """
    trial = temp_path(layout)
    write_trial(trial, TRIAL_BYTES)
    with os_failures("write to the archive"):
        if not os.access(layout.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        elsewhere = catalog.stat().st_dev != layout.parts.stat().st_dev
    if elsewhere:
        write_trial(catalog / trial.name, TRIAL_BYTES)
