"""The columns of a feed list: cells to what a line says about its feed, and back.

``parse_cell(column, cells_of(feed)[column])`` is what the feed holds, for every column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from podfetch_tui.config.backlog import parse_backlog
from podfetch_tui.model import units
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.text import clean
from podfetch_tui.model.writes import NewFeed
from podfetch_tui.policy.addresses import parse_networks

URL = "url"
"""The one column a CSV list must have."""

_LONGEST_TITLE = 500
_MOST_TAGS = 50
LONGEST_TAG = 100
_LONGEST_KEPT = 200
_HIGHEST_PRIORITY = 1_000_000
_LONGEST_INTERVAL_S = 366 * 86_400
_LONGEST_USER_AGENT = 500
_LONGEST_AUTH = 200
_MOST_NETWORKS = 50
_SMALLEST_FEED_MAX, _LARGEST_FEED_MAX = 1024, 1024**3
_TAG = re.compile(r"(?:\\[,;|\\]|[^,;|])+")
_ESCAPED = re.compile(r"\\([,;|\\])")


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
    # A sign that would end the tag stands for itself behind a backslash.
    tags = [clean(_ESCAPED.sub(r"\1", tag), LONGEST_TAG) for tag in _TAG.findall(cell)]
    found = tuple(dict.fromkeys(tag for tag in tags if tag))
    if len(found) > _MOST_TAGS:
        raise ValueError(f"more than {_MOST_TAGS} of them")
    return found


def tags_text(tags: Sequence[str]) -> str:
    """Return ``tags`` as one cell."""
    return ",".join(re.sub(r"([,;|\\])", r"\\\1", tag) for tag in tags)


def _interval(cell: str) -> int:
    seconds = round(units.parse_duration(cell))
    if not 1 <= seconds <= _LONGEST_INTERVAL_S:
        raise ValueError("expected 1s to 366d")
    return seconds


def _state(cell: str) -> FeedState:
    try:
        return FeedState(cell.strip().lower())
    except ValueError:
        raise ValueError(f"expected {', '.join(state.value for state in FeedState)}") from None


def _user_agent(cell: str) -> str:
    if not (cell.isascii() and cell.isprintable()):
        raise ValueError("only ASCII characters travel in an HTTP header")
    if len(cell) > _LONGEST_USER_AGENT:
        raise ValueError(f"longer than {_LONGEST_USER_AGENT} characters")
    return cell.strip()


def _feed_max(cell: str) -> int:
    size = units.parse_size(cell)
    if not _SMALLEST_FEED_MAX <= size <= _LARGEST_FEED_MAX:
        raise ValueError("expected 1 KiB to 1 GiB")
    return size


def _allow_private(cell: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", cell)))
    if len(found) > _MOST_NETWORKS:
        raise ValueError(f"more than {_MOST_NETWORKS} of them")
    parse_networks(found)
    return found


def _auth(cell: str) -> str:
    name = clean(cell, _LONGEST_AUTH)
    if name != cell or "…" in name:
        raise ValueError("expected the name of an entry of the credentials file")
    return name


def _folders(cell: str) -> int:
    count = units.parse_integer(cell)
    if not 0 <= count <= _MOST_TAGS:
        raise ValueError(f"expected how many of the tags are folders, up to {_MOST_TAGS}")
    return count


_PARSERS: dict[str, Callable[[str], object]] = {
    "priority": _priority,
    "tags": _tags,
    "interval": _interval,
    "backlog": parse_backlog,
    "enabled": units.parse_flag,
    "own_title": lambda cell: clean(cell, _LONGEST_TITLE),
    "user_agent": _user_agent,
    "feed_max": _feed_max,
    "allow_private": _allow_private,
    "auth": _auth,
    "folders": _folders,
    "state": _state,
    "state_reason": lambda cell: clean(cell, _LONGEST_TITLE),
}
COLUMNS = (URL, "title", *_PARSERS)
"""All columns that are known, in the order of an export."""


def cells_of(feed: NewFeed) -> dict[str, str]:
    """Return the non-empty cells of a feed by column, in the order of :data:`COLUMNS`."""
    is_active = feed.state in (None, FeedState.ACTIVE)
    cells = {
        URL: feed.url,
        "title": feed.title,
        "priority": "" if feed.priority is None else str(feed.priority),
        "tags": tags_text(feed.tags),
        "interval": "" if feed.interval is None else units.format_duration(feed.interval),
        "backlog": feed.backlog.text if feed.backlog is not None else "",
        "enabled": units.format_flag(feed.enabled and is_active),
        "own_title": feed.own_title,
        "user_agent": feed.user_agent,
        "feed_max": "" if feed.feed_max is None else units.format_size(feed.feed_max),
        "allow_private": " ".join(feed.allow_private),
        "auth": feed.auth,
        "folders": str(feed.folders) if feed.folders else "",
        "state": "" if feed.state is None or is_active else feed.state.value,
        "state_reason": "" if is_active else feed.state_reason,
    }
    return {column: cell for column, cell in cells.items() if cell}
