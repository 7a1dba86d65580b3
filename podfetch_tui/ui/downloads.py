"""Running downloads as rows of a table; the dashboard and the Downloads screen share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from podfetch_tui.model.figures import bar, percent, rate, remaining, size
from podfetch_tui.model.snapshot import EngineSnapshot, WorkerView
from podfetch_tui.model.text import counted
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.widgets.columns import Cell, Column

_STALLED_S = 10.0
_BAR = 10

COLUMNS = (
    Column(label="Progress", width=_BAR + 6),
    Column(label="Size", width=21, right=True, from_width=90),
    Column(label="Speed", width=10, right=True),
    Column(label="Left", width=6, right=True),
    Column(label="Host", width=22, from_width=110),
    Column(label="Episode"),
)


def active(snapshot: EngineSnapshot) -> tuple[WorkerView, ...]:
    """Return the downloads that run, in the order of their slots."""
    return tuple(worker for worker in snapshot.workers if worker.lane == "download")


def row_id(worker: WorkerView) -> int:
    """Return the id that a row keeps: that of the episode."""
    return worker.episode_id if worker.episode_id is not None else -1 - worker.slot


def is_stalled(worker: WorkerView) -> bool:
    """Return whether nothing has come for a while."""
    return worker.phase == "stream" and worker.bytes_per_s < 1 and worker.since_s > _STALLED_S


def are_off(now: EngineSnapshot) -> bool:
    """Return whether an operator has switched downloads off."""
    lane = now.lanes.get("download")
    return lane is not None and not lane.limit


def why_idle(now: EngineSnapshot, keys: Mapping[str, str]) -> str:
    """Return why nothing is downloading, and how many episodes wait; ``keys``: ``[keys]``."""
    pending = now.episodes.get("pending", 0)
    waiting = counted(pending, "episode waits", "episodes wait")
    if are_off(now):
        more, limits = key_of("limits.more", keys), key_of("go.limits", keys)
        return f"Downloads off, {waiting}: {more} on Limits ({limits})."
    if pending:
        return f"Nothing is downloading; {waiting}."
    return "Nothing is downloading: every known episode is archived."


def cells_with(glyphs: Glyphs) -> Callable[[WorkerView], Sequence[Cell]]:
    """Return the function that gives the cells of one download."""

    def cells(worker: WorkerView) -> Sequence[Cell]:
        share = percent(worker.done, worker.total or 0)
        drawn = bar(worker.done, worker.total, _BAR, ascii_only=glyphs.ascii_only)
        whole = size(worker.total) if worker.total else "?"
        speed, left = _pace(worker, glyphs)
        return (
            (f"{drawn} {share:>5}", "accent"),
            (f"{size(worker.done)} of {whole}", "plain"),
            speed,
            left,
            (worker.host, "muted"),
            (worker.title, "plain"),
        )

    return cells


def _pace(worker: WorkerView, glyphs: Glyphs) -> tuple[Cell, Cell]:
    if worker.phase != "stream":
        return (worker.phase, "muted"), ("", "plain")
    if is_stalled(worker):
        return (f"{glyphs.warning} stalled", "warning"), ("", "plain")
    left = remaining(worker.done, worker.total, worker.bytes_per_s)
    return (rate(worker.bytes_per_s), "plain"), (left, "plain")
