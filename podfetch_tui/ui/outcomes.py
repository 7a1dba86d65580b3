"""Recent outcomes as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import clock
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.table import Cell, Column

COLUMNS = (
    Column(label="Time", width=8),
    Column(label="What", width=20),
    Column(label="Feed", width=7, right=True, from_width=90),
    Column(label="Why", width=16, from_width=90),
    Column(label="Text"),
)
_ROLES = {
    "archived": "good",
    "failed": "bad",
    "trouble": "bad",
    "partial": "warning",
    "deferred": "warning",
    "paused": "warning",
}


def row_id(event: Event) -> int:
    """Return the id that a row keeps."""
    return event.seq


def cells_with(glyphs: Glyphs) -> Callable[[Event], Sequence[Cell]]:
    """Return the function that gives the cells of one event."""
    signs = {
        "archived": glyphs.done,
        "polled": glyphs.done,
        "derived": glyphs.done,
        "failed": glyphs.bad,
        "trouble": glyphs.bad,
        "partial": glyphs.warning,
        "deferred": glyphs.paused,
        "paused": glyphs.paused,
    }

    def cells(event: Event) -> Sequence[Cell]:
        verb = event.kind.rpartition("_")[2]
        what = f"{signs.get(verb, glyphs.note)} {event.kind.replace('_', ' ')}"
        feed = "" if event.feed_id is None else str(event.feed_id)
        why = event.code if event.family else ""
        return (
            (clock(event.at), "muted"),
            (what, _ROLES.get(verb, "plain")),
            (feed, "muted"),
            (why, "muted"),
            (event.text or event.code, "plain"),
        )

    return cells
