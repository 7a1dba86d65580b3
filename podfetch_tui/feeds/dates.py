"""Publication dates as they are written in feeds, to UTC milliseconds.

The strict fast route reads what nearly every feed writes; everything else goes through
two patterns as lenient as feedparser's. A date that cannot be true (hour 24, 31 June,
a zone of -3000) is no date: an archive sorted by wrong days is worse than one with gaps.
Must not consult the clock or the machine's own time zone.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ZONE_HOURS = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0,
    "adt": -3, "ast": -4, "at": -4,
    "edt": -4, "est": -5, "et": -5,
    "cdt": -5, "cst": -6, "ct": -6,
    "mdt": -6, "mst": -7, "mt": -7,
    "pdt": -7, "pst": -8, "pt": -8,
    "a": -1, "n": 1, "m": -12, "y": 12,
    "met": 1, "mest": 2,
}  # fmt: skip
"""RFC 822 section 5 and what feedparser adds; other names count as UTC, as they do there."""

_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_YEAR, _LAST_YEAR = 1000, 9998
_LONGEST_OFFSET_MIN = 14 * 60  # Kiribati, the zone furthest from UTC
_LONGEST_TEXT = 100

_RFC822 = re.compile(
    r"(?:[a-z]{3,9}\.?,?\ ?)?"  # the day's name
    r"(?:(?P<day>\d{1,2})[ -](?P<month>[a-z]{3,9})|(?P<month2>[a-z]{3,9})[ -](?P<day2>\d{1,2}))"
    r"\.?,?[ -](?P<year>\d{4}|\d{2})"
    r"(?:,?\ (?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?"
    r"(?:\ ?(?P<zone>[a-z+-]\S*))?(?:\ .*)?)?",
    re.ASCII,
)
_ASCTIME = re.compile(
    r"[a-z]{3,9},?\ (?P<month>[a-z]{3,9})\ (?P<day>\d{1,2})"
    r"\ (?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?"
    r"(?:\ (?P<zone>[a-z+-]\S*))?\ (?P<year>\d{4})",
    re.ASCII,
)
_ISO8601 = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|(?P<month2>\d\d)(?P<day2>\d\d))?"
    r"(?:[t ](?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,]\d+)?)?)?"
    r"\ ?(?P<zone>[a-z+-]\S*)?)?",
    re.ASCII,
)
_OFFSET = re.compile(
    r"(?:gmt|utc)?(?P<sign>[+-])(?P<hours>\d\d|\d(?=:)):?(?P<minutes>\d\d)?", re.ASCII
)


def moment(text: str) -> int | None:
    """Return the moment ``text`` names in UTC milliseconds, or ``None``.

    Reads RFC 822/2822 dates (two-digit years, names of zones, missing seconds, zone or
    time, day and month swapped), ``asctime`` and ISO 8601/RFC 3339. A missing time is
    midnight, a missing zone UTC.
    """
    if 29 <= len(text) <= 31:
        # "Mon, 01 Jan 2024 06:00:00 +0000", cut behind each blank that must be there
        day = _day(text[3:17])
        clock = _clock(text[17:26])
        offset = _OFFSETS.get(text[26:])
        if day is not None and clock is not None and offset is not None:
            return day + clock - offset
    return _lenient(text)


@lru_cache(maxsize=16384)
def _day(text: str) -> int | None:
    """For ``, 01 Jan 2024 ``: the milliseconds at which it began."""
    month = _MONTHS.get(text[5:8].lower())
    if month is None or not _is_number(text[2:4] + text[9:13]):
        return None
    if text[:2] != ", " or text[4] + text[8] + text[13] != "   ":
        return None
    return _midnight(int(text[9:13]), month, int(text[2:4]))


def _midnight(year: int, month: int, day: int) -> int | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return (date(year, month, day).toordinal() - _EPOCH) * _DAY_MS
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def _clock(text: str) -> int | None:
    """For ``06:00:00 ``: milliseconds since midnight."""
    if text[2] + text[5] + text[8] != ":: " or not _is_number(text[:2] + text[3:5] + text[6:8]):
        return None
    return _time(int(text[:2]), int(text[3:5]), int(text[6:8]))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _time(hour: int, minute: int, second: int) -> int | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1000


def _offset(zone: str) -> int | None:
    """Milliseconds that a lower-case zone (``+0100``, ``est``, ``gmt-5:00``) is ahead of UTC.

    A name nobody knows counts as UTC (hours off at most); an offset no place on earth
    has is ``None``.
    """
    hours = _ZONE_HOURS.get(zone)
    if hours is not None:
        return hours * 3_600_000
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return 0 if zone[:1].isalpha() else None
    minutes = int(found["minutes"] or 0)
    total = int(found["hours"]) * 60 + minutes
    if minutes > 59 or total > _LONGEST_OFFSET_MIN:
        return None
    return (total if found["sign"] == "+" else -total) * 60_000


_OFFSETS = {
    zone: offset
    for zone in (
        *(name.upper() for name in _ZONE_HOURS),
        *(
            f"{sign}{hour:02d}{minute:02d}"
            for sign in "+-"
            for hour in range(15)
            for minute in (0, 15, 30, 45)
        ),
    )
    if (offset := _offset(zone.lower())) is not None
}
"""Zones as they are mostly written, for the fast route."""


def _lenient(text: str) -> int | None:
    if not text or len(text) > _LONGEST_TEXT:
        return None
    text = " ".join(text.lower().split())
    for pattern in (_RFC822, _ASCTIME, _ISO8601):
        found = pattern.fullmatch(text)
        if found is not None:
            return _from_parts(found.groupdict())
    return None


def _from_parts(parts: dict[str, str | None]) -> int | None:
    """Put together what a pattern found; ``None`` when it is no real date."""
    written = parts.get("month") or parts.get("month2") or "1"
    month = int(written) if written.isdecimal() else _MONTHS.get(written[:3])
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == 2:
        year += 1900 if year >= 90 else 2000
    if month is None:
        return None
    day = _midnight(year, month, int(parts.get("day") or parts.get("day2") or 1))
    time = _time(int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0))
    offset = _offset(parts["zone"] or "z")
    return None if day is None or time is None or offset is None else day + time - offset
