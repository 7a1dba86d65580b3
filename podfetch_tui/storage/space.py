"""Whether there is room: what must stay free, and whether a download still fits."""

from __future__ import annotations

from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.system.resources import free_bytes


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


def floor(total: int, *, min_free: int, min_free_percent: float) -> int:
    """Return how many bytes must stay free of ``total``: the smaller of both settings holds."""
    return min(min_free, int(total * min_free_percent / 100))


def room(path: Path, *, min_free: int, min_free_percent: float) -> Room:
    """Return the space where ``path`` is.

    Raises:
        Failure: The system would not say.
    """
    free, total = free_bytes(path)
    return Room(free, total, floor(total, min_free=min_free, min_free_percent=min_free_percent))


def require(
    path: Path, expected: int | None, *, min_free: int, min_free_percent: float, reserved: int = 0
) -> None:
    """Raise unless a download of ``expected`` bytes fits.

    Args:
        path: Where it goes.
        expected: Bytes still to come; ``None`` when the server did not say.
        min_free: ``[archive] min_free``, bytes.
        min_free_percent: ``[archive] min_free_percent``, 0..100.
        reserved: Bytes that running downloads have been promised and not written yet.

    Raises:
        Failure: ``DISK_FULL`` when it does not fit, with the figures; or the system would not
            say.
    """
    found = room(path, min_free=min_free, min_free_percent=min_free_percent)
    needed = max(expected or 0, 1) + reserved
    if needed > found.usable:
        raise Failure(
            Kind.DISK_FULL,
            f"{needed:,} bytes are needed, {found.free:,} are free and {found.floor:,} of them"
            " must stay free ([archive] min_free, min_free_percent)",
        )
