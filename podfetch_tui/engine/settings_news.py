"""How the settings of a running engine stand, and the events that say what became of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

import msgspec

from podfetch_tui.config.loaded import Problem
from podfetch_tui.engine.events import EventRing
from podfetch_tui.model.setting_writes import RecordSettings, SettingChange
from podfetch_tui.model.snapshot import SettingsView
from podfetch_tui.model.writes import Receipt
from podfetch_tui.pipeline.services import Services

logger = logging.getLogger(__name__)

MOST_SHOWN = 20


class SettingsNews:
    """Keeps :attr:`view`, tells and writes down; used by :class:`Reconfigure` alone."""

    def __init__(self, services: Services, events: EventRing, file: str) -> None:
        """Begin with settings that are right.

        Args:
            services: The adapters.
            events: Where it is told.
            file: The INI.
        """
        self.view = SettingsView(file=file, generation=1, loaded_at=services.clock.now_ms())
        """Immutable; replaced as a whole."""
        self._services = services
        self._events = events

    def rejected(self, problems: Sequence[Problem]) -> tuple[str, ...]:
        """Take note that the files are wrong, and say so once; return the problems in words."""
        texts = texts_of(problems)
        if texts == self.view.problems:
            return texts
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        text = f"{problems[0].short}{more}; the settings stay as they were"
        now = self._services.clock.now_ms()
        self.view = msgspec.structs.replace(self.view, rejected_at=now, problems=texts)
        self._events.emit("settings_rejected", text)
        logger.warning("Settings refused: %s", "; ".join(texts))
        return texts

    def right(self, file: str) -> bool:
        """Take note that the files are right; return whether they were wrong before."""
        was_rejected = self.view.rejected_at is not None
        self.view = msgspec.structs.replace(
            self.view,
            file=file,
            loaded_at=self._services.clock.now_ms(),
            rejected_at=None,
            problems=(),
        )
        return was_rejected

    def hold(self, *, pending: tuple[str, ...], is_other: bool) -> None:
        """Take note of settings that were taken over.

        Args:
            pending: Those that wait for a restart.
            is_other: They are not the same as before.
        """
        self.view = msgspec.structs.replace(
            self.view, generation=self.view.generation + is_other, pending=pending
        )

    def runtime(self, ids: Iterable[str]) -> None:
        """Take note of the keys that are set while running."""
        self.view = msgspec.structs.replace(self.view, runtime=tuple(ids))

    def changed(
        self, words: Sequence[str], changes: tuple[SettingChange, ...], *, source: str
    ) -> None:
        """Say what changed and write it down.

        Args:
            words: What changed, each in a few words.
            changes: The settings among it.
            source: ``file``; or ``operator`` and ``time``, of which is told otherwise.
        """
        more = f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else ""
        text = ", ".join(words[:MOST_SHOWN]) + more
        logger.info("Settings changed: %s", text)
        if source == "file":
            self._events.emit("settings_changed", text)
        if changes:
            at = self._services.clock.now_ms()
            write = RecordSettings(changes=changes, source=source, at=at)
            self._services.writer.submit(write, lazy=True).add_done_callback(_log_failure)

    def restored(self) -> None:
        """Say that files that were wrong are as they were before that."""
        self._events.emit("settings_restored", "the files are right again, nothing changed")

    def waits(self, ids: Iterable[str]) -> None:
        """Say what was changed and needs a restart."""
        self._events.emit("settings_pending", f"after a restart: {', '.join(ids)}")

    def ended(self, text: str) -> None:
        """Say that what was set for a time is over."""
        self._events.emit("settings_ended", f"set for a time that is over: {text}")

    def gave_way(self, ids: Iterable[str]) -> None:
        """Say which changes made while running are over."""
        text = f"set while running, now as the INI says: {', '.join(ids)}"
        self._events.emit("settings_gave_way", text)


def texts_of(problems: Sequence[Problem]) -> tuple[str, ...]:
    """Return the first problems in words, each with file and line."""
    return tuple(problem.text for problem in problems[:MOST_SHOWN])


def _log_failure(done: Future[Receipt]) -> None:
    error = done.exception()
    if error is not None:
        logger.warning("A change of settings could not be written down: %s", error)
