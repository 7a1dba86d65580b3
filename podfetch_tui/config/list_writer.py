"""Feeds to the text of a feed list; ``config.sources`` reads the same feeds from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

import msgspec

from podfetch_tui.config.columns import COLUMNS, cells_of
from podfetch_tui.config.opml_writer import opml_text
from podfetch_tui.model.writes import NewFeed

_ALWAYS = COLUMNS[:7]
"""Columns of every table; the others only where a feed has something to say in them."""


def list_text(feeds: Sequence[NewFeed], form: str) -> Iterator[str]:
    """Yield a feed list piece by piece.

    Args:
        feeds: In the order in which they are to be read again.
        form: One of :data:`FORMATS`.
    """
    return _WRITERS[form](feeds)


def _csv_text(feeds: Sequence[NewFeed]) -> Iterator[str]:
    used = {column for feed in feeds for column in cells_of(feed)}
    header = [column for column in COLUMNS if column in used or column in _ALWAYS]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\n")
    writer.writeheader()
    for feed in feeds:
        writer.writerow(cells_of(feed))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _json_text(feeds: Sequence[NewFeed]) -> Iterator[str]:
    """An array with one object a line, so that a line number says which."""
    yield "["
    for number, feed in enumerate(feeds):
        yield ",\n" if number else "\n"
        yield _object(feed)
    yield "\n]\n"


def _json_lines(feeds: Sequence[NewFeed]) -> Iterator[str]:
    for feed in feeds:
        yield _object(feed) + "\n"


def _object(feed: NewFeed) -> str:
    """One feed as JSON: what JSON has for a column's value, ``null`` for what is not set."""
    cells: dict[str, object] = {**dict.fromkeys(COLUMNS), **cells_of(feed)}
    cells["title"] = feed.title
    cells["priority"] = feed.priority
    cells["tags"] = feed.tags
    cells["folders"] = feed.folders
    cells["enabled"] = cells["enabled"] == "yes"
    cells["feed_max"] = feed.feed_max
    cells["allow_private"] = feed.allow_private
    return msgspec.json.encode(cells).decode()


_WRITERS: dict[str, Callable[[Sequence[NewFeed]], Iterator[str]]] = {
    "opml": opml_text,
    "csv": _csv_text,
    "json": _json_text,
    "jsonl": _json_lines,
}
FORMATS = tuple(_WRITERS)
"""What :func:`list_text` writes."""
