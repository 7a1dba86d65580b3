"""The columns of a feed list: cells → what a line says about its feed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from podfetch_tui.config import units
from podfetch_tui.config.backlog import parse_backlog
from podfetch_tui.model.text import clean

URL = "url"
"""The one column a CSV list must have."""

_LONGEST_TITLE = 500
_MOST_TAGS = 50
_LONGEST_TAG = 100
_LONGEST_KEPT = 200
_HIGHEST_PRIORITY = 1_000_000
_LONGEST_INTERVAL_S = 366 * 86_400


def _parse_once(column: str, cell: str) -> object:
    try:
        return _PARSERS[column](cell)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


# A list of thousands of feeds has dozens of different cells.
_parse = lru_cache(4096)(_parse_once)


def parse_cell(column: str, cell: str) -> object:
    """Return what a non-empty ``cell`` of one of :data:`COLUMNS` but the URL means.

    Raises:
        ValueError: one sentence that begins with the column's name.
    """
    if column == "title":
        return _title(cell)
    return _parse(column, cell) if len(cell) <= _LONGEST_KEPT else _parse_once(column, cell)


def header_of(cells: Sequence[str]) -> list[str]:
    """Return header cells as they are compared: lower case, blanks off."""
    return [cell.strip().lower() for cell in cells]


def _title(cell: str) -> str:
    if cell.isascii() and cell.isprintable() and "  " not in cell and len(cell) < _LONGEST_TITLE:
        return cell
    return clean(cell, _LONGEST_TITLE)


def _priority(cell: str) -> int:
    number = units.parse_integer(cell)
    if abs(number) > _HIGHEST_PRIORITY:
        raise ValueError(f"expected a whole number up to {_HIGHEST_PRIORITY}")
    return number


def _tags(cell: str) -> tuple[str, ...]:
    tags = [clean(tag, _LONGEST_TAG) for tag in re.split(r"[,;|]", cell)]
    found = tuple(dict.fromkeys(tag for tag in tags if tag))
    if len(found) > _MOST_TAGS:
        raise ValueError(f"more than {_MOST_TAGS} of them")
    return found


def _interval(cell: str) -> int:
    seconds = round(units.parse_duration(cell))
    if not 1 <= seconds <= _LONGEST_INTERVAL_S:
        raise ValueError("expected 1s to 366d")
    return seconds


_PARSERS: dict[str, Callable[[str], object]] = {
    "priority": _priority,
    "tags": _tags,
    "interval": _interval,
    "backlog": parse_backlog,
    "enabled": units.parse_flag,
}
COLUMNS = (URL, "title", *_PARSERS)
"""All columns that are known, in the order of an export."""
