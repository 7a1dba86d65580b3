"""Lines of a table, each made once: most are shown again, often further up or down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import GAP, Cell, Column, fit

_KEPT = 1_000
"""Lines that were made are kept until there are so many: some tens of screenfuls."""


class Strips:
    """Makes the lines of one table."""

    def __init__(self, look_of: Callable[[str], Style], glyphs: Glyphs) -> None:
        """Begin with none.

        Args:
            look_of: Gives what a role adds to a line's style; for none, that style itself.
            glyphs: For marks and where text was cut.
        """
        self._look_of = look_of
        self._glyphs = glyphs
        self._styles: dict[str, Style] = {"plain": Style.null()}
        """By role; working one out costs more than painting a line with it."""
        self._made: dict[tuple[object, ...], Strip] = {}

    def clear(self) -> None:
        """Forget all lines and looks: colours or the focus changed."""
        self._made.clear()
        self._styles = {"plain": Style.null()}

    def line(
        self,
        cells: tuple[Cell, ...],
        where: tuple[tuple[int, int, int], ...],
        columns: Sequence[Column],
        width: int,
        cursor: str,
        is_selected: bool,
    ) -> Strip:
        """Return the line of ``cells``: the same object as before where nothing differs.

        Args:
            cells: One for each column; none make a blank line.
            where: Index, first cell and width of each column that is shown.
            columns: All columns.
            width: Of the line, in cells.
            cursor: Role of the cursor that is on it, or nothing.
            is_selected: It has the mark.
        """
        key = (cells, where, width, cursor, is_selected)
        strip = self._made.get(key)
        if strip is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            strip = self._made[key] = self._make(cells, where, columns, width, cursor, is_selected)
        return strip

    def _make(
        self,
        cells: tuple[Cell, ...],
        where: tuple[tuple[int, int, int], ...],
        columns: Sequence[Column],
        width: int,
        cursor: str,
        is_selected: bool,
    ) -> Strip:
        base = self._style("")
        if not cells:
            return Strip.blank(width, base)
        if cursor:
            base += self._style(cursor)
        mark = base + self._style("selected") if is_selected else base
        segments = [Segment(self._glyphs.selected if is_selected else " ", mark)]
        for index, _, room in where:
            (text, role), column = cells[index], columns[index]
            style = base if cursor == "cursor" else base + self._style(role)
            shown = fit(text, room, right=column.right, ellipsis=self._glyphs.ellipsis)
            segments += [Segment(shown, style), Segment(" " * GAP, base)]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, role: str) -> Style:
        style = self._styles.get(role)
        if style is None:
            style = self._styles[role] = self._look_of(role)
        return style
