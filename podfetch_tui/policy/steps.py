"""The next smaller or larger sensible value of a setting: what an arrow key makes of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from podfetch_tui.model import units
from podfetch_tui.model.setting import Form, Key

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DURATIONS = (
    0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45,
    _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 365 * _DAY,
)  # fmt: skip
_AMOUNTS = (0, *(factor * 10**power for power in range(3, 16) for factor in (1, 2, 5)))
"""Bytes, and bytes per second."""
_SIZES = (0, *(1 << power for power in range(10, 50)))
_LADDERS: dict[Form, tuple[float, ...]] = {
    Form.DURATION: _DURATIONS,
    Form.RATE: _AMOUNTS,
    Form.SIZE: _SIZES,
}
_PARSERS: dict[Form, Callable[[str], object]] = {
    Form.INTEGER: units.parse_integer,
    Form.PERCENT: units.parse_percent,
    Form.FLAG: units.parse_flag,
    Form.DURATION: units.parse_duration,
    Form.RATE: units.parse_rate,
    Form.SIZE: units.parse_size,
}
STEPPED = (Form.INTEGER, Form.PERCENT, Form.FLAG, *_LADDERS)
"""Forms of values that can be stepped."""
LEAP = 10
"""A large step of a whole number is so many small ones; of another, three rungs."""
_RUNGS = 3


def stepped(key: Key, value: object, direction: int, *, leap: bool = False) -> object:
    """Return the value of ``key`` that is a step away, within its range.

    Args:
        key: The setting; one whose form is in :data:`STEPPED`.
        value: What holds.
        direction: 1 for more, -1 for less.
        leap: A large step.
    """
    if key.form is Form.FLAG:
        return direction > 0
    number = float(str(value))
    if key.form in _LADDERS:
        ladder = _LADDERS[key.form]
        place = bisect_right(ladder, number) if direction > 0 else bisect_left(ladder, number) - 1
        place += direction * (_RUNGS - 1) * leap
        wanted = ladder[max(0, min(place, len(ladder) - 1))]
        wanted = max(wanted, number) if direction > 0 else min(wanted, number)
    else:
        wanted = number + direction * (LEAP if leap else 1)
    wanted = max(wanted, key.low or 0)
    wanted = wanted if key.high is None else min(wanted, key.high)
    return wanted if key.form in (Form.DURATION, Form.PERCENT) else int(wanted)


def read(key: Key, text: str) -> object:
    """Return the value that a text means.

    Raises:
        ValueError: It cannot be; one sentence.
    """
    value = _PARSERS[key.form](text)
    if key.form is not Form.FLAG:
        number = float(str(value))
        high = float("inf") if key.high is None else key.high
        if not (key.low or 0) <= number <= high:
            most = "any" if key.high is None else text_of(key, key.high)
            raise ValueError(f"expected {text_of(key, key.low or 0)} to {most}")
    return value


def share(key: Key, value: object) -> float:
    """Return how far up its range a value is, 0 to 1, as a slider shows it."""
    if key.form is Form.FLAG:
        return float(bool(value))
    number = float(str(value))
    if key.form in _LADDERS:
        ladder = [rung for rung in _LADDERS[key.form] if _is_within(key, rung)]
        return bisect_right(ladder, number) / max(len(ladder), 1)
    low, high = key.low or 0, key.high or 100
    # Small numbers are told apart, large ones still fit.
    return ((number - low) / max(high - low, 1)) ** 0.5 if number > low else 0.0


def at_share(key: Key, part: float) -> object:
    """Return the value that stands ``part`` up the range of ``key``, 0 to 1: the other way round.

    Args:
        key: A setting with a number.
        part: Where on the slider.
    """
    part = max(0.0, min(part, 1.0))
    if key.form in _LADDERS:
        ladder = [rung for rung in _LADDERS[key.form] if _is_within(key, rung)]
        wanted: float = ladder[max(0, round(part * len(ladder)) - 1)]
    else:
        low, high = key.low or 0, key.high or 100
        wanted = round(low + (high - low) * part**2)
    return wanted if key.form in (Form.DURATION, Form.PERCENT) else int(wanted)


def text_of(key: Key, value: object) -> str:
    """Return a value of one of the forms in :data:`STEPPED` as it is written."""
    number = float(str(value)) if key.form is not Form.FLAG else 0.0
    match key.form:
        case Form.DURATION:
            return units.format_duration(number)
        case Form.PERCENT:
            return units.format_percent(number)
        case Form.RATE:
            return units.format_rate(int(number))
        case Form.SIZE:
            return units.format_size(int(number))
        case Form.FLAG:
            return units.format_flag(bool(value))
        case _:
            return str(int(number))


def _is_within(key: Key, rung: float) -> bool:
    return rung >= (key.low or 0) and (key.high is None or rung <= key.high)
