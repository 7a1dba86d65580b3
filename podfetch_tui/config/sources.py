"""Feed lists → feeds: CSV with a header, or a URL a line.

A bad line is rejected with its number and reason, and the rest goes on. What is no feed list
at all (a web page, a picture, a table without a column ``url``) ends with one
``UsageError``, soon and without holding more of it than the bytes that were given. Titles
and tags are cleaned; userinfo and secret query values never reach a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from podfetch_tui.config.columns import COLUMNS, URL, header_of, parse_cell
from podfetch_tui.config.decoding import decode
from podfetch_tui.config.files import read_bounded
from podfetch_tui.config.rows import LONGEST_LINE, read_row
from podfetch_tui.config.urls import normalise_url
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean, redact
from podfetch_tui.model.writes import NewFeed
from podfetch_tui.policy.addresses import Network, parse_networks

__all__ = [
    "FeedList",
    "Rejected",
    "normalise_url",
    "read_list",
    "read_list_file",
]

LARGEST = 64 * 1024 * 1024
"""Most bytes of a list; half a million feeds need no more."""

_HOPELESS = 200
"""So many bad lines with no good one among them: the file is not a feed list."""
_DELIMITERS = (",", ";", "\t")
_AUTHORITY = re.compile(r"//\S*@")
_CREDENTIALS = re.compile(r"\S*:\S*@")


class Rejected(msgspec.Struct, frozen=True):
    """One line that was not taken in."""

    line: int
    text: str
    """The URL or the line: cleaned, redacted, cut."""
    reason: str


class FeedList(msgspec.Struct, frozen=True, kw_only=True):
    """One list, read."""

    entries: tuple[NewFeed, ...]
    """Distinct by URL, in the order of their first line."""
    rejected: tuple[Rejected, ...] = ()
    duplicates: tuple[tuple[int, int], ...] = ()
    """(line, line that named the same URL first); what the later line gives, holds."""
    notes: tuple[str, ...] = ()
    """What is worth knowing about the list as a whole."""
    given: tuple[tuple[str, ...], ...] = ()
    """For each entry the columns that some line gave; the others hold defaults."""


class _Line(NamedTuple):
    number: int
    text: str
    """What a report shows, not yet made harmless."""
    url: str
    cells: dict[str, str]
    """Column → non-empty cell, the URL's left out."""
    problem: str


def read_list_file(path: Path, *, allow_private: Iterable[str] = ()) -> FeedList:
    """Read the feed list in the file at ``path``.

    Raises:
        UsageError: it cannot be read, or as :func:`read_list`.
    """
    name = clean(str(path), 200)
    try:
        data = read_bounded(path, LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror or error}") from error
    return read_list(data, name=name, allow_private=allow_private)


def read_list(data: bytes, *, name: str, allow_private: Iterable[str] = ()) -> FeedList:
    """Return the feeds in ``data``.

    Args:
        data: The whole list: UTF-8, with or without a byte-order mark, else Windows-1252.
        name: The file's name, for messages; ``.csv`` and ``.tsv`` must be tables.
        allow_private: Networks (CIDR) whose addresses are taken, as in the settings.

    Raises:
        UsageError: it is not a feed list, or holds no line at all; names file and line.
    """
    if len(data) > LARGEST:
        raise UsageError(f"{name}: larger than {LARGEST // 1024**2} MiB; split the list")
    lines = decode(data, name=name)
    gathering = _Gathering(name, parse_networks(allow_private))
    table = _table(lines, name)
    if table is None:
        gathering.take(_plain_lines(lines))
        return gathering.finish(())
    gathering.take(_table_lines(lines, table))
    return gathering.finish(table.notes)


class _Table(NamedTuple):
    """What the header of a CSV list says."""

    start: int
    """Index of the first line below the header."""
    delimiter: str
    header: list[str]
    notes: tuple[str, ...]


def _table(lines: Sequence[str], name: str) -> _Table | None:
    """Return the table's header, or ``None`` for a plain list."""
    index = next((i for i, line in enumerate(lines) if _says_something(line)), None)
    if index is None:
        raise UsageError(f"{name}: line {max(len(lines), 1)}: there is no URL in this list")
    headers = {d: header_of(read_row(lines, index, d).cells) for d in _DELIMITERS}
    for delimiter, header in headers.items():
        if URL in header:
            return _Table(index + 1, delimiter, header, _unused(header, index + 1, name))
    cells = max(headers.values(), key=len)
    is_csv = Path(name).suffix.lower() in (".csv", ".tsv")
    if "://" in lines[index]:
        if is_csv and len(cells) > 1:
            raise UsageError(f"{name}: line {index + 1}: a table needs a header with a column url")
    elif is_csv or not set(COLUMNS).isdisjoint(cells):
        shown = clean(", ".join(cells), 80)
        raise UsageError(f"{name}: line {index + 1}: no column is named url, only {shown}")
    return None


def _says_something(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and stripped[0] != "#" and not re.match(r"(?i)sep=.\Z", stripped)


def _unused(header: Sequence[str], line: int, name: str) -> tuple[str, ...]:
    for column in COLUMNS:
        if header.count(column) > 1:
            raise UsageError(f"{name}: line {line}: two columns are named {column}; rename one")
    unknown = [clean(column, 40) for column in header if column and column not in COLUMNS]
    if not unknown:
        return ()
    return (f"columns that are not used: {clean(', '.join(unknown), 300)}",)


def _plain_lines(lines: Sequence[str]) -> Iterator[_Line]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text[0] == "#":
            continue
        problem = "" if len(text) <= LONGEST_LINE else f"longer than {LONGEST_LINE} characters"
        yield _Line(number, text, text, {}, problem)


def _table_lines(lines: Sequence[str], table: _Table) -> Iterator[_Line]:
    index = table.start
    while index < len(lines):
        if not lines[index] or lines[index].isspace():
            index += 1
            continue
        row = read_row(lines, index, table.delimiter)
        problem = row.problem
        if row.lines > 1 and not _hangs_together(row.cells, table.header):
            problem = "a quotation mark is not closed"
        line = _table_line(index + 1, lines[index], row.cells, table.header, problem)
        if line is not None:
            yield line
        index += 1 if problem else row.lines


def _hangs_together(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row over several lines is one: a lost quotation mark joins several URLs."""
    if len(cells) > len(header):
        return False
    return not any("\n" in cell and "://" in cell for cell in cells)


def _table_line(
    number: int, text: str, cells: Sequence[str], header: Sequence[str], problem: str
) -> _Line | None:
    """Return the line's cells by column, ``None`` for blanks and comments."""
    if problem:
        return _Line(number, text, "", {}, problem)
    if not any(cells) or (text.lstrip().startswith("#") and "://" not in text):
        return None
    found = {name: cell for name, cell in zip(header, cells) if cell}  # noqa: B905 - any length
    url = found.pop(URL, "")
    if any(cells[len(header) :]):
        return _Line(number, url or text, "", {}, "more cells than the header has columns")
    if not url:
        return _Line(number, text, "", {}, "there is no URL")
    return _Line(number, url, url, found, "")


class _Gathering:
    """Lines taken so far, merged by URL."""

    def __init__(self, name: str, allow: tuple[Network, ...]) -> None:
        self._name = name
        self._allow = allow
        self._found: dict[str, tuple[int, dict[str, object]]] = {}
        self._rejected: list[Rejected] = []
        self._duplicates: list[tuple[int, int]] = []

    def take(self, lines: Iterable[_Line]) -> None:
        for line in lines:
            try:
                self._take(line)
            except ValueError as error:
                self._reject(line, str(error))

    def _take(self, line: _Line) -> None:
        if line.problem:
            raise ValueError(line.problem)
        url = normalise_url(line.url, allow=self._allow)
        given = {
            column: parse_cell(column, cell)
            for column, cell in line.cells.items()
            if column in COLUMNS
        }
        first = self._found.get(url)
        if first is None:
            self._found[url] = (line.number, given)
        else:
            self._duplicates.append((line.number, first[0]))
            first[1].update(given)

    def _reject(self, line: _Line, reason: str) -> None:
        rejected = Rejected(line.number, _harmless(line.text), reason)
        self._rejected.append(rejected)
        if len(self._rejected) >= _HOPELESS and not self._found:
            first = self._rejected[0]
            raise UsageError(
                f"{self._name}: line {first.line}: {first.reason}; "
                f"none of the first {_HOPELESS} lines names a feed"
            )

    def finish(self, notes: tuple[str, ...]) -> FeedList:
        if not self._found and not any("//" in rejected.text for rejected in self._rejected):
            line = self._rejected[0].line if self._rejected else 1
            raise UsageError(f"{self._name}: line {line}: there is no URL in this list")
        entries = tuple(
            NewFeed(url=url, line=line, **cast("dict[str, Any]", given))
            for url, (line, given) in self._found.items()
        )
        return FeedList(
            entries=entries,
            rejected=tuple(self._rejected),
            duplicates=tuple(self._duplicates),
            notes=notes,
            given=tuple(tuple(given) for _, given in self._found.values()),
        )


def _harmless(text: str) -> str:
    """Return ``text`` cleaned and cut, without anything that could be userinfo."""
    text = text[:1000]
    if "//" not in text:
        return clean(_CREDENTIALS.sub("***@", text), 120)
    return clean(redact(_AUTHORITY.sub("//***@", text)), 120)
