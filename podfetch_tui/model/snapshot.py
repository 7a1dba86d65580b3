"""The engine at one moment: bounded, immutable, safe to hand to any thread or wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

import msgspec

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.events import Event

if TYPE_CHECKING:
    JsonValue = Union[str, int, float, bool, None, "list[JsonValue]", "dict[str, JsonValue]"]
else:  # msgspec decodes no type that names itself; what comes off the wire is JSON anyway
    JsonValue = Any


MOST_HOSTS = 50
"""Hosts that a snapshot names at most."""
MOST_FAILURES = 8
"""Ways to fail that a snapshot names at most."""
FAILURE_MINUTES = 10
"""How far back they are counted."""


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
    """What the operator allows."""
    target: int
    """What the throttle allows of it now."""
    busy: int
    queued: int = 0
    reason: str = ""
    """Why the target is not the limit: ``download target 5 of 8: cpu 91 % for 6 s``."""

    @property
    def throttled(self) -> str:
        """What the throttle does to the lane, in a few words; empty when nothing."""
        if self.target >= self.limit:
            return ""
        why = self.reason.partition(": ")[2]
        return f"target {self.target}: {why}" if why else f"target {self.target}"


class UpcomingView(msgspec.Struct, frozen=True, kw_only=True):
    """A job that starts soon, and why it is its turn."""

    lane: str
    feed_id: int
    episode_id: int | None = None
    title: str
    host: str
    why: str


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """How polling in batches stands."""

    size: int = 0
    """Feeds of the batch that was begun last."""
    left: int = 0
    """Those of them that are not polled yet."""
    eta_s: float | None = None
    """Seconds until they are, at the present rate."""
    due: int = 0
    """Feeds whose time has come, in all."""
    cycle_eta_s: float | None = None
    """Seconds until no feed is late any more."""
    lateness_p95_s: float = 0.0
    """Of the latest polls: 95 % began no later than this after they were due."""
    waits: str = ""
    """Why no further batch begins: ``downloads``, ``catching up`` or empty."""


class FailureView(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which jobs failed in the last ten minutes."""

    code: str
    job: str
    """``poll`` or ``download``."""
    count: int
    minutes: tuple[int, ...] = ()
    """How often in each minute, the present one last."""
    host: str = ""
    """The host that has most of it."""
    at_host: int = 0


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """A host that is not asked freely."""

    host: str
    breaker: str
    until: int | None = None
    """UTC milliseconds at which one probe is let through."""
    opened: int = 0
    told_until: int | None = None
    """UTC milliseconds until which it told us to wait, while that is still to come."""
    feeds: int = 0
    """Active feeds at it, which wait for it."""

    @property
    def waits_until(self) -> int:
        """UTC milliseconds until which it is left alone; may be past."""
        return max(self.until or 0, self.told_until or 0)


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """Which settings hold, and what became of the last try to change them.

    Every value with its source is a row of the page ``settings``.
    """

    file: str = ""
    """The INI; empty when there is none."""
    generation: int = 0
    """Counts each time that the settings became others, from 1."""
    loaded_at: int = 0
    """UTC milliseconds at which they were last read and right."""
    watched: str = "off"
    """How changes are noticed: ``notices``, ``polling`` or ``off``."""
    rejected_at: int | None = None
    """UTC milliseconds since which the files are wrong; ``None`` while they are right."""
    problems: tuple[str, ...] = ()
    """What is wrong with them, with file and line; at most 20."""
    pending: tuple[str, ...] = ()
    """``section.key`` of what takes effect after a restart."""
    runtime: tuple[str, ...] = ()
    """``section.key`` of what was changed while running and not saved."""


class EngineSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a front end shows without asking the catalogue."""

    seq: int
    """Last event's sequence number."""
    at: int
    state: str
    """``starting running paused degraded draining stopped``."""
    reason: str = ""
    """Why it is degraded or stopped, or which of its threads is stuck."""
    archive: str = ""
    uptime_s: float = 0.0
    lanes: dict[str, LaneView] = {}
    workers: tuple[WorkerView, ...] = ()
    feeds: dict[str, int] = {}
    """Keys of ``status --json``: total active paused quarantined gone retired cooling failing."""
    episodes: dict[str, int] = {}
    media: dict[str, int] = {}
    """``files`` and ``bytes``."""
    rates: dict[str, float] = {}
    """``bytes_per_s polls_per_s episodes_per_min``, over the last 10 s."""
    totals: dict[str, int] = {}
    """Since start: ``polls polls_not_modified polls_failed new archived failed partial
    retries bytes jobs jobs_failed``; jobs are those that ended, without their retries.
    ``notices notices_failed`` of alerts, and ``clients_dropped`` at the socket."""
    errors: dict[str, int] = {}
    """Failures since start by family."""
    failures: tuple[FailureView, ...] | None = None
    """What failed in the last ten minutes by code, the most first, at most
    :data:`MOST_FAILURES`; ``None`` from an engine that does not count it."""
    resources: dict[str, float] = {}
    """``cpu_percent own_cpu_percent memory_percent lag_ms rss threads open_files free_bytes``."""
    queue: dict[str, int] = {}
    """``polls downloads delayed``."""
    batch: BatchView = BatchView()
    upcoming: tuple[UpcomingView, ...] = ()
    """The next jobs, at most 10 of each lane."""
    hosts: tuple[HostView, ...] = ()
    """Hosts that are not asked freely, at most :data:`MOST_HOSTS`."""
    per_host: int = 0
    """Jobs of all lanes that may run at one host; 0 from an engine that does not say."""
    alerts: tuple[Alert, ...] = ()
    """What stands of ``[alerts]``."""
    settings: SettingsView = SettingsView()
    recent: tuple[Event, ...] = ()
    """The newest 20 events, newest last."""


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for rows of one kind, a page at a time."""

    kind: str
    """``feeds``, ``quarantine`` (feeds in it), ``evidence`` (one row, of ``feed_id``),
    ``episodes``, ``events``, ``history`` (the newest events, the newest first), ``entry`` (one of
    them with all that is kept of it; its id is in ``ids``), ``settings`` (every key with its
    value and source), ``feed`` (all that is known of one feed), ``raw`` (lines of its document)
    or ``groups`` (how many feeds of ``filter`` share which value of the
    field ``sort``, the most first)."""
    after: int = 0
    """Id of the last row of the page before; 0 for the first page."""
    key: JsonValue = None
    """``next_key`` of the page before; ``None`` for the first page, and in the usual order."""
    limit: int = 200
    feed_id: int | None = None
    filter: str = ""
    """Which feeds or episodes, in the filter language (``policy.filters``)."""
    sort: str = ""
    """Field to sort feeds or episodes by, ``-field`` for the greatest first; empty: by id."""
    only_ids: bool = False
    """No rows, but the ids of all feeds or episodes that are wanted, in their order."""
    ids: tuple[int, ...] = ()
    """The rows of these feeds or episodes, in this order; nothing else then matters."""


class Page(msgspec.Struct, frozen=True):
    """Rows in the shape of the command line's JSON."""

    rows: tuple[dict[str, JsonValue], ...]
    next_after: int | None
    """``after`` for the next page; ``None`` at the end."""
    next_key: JsonValue = None
    """``key`` for the next page."""
    ids: tuple[int, ...] = ()
    """Answer to ``only_ids``; ``next_after`` says that there are more than were asked for."""
