"""Old audit rows go in small parts while the catalogue's writer has nothing else to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future

from podfetch_tui.model.settings import ArchiveSettings
from podfetch_tui.model.upkeep_writes import ExpireAudit, Expired
from podfetch_tui.model.writes import Receipt
from podfetch_tui.pipeline.services import Services

logger = logging.getLogger(__name__)

PART = 1_000
"""Rows at a time: a few milliseconds."""
SOON_S = 1.0
"""Between two parts, while there are more."""
LATER_S = 1800.0
"""Between two looks when nothing is old."""
PUT_OFF_S = 86_400.0
_DAY_MS = 86_400_000


class Upkeep:
    """Expires the audit; belongs to the governor's thread."""

    def __init__(self, services: Services, settings: Callable[[], ArchiveSettings]) -> None:
        """Begin a moment after the start, which has enough to do.

        Args:
            services: The clock and the catalogue's writer.
            settings: ``[archive]`` as it is now.
        """
        self._services = services
        self._settings = settings
        self._next = services.clock.monotonic() + 60 * SOON_S
        self._part: Future[Receipt] | None = None

    def put_off(self) -> None:
        """Wait a day: the clock was set, and if it is wrong now, what is old is not."""
        self._next = self._services.clock.monotonic() + PUT_OFF_S

    def look(self) -> None:
        """Have the next part expired when it is time to and nobody waits for the writer."""
        now = self._services.clock.monotonic()
        if self._part is not None:
            if not self._part.done():
                return
            wait = SOON_S if _has_more(self._part) else LATER_S
            self._next = max(self._next, now + wait)
            self._part = None
        is_busy = self._services.writer.waiting > 0
        if now < self._next or is_busy:
            return
        # Whole days, so that a day is summed up once it is over for good.
        today = self._services.clock.now_ms() // _DAY_MS * _DAY_MS
        before = today - self._settings().audit_days * _DAY_MS
        self._part = self._services.writer.submit(ExpireAudit(before=before, most=PART), lazy=True)


def _has_more(part: Future[Receipt]) -> bool:
    error = part.exception()
    if error is not None:
        logger.warning("Old outcomes could not be summed up: %s", error)
        return False
    found = part.result()
    return isinstance(found, Expired) and PART in (found.outcomes, found.events)
