"""Feed lists with a URL a line, or in CSV with a header, to lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from podfetch_tui.config.columns import COLUMNS, URL, header_of
from podfetch_tui.config.list_lines import Line
from podfetch_tui.config.rows import LONGEST_LINE, read_row
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean

_DELIMITERS = (",", ";", "\t")


class Table(NamedTuple):
    """What the header of a CSV list says."""

    start: int
    """Index of the first line below the header."""
    delimiter: str
    header: list[str]
    notes: tuple[str, ...]


def table_of(lines: Sequence[str], name: str) -> Table | None:
    """Return the table's header, or ``None`` for a plain list.

    Raises:
        UsageError: There is none, or no column for the URL, or one that stands there twice.
    """
    index = next((i for i, line in enumerate(lines) if _says_something(line)), None)
    if index is None:
        raise UsageError(f"{name}: line {max(len(lines), 1)}: there is no URL in this list")
    headers = {d: header_of(read_row(lines, index, d).cells) for d in _DELIMITERS}
    for delimiter, header in headers.items():
        if URL in header:
            return Table(index + 1, delimiter, header, _unused(header, index + 1, name))
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


def plain_lines(lines: Sequence[str]) -> Iterator[Line]:
    """Yield the lines of a list with a URL a line; blank ones and comments are none."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text[0] == "#":
            continue
        problem = "" if len(text) <= LONGEST_LINE else f"longer than {LONGEST_LINE} characters"
        yield Line(number, text, text, {}, problem)


def table_lines(lines: Sequence[str], table: Table) -> Iterator[Line]:
    """Yield the rows below the header of a table; blank ones and comments are none."""
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
) -> Line | None:
    """Return the line's cells by column, ``None`` for blanks and comments."""
    if problem:
        return Line(number, text, "", {}, problem)
    if not any(cells) or (text.lstrip().startswith("#") and "://" not in text):
        return None
    found = {name: cell for name, cell in zip(header, cells) if cell}  # noqa: B905 - any length
    url = found.pop(URL, "")
    if any(cells[len(header) :]):
        return Line(number, url or text, "", {}, "more cells than the header has columns")
    if not url:
        return Line(number, text, "", {}, "there is no URL")
    return Line(number, url, url, found, "")
