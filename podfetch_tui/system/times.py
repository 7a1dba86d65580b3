"""Times as people and JSON read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def rfc3339(at: int) -> str:
    """Return UTC milliseconds as ``2026-11-23T10:42:07Z`` (RFC 3339), seconds cut.

    Moments outside the years 1 to 9999 become the nearest one that can be written.
    """
    seconds = min(max(at // 1000, -62135596800), 253402300799)
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def rfc3339_or_none(at: int | None) -> str | None:
    """Return :func:`rfc3339` of ``at``, or ``None``."""
    return None if at is None else rfc3339(at)
