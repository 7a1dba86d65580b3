"""What commands print: data to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click
import msgspec


def say(text: str) -> None:
    """Print one line for the person at the terminal, on stderr."""
    click.echo(text, err=True)


def document(value: object) -> None:
    """Print one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def lines(rows: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        click.echo(msgspec.json.encode(row).decode())


def table(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> int:
    """Print rows as aligned columns; the last one is free text. Return how many there were."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not cells:
        return 0
    head = [column.replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(columns) - 1)]
    for line in [head, *cells]:
        left = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False))
        click.echo(f"{left}  {line[-1]}".rstrip())
    return len(cells)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ",".join(str(part) for part in value)
    return str(value)
