"""Feeds as rows of a table: what is kept of a catalogue row, and how it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.figures import count, moment, size, span
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.model.text import redact
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.table import Cell, Column

COLUMNS = (
    Column(label="State", width=13),
    Column(label="Host", width=22, from_width=140),
    Column(label="Archived", width=11, right=True, from_width=90),
    Column(label="Size", width=9, right=True, from_width=110),
    Column(label="Last ok", width=7, right=True),
    Column(label="Next", width=8, right=True),
    Column(label="Error", width=16),
    Column(label="Title"),
)


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the screen needs of one row of ``feeds list --json``."""

    id: int
    url: str = ""
    title: str = ""
    state: str = FeedState.ACTIVE.value
    state_reason: str | None = None
    breaker: str = BreakerState.CLOSED.value
    consecutive_failures: int = 0
    last_error: str | None = None
    last_success_at: str | None = None
    next_poll_at: str | None = None
    episodes: int = 0
    archived: int = 0
    failed: int = 0
    bytes: int = 0

    @property
    def host(self) -> str:
        """Host of the URL."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def name(self) -> str:
        """Title, or the URL while the title is not known."""
        return self.title or redact(self.url)


def feed_row(row: dict[str, JsonValue]) -> FeedRow:
    """Return what is kept of ``row``; keys this screen does not know are dropped."""
    return msgspec.convert(row, FeedRow)


def cells_with(glyphs: Glyphs, now: Callable[[], int]) -> Callable[[FeedRow], Sequence[Cell]]:
    """Return the function that gives the cells of one feed; ``now`` is UTC milliseconds."""

    def cells(row: FeedRow) -> Sequence[Cell]:
        at = now()
        code = (row.last_error or "").partition(":")[0]
        return (
            state_cell(row, glyphs),
            (row.host, "muted"),
            (f"{count(row.archived)}/{count(row.episodes)}", "plain"),
            (size(row.bytes), "plain"),
            (_ago(row.last_success_at, at), "plain"),
            (_next(row, at), "muted"),
            (code, "bad"),
            (row.name, "plain"),
        )

    return cells


def state_cell(row: FeedRow, glyphs: Glyphs) -> Cell:
    """Return the state of ``row`` as sign and word."""
    if row.state != FeedState.ACTIVE.value:
        sign, role = {
            FeedState.PAUSED.value: (glyphs.paused, "muted"),
            FeedState.QUARANTINED.value: (glyphs.held, "bad"),
        }.get(row.state, (glyphs.gone, "muted"))
        return f"{sign} {row.state}", role
    if row.breaker != BreakerState.CLOSED.value:
        return f"{glyphs.warning} cooling {row.consecutive_failures}", "warning"
    if row.consecutive_failures:
        return f"{glyphs.warning} failing {row.consecutive_failures}", "warning"
    if row.last_success_at is None:
        return f"{glyphs.new} new", "accent"
    return f"{glyphs.ok} ok", "good"


def details(row: FeedRow, at: int) -> list[str]:
    """Return what is known of ``row`` beyond its cells, as lines."""
    where = f"{row.id}  {redact(row.url)}"
    polled = f"last ok {_when(row.last_success_at, at)}, next {_when(row.next_poll_at, at)}"
    episodes = f"{count(row.episodes)} episodes, {count(row.archived)} archived"
    if row.failed:
        episodes += f", {count(row.failed)} failed"
    state = f"{row.state}: {row.state_reason}" if row.state_reason else row.state
    if row.breaker != BreakerState.CLOSED.value:
        state += f", breaker {row.breaker.replace('_', ' ')}"
    problem = row.last_error or ""
    return [where, f"{state}; {polled}; {episodes}", problem]


def milliseconds(stamp: str | None) -> int | None:
    """Return an RFC 3339 time as UTC milliseconds; ``None`` when there is none."""
    if not stamp:
        return None
    try:
        return round(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)
    except ValueError:
        return None


def _ago(stamp: str | None, now: int) -> str:
    at = milliseconds(stamp)
    return "never" if at is None else _rough(now - at)


def _next(row: FeedRow, now: int) -> str:
    at = milliseconds(row.next_poll_at)
    if row.state != FeedState.ACTIVE.value or at is None:
        return "–"
    return "now" if at <= now else f"in {_rough(at - now)}"


def _rough(ms: int) -> str:
    """Return a length of time in its largest unit alone."""
    seconds = max(0, ms // 1000)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return span(seconds)


def _when(stamp: str | None, now: int) -> str:
    at = milliseconds(stamp)
    return "never" if at is None else moment(at, now)
