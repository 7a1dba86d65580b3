"""What failed in the last ten minutes, as rows of a table: each leads to what it happened to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podfetch_tui.model.figures import count, spark
from podfetch_tui.model.snapshot import FailureView
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="What", width=20, wide=(90, 28)),
    Column(label="", width=10, from_width=46),
    Column(label="Times", width=6, right=True),
    Column(label="Most at"),
)


def row_id(row: FailureView) -> int:
    """Return the id that a row keeps while its place changes."""
    return hash((row.job, row.code))


def words(code: str) -> str:
    """Return a code as one reads it: ``http 404``."""
    return code.replace("_", " ")


def where(row: FailureView) -> tuple[str, str]:
    """Return the screen and the filter that show what it happened to."""
    return ("feeds" if row.job == "poll" else "episodes", f"err:{row.code}")


def cells_with(glyphs: Glyphs) -> Callable[[FailureView], Sequence[Cell]]:
    """Return the function that gives the cells of one way to fail."""

    def cells(row: FailureView) -> Sequence[Cell]:
        trend = [float(number) for number in row.minutes]
        told = "all at" if row.at_host == row.count else f"{count(row.at_host)} at"
        what = words(row.code) if row.job == "poll" else f"{words(row.code)} of files"
        return (
            (f"{glyphs.bad} {what}", "bad"),
            (spark(trend, len(trend), ascii_only=glyphs.ascii_only) if trend else "", "bad"),
            (count(row.count), "plain"),
            (f"{told} {row.host}" if row.host else "", "muted"),
        )

    return cells
