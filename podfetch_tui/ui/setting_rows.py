"""Settings as rows of a table: what holds, where it comes from, when it applies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="Key", width=36),
    Column(label="Holds", width=15, wide=(100, 24)),
    Column(label="From", width=12),
    Column(label="In the file", width=18, from_width=110),
    Column(label="Default", width=18, from_width=130),
    Column(label="Applies"),
)
_FROM = {"runtime": "set now"}
"""Where a value comes from, in a word or two, where the engine has another word for it."""
APPLIES = {
    "live": "A change holds at once.",
    "next_batch": "A change holds from the next batch of feeds.",
    "restart": "A change holds after a restart.",
}


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen needs of one row of the page ``settings``."""

    key: str
    text: str = ""
    default: str = ""
    source: str = ""
    origin: str = ""
    applies: str = ""
    in_file: str | None = None
    pending: bool = False
    number: int = 0
    """Its place: the id of its row."""

    @property
    def is_changed(self) -> bool:
        """It holds something else than its default."""
        return self.text != self.default or self.pending


def setting_row(row: dict[str, JsonValue], number: int) -> SettingRow:
    """Return what is kept of ``row``, the ``number``-th."""
    return msgspec.structs.replace(convert(row, SettingRow), number=number)


def cells_with(glyphs: Glyphs) -> Callable[[SettingRow], Sequence[Cell]]:
    """Return the function that gives the cells of one setting."""

    def cells(row: SettingRow) -> Sequence[Cell]:
        return (
            (row.key, "plain"),
            (row.text or "–", "strong" if row.is_changed else "plain"),
            (_FROM.get(row.origin, row.origin), "accent" if row.is_changed else "muted"),
            ("" if row.in_file is None else row.in_file or "(empty)", "muted"),
            (row.default or "–", "muted"),
            (f"{glyphs.warning} restart", "warning")
            if row.pending
            else ("restart" if row.applies == "restart" else "", "muted"),
        )

    return cells
