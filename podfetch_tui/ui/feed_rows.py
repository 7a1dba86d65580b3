"""Feeds as rows of a table: what is kept of a catalogue row, and how it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.figures import count, moment, size, span
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.model.text import counted, redact
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="State", width=13, sort="-fail"),
    Column(label="Host", width=24, from_width=140, sort="host"),
    Column(label="Archived", width=11, right=True, from_width=90, sort="-archived"),
    Column(label="Waits", width=6, right=True, from_width=160, sort="-pending"),
    Column(label="Failed", width=6, right=True, from_width=160, sort="-failed"),
    Column(label="Size", width=9, right=True, from_width=110, sort="-bytes"),
    Column(label="Last ok", width=9, right=True, sort="-last"),
    Column(label="Next", width=8, right=True, sort="next"),
    Column(label="Error", width=16, sort="err"),
    Column(label="Pri", width=3, right=True, from_width=150, sort="-priority"),
    Column(label="Tags", width=20, from_width=180),
    Column(label="Title", sort="title"),
)


_MOVED = ("http_404", "http_410")


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
    pending: int = 0
    tags: tuple[str, ...] = ()
    priority: int = 0
    own_priority: int | None = None
    interval_s: int | None = None
    since: str | None = None
    snoozed_until: str | None = None
    waits_until: str | None = None
    allow_private: tuple[str, ...] = ()

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

    @property
    def seen(self) -> int:
        """Since when it is in its state, UTC milliseconds: what an action is refused by."""
        return milliseconds(self.since) or 0


def feed_row(row: dict[str, JsonValue]) -> FeedRow:
    """Return what is kept of ``row``; keys this screen does not know are dropped."""
    return convert(row, FeedRow)


def cells_with(
    glyphs: Glyphs, now: Callable[[], int], polled: Callable[[int], bool]
) -> Callable[[FeedRow], Sequence[Cell]]:
    """Return the function that gives the cells of one feed.

    Args:
        glyphs: The signs.
        now: UTC milliseconds.
        polled: Whether the feed with this id is being polled.
    """

    def cells(row: FeedRow) -> Sequence[Cell]:
        at = now()
        code = (row.last_error or "").partition(":")[0]
        return (
            state_cell(row, glyphs, at),
            (row.host, "muted"),
            (f"{count(row.archived)}/{count(row.episodes)}", "plain"),
            (count(row.pending) if row.pending else "", "muted"),
            (count(row.failed) if row.failed else "", "bad"),
            (size(row.bytes), "plain"),
            (_ago(row.last_success_at, at), "plain"),
            ("polling", "accent") if polled(row.id) else (_next(row, at), "muted"),
            (code, "bad"),
            (str(row.priority) if row.priority else "", "accent"),
            (", ".join(row.tags), "muted"),
            (row.name, "plain"),
        )

    return cells


def state_cell(row: FeedRow, glyphs: Glyphs, at: int) -> Cell:
    """Return the state of ``row`` at ``at`` (UTC milliseconds) as sign and word."""
    if row.state == FeedState.QUARANTINED.value and (milliseconds(row.snoozed_until) or 0) > at:
        return f"{glyphs.snoozed} snoozed", "muted"
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
    if waits(row, at):
        return f"{glyphs.paused} waits", "warning"
    if row.last_success_at is None:
        return f"{glyphs.new} new", "accent"
    return f"{glyphs.ok} ok", "good"


def waits(row: FeedRow, at: int) -> bool:
    """Return whether ``row`` waits at ``at`` (UTC milliseconds) for a host that is left alone."""
    return (milliseconds(row.waits_until) or 0) > at


def details(row: FeedRow, at: int, *, is_polled: bool = False) -> list[str]:
    """Return what is known of ``row`` beyond its cells, as lines: where, how it is, trouble."""
    where = f"{row.id}  {redact(row.url)}"
    next_poll = next_text(row.state, row.next_poll_at, at, is_polled=is_polled)
    polled = f"last ok {_when(row.last_success_at, at)}, next {next_poll}"
    episodes = f"{counted(row.episodes, 'episode')}, {count(row.archived)} archived"
    if row.failed:
        episodes += f", {count(row.failed)} failed"
    state = f"{row.state}: {row.state_reason}" if row.state_reason else row.state
    if row.breaker != BreakerState.CLOSED.value:
        state += f", breaker {row.breaker.replace('_', ' ')}"
    if waits(row, at):
        state += f", waits for its host until {_when(row.waits_until, at)}"
    return [where, f"{state}; {polled}; {episodes}", problem(row.last_error or "")]


def has_moved(error: str) -> bool:
    """Return whether after the failure ``error`` a new address is what is most likely wanted."""
    return error.partition(":")[0] in _MOVED


def problem(error: str) -> str:
    """Return what is said of a feed's last failure: what it was, and the key that may help."""
    if not has_moved(error):
        return error
    return f"{error.rstrip('.')}. Moved? e: type its new address (the show's web site has it)"


def plain_advice(row: FeedRow, at: int, *, are_downloads_off: bool = False) -> str:
    """Return what is to be done about a feed that does well itself; empty when it does not.

    Args:
        row: The feed.
        at: UTC milliseconds.
        are_downloads_off: An operator has switched the lane off.
    """
    is_well = row.state == FeedState.ACTIVE.value and row.breaker == BreakerState.CLOSED.value
    if not is_well or row.last_error or row.consecutive_failures or row.failed:
        return ""
    if row.pending and are_downloads_off:
        waiting = counted(row.pending, "episode waits", "episodes wait")
        return f"+ on Limits (5): downloads are off, {waiting}"
    if row.last_success_at is None:
        return "nothing: its first poll comes by itself"
    if (milliseconds(row.next_poll_at) or 0) <= at:
        return "nothing: its next poll is due"
    return "nothing: it answers"


def next_text(state: str, stamp: str | None, now: int, *, is_polled: bool = False) -> str:
    """Return when a feed is polled next; what is due already is not told as a time gone by."""
    if is_polled:
        return "being polled"
    if state not in (FeedState.ACTIVE.value, FeedState.QUARANTINED.value):
        return "–"  # whatever time is left in its row
    at = milliseconds(stamp)
    is_due = state == FeedState.ACTIVE.value and at is not None and at <= now
    return "due now" if is_due else _when(stamp, now)


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
