"""Figures as people read them: sizes, rates, spans, moments and bars.

Every front end words them alike. Nothing here reads a clock; the local time zone is only
used to show a moment.
"""

from __future__ import annotations

from datetime import datetime, timezone

import humanize

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=+*%#"


def count(number: int) -> str:
    """Return a whole number with thousands separated: ``10,412``."""
    return humanize.intcomma(number)


def size(amount: float) -> str:
    """Return an amount of bytes: ``4.1 MB``."""
    return f"{int(amount)} B" if abs(amount) < 1000 else humanize.naturalsize(amount)


def rate(per_second: float) -> str:
    """Return bytes per second: ``4.1 MB/s``."""
    return f"{size(per_second)}/s"


def percent(part: float, whole: float) -> str:
    """Return ``part`` of ``whole`` as ``71 %``; a dash when there is no whole."""
    return f"{100 * part / whole:.0f} %" if whole > 0 else "–"


def span(seconds: float) -> str:
    """Return a length of time in at most two units: ``7s``, ``2m10s``, ``2h48m``, ``12d04h``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def remaining(done: int, total: int | None, per_second: float) -> str:
    """Return how long the rest will take, ``0:07`` or ``2h48m``; a dash when unknown."""
    if not total or per_second < 1 or total < done:
        return "–"
    seconds = (total - done) / per_second
    if seconds >= 3600:
        return span(seconds)
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def moment(at_ms: int, now_ms: int) -> str:
    """Return a UTC millisecond in local time: ``10:43``, or with its date on another day."""
    at, now = _local(at_ms), _local(now_ms)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%d %b %H:%M}" if abs((at - now).days) < 300 else f"{at:%Y-%m-%d %H:%M}"


def full(at_ms: int) -> str:
    """Return a UTC millisecond as local date, time and zone: ``2026-10-20 10:42:07 UTC``."""
    return f"{_local(at_ms):%Y-%m-%d %H:%M:%S} {zone(at_ms)}".rstrip()


def clock(at_ms: int) -> str:
    """Return a UTC millisecond as local time of day: ``10:42:07``."""
    return f"{_local(at_ms):%H:%M:%S}"


def zone(at_ms: int) -> str:
    """Return the short name of the local time zone at a UTC millisecond."""
    return _local(at_ms).tzname() or ""


def rfc3339(at_ms: int) -> str:
    """Return a UTC millisecond as RFC 3339 with milliseconds and ``Z``."""
    stamp = datetime.fromtimestamp(at_ms / 1000, timezone.utc)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bar(done: int, total: int | None, width: int, *, ascii_only: bool = False) -> str:
    """Return a bar of ``width`` cells; without a total it has a question mark in it."""
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    if not total or total < 0:
        return "?".center(width, empty)
    filled = max(0, min(width, width * done // total))
    return full * filled + empty * (width - filled)


def spark(values: list[float], width: int, *, ascii_only: bool = False) -> str:
    """Return the newest ``width`` values as a line of blocks, scaled to the highest."""
    blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
    shown = values[-width:]
    highest = max(shown, default=0.0)
    if highest <= 0:
        return blocks[0] * len(shown)
    top = len(blocks) - 1
    return "".join(blocks[max(0, min(top, round(top * value / highest)))] for value in shown)


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, timezone.utc).astimezone()
