"""Columns and cells of a table, and how they fit into a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from rich.cells import cell_len, set_cell_size

from podfetch_tui.ui.safety import harmless

Cell = tuple[str, str]
"""Text and role: ``plain muted good warning bad accent strong``."""
ROLES = ("muted", "good", "warning", "bad", "accent", "strong")
GAP = 2
"""Cells between two columns."""
_LONGEST = 400


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column; the last one of a table takes the room that is left."""

    label: str
    width: int = 0
    """Cells; 0 for the one that takes what is left."""
    wide: tuple[int, int] = (0, 0)
    """In tables of at least so many cells it takes so many instead."""
    right: bool = False
    """Figures stand to the right."""
    from_width: int = 0
    """It is shown only in tables of at least so many cells."""
    sort: str = ""
    """Field of the filter language that sorts by it, ``-field`` if the greatest come first at
    first; empty where nothing does."""


def shows(column: Column, width: int, wanted: Mapping[str, bool]) -> bool:
    """Return whether ``column`` stands in a line of ``width``; ``wanted`` by label goes first."""
    return wanted.get(column.label, width >= column.from_width)


def rooms(
    columns: Sequence[Column], width: int, wanted: Mapping[str, bool]
) -> Iterator[tuple[int, int, int]]:
    """Yield (index, first cell, cells) of each column that a line of ``width`` shows."""
    used = 1
    for index, column in enumerate(columns):
        if not shows(column, width, wanted):
            continue
        left = max(0, width - used - 1)
        from_width, cells = column.wide
        wanted_room = cells if cells and width >= from_width else column.width
        room = min(wanted_room or left, left)
        yield index, used, room
        used += room + GAP


def fit(text: str, room: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """Return ``text`` in exactly ``room`` cells, harmless, cut or filled up with blanks."""
    text = harmless(text[:_LONGEST])
    missing = room - cell_len(text)
    if missing < 0:
        return set_cell_size(set_cell_size(text, max(room - 1, 0)) + ellipsis, room)
    return " " * missing + text if right else text + " " * missing
