"""Whether downloads may go on with the space that is left. Pure: told, never asks.

Two different things: *low* is when less than the reserve is free, and then no download starts
until there is a tenth more than it; *full* is a write that failed, which ``classify`` is about.
"""

from __future__ import annotations

CATALOG_BYTES = 256 << 20
"""What the catalogue may want before anybody can make room: a write-ahead log or more."""


def floor(total: int, *, min_free: int, min_free_percent: float) -> int:
    """Return how many bytes must stay free of ``total``: the smaller of both settings holds."""
    return min(min_free, int(total * min_free_percent / 100))


def catalog_floor(total: int, reserve: int) -> int:
    """Return how many bytes the catalogue needs for itself, below which nothing starts at all.

    Args:
        total: Bytes of its file system.
        reserve: What must stay free there, from :func:`floor`; 0 for nothing.
    """
    return min(reserve, CATALOG_BYTES, total // 100)


def resume_at(reserve: int) -> int:
    """Return with how much free space downloads begin again: not at once when it is enough."""
    return reserve + reserve // 10


def is_low(free: int, reserve: int, *, was_low: bool) -> bool:
    """Say whether downloads wait for space.

    Args:
        free: Bytes free now.
        reserve: Bytes that must stay free, from :func:`floor`; 0 for never.
        was_low: They were waiting at the last look.
    """
    if not reserve:
        return False
    return free <= reserve or (was_low and free < resume_at(reserve))


def fits(free: int, reserve: int, needed: int, promised: int) -> bool:
    """Say whether a download may start.

    Args:
        free: Bytes free now.
        reserve: Bytes that must stay free.
        needed: Bytes still to come; 0 when nobody knows.
        promised: Bytes that running downloads have still to write.
    """
    return max(needed, 1) + promised <= free - reserve


def may_run_on(free: int, reserve: int) -> bool:
    """Say whether a download that runs may go on: it may use half of the reserve."""
    return not reserve or free > reserve // 2
