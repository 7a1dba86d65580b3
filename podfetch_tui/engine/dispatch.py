"""The dispatcher: the one thread that takes due work in and gives it slots (steps 2 and 3)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from queue import Empty

import msgspec

from podfetch_tui.catalog import episodes
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.host_gates import HostGates
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.space_guard import SpaceGuard
from podfetch_tui.engine.workers import OnTrouble, Workers
from podfetch_tui.model.applying import with_keys_of
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob, Job, PollJob
from podfetch_tui.model.settings import Applies, Settings
from podfetch_tui.pipeline.derive import RETRY_MS
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.system.heart import Heart

LOOK_AGAIN_S = 1.0
"""An empty answer of the catalogue is not asked for again sooner, unless something changed."""
_LONGEST_WAIT_S = 1.0


class Dispatcher:
    """Fills the schedule from the catalogue and starts what may start."""

    def __init__(
        self,
        services: Services,
        settings: Callable[[], Settings],
        schedule: Schedule,
        slots: Slots,
        workers: Workers,
        host_gates: HostGates,
        batches: Batches,
        *,
        space: SpaceGuard,
        once: bool,
        on_idle: Callable[[], None],
        on_trouble: OnTrouble,
    ) -> None:
        self.paused = threading.Event()
        self.ended = threading.Event()
        self.heart = Heart("the dispatcher")
        self._services = services
        self._settings = settings
        self._schedule = schedule
        self._slots = slots
        self._workers = workers
        self._host_gates = host_gates
        self._batches = batches
        self._space = space
        self._once = once
        self._on_idle = on_idle
        self._on_trouble = on_trouble
        self._stop = threading.Event()
        self._fresh = threading.Event()
        self._looked: dict[Lane, float] = {}
        self._polled: set[int] = set()
        self._began = services.clock.now_ms()
        self._merged: tuple[Settings, Settings, Settings] | None = None
        """Settings of a job, those that hold, and what the job gets: jobs come many alike."""
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._loop,), name="podfetch-dispatch"
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more; what waits stays in the catalogue."""
        self._stop.set()
        self._slots.poke()

    def join(self) -> None:
        """Wait for the thread; for a thread that never began this returns at once."""
        if self._thread.ident is not None:
            self._thread.join()

    def release_host(self, host: str) -> None:
        """Let ``host`` be asked at once, whatever held it back."""
        self._host_gates.release(host)

    def look_now(self) -> None:
        """Ask the catalogue again at once: something became due, or is not wanted any more."""
        self._space.try_again()
        self._fresh.set()
        self._slots.poke()

    def _loop(self) -> None:
        try:
            while not self._stop.is_set():
                self.heart.beat()
                self._batches.settle(lambda: self._schedule.keys(Lane.POLL))
                found = self._refill()
                started = self._start_ready()
                if self._once and not found and not started and self._is_done():
                    self._on_idle()
                    return
                self._slots.wait(self._pause_s())
        finally:
            self._schedule.drain()
            self.ended.set()

    def _is_done(self) -> bool:
        """Nothing queued, delayed or running, and nothing due that was not tried yet."""
        lanes = self._open_lanes()
        if not self._schedule.is_idle(lanes) or self._schedule.running():
            return False
        self._looked.clear()
        return not self._refill()

    def _open_lanes(self) -> list[Lane]:
        """Lanes that are not paused by a limit of 0, or for want of space."""
        return [lane for lane in Lane if self._slots.limit(lane) and not self._is_held(lane)]

    def _is_held(self, lane: Lane) -> bool:
        return self._space.stops_all or (lane is Lane.DOWNLOAD and self._space.is_closed)

    def has_waiting_downloads(self) -> bool:
        """Say whether an episode waits that nobody downloads."""
        if self._schedule.queued(Lane.DOWNLOAD):
            return True
        now = self._services.clock.now_ms()
        try:
            return bool(episodes.due_episodes(self._services.catalog, now, 1))
        except Failure:
            return False

    def _refill(self) -> bool:
        """Take due work into the window; return whether there was any."""
        if self.paused.is_set():
            return False
        try:
            return self._look()
        except Failure as failure:  # the catalogue cannot be read
            if failure.kind is Kind.BUG:
                raise
            self._on_trouble(failure, verdict_of(failure).stop)
            return False

    def _look(self) -> bool:
        self._take_asked()
        if self._fresh.is_set():
            self._fresh.clear()
            self._looked.clear()
        found = False
        for lane in self._open_lanes():
            low = max(2 * self._slots.limit(lane), 32)
            if self._schedule.queued(lane) >= low or not self._may_look(lane):
                continue
            window = min(4 * low, max(self._settings().engine.queue_limit, low))
            taken = self._schedule.add(self._host_gates.sift(self._due(lane, window)))
            found = found or taken > 0
            if not taken:
                self._looked[lane] = self._services.clock.monotonic()
        return found

    def _take_asked(self) -> None:
        """Feeds whose URLs expired may be polled once more, also in a run that polls once."""
        with contextlib.suppress(Empty):
            while True:
                self._polled.discard(self._workers.feeds_to_ask.get_nowait())
                self._looked.pop(Lane.POLL, None)

    def _may_look(self, lane: Lane) -> bool:
        looked = self._looked.get(lane)
        return looked is None or self._services.clock.monotonic() - looked >= LOOK_AGAIN_S

    def _due(self, lane: Lane, window: int) -> Iterable[Job]:
        settings, services = self._settings(), self._services
        now = services.clock.now_ms()
        exclude = self._schedule.keys(lane)
        if lane is Lane.POLL:
            return self._next_batch(settings, exclude)
        exclude |= self._space.held()
        rows = episodes.due_episodes(services.catalog, now, window, exclude=exclude)
        if len(rows) < window:
            left = window - len(rows)
            # What failed before this start is tried at once, what fails from now on waits.
            horizon = max(now, self._began + RETRY_MS)
            rows += episodes.derivatives_due(services.catalog, horizon, left, exclude=exclude)
        return [EpisodeJob(episode=e, feed=f, settings=settings) for e, f in rows]

    def _next_batch(self, settings: Settings, exclude: frozenset[int]) -> list[Job]:
        if self._once:
            exclude |= self._polled
        may_wait = not self._once and Lane.DOWNLOAD in self._open_lanes()
        number, found = self._batches.plan(settings, exclude, may_wait=may_wait)
        self._polled.update(feed.id for feed in found if self._once)
        return [PollJob(feed=feed, settings=settings, batch_id=number) for feed in found]

    def _start_ready(self) -> bool:
        if self.paused.is_set():
            return False
        now = self._services.clock.now_ms()
        self._host_gates.put_off_stranded(now)
        started = False
        for lane in Lane:
            while self._may_start(lane):
                job = self._schedule.take(lane, now)
                if job is None:
                    break
                slot = self._slots.acquire(lane)
                if slot is None:  # the limit was lowered this moment
                    self._schedule.again(job, job, 0)
                    break
                self._workers.start(lane, slot, self._up_to_date(job))
                started = True
        return started

    def _up_to_date(self, job: Job) -> Job:
        """Give a job that waited the settings that hold now, but for those of its batch."""
        now = self._settings()
        if job.settings is now:
            return job
        known = self._merged
        if known is None or known[0] is not job.settings or known[1] is not now:
            known = (job.settings, now, with_keys_of(now, job.settings, Applies.NEXT_BATCH))
            self._merged = known
        return msgspec.structs.replace(job, settings=known[2])

    def _may_start(self, lane: Lane) -> bool:
        return not (self._stop.is_set() or self._is_held(lane)) and self._slots.has_room(lane)

    def _pause_s(self) -> float:
        wake = self._schedule.next_wake()
        # Whoever lets something start again pokes.
        if wake is None or self.paused.is_set() or not any(map(self._may_start, Lane)):
            return _LONGEST_WAIT_S
        left = (wake - self._services.clock.now_ms()) / 1000
        return min(_LONGEST_WAIT_S, max(0.005, left))
