"""Where a changed setting takes effect: the parts of a running engine that keep a value.

Everything else asks for the settings at the moment it needs them, or gets them with its job
(``Dispatcher`` gives each job those that hold when it starts).
"""

from __future__ import annotations

import logging
from concurrent.futures import Future

from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ApplyPriorities, Receipt
from podfetch_tui.pipeline.services import Services
from podfetch_tui.system import logs
from podfetch_tui.system.resources import raise_open_files_limit

logger = logging.getLogger(__name__)

_FILES_EACH, _FILES_ELSE = 2, 256


class LiveSettings:
    """Hands new settings to those who keep some."""

    def __init__(
        self, services: Services, slots: Slots, schedule: Schedule, dispatcher: Dispatcher
    ) -> None:
        self._services = services
        self._slots = slots
        self._schedule = schedule
        self._dispatcher = dispatcher

    def apply(self, old: Settings, new: Settings, credentials: Credentials | None) -> None:
        """Make ``new`` hold, whole or not at all.

        Args:
            old: What holds until now.
            new: What shall hold.
            credentials: Those of the credentials file; ``None`` leaves them.

        Raises:
            BadConfiguration: They cannot be used; nothing was changed.
        """
        work = new.engine
        self._services.http.configure(new.network, per_host=work.per_host, credentials=credentials)
        raise_open_files_limit(
            _FILES_EACH * (work.poll_workers + work.download_workers) + _FILES_ELSE
        )
        self._slots.set_limit(Lane.POLL, work.poll_workers)
        self._slots.set_limit(Lane.DOWNLOAD, work.download_workers)
        self._schedule.set_politeness(per_host=work.per_host, spacing_s=work.host_spacing)
        if new.logging.level != old.logging.level:
            logs.set_level(new.logging.level)
        if new.feeds.priority != old.feeds.priority:
            write = ApplyPriorities(rules=new.feeds.priority)
            self._services.writer.submit(write).add_done_callback(_log_failure)
        self._dispatcher.look_now()


def _log_failure(done: Future[Receipt]) -> None:
    error = done.exception()
    if error is not None:
        # The next start applies them again.
        logger.warning("The priorities of tags could not be applied: %s", error)
