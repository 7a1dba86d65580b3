"""The engine at one moment: bounded, immutable, safe to hand to any thread or wire."""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.model.events import Event


class WorkerView(msgspec.Struct, frozen=True, kw_only=True):
    """One occupied slot."""

    slot: int
    lane: str
    """``poll`` or ``download``."""
    phase: str
    feed_id: int
    episode_id: int | None = None
    title: str
    """Feed title or URL for polls, episode title for downloads; cleaned."""
    host: str
    done: int = 0
    total: int | None = None
    bytes_per_s: float = 0.0
    since_s: float = 0.0
    """Seconds since the slot was taken."""


class LaneView(msgspec.Struct, frozen=True, kw_only=True):
    """Slots of one lane."""

    limit: int
    target: int
    busy: int
    queued: int = 0


class EngineSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a front end shows without asking the catalogue."""

    seq: int
    """Last event's sequence number."""
    at: int
    state: str
    """``starting running paused degraded draining stopped``."""
    reason: str = ""
    """Why it is paused or degraded."""
    archive: str = ""
    uptime_s: float = 0.0
    lanes: dict[str, LaneView] = {}
    workers: tuple[WorkerView, ...] = ()
    feeds: dict[str, int] = {}
    """Keys of ``status --json``: total active paused quarantined gone retired cooling."""
    episodes: dict[str, int] = {}
    media: dict[str, int] = {}
    """``files`` and ``bytes``."""
    rates: dict[str, float] = {}
    """``bytes_per_s polls_per_s episodes_per_min``, over the last 10 s."""
    totals: dict[str, int] = {}
    """Since start: ``polls polls_not_modified polls_failed new archived failed partial
    retries bytes``."""
    errors: dict[str, int] = {}
    """Failures since start by family."""
    resources: dict[str, float] = {}
    """``cpu_percent rss threads open_files free_bytes``."""
    queue: dict[str, int] = {}
    """``polls downloads delayed``."""
    recent: tuple[Event, ...] = ()
    """The newest 20 events, newest last."""


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for rows of one kind, a page at a time."""

    kind: str
    """``feeds``, ``episodes`` or ``events``."""
    after: int = 0
    """Id of the last row of the page before; 0 for the first page."""
    limit: int = 200
    feed_id: int | None = None
    state: str | None = None
    text: str = ""
    """Part of a title or URL."""


class Page(msgspec.Struct, frozen=True):
    """Rows in the shape of the command line's JSON."""

    rows: tuple[dict[str, JsonValue], ...]
    next_after: int | None
    """``after`` for the next page; ``None`` at the end."""


JsonValue = Union[str, int, float, bool, None, "list[JsonValue]", "dict[str, JsonValue]"]
