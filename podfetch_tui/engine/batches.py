"""Batches: which due feeds are polled together, how many, and when the next ones may begin.

A batch takes about half a minute at the present rate. It is admitted while the queue is below
its low watermark and the new episodes that wait for a download are below their high one.
Feeds that were polled before are let in at one and a half times their normal rate at most, so
that the hour after an outage is no storm; a feed's first poll never waits. Used by the
dispatcher alone; the view may be read from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from queue import SimpleQueue
from typing import Protocol

import msgspec

from podfetch_tui.model.feed import Feed
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import FinishBatch, PlanBatch
from podfetch_tui.policy.batching import BATCH_S, Pace, batch_size, smoothed
from podfetch_tui.system.clock import Clock

SETTLE_EVERY_S = 1.0
NORMAL_EVERY_S = 600.0
"""How often the normal rate of polling is looked up again."""


class Source(Protocol):
    """Where due feeds come from and batches are remembered; a simulation has its own."""

    def due_feeds(self, now: int, limit: int, exclude: Collection[int]) -> Sequence[Feed]:
        """Return feeds that are due, in the order of their turn."""
        ...

    def put_first(self, feed_ids: Collection[int]) -> None:
        """Let feeds have their turn next if they are due. From any thread."""
        ...

    def new_waiting(self, now: int, most: int) -> int:
        """Return how many new episodes wait for their download, counting up to ``most``."""
        ...

    def normal_rate(self) -> float:
        """Return how many feeds become due in a second when all is well."""
        ...

    def remember(self, write: PlanBatch | FinishBatch) -> None:
        """Keep what a restart has to know; nobody waits for it."""
        ...


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """The batch that was begun last, and how batches stand."""

    id: int = 0
    size: int = 0
    left: int = 0
    began_at: float = 0.0
    """Monotonic seconds."""
    rate: float = 0.0
    """Feeds polled in a second, lately."""
    waits_for_downloads: bool = False
    """Nothing is polled until new episodes were downloaded."""
    paced: bool = False
    """Late feeds wait for their turn at the catch-up rate."""


class _Batch(msgspec.Struct):
    id: int
    feeds: set[int]
    size: int
    began: float


class Batches:
    """Plans batches and knows which are open."""

    def __init__(self, source: Source, clock: Clock, *, paced: bool, last_id: int = 0) -> None:
        """Begin with no batch.

        Args:
            source: Where due feeds come from.
            clock: The time.
            paced: Hold re-polls to the catch-up rate (not with ``--once``).
            last_id: Number of the newest batch there is.
        """
        self.view = BatchView()
        self._source = source
        self._clock = clock
        self._paced = paced
        self._last_id = last_id
        self._open: list[_Batch] = []
        self._rate = 0.0
        self._normal = 0.0
        self._normal_at: float | None = None
        self._pace = Pace(at=clock.monotonic())
        self._allowed: SimpleQueue[int] = SimpleQueue()
        self._settled_at = clock.monotonic()
        self._waits = False
        self._held = False

    def resume(self, batch_id: int, feed_ids: Collection[int]) -> None:
        """Take over a batch that an earlier process began; what is left of it is queued."""
        self._begin(batch_id, feed_ids)

    def allow(self, feeds: int) -> None:
        """Let so many feeds in at once: an operator asked for them. From any thread."""
        self._allowed.put(feeds)

    def put_first(self, feed_ids: Collection[int]) -> None:
        """Let feeds in at once, before all that are late. From any thread."""
        self._source.put_first(feed_ids)
        self.allow(len(feed_ids))

    def plan(
        self, settings: Settings, exclude: Collection[int], *, may_wait: bool = True
    ) -> tuple[int, list[Feed]]:
        """Return the number of the next batch and its feeds; none when nothing may begin.

        Args:
            settings: Those that hold now.
            exclude: Feeds that are queued or running.
            may_wait: Downloads exert backpressure; not while their lane is paused.
        """
        now = self._clock.now_ms()
        if may_wait and self._must_wait(now, settings.engine.queue_limit):
            self._show()
            return 0, []
        size = batch_size(self._rate, settings.engine.batch_min, settings.engine.batch_max)
        found = self._admitted(self._source.due_feeds(now, size, exclude), settings)
        if not found:
            self._show()
            return 0, []
        self._last_id = max(now, self._last_id + 1)
        ids = tuple(feed.id for feed in found)
        self._source.remember(PlanBatch(batch_id=self._last_id, feed_ids=ids, at=now))
        self._begin(self._last_id, ids)
        return self._last_id, found

    def settle(self, in_hand: Callable[[], Collection[int]]) -> None:
        """Close the batches of which nothing is queued or running any more.

        Args:
            in_hand: Returns the feeds that are queued, delayed or running.
        """
        if not self._open:
            return
        now = self._clock.monotonic()
        passed = now - self._settled_at
        if passed < SETTLE_EVERY_S:
            return
        self._settled_at = now
        keys = in_hand()
        ended = 0
        for batch in self._open:
            before = len(batch.feeds)
            batch.feeds.intersection_update(keys)
            ended += before - len(batch.feeds)
            if not batch.feeds:
                at = self._clock.now_ms()
                self._source.remember(FinishBatch(batch_id=batch.id, at=at))
        self._open = [batch for batch in self._open if batch.feeds]
        self._rate = smoothed(self._rate, ended, passed)
        self._show()

    def _begin(self, batch_id: int, feed_ids: Collection[int]) -> None:
        began = self._clock.monotonic()
        self._last_id = max(self._last_id, batch_id)
        self._open.append(_Batch(batch_id, set(feed_ids), len(feed_ids), began))
        self.view = BatchView(
            id=batch_id, size=len(feed_ids), left=len(feed_ids), began_at=began, rate=self._rate
        )

    def _must_wait(self, now: int, high: int) -> bool:
        """Between the watermarks it stays as it was."""
        waiting = self._source.new_waiting(now, high + 1)
        self._waits = waiting > high or (self._waits and waiting > high // 2)
        return self._waits

    def _admitted(self, due: Sequence[Feed], settings: Settings) -> list[Feed]:
        # Who holds feeds back by a rate makes sure of it: that of new feeds is not known yet.
        every_s = BATCH_S if self._held else NORMAL_EVERY_S
        self._held = False
        if not self._paced:
            return list(due)
        now = self._clock.monotonic()
        if self._normal_at is None or now - self._normal_at >= every_s:
            self._normal = self._source.normal_rate()
            self._normal_at = now
        self._pace = self._pace.refilled(now, self._normal, settings.engine.batch_min)
        while not self._allowed.empty():
            self._pace = self._pace.granting(self._allowed.get())
        room = self._pace.room
        admitted = []
        for feed in due:
            if feed.polls_ok:
                if room <= 0:
                    self._held = True
                    continue
                room -= 1
            admitted.append(feed)
        self._pace = self._pace.spent(sum(feed.polls_ok > 0 for feed in admitted))
        return admitted

    def _show(self) -> None:
        last = self._open[-1] if self._open else None
        self.view = BatchView(
            id=last.id if last else 0,
            size=last.size if last else 0,
            left=len(last.feeds) if last else 0,
            began_at=last.began if last else 0.0,
            rate=self._rate,
            waits_for_downloads=self._waits,
            paced=self._held,
        )
