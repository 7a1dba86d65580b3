"""Moments as people write them on the command line."""

from __future__ import annotations

from datetime import datetime, timezone

from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.units import parse_duration


def parse_since(text: str, now: int) -> int:
    """Return UTC milliseconds of ``2h`` (before ``now``) or an ISO 8601 time (UTC if no zone).

    Raises:
        UsageError: It is neither.
    """
    try:
        return now - round(float(parse_duration(text)) * 1000)
    except ValueError:
        pass  # then it is a time
    return _moment("--since", text)


def parse_until(text: str, now: int) -> int:
    """Return UTC milliseconds of ``2d`` (from ``now`` on) or an ISO 8601 time (UTC if no zone).

    Raises:
        UsageError: It is neither, or past.
    """
    try:
        return now + round(float(parse_duration(text)) * 1000)
    except ValueError:
        pass  # then it is a time
    at = _moment("--until", text)
    if at <= now:
        raise UsageError(f"--until {text!r} is past")
    return at


def _moment(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is neither a duration (30m, 2h, 7d) nor a time (2026-11-23T10:00)"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)
