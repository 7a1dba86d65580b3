"""Due feeds as :class:`engine.batches.Batches` wants them, from the catalogue."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from queue import SimpleQueue

from podfetch_tui.catalog import batches, episodes, feeds
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import FinishBatch, PlanBatch, Receipt
from podfetch_tui.pipeline.services import Services

logger = logging.getLogger(__name__)


class DueFeeds:
    """Reads the catalogue, and hands its writer what a restart has to know."""

    def __init__(self, services: Services, settings: Callable[[], Settings]) -> None:
        self._services = services
        self._settings = settings
        self._asked: SimpleQueue[Collection[int]] = SimpleQueue()
        self._first: dict[int, None] = {}

    def due_feeds(self, now: int, limit: int, exclude: Collection[int]) -> Sequence[Feed]:
        """Return feeds that are due, those first that were asked for. Raises :class:`Failure`."""
        catalog = self._services.catalog
        while not self._asked.empty():
            self._first.update(dict.fromkeys(self._asked.get()))
        named = tuple(itertools.islice(self._first, limit))
        first = feeds.due_of(catalog, now, named, exclude=exclude) if named else []
        ids = {feed.id for feed in first}
        for number in named:
            if number not in ids:
                del self._first[number]
        rest = feeds.due_feeds(catalog, now, limit - len(first), exclude={*exclude, *ids})
        return [*first, *rest]

    def put_first(self, feed_ids: Collection[int]) -> None:
        """Let feeds have their turn next if they are due; from any thread."""
        self._asked.put(tuple(feed_ids))

    def new_waiting(self, now: int, most: int) -> int:
        """Return how many new episodes wait, counting up to ``most``. Raises :class:`Failure`."""
        return episodes.new_waiting(self._services.catalog, now, most)

    def normal_rate(self) -> float:
        """Return the normal rate of polling. Raises :class:`Failure`."""
        least = self._settings().feeds.min_interval
        return batches.normal_rate(self._services.catalog, least)

    def remember(self, write: PlanBatch | FinishBatch) -> None:
        """Hand ``write`` over."""
        self._services.writer.submit(write, lazy=True).add_done_callback(_log_failure)


def _log_failure(done: Future[Receipt]) -> None:
    error = done.exception()
    if error is not None:
        # A batch that is not remembered costs nothing: its feeds are due all the same.
        logger.warning("A batch could not be written down: %s", error)
