"""How values are written: durations, sizes, rates, percentages, flags, whole numbers.

Each ``parse_x`` has its ``format_x``; ``parse_x(format_x(v)) == v`` for every value a setting
can hold. Parsers raise ``ValueError`` with one sentence that shows a right value; they never
guess a unit. Ranges are checked by ``config.values``.
"""

from __future__ import annotations

import re
from decimal import Decimal

_LONGEST = 64
"""A longer text is no number in anybody's settings."""

_MS_BY_UNIT = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_UNIT_WORDS = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_SPAN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([a-zA-Z]+)\s*")
_DURATION_HINT = "expected a duration such as 30s, 15m, 1h30m or 7d"

_BYTES_BY_UNIT = {
    "B": 1,
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGTP", start=1)},
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGTP", start=1)},
}
_BITS_BY_UNIT = {
    "bit": 1,
    **{f"{prefix}bit": 1000**power for power, prefix in enumerate("kMGT", start=1)},
}
_AMOUNT = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?)\s*([a-zA-Z/]*)\Z")
_SIZE_HINT = "expected a size such as 512 KiB, 32 MiB or 20 GB"
_RATE_HINT = "expected a rate such as 500 KiB/s, 80 MB/s or 100 Mbit/s"

_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*%?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")
_FLAGS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


def parse_duration(text: str) -> float:
    """Return seconds; units ms, s, m, h, d, w, largest first, not finer than 1 ms."""
    text = text.strip()
    if text == "0":
        return 0.0
    if re.fullmatch(r"[0-9.]+", text):
        raise ValueError(f"a duration needs a unit: {text[:20]}s, {text[:20]}m or {text[:20]}h?")
    total, position, smallest = Decimal(0), 0, 10**12
    while position < len(text) <= _LONGEST:
        match = _SPAN.match(text, position)
        factor = _MS_BY_UNIT.get(_UNIT_WORDS.get(match[2].lower(), "")) if match else None
        if match is None or factor is None or factor >= smallest:
            raise ValueError(_DURATION_HINT)
        total += Decimal(match[1]) * factor
        position, smallest = match.end(), factor
    if not 0 < len(text) <= _LONGEST:
        raise ValueError(_DURATION_HINT)
    if total != int(total):
        raise ValueError("a duration is not finer than 1ms")
    return int(total) / 1000


def format_duration(seconds: float) -> str:
    """Return ``seconds`` (rounded to 1 ms) as ``1d2h``, ``90m`` being ``1h30m``."""
    rest = round(seconds * 1000)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _MS_BY_UNIT[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """Return bytes; KiB is 1024, kB is 1000; fractions of a byte are rounded."""
    number, unit = _amount(text, _SIZE_HINT)
    return _bytes(number, unit, _SIZE_HINT)


def format_size(count: int) -> str:
    """Return ``count`` bytes in the unit that gives the smallest whole number."""
    number, unit = min(
        (count // factor, unit) for unit, factor in _BYTES_BY_UNIT.items() if count % factor == 0
    )
    return f"{number} {unit}" if count else "0"


def parse_rate(text: str) -> int:
    """Return bytes per second; bytes as in sizes, or bits (``100 Mbit/s``)."""
    number, unit = _amount(text, _RATE_HINT)
    if not unit and number == 0:
        return 0
    if unit.lower().endswith("bps") or not unit.endswith("/s"):
        raise ValueError(_RATE_HINT)
    unit = unit[:-2]
    bits = {known.lower(): factor for known, factor in _BITS_BY_UNIT.items()}.get(unit.lower())
    if bits is None:
        return _bytes(number, unit, _RATE_HINT)
    return int((number * bits / 8).to_integral_value())


def format_rate(count: int) -> str:
    """Return ``count`` bytes per second as ``80 MB/s``; 0 is ``0``."""
    return f"{format_size(count)}/s" if count else "0"


def _amount(text: str, hint: str) -> tuple[Decimal, str]:
    match = _AMOUNT.match(text.strip()[:_LONGEST])
    if match is None:
        raise ValueError(hint)
    return Decimal(match[1]), match[2]


def _bytes(number: Decimal, unit: str, hint: str) -> int:
    if not unit:
        if number == 0:
            return 0
        raise ValueError(f"{hint}; it needs a unit")
    if re.fullmatch(r"[a-zA-Z]?b", unit):
        raise ValueError(f"{hint}; a small b could mean bits")
    # Binary units are plain in any case; the others only with a capital B.
    binary = {known.lower(): known for known in _BYTES_BY_UNIT if "i" in known}
    known = binary.get(unit.lower(), "k" + unit[1:] if unit == "KB" else unit)
    if known not in _BYTES_BY_UNIT:
        raise ValueError(hint)
    return int((number * _BYTES_BY_UNIT[known]).to_integral_value())


def parse_percent(text: str) -> float:
    """Return 0 and more, at most six decimals; the sign ``%`` may be left out."""
    match = _PERCENT.match(text.strip()[:_LONGEST])
    if match is None:
        raise ValueError("expected a percentage such as 85 %")
    return float(match[1])


def format_percent(percent: float) -> str:
    """Return ``85 %``, ``2.5 %``; rounded to six decimals."""
    number = f"{percent:.6f}".rstrip("0").rstrip(".")
    return f"{number} %"


def parse_flag(text: str) -> bool:
    """Return what ``yes no true false on off 1 0`` mean, in any case."""
    found = _FLAGS.get(text.strip().lower())
    if found is None:
        raise ValueError("expected yes or no")
    return found


def format_flag(flag: bool) -> str:
    """Return ``yes`` or ``no``."""
    return "yes" if flag else "no"


def parse_integer(text: str) -> int:
    """Return a whole number, ASCII digits with an optional sign."""
    text = text.strip()
    if not _INTEGER.match(text):
        raise ValueError("expected a whole number")
    return int(text)
