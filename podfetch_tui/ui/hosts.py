"""Hosts as rows of a table: what runs at each, and which are left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from podfetch_tui.model.figures import count, moment, rate
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.widgets.columns import Cell, Column

COLUMNS = (
    Column(label="State", width=36),
    Column(label="Polls", width=5, right=True),
    Column(label="Down", width=4, wide=(100, 9), right=True),
    Column(label="Limit", width=6, right=True),
    Column(label="Speed", width=10, right=True, from_width=90),
    Column(label="Host"),
)


class HostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One host."""

    id: int
    host: str
    polls: int = 0
    downloads: int = 0
    limit: int = 0
    """Jobs that may run there, polls and downloads together; 0: not known."""
    speed: float = 0.0
    breaker: str = "closed"
    until: int | None = None
    told: bool = False
    """It told us to wait."""

    @property
    def is_left_alone(self) -> bool:
        """Whether it is not asked freely."""
        return self.told or self.breaker != "closed"


def rows(snapshot: EngineSnapshot) -> list[HostRow]:
    """Return the hosts left alone, then those that are asked now, the busiest first."""
    running: Counter[tuple[str, str]] = Counter()
    speeds: Counter[str] = Counter()
    for worker in snapshot.workers:
        running[worker.host, worker.lane] += 1
        speeds[worker.host] += round(worker.bytes_per_s)
    shut = {one.host: one for one in snapshot.hosts}
    names = dict.fromkeys([*(host for host, _ in running), *shut])
    found = [
        HostRow(
            id=hash(name),
            host=name,
            polls=running[name, "poll"],
            downloads=running[name, "download"],
            limit=snapshot.per_host,
            speed=speeds[name],
            breaker=shut[name].breaker if name in shut else "closed",
            until=held_until(snapshot, name),
            told=name in shut and shut[name].told_until is not None,
        )
        for name in names
    ]
    return sorted(
        found, key=lambda row: (not row.is_left_alone, -row.downloads, -row.polls, row.host)
    )


def _used(row: HostRow) -> Cell:
    """Return how much of its limit a host has, marked where it has all of it."""
    if not row.limit:
        return ("", "muted")
    running = row.polls + row.downloads
    return (f"{running} of {row.limit}", "warning" if running >= row.limit else "muted")


def held_until(snapshot: EngineSnapshot, host: str) -> int | None:
    """Return the UTC millisecond until which ``host`` is left alone, if it is."""
    found = next((one for one in snapshot.hosts if one.host == host), None)
    return None if found is None else max(found.until or 0, found.told_until or 0) or None


def cells_with(glyphs: Glyphs, now: Callable[[], int]) -> Callable[[HostRow], Sequence[Cell]]:
    """Return the function that gives the cells of one host; ``now`` is UTC milliseconds."""

    def cells(row: HostRow) -> Sequence[Cell]:
        state: Cell = (f"{glyphs.ok} open to us", "good")
        if row.is_left_alone:
            until = "" if row.until is None else f" until {moment(row.until, now())}"
            word = "told us to wait" if row.told else "left alone"
            state = (f"{glyphs.warning} {word}{until}", "warning")
        return (
            state,
            (count(row.polls), "plain"),
            (count(row.downloads), "plain"),
            _used(row),
            (rate(row.speed) if row.downloads else "", "plain"),
            (row.host, "plain"),
        )

    return cells
