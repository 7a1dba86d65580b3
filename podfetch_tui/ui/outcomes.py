"""Recent outcomes as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import clock
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="Time", width=8),
    Column(label="What", width=20),
    Column(label="Which", width=18, wide=(100, 26)),
    Column(label="Feed", width=22, from_width=140),
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
_SEVERITIES = {
    "good": ("success", "$success"),
    "bad": ("failure", "$error"),
    "warning": ("warning", "$warning"),
}
"""Role → its word and its style."""


def row_id(event: Event) -> int:
    """Return the id that a row keeps."""
    return event.seq


def sign_of(kind: str, glyphs: Glyphs) -> str:
    """Return the sign that stands before an event of ``kind``."""
    return {
        "archived": glyphs.done,
        "polled": glyphs.done,
        "derived": glyphs.done,
        "failed": glyphs.bad,
        "trouble": glyphs.bad,
        "partial": glyphs.warning,
        "deferred": glyphs.paused,
        "paused": glyphs.paused,
    }.get(kind.rpartition("_")[2], glyphs.note)


def role_of(kind: str) -> str:
    """Return the role, and so the colour, of an event of ``kind``."""
    return _ROLES.get(kind.rpartition("_")[2], "plain")


def severity_of(kind: str) -> tuple[str, str]:
    """Return how grave an event of ``kind`` is, in a word, and the style of that."""
    return _SEVERITIES.get(role_of(kind), ("note", ""))


def cells_with(glyphs: Glyphs) -> Callable[[Event], Sequence[Cell]]:
    """Return the function that gives the cells of one event."""

    def cells(event: Event) -> Sequence[Cell]:
        what = f"{sign_of(event.kind, glyphs)} {event.kind.replace('_', ' ')}"
        which, feed = _names(event)
        why = event.code if event.family else ""
        return (
            (clock(event.at), "muted"),
            (what, role_of(event.kind)),
            (which, "plain"),
            (feed, "muted"),
            (why, "muted"),
            (event.text or event.code, "plain"),
        )

    return cells


def _names(event: Event) -> tuple[str, str]:
    """Return what the event is about, and the feed where that is another thing."""
    feed = event.feed_title or ("" if event.feed_id is None else f"feed {event.feed_id}")
    if event.episode_id is None:
        return feed, ""
    return event.episode_title or f"episode {event.episode_id}", feed
