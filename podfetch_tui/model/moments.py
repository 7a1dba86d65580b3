"""Moments as people write them, on the command line and on the screens."""

from __future__ import annotations

from datetime import datetime, timezone

from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.units import parse_duration

_LONGEST_MS = 5_200 * 7 * 86_400_000
_LONGEST_TEXT = "5200w"
"""About a hundred years: after some more no thread can wait so long."""


def parse_since(text: str, now: int) -> int:
    """Return UTC milliseconds of ``2h`` (before ``now``) or an ISO 8601 time (UTC if no zone).

    Raises:
        UsageError: It is neither.
    """
    span = _span_ms("--since", text)
    return _moment("--since", text) if span is None else now - span


def parse_until(text: str, now: int, option: str = "--until") -> int:
    """Return UTC milliseconds of ``2d`` (from ``now`` on) or an ISO 8601 time (UTC if no zone).

    Args:
        text: As it was typed.
        now: UTC milliseconds.
        option: What a complaint names it by.

    Raises:
        UsageError: It is neither, or past.
    """
    span = _span_ms(option, text)
    if span is not None:
        return now + span
    at = _moment(option, text)
    if at <= now:
        raise UsageError(f"{option} {text!r} is past")
    return at


def duration_of(option: str, text: str) -> int:
    """Return the milliseconds that an option says.

    Raises:
        UsageError: It is no duration, or longer than anything lasts.
    """
    try:
        span = round(float(parse_duration(text)) * 1000)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {error}") from None
    if span > _LONGEST_MS:
        raise UsageError(f"{option} {text!r}: so long nothing lasts; at most {_LONGEST_TEXT}")
    return span


def _span_ms(option: str, text: str) -> int | None:
    """Return the milliseconds of a duration; ``None`` when ``text`` is none."""
    try:
        parse_duration(text)
    except ValueError:
        return None
    return duration_of(option, text)


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
