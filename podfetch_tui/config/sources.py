"""Feed lists → feeds: OPML, CSV with a header, JSON, or a URL a line.

What a list is written in is seen from its content. A bad line is rejected with its number and
reason, and the rest goes on. What is no feed list at all (a web page, a picture, a table
without a column ``url``), and an OPML or JSON document that is not well-formed, ends with one
``UsageError``, soon and without holding much more of it than the bytes that were given.
Titles and tags are cleaned; userinfo and secret query values never reach a report.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from podfetch_tui.config.decoding import decode
from podfetch_tui.config.files import read_bounded
from podfetch_tui.config.gathering import FeedList, Gathering, Rejected
from podfetch_tui.config.json_lists import JsonLines
from podfetch_tui.config.list_formats import ListFormat, format_of
from podfetch_tui.config.opml import read_opml
from podfetch_tui.config.tables import plain_lines, table_lines, table_of
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import normalise_url

__all__ = [
    "FeedList",
    "Rejected",
    "list_name",
    "normalise_url",
    "read_list",
    "read_list_file",
]

LARGEST = 64 * 1024 * 1024
"""Most bytes of a list; half a million feeds need no more."""

_HOPELESS_OUTLINES = 10_000
"""OPML holds other things than feeds, too: more of them may stand before the first feed."""


def list_name(path: Path) -> str:
    """Return the name under which the archive knows the list at ``path``: its whole path."""
    return os.path.normpath(path.absolute())


def read_list_file(path: Path, *, allow_private: Iterable[str] = ()) -> FeedList:
    """Read the feed list in the file at ``path``.

    Raises:
        UsageError: it cannot be read, or as :func:`read_list`.
    """
    return read_list(read_bytes(path), name=shown_name(path), allow_private=allow_private)


def shown_name(path: Path) -> str:
    """Return the name of a list's file as messages have it."""
    return clean(str(path), 200)


def read_bytes(path: Path) -> bytes:
    """Return what is in a list's file, and a byte more than a list may have if it is larger.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return read_bounded(path, LARGEST + 1)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{shown_name(path)}: cannot be read: {reason}") from error


def read_list(data: bytes, *, name: str, allow_private: Iterable[str] = ()) -> FeedList:
    """Return the feeds in ``data``.

    Args:
        data: The whole list. Lines are UTF-8, else Windows-1252; XML says its encoding.
        name: The file's name, for messages; ``.csv`` and ``.tsv`` must be tables if they
            are neither OPML nor JSON.
        allow_private: Networks (CIDR) whose addresses are taken, as in the settings.

    Raises:
        UsageError: it is not a feed list, or holds no line at all; names file and line.
    """
    if len(data) > LARGEST:
        raise UsageError(f"{name}: larger than {LARGEST // 1024**2} MiB; split the list")
    allow = parse_networks(allow_private)
    form = format_of(data)
    if form is ListFormat.OPML:
        gathering = Gathering(name, allow, hopeless=_HOPELESS_OUTLINES)
        notes = read_opml(data, name=name, take=lambda line: gathering.take((line,)))
        return gathering.finish(notes)
    gathering = Gathering(name, allow)
    if form is not ListFormat.LINES:
        found = JsonLines(data, name)
        gathering.take(found.of_array() if form is ListFormat.JSON else found.of_lines())
        read = gathering.finish(found.notes())
        return read if form is ListFormat.JSON else _with_tail(read, data)
    lines = decode(data, name=name)
    table = table_of(lines, name)
    gathering.take(plain_lines(lines) if table is None else table_lines(lines, table))
    return _with_tail(gathering.finish(table.notes if table else ()), data)


def _with_tail(read: FeedList, data: bytes) -> FeedList:
    """Say which feed, or that a bad line, stands where the file may be cut off."""
    if data.endswith((b"\n", b"\r")):
        return read
    last = max(read.entries, key=lambda feed: feed.line, default=None)
    bad = read.rejected[-1].line if read.rejected else 0
    if last is None or bad > last.line:
        return msgspec.structs.replace(read, unreadable=read.unreadable + 1)
    return msgspec.structs.replace(read, tail=last.url)
