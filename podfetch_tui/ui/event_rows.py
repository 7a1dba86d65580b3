"""The audit trail as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from podfetch_tui.model.figures import clock, moment
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.feed_rows import milliseconds
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.outcomes import role_of, sign_of
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="Time", width=12),
    Column(label="What", width=20),
    Column(label="Which", width=16, wide=(120, 28)),
    Column(label="Why", width=16, from_width=120),
    Column(label="Text"),
)


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen needs of one row of ``events --json``."""

    id: int
    at: str
    kind: str
    feed_id: int | None = None
    episode_id: int | None = None
    family: str | None = None
    code: str | None = None
    text: str | None = None
    feed_title: str | None = None
    episode_title: str | None = None

    @property
    def which(self) -> str:
        """What it is about."""
        if self.episode_id is not None:
            return self.episode_title or f"episode {self.episode_id}"
        return self.feed_title or ("" if self.feed_id is None else f"feed {self.feed_id}")


def event_row(row: dict[str, JsonValue]) -> EventRow:
    """Return what is kept of ``row``."""
    return convert(row, EventRow)


def cells_with(glyphs: Glyphs, now: Callable[[], int]) -> Callable[[EventRow], Sequence[Cell]]:
    """Return the function that gives the cells of one event; ``now`` is UTC milliseconds."""

    def cells(row: EventRow) -> Sequence[Cell]:
        what, text = _what(row)
        return (
            (_when(row, now()), "muted"),
            (f"{sign_of(row.kind, glyphs)} {what}", role_of(row.kind)),
            (row.which, "plain"),
            ((row.code or "") if row.family else "", "muted"),
            (text or row.code or "", "plain"),
        )

    return cells


def _what(row: EventRow) -> tuple[str, str]:
    """Return what happened, and the text with what matters most first: its end may be cut."""
    text, done = row.text or "", (row.code or "").replace("_", " ")
    if row.kind != "operator_acted" or not done:
        return row.kind.replace("_", " "), text
    head, _, detail = text.partition(": ")
    if detail and head.startswith(f"{done} by "):
        return done, f"{detail}, {head[len(done) + 1 :]}"
    return done, text


def _when(row: EventRow, now: int) -> str:
    at = milliseconds(row.at)
    if at is None:
        return ""
    day = moment(at, now)
    return clock(at) if len(day) == len("10:42") else day


def details(row: EventRow) -> list[str]:
    """Return what a row of an event says in whole, as lines: what matters most first."""
    where = [row.at, row.kind]
    if row.feed_id is not None:
        where.append(f"feed {row.feed_id} {row.feed_title or ''}".rstrip())
    if row.episode_id is not None:
        where.append(f"episode {row.episode_id} {row.episode_title or ''}".rstrip())
    why = ": ".join(part for part in (row.family, row.code) if part)
    return ["  ".join(part for part in (row.text, why) if part), "  ".join(where)]
