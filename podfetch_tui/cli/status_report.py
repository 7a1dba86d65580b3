"""How an archive and its engine stand: from the engine where one answers, else by ourselves."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podfetch_tui.catalog import alert_figures, totals
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.errors import Failure, NoEngine
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.snapshot import EngineSnapshot, SettingsView
from podfetch_tui.model.text import clean, counted
from podfetch_tui.policy.alerts import standing
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.space import room
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.instance import holder
from podfetch_tui.system.resources import free_bytes
from podfetch_tui.system.times import rfc3339

if TYPE_CHECKING:
    from podfetch_tui.api.remote import RemoteClient

PATIENCE_S = 5.0
"""An engine that does not answer for so long does not answer."""
STALE_MS = 30_000
"""An engine whose newest figures are older than this hangs."""

_LONGEST_LINE = 1_000


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of ``status --json``, in their order."""

    state: str
    """As in the snapshot; ``stopped`` when no engine runs."""
    reason: str
    """Why it is paused or degraded, or does not answer."""
    engine: str
    """``answers``, ``silent`` (a process holds the archive, but does not answer) or ``none``."""
    at: str
    archive: str
    uptime_s: float | None
    feeds: dict[str, int]
    episodes: dict[str, int]
    media: dict[str, int]
    lanes: dict[str, dict[str, int | str]]
    rates: dict[str, float]
    totals: dict[str, int]
    errors: dict[str, int]
    resources: dict[str, float]
    queue: dict[str, int]
    alerts: tuple[dict[str, object], ...]
    settings: dict[str, object]
    """Which file holds, what is wrong with it, what waits for a restart."""

    def problems(self) -> list[str]:
        """Return what ``--check`` complains of, worst first."""
        found = []
        if self.engine == "none":
            found.append(f"no engine runs on {self.archive}")
        elif self.engine == "silent":
            found.append(f"the engine does not answer: {self.reason}")
        elif self.state in ("degraded", "stopped"):
            found.append(f"{self.state}: {self.reason}" if self.reason else self.state)
        found += [f"settings: {text}" for text in self.settings_problems[:1]]
        return found + [f"{alert['name']}: {alert['text']}" for alert in self.alerts]

    @property
    def settings_problems(self) -> tuple[str, ...]:
        """What is wrong with the settings' files, with file and line."""
        problems = self.settings.get("problems")
        return tuple(map(str, problems)) if isinstance(problems, (tuple, list)) else ()

    def in_one_line(self) -> str:
        """Return what ``--check`` says: what is wrong, or that nothing is."""
        problems = self.problems()
        if problems:
            return clean(f"podfetch WARNING: {'; '.join(problems)}", _LONGEST_LINE)
        why = f" ({self.reason})" if self.reason else ""
        feeds = self.feeds.get("total", 0)
        return clean(f"podfetch OK: {self.state}{why}, {counted(feeds, 'feed')}", _LONGEST_LINE)


class Observer:
    """Looks again and again; keeps its connection while there is one."""

    def __init__(self, settings: Settings, view: SettingsView | None = None) -> None:
        """Look at nothing yet.

        Args:
            settings: Lead to the archive.
            view: How the settings' files stand, for when no engine says.
        """
        self._settings = settings
        self._view = view or SettingsView()
        self._client: RemoteClient | None = None
        self._clock = Clock()

    def look(self) -> Report:
        """Return how it stands now.

        Raises:
            ArchiveUnusable: There is no archive, or it cannot be read.
        """
        silence = ""
        if self._client is not None:
            with contextlib.suppress(NoEngine, Failure):
                return self._from_engine(self._client.snapshot())
            self.close()
        with archives.reading(self._settings) as (layout, catalog):
            who = holder(layout.lock)
            if who is not None:
                try:
                    return self._from_engine(self._connect(who.pid, who.socket))
                except (NoEngine, Failure) as error:
                    silence = str(error)
            uptime = None if who is None else max(0, self._clock.now_ms() - who.started_at) / 1000
            return self._by_ourselves(layout, catalog, uptime=uptime, silence=silence)

    def close(self) -> None:
        """Let the engine go."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connect(self, pid: int, socket: str) -> EngineSnapshot:
        from podfetch_tui.api.remote import RemoteClient  # nobody else needs it

        if not socket:
            raise NoEngine(f"process {pid} works on the archive without a socket")
        self._client = RemoteClient(Path(socket), read_only=True, patience=PATIENCE_S)
        return self._client.snapshot()

    def _from_engine(self, now: EngineSnapshot) -> Report:
        root = archives.root_of(self._settings)
        _, total = free_bytes(root)
        age = self._clock.now_ms() - now.at
        is_stale = age > STALE_MS
        lanes: dict[str, dict[str, int | str]] = {
            name: {
                "limit": lane.limit,
                "target": lane.target,
                "busy": lane.busy,
                "reason": lane.reason,
            }
            for name, lane in now.lanes.items()
        }
        return Report(
            state=now.state,
            reason=f"its figures are {age // 1000} s old" if is_stale else now.reason,
            engine="silent" if is_stale else "answers",
            at=rfc3339(now.at),
            archive=str(root),
            uptime_s=round(now.uptime_s, 1),
            feeds=now.feeds,
            episodes=now.episodes,
            media=now.media,
            lanes=lanes,
            rates=now.rates,
            totals=now.totals,
            errors=now.errors,
            resources={**now.resources, "total_bytes": total},
            queue=now.queue,
            alerts=_shown(now.alerts),
            settings=_settings(now.settings),
        )

    def _by_ourselves(
        self, layout: Layout, catalog: Catalog, *, uptime: float | None, silence: str
    ) -> Report:
        counts = totals.counts(catalog)
        free, total = free_bytes(layout.root)
        work = self._settings.engine
        limits = {"poll": work.poll_workers, "download": work.download_workers}
        return Report(
            state="stopped" if uptime is None else "running",
            reason=silence,
            engine="none" if uptime is None else "silent",
            at=rfc3339(self._clock.now_ms()),
            archive=str(layout.root),
            uptime_s=None if uptime is None else round(uptime, 1),
            feeds=counts["feeds"],
            episodes=counts["episodes"],
            media=counts["media"],
            lanes={
                name: {"limit": n, "target": 0, "busy": 0, "reason": ""}
                for name, n in limits.items()
            },
            rates={},
            totals={},
            errors={},
            resources={"free_bytes": free, "total_bytes": total},
            queue={},
            alerts=_shown(self._alerts(layout, catalog)),
            settings=_settings(self._view),
        )

    def _alerts(self, layout: Layout, catalog: Catalog) -> tuple[Alert, ...]:
        """Judge at one look; what an engine raised before stands since then."""
        now = self._clock.now_ms()
        figures = alert_figures.figures(catalog, now, errors=True)
        place = room(layout.parts, self._settings.archive)
        figures = msgspec.structs.replace(figures, free=place.free, reserve=place.floor)
        since = {alert.name: alert.since for alert in alert_figures.raised(catalog)}
        return tuple(
            msgspec.structs.replace(alert, since=since.get(alert.name, now))
            for alert in standing(figures, self._settings.alerts, now_ms=now)
        )


def _shown(alerts: tuple[Alert, ...]) -> tuple[dict[str, object], ...]:
    return tuple(
        {
            "name": alert.name,
            "since": rfc3339(alert.since),
            "text": alert.text,
            "value": alert.value,
            "limit": alert.limit,
        }
        for alert in alerts
    )


def _settings(view: SettingsView) -> dict[str, object]:
    rejected = None if view.rejected_at is None else rfc3339(view.rejected_at)
    return {
        "file": view.file,
        "generation": view.generation,
        "loaded_at": rfc3339(view.loaded_at) if view.loaded_at else None,
        "watched": view.watched,
        "rejected_at": rejected,
        "problems": list(view.problems),
        "pending": list(view.pending),
        "runtime": list(view.runtime),
    }
