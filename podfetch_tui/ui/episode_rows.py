"""Episodes as rows of a table: what is kept of a catalogue row, and how it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.figures import count, size, span
from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.system.decoding import convert
from podfetch_tui.ui.feed_rows import milliseconds
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="State", width=13),
    Column(label="Published", width=11, sort="-published"),
    Column(label="Size", width=9, right=True, from_width=70, sort="-bytes"),
    Column(label="Length", width=8, right=True, from_width=90, sort="-duration"),
    Column(label="Tries", width=6, right=True, from_width=110, sort="-attempts"),
    Column(label="Error", width=16, from_width=80, sort="err"),
    Column(label="Title", sort="title"),
)
ALL_COLUMNS = (
    *COLUMNS[:-1],
    Column(label="Feed", width=26, from_width=100),
    COLUMNS[-1],
)
"""Those of episodes of several feeds."""
FILE_COLUMNS = (
    Column(label="Size", width=9, right=True, sort="-bytes"),
    Column(label="Type", width=12, from_width=80, sort="type"),
    Column(label="Checked", width=9, from_width=70, sort="validity"),
    Column(label="SHA-256", width=14, from_width=110),
    Column(label="Made of it", width=20, from_width=130),
    Column(label="Path", sort="path"),
)


class EpisodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What screens need of one row of ``episodes list --json``."""

    id: int
    feed_id: int
    title: str = ""
    published_at: str | None = None
    state: str = EpisodeState.PENDING.value
    path: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    media_type: str | None = None
    duration_s: float | None = None
    validity: str | None = None
    attempts: int = 0
    error: str | None = None
    derivatives: tuple[str, ...] = ()
    enclosure_url: str = ""
    feed_title: str | None = None
    feed_url: str = ""

    @property
    def name(self) -> str:
        """Title, or the URL of its file where it has none."""
        return self.title or self.enclosure_url


def episode_row(row: dict[str, JsonValue]) -> EpisodeRow:
    """Return what is kept of ``row``; keys that no screen knows are dropped."""
    return convert(row, EpisodeRow)


def cells_with(
    glyphs: Glyphs, *, with_feed: bool = False
) -> Callable[[EpisodeRow], Sequence[Cell]]:
    """Return the function that gives the cells of one episode, ``with_feed`` its feed, too."""
    signs = {
        EpisodeState.ARCHIVED.value: (glyphs.ok, "good"),
        EpisodeState.FAILED.value: (glyphs.bad, "bad"),
        EpisodeState.MISSING.value: (glyphs.bad, "bad"),
        EpisodeState.PENDING.value: (glyphs.idle, "plain"),
        EpisodeState.CLAIMED.value: (glyphs.busy, "accent"),
        EpisodeState.SEALED.value: (glyphs.busy, "accent"),
    }

    def cells(row: EpisodeRow) -> Sequence[Cell]:
        sign, role = signs.get(row.state, (glyphs.gone, "muted"))
        return (
            (f"{sign} {row.state}", role),
            ((row.published_at or "")[:10] or "–", "muted"),
            ("–" if row.bytes is None else size(row.bytes), "plain"),
            ("–" if row.duration_s is None else span(row.duration_s), "muted"),
            (count(row.attempts) if row.attempts else "", "muted"),
            ((row.error or "").partition(":")[0], "bad"),
            *([(row.feed_title or row.feed_url, "muted")] if with_feed else []),
            (row.name, "plain"),
        )

    return cells


def file_cells(row: EpisodeRow) -> Sequence[Cell]:
    """Return the cells of one episode's file."""
    return (
        ("–" if row.bytes is None else size(row.bytes), "plain"),
        (row.media_type or "", "muted"),
        (row.validity or "", "plain"),
        (f"{row.sha256[:12]}…" if row.sha256 else "", "muted"),
        (" ".join(row.derivatives), "muted"),
        (row.path or "", "plain"),
    )


def details(row: EpisodeRow) -> list[str]:
    """Return what is known of ``row`` beyond its cells, as lines."""
    published = milliseconds(row.published_at)
    when = "" if published is None else f", published {(row.published_at or '')[:16]}"
    digest = f"  sha256 {row.sha256}" if row.sha256 else ""
    where = f"{row.path}{digest}" if row.path else row.enclosure_url
    feed = f"{row.feed_id} {row.feed_title}" if row.feed_title else f"{row.feed_id}"
    return [f"episode {row.id} of feed {feed}{when}", where, row.error or ""]
