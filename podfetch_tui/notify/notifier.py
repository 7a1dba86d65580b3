"""Tells webhook and command about alerts, from a thread that nobody waits for.

Once a second it compares the alerts of the snapshot with what it has told; so whatever happens
while a delivery takes long is told as it stands afterwards, and nothing piles up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.errors import Failure, NoEngine
from podfetch_tui.model.settings import AlertSettings
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.notify.channels import Post, post_notice, run_command
from podfetch_tui.notify.notice import Notice, notice_of
from podfetch_tui.system.clock import Clock

logger = logging.getLogger(__name__)

LOOK_S = 1.0
WAITS_S = (2.0, 10.0)
"""Between the three attempts at telling somebody."""
LAST_S = 3.0
"""For what is not told yet when the engine ends."""


class Emit(Protocol):
    """``EventRing.emit``."""

    def __call__(self, kind: str, text: str = "", *, code: str = "") -> None:
        """Make a fact known."""
        ...


class Notifier:
    """Watches one engine's alerts until it is closed."""

    def __init__(
        self,
        client: EngineClient,
        settings: Callable[[], AlertSettings],
        *,
        told: Sequence[Alert] = (),
        post: Post,
        emit: Emit,
        count: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """Start the thread.

        Args:
            client: The engine.
            settings: ``[alerts]`` as it is now.
            told: What an earlier process told of, that stood when it ended.
            post: Sends a webhook.
            emit: Makes known that somebody could not be told.
            count: Counts what was told and what was not, by name.
            clock: The time.
        """
        self._client = client
        self._settings = settings
        self._post = post
        self._emit = emit
        self._count = count
        self._clock = clock
        self._closing = threading.Event()
        self._stop = threading.Event()
        self._told = {alert.name: alert for alert in told}
        self._failing: set[str] = set()
        self._thread = threading.Thread(target=self._loop, name="podfetch-notify", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Tell what is not told yet, for three seconds at most, and end the thread.

        A later process takes what stands for told, so this is the last occasion.
        """
        self._closing.set()
        self._thread.join(LAST_S)
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._closing.is_set()
            try:
                self._look(self._client.snapshot())
            except (Failure, NoEngine):
                pass  # it says so elsewhere; there is another look
            self._clock.wait(self._closing, LOOK_S)

    def _look(self, now: EngineSnapshot) -> None:
        if not now.lanes:
            return  # it has only begun
        standing = {alert.name: alert for alert in now.alerts}
        told, self._told = self._told, standing
        for name, alert in standing.items():
            if name not in told:
                self._tell(notice_of(alert, cleared=False, at=now.at, archive=now.archive))
        for name, alert in told.items():
            if name not in standing:
                self._tell(notice_of(alert, cleared=True, at=now.at, archive=now.archive))

    def _tell(self, notice: Notice) -> None:
        settings = self._settings()
        if command := settings.command:
            self._try("command", lambda: run_command(command, notice, self._stop))
        if url := settings.webhook:
            self._try("webhook", lambda: post_notice(self._post, url, notice, self._stop))

    def _try(self, channel: str, deliver: Callable[[], str]) -> None:
        for wait in (*WAITS_S, None):
            try:
                problem = deliver()
            except Failure:
                problem = "the engine ended before it was done"
            if not problem:
                self._failing.discard(channel)
                self._count("notices")
                return
            if wait is not None and not self._clock.wait(self._closing, wait):
                continue
            self._failed(channel, problem)
            return

    def _failed(self, channel: str, problem: str) -> None:
        self._count("notices_failed")
        if channel in self._failing:
            return  # said once, until it works again
        self._failing.add(channel)
        text = f"alerts.{channel} was not told of an alert: {problem}"
        self._emit("notify_failed", text, code=channel)
        logger.warning("%s", text)
