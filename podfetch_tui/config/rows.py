"""CSV lines → rows, where one broken line never swallows the ones below it.

``csv`` takes everything after an unclosed quotation mark into one field. Here a row spans a
few lines at most, and a caller to whom such a row makes no sense can take its first line for
the bad one and read on at its second.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

import msgspec

LONGEST_LINE = 65_536
"""Longest line, in characters, that is taken for a row."""
MOST_LINES = 20
"""Most lines that one row may span."""


class Row(msgspec.Struct, frozen=True):
    """One row of cells, blanks at their ends taken off."""

    cells: tuple[str, ...]
    lines: int = 1
    """How many lines it spans."""
    problem: str = ""
    """Why the line cannot be split into cells."""


def read_row(lines: Sequence[str], index: int, delimiter: str) -> Row:
    """Return the row that begins at ``lines[index]``."""
    line = lines[index]
    if len(line) > LONGEST_LINE:
        return Row((), problem=f"longer than {LONGEST_LINE} characters")
    if '"' not in line:
        return Row(tuple([cell.strip() for cell in line.split(delimiter)]))
    row = _split(lines[index : index + 1], delimiter)
    return _split(lines[index : index + MOST_LINES], delimiter) if row.problem else row


def _split(span: Sequence[str], delimiter: str) -> Row:
    # One line more than there are: only an unclosed quotation mark reads as far.
    lines = [*[f"{line[:LONGEST_LINE]}\n" for line in span], "\n"]
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        return Row((), problem=f"not CSV: {error}")
    if reader.line_num > len(span):
        return Row((), problem="a quotation mark is not closed")
    return Row(tuple([cell.strip() for cell in cells]), reader.line_num)
