"""What commands print: data to stdout, everything else to stderr."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

import click
import msgspec

from podfetch_tui.model.text import clean

_LONGEST_LINE = 1_000
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What JSON may hold as it is, and what a terminal would act on."""


def say(text: str) -> None:
    """Print one line for the person at the terminal, on stderr."""
    click.echo(text, err=True)


def remark(text: str) -> None:
    """Say what was done, which nobody has to know: not with ``-q``."""
    context = click.get_current_context(silent=True)
    given = None if context is None else context.find_root().obj
    if getattr(given, "verbose", 0) >= 0:
        say(text)


def document(value: object) -> None:
    """Print one JSON document."""
    click.echo(_json(msgspec.json.format(msgspec.json.encode(value), indent=2)))


def lines(rows: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        click.echo(_json(msgspec.json.encode(row)))


def _json(encoded: bytes) -> str:
    """Escape what a terminal would act on; the value stays the same."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded.decode())


def file_name(path: str) -> str:
    r"""Return the name of a foreign file for JSON: bytes that are no UTF-8 as ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def harmless(text: str) -> str:
    """Return ``text`` as one line that a terminal only shows; names keep their blanks."""
    return text if text.isprintable() else clean(text, _LONGEST_LINE)


def table(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> int:
    """Print rows as aligned columns; the last one is free text. Return how many there were."""
    cells = [[harmless(_cell(row.get(column))) for column in columns] for row in rows]
    if not cells:
        return 0
    head = [column.replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(columns) - 1)]
    for line in [head, *cells]:
        left = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False))
        click.echo(f"{left}  {line[-1]}".rstrip())
    return len(cells)


def details(row: Mapping[str, object], *, indent: str = "") -> None:
    """Print one thing, a line for each thing known of it; what it is made of is indented."""
    width = max((len(key) for key in row), default=0)
    for key, value in row.items():
        if isinstance(value, Mapping) and value:
            click.echo(f"{indent}{key}")
            details(value, indent=f"{indent}  ")
        elif isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value):
            click.echo(f"{indent}{key}")
            for one in value:
                click.echo(f"{indent}  {_pairs(one)}")
        else:
            shown = clean(_cell(value), _LONGEST_LINE) if value not in ("", (), [], {}) else "-"
            click.echo(f"{indent}{key:{width}}  {shown}")


def _pairs(value: object) -> str:
    """One of several things on one line."""
    if not isinstance(value, Mapping):
        return clean(_cell(value), _LONGEST_LINE)
    parts = [
        f"{key}: {_pairs(part) if isinstance(part, Mapping) else _listed(part)}"
        for key, part in value.items()
        if part not in (None, "", [], {})
    ]
    return clean(", ".join(parts), _LONGEST_LINE)


def _listed(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(_pairs(one) for one in value)
    return _cell(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ",".join(str(part) for part in value)
    return str(value)
