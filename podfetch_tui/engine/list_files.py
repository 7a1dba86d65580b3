"""The lists of ``[feeds] lists`` while the engine runs: read again when one changes.

They have a watch of their own: a list of 100,000 feeds takes seconds, and a limit that somebody
changes meanwhile must not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import CancelledError
from pathlib import Path

from podfetch_tui.catalog.list_members import list_states
from podfetch_tui.config.watch import FileWatch
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.feed_lists import (
    ListOutcome,
    in_words,
    read_files,
    refuse_unknown,
    take_lists,
)
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import ApplyPriorities
from podfetch_tui.pipeline.services import Services

logger = logging.getLogger(__name__)

AGAIN_S = 5.0
"""When the catalogue could not take a list, it is tried again after this."""
_GROUP = "lists"


class ListFiles:
    """Takes changed lists in, on the thread of their watch."""

    def __init__(
        self,
        services: Services,
        events: EventRing,
        files: FileWatch,
        *,
        settings: Callable[[], Settings],
        on_taken: Callable[[Collection[int]], None],
    ) -> None:
        """Follow nothing yet.

        Args:
            services: The adapters.
            events: Where it is told what lists did.
            files: Watches them, and nothing else.
            settings: Name the lists, as they are now.
            on_taken: Told which feeds were added when lists were taken in.
        """
        self._services = services
        self._events = events
        self.files = files
        """Whoever made it starts and closes it."""
        self._settings = settings
        self._on_taken = on_taken
        self._warned: dict[str, str] = {}
        self._said: tuple[str, ...] = ()

    def follow(self) -> None:
        """Watch the lists that are named now; from any thread, without waiting."""
        self.files.ask(
            lambda: self.files.watch(_GROUP, map(Path, self._settings().feeds.lists), self.read)
        )

    def refresh(self) -> None:
        """Follow other lists from now on, and take them in; from any thread, without waiting."""
        self.follow()
        self.files.ask(self._read_now)

    def begin(self, outcomes: Iterable[ListOutcome], *, tell: bool) -> None:
        """Take notice of what the lists did at the start, and look whether one changed since.

        Args:
            outcomes: Of every list that was read.
            tell: By events, too.
        """
        self.told(outcomes, tell=tell)
        self.files.ask(lambda: self.files.call_again(_GROUP, 0.0))

    def told(self, outcomes: Iterable[ListOutcome], *, tell: bool = True) -> None:
        """Make known what lists did; a warning that stands is told once.

        Args:
            outcomes: Of every list that was read.
            tell: By an event; else the operator knows it from elsewhere.
        """
        for outcome in outcomes:
            name, warning = outcome.file.name, outcome.warning
            is_news = not outcome.file.is_same and warning != self._warned.get(name, "")
            self._warned[name] = warning
            words = in_words(outcome)
            if not tell or not words or (warning and not is_news):
                continue
            if outcome.file.problem:
                kind = "list_unread"
            else:
                kind = "list_held" if warning else "list_read"
            self._events.emit(kind, words)

    def read(self) -> float | None:
        """Read the lists and take in what changed; see :data:`config.watch.OnChange`."""
        settings = self._settings()
        try:
            known = list_states(self._services.catalog)
            files = read_files(settings.feeds.lists, settings.network.allow_private, known)
            outcomes = take_lists(files, self._services.writer, self._services.clock)
            new = [n for done in outcomes if done.read is not None for n in done.read.new]
            if any(done.read is not None for done in outcomes):
                self._services.commit(ApplyPriorities(rules=settings.feeds.priority))
        except Failure as failure:
            logger.warning("The feed lists could not be taken in: %s", failure)
            return AGAIN_S
        self.told(outcomes)
        self._said = tuple(words for done in outcomes if (words := in_words(done)))
        self._on_taken(new)
        return None

    def read_now(self) -> tuple[str, ...]:
        """Read the lists and wait for it; return what they did, in words."""
        try:
            return self.files.ask(self._read_now).result()
        except CancelledError:  # the engine ends
            return ()

    def _read_now(self) -> tuple[str, ...]:
        again = self.read()
        if again is not None:
            self.files.call_again(_GROUP, again)
            return ("the feed lists could not be taken in, they are tried again",)
        return self._said

    def problem_of(self, lists: Sequence[str], allow_private: Sequence[str]) -> str:
        """Return why one of these lists cannot be followed; empty when all can.

        As at a start, a list that was read before may be gone or broken now. From any thread.
        """
        new = [name for name in lists if name not in self._settings().feeds.lists]
        if not new:
            return ""
        try:
            known = list_states(self._services.catalog)
            refuse_unknown(read_files(new, allow_private, known), known)
        except UsageError as error:
            return str(error)
        except Failure:
            return ""  # the catalogue is in trouble; reading the lists says so, and tries again
        return ""
