"""When an alert is raised and when it is over. Pure: told figures, never asks.

An alert is raised when its figure has been beyond the limit for a minute, or at once for free
space, and is over when the figure has been well within it (a fifth; a tenth for free space)
for a minute. In between, and while a figure is not known, everything stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from podfetch_tui.model.alerts import Alert, Figures
from podfetch_tui.model.figures import percent, size, span
from podfetch_tui.model.settings import AlertSettings
from podfetch_tui.model.text import counted
from podfetch_tui.policy.space import resume_at

HOLD_S = 60.0
"""A figure has to be beyond, or well within, its limit for so long."""
LEAST_JOBS = 20
"""With fewer jobs in ten minutes a share says nothing."""
WELL_WITHIN = 0.8

NAMES = ("error_rate", "lateness_p95", "new_quarantine_per_hour", "free_space", "oldest_pending")
"""Keys of ``[alerts]`` that are thresholds, in the order in which alerts are shown."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its limit."""

    value: float
    limit: float
    beyond: bool
    well_within: bool
    text: str


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How one threshold stands."""

    alert: Alert | None = None
    turning_s: float | None = None
    """Since when (monotonic) the figure says other than the alert; ``None``: it does not."""


State = Mapping[str, Watched]


def judge(
    state: State, figures: Figures, settings: AlertSettings, *, now_ms: int, now_s: float
) -> dict[str, Watched]:
    """Return how every threshold stands after a look at its figure.

    Args:
        state: How they stood at the look before; empty at first.
        figures: What is known.
        settings: The limits; 0 turns one off.
        now_ms: Wall time, kept in alerts that are raised.
        now_s: Monotonic seconds.
    """
    found = dict(readings(figures, settings))
    off = {name for name in NAMES if is_off(name, settings, figures)}
    return {
        name: _next(
            name,
            state.get(name, Watched()),
            found.get(name),
            is_off=name in off,
            now_ms=now_ms,
            now_s=now_s,
        )
        for name in NAMES
    }


def standing(figures: Figures, settings: AlertSettings, *, now_ms: int) -> tuple[Alert, ...]:
    """Return what is beyond its limit at one look: for when no engine watches."""
    return tuple(
        _raised(name, reading, now_ms)
        for name, reading in readings(figures, settings)
        if reading.beyond
    )


def is_off(name: str, settings: AlertSettings, figures: Figures) -> bool:
    """Say whether the operator does not want to hear of ``name``."""
    if name == "free_space":
        return not (settings.free_space or figures.reserve)
    return not getattr(settings, name)


def readings(figures: Figures, settings: AlertSettings) -> Iterator[tuple[str, Reading]]:
    """Yield every figure that is known and watched, in the order of :data:`NAMES`."""
    found = {
        "error_rate": _error_rate(figures, settings),
        "lateness_p95": _lateness(figures, settings),
        "new_quarantine_per_hour": _quarantine(figures, settings),
        "free_space": _free_space(figures, settings),
        "oldest_pending": _oldest(figures, settings),
    }
    for name, reading in found.items():
        if reading is not None and not is_off(name, settings, figures):
            yield name, reading


def _next(
    name: str,
    before: Watched,
    reading: Reading | None,
    *,
    is_off: bool,
    now_ms: int,
    now_s: float,
) -> Watched:
    if is_off:
        return Watched()
    if reading is None:
        return before
    alert = before.alert
    if alert is not None:
        alert = msgspec.structs.replace(
            alert, text=reading.text, value=reading.value, limit=reading.limit
        )
    turns = reading.beyond if alert is None else reading.well_within
    if not turns:
        return Watched(alert=alert)
    began = now_s if before.turning_s is None else before.turning_s
    waits = 0.0 if name == "free_space" and alert is None else HOLD_S
    if now_s - began < waits:
        return Watched(alert=alert, turning_s=began)
    return Watched(alert=_raised(name, reading, now_ms) if alert is None else None)


def _raised(name: str, reading: Reading, now_ms: int) -> Alert:
    return Alert(
        name=name, since=now_ms, text=reading.text, value=reading.value, limit=reading.limit
    )


def _above(value: float, limit: float, text: str) -> Reading:
    return Reading(
        value=value,
        limit=limit,
        beyond=value > limit,
        well_within=value <= limit * WELL_WITHIN,
        text=text,
    )


def _error_rate(figures: Figures, settings: AlertSettings) -> Reading | None:
    limit = settings.error_rate
    if figures.jobs < LEAST_JOBS:
        return _above(0.0, limit, f"{figures.failed} of {figures.jobs} jobs failed in 10 minutes")
    share = percent(figures.failed, figures.jobs)
    text = f"{share} of {figures.jobs} jobs failed in 10 minutes, {limit:g} % may"
    return _above(100 * figures.failed / figures.jobs, limit, text)


def _lateness(figures: Figures, settings: AlertSettings) -> Reading | None:
    late, limit = figures.lateness_p95_s, settings.lateness_p95
    if late is None:
        return None
    text = f"one feed in twenty waits {span(late)} or longer for its poll, {span(limit)} may be"
    return _above(late, limit, text)


def _quarantine(figures: Figures, settings: AlertSettings) -> Reading | None:
    count, limit = figures.new_quarantine, settings.new_quarantine_per_hour
    if count is None:
        return None
    return _above(
        count, limit, f"{counted(count, 'feed')} went to quarantine within an hour, {limit} may"
    )


def _free_space(figures: Figures, settings: AlertSettings) -> Reading | None:
    free, limit = figures.free, settings.free_space or figures.reserve
    if free is None:
        return None
    text = f"{size(free)} are free for media, {size(limit)} should be"
    return Reading(
        value=free,
        limit=limit,
        beyond=free < limit,
        well_within=free >= resume_at(limit),
        text=text,
    )


def _oldest(figures: Figures, settings: AlertSettings) -> Reading | None:
    age, limit = figures.oldest_pending_s, settings.oldest_pending
    if age is None:
        return None
    text = f"a new episode has waited {span(age)} for its download, {span(limit)} may be"
    return _above(age, limit, text)
