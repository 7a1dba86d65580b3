"""How much of a back-catalogue is wanted, from and to text: ``all none 50 since 2024-01-31``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from podfetch_tui.model.feed import Backlog, BacklogKind

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_MOMENT = re.compile(
    r"(?i)since\s+([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[t ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?)z)?"
)
_COUNT = re.compile(r"(?i)(?:newest\s+)?([0-9]{1,9})")
_HINT = "expected all, none, a number of episodes, or since 2024-01-31"


def parse_backlog(text: str) -> Backlog:
    """Return the policy in ``text``; dates are UTC, a number of 0 is ``none``.

    Raises:
        ValueError: one sentence that says what was expected.
    """
    word = text.strip()
    if word.lower() in ("all", "none"):
        return Backlog(BacklogKind(word.lower()))
    if match := _COUNT.fullmatch(word):
        count = int(match[1])
        return Backlog(BacklogKind.NEWEST, count=count) if count else Backlog(BacklogKind.NONE)
    if match := _MOMENT.fullmatch(word):
        return Backlog(BacklogKind.SINCE, since=_milliseconds(match[1], match[2] or "00:00:00"))
    raise ValueError(_HINT)


def format_backlog(backlog: Backlog) -> str:
    """Return ``backlog`` as it stands in the INI and in feed lists."""
    return backlog.text


def _milliseconds(day: str, time: str) -> int:
    try:
        moment = datetime.fromisoformat(f"{day}T{time}+00:00")
    except ValueError:
        raise ValueError(f"there is no such date; {_HINT}") from None
    milliseconds: int = (moment - _EPOCH) // _MILLISECOND
    return milliseconds
