"""Running polls as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podfetch_tui.model.figures import size
from podfetch_tui.model.snapshot import EngineSnapshot, WorkerView
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

SLOW_S = 15.0
"""A poll that takes longer is marked."""

COLUMNS = (
    Column(label="Phase", width=11),
    Column(label="Time", width=6, right=True),
    Column(label="Bytes", width=8, right=True, from_width=70),
    Column(label="Host", width=20, from_width=50),
    Column(label="Feed"),
)


def active(snapshot: EngineSnapshot) -> tuple[WorkerView, ...]:
    """Return the polls that run, in the order of their slots."""
    return tuple(worker for worker in snapshot.workers if worker.lane == "poll")


def row_id(worker: WorkerView) -> int:
    """Return the id that a row keeps: that of the feed."""
    return worker.feed_id


def cells_with(glyphs: Glyphs) -> Callable[[WorkerView], Sequence[Cell]]:
    """Return the function that gives the cells of one poll."""

    def cells(worker: WorkerView) -> Sequence[Cell]:
        is_slow = worker.since_s > SLOW_S
        sign, role = (glyphs.warning, "warning") if is_slow else (glyphs.busy, "accent")
        return (
            (f"{sign} {worker.phase}", role),
            (f"{worker.since_s:.1f}s", "plain"),
            (size(worker.done) if worker.done else "", "plain"),
            (worker.host, "muted"),
            (worker.title, "plain"),
        )

    return cells
