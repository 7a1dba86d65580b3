"""What is watched while the engine runs: thresholds that are passed, and passed back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from podfetch_tui.catalog import alert_figures
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.model.alerts import Alert, Figures
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.alerts import Watched, judge
from podfetch_tui.storage.space import room

LOOK_S = 10.0
ERRORS_S = 600.0


class AlertWatch:
    """Judges the figures now and then; belongs to the governor's thread, once restored."""

    def __init__(
        self,
        services: Services,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
        events: EventRing,
    ) -> None:
        """Begin with no alert.

        Args:
            services: The catalogue, the archive and the time.
            settings: What holds now.
            telemetry: Counts the jobs.
            events: Where alerts are made known.
        """
        self.standing: tuple[Alert, ...] = ()
        """What stands now; replaced as a whole."""
        self.restored: tuple[Alert, ...] = ()
        """What stood when the process before this one ended, which told of it."""
        self._services = services
        self._settings = settings
        self._telemetry = telemetry
        self._events = events
        self._state: dict[str, Watched] = {}
        self._looked: float | None = None
        self._counted: deque[tuple[float, int, int]] = deque()
        """(monotonic second, jobs, failed jobs), since start."""

    def restore(self) -> None:
        """Take over what stood when the process before this one ended.

        Raises:
            Failure: The catalogue could not be read.
        """
        alerts = alert_figures.raised(self._services.catalog)
        self._state = {alert.name: Watched(alert=alert) for alert in alerts}
        self.standing = self.restored = alerts

    def look(self) -> None:
        """Judge the figures when it is time to, and make known what changed."""
        now = self._services.clock.monotonic()
        if self._looked is not None and now - self._looked < LOOK_S:
            return
        self._looked = now
        try:
            figures = self._figures(now)
        except Failure:
            return  # the catalogue or the disk is in trouble, which others report
        before = self._state
        at = self._services.clock.now_ms()
        self._state = judge(before, figures, self._settings().alerts, now_ms=at, now_s=now)
        self.standing = tuple(w.alert for w in self._state.values() if w.alert is not None)
        self._tell(before)

    def _tell(self, before: dict[str, Watched]) -> None:
        for name, watched in self._state.items():
            old = before.get(name, Watched()).alert
            new = watched.alert
            if old is None and new is not None:
                self._events.emit("alert_raised", new.text, code=name, at=new.since)
            elif old is not None and new is None:
                self._events.emit("alert_cleared", f"no longer: {old.text}", code=name)

    def _figures(self, now: float) -> Figures:
        services, settings = self._services, self._settings()
        found = alert_figures.figures(services.catalog, services.clock.now_ms(), errors=False)
        place = room(services.layout.parts, settings.archive)
        jobs, failed = self._jobs(now)
        return msgspec.structs.replace(
            found, jobs=jobs, failed=failed, free=place.free, reserve=place.floor
        )

    def _jobs(self, now: float) -> tuple[int, int]:
        """Return how many jobs ended, and failed, in the last ten minutes."""
        totals, _ = self._telemetry.totals()
        jobs, failed = totals.get("jobs", 0), totals.get("jobs_failed", 0)
        self._counted.append((now, jobs, failed))
        while len(self._counted) > 1 and now - self._counted[1][0] >= ERRORS_S:
            self._counted.popleft()
        _, jobs_then, failed_then = self._counted[0]
        return jobs - jobs_then, failed - failed_then
