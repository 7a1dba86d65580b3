"""The values of the filter language: words, numbers, sizes, durations, dates.

Every value has one written form; ``read_value`` of ``write_value`` gives it back.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Union

from podfetch_tui.model.units import format_duration, format_size, parse_duration, parse_size
from podfetch_tui.policy.filter_fields import Field, FieldKind


class Span(int):
    """A length of time in milliseconds."""

    __slots__ = ()


class Size(int):
    """A number of bytes."""

    __slots__ = ()


class Moment(str):
    """A date or time as it is written: ``2024``, ``2024-05``, ``2024-05-31T10:00``, UTC."""

    __slots__ = ()


Value = Union[str, int]
"""What a field is compared with; :class:`Span`, :class:`Size` and :class:`Moment` among them."""

_ID = re.compile(r"[0-9]{1,15}\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}\Z", re.ASCII)
_SHORT_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kmgtKMGT])\Z", re.ASCII)
_BYTES = re.compile(r"[0-9]{1,18}\Z", re.ASCII)
_MOMENT = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?Z?)?)?)?\Z",
    re.ASCII | re.IGNORECASE,
)
_STEPS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DATE_HINT = "takes a date such as 2024, 2024-05, 2024-05-31 or 2024-05-31T10:00"
_LONGEST_MS = 10**15


def read_value(field: Field, op: str, text: str, *, is_quoted: bool) -> Value:
    """Return ``text`` as a value of ``field``.

    Raises:
        ValueError: It is none; the message goes on after the name of the field.
    """
    kind = field.kind
    if kind is FieldKind.WORD:
        word = text.lower()
        if word not in field.words:
            raise ValueError(f"{text[:40]!r} is none of its words")
        return word
    if kind in (FieldKind.TEXT, FieldKind.TAG):
        is_id = field.takes_id and not is_quoted and _ID.match(text)
        return int(text) if is_id else text
    if kind is FieldKind.NUMBER:
        if not _INTEGER.match(text):
            raise ValueError(f"takes a whole number: {field.name}>3")
        return int(text)
    if kind is FieldKind.SIZE:
        return _size(text)
    if kind in (FieldKind.LENGTH, FieldKind.AGE):
        return _span(text)
    if kind is FieldKind.WHEN and op != ":" and not _MOMENT.match(text):
        return _span(text)
    return moment(text)


def write_value(value: Value) -> Value:
    """Return how ``value`` is written; plain numbers stay numbers, which need no quotes."""
    if isinstance(value, Span):
        return format_duration(value / 1000)
    if isinstance(value, Size):
        return format_size(value).replace(" ", "")
    return value


def _size(text: str) -> Size:
    if _BYTES.match(text):
        return Size(text)
    short = _SHORT_SIZE.match(text)
    return Size(parse_size(f"{short[1]}{short[2]}iB" if short else text))


def _span(text: str) -> Span:
    span = round(parse_duration(text) * 1000)
    if span > _LONGEST_MS:
        raise ValueError("so long nothing lasts")
    return Span(span)


def moment(text: str) -> Moment:
    """Return ``text`` in its one written form.

    Raises:
        ValueError: It is no date.
    """
    match = _MOMENT.match(text)
    written = Moment(text.upper().removesuffix("Z"))
    if match is None or not 0 < int(match[1]) < 9999:
        raise ValueError(_DATE_HINT)
    try:
        bounds(written)
    except ValueError as error:
        raise ValueError(f"{text} is no date: {error}") from None
    return written


def bounds(written: Moment) -> tuple[int, int]:
    """Return the first UTC millisecond of a date or time, and the first after it.

    Raises:
        ValueError: There is no such day or time.
    """
    match = _MOMENT.match(written)
    if match is None:
        raise ValueError(_DATE_HINT)
    year, *rest = (int(part) for part in match.groups() if part is not None)
    month, day, hour, minute, second = (*rest, *(1, 1, 0, 0, 0)[len(rest) :])
    start = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    if not rest:
        end = start.replace(year=year + 1)
    elif len(rest) == 1:
        end = start.replace(year=year + month // 12, month=month % 12 + 1)
    else:
        end = start + _STEPS[max(0, len(rest) - 2)]
    return _ms(start), _ms(end)


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
