"""Running jobs: a pool of threads for each lane, and the end of every run.

For each end policy is asked once, one ``Finish`` is submitted, and only after its receipt
do schedule, counters and events change.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from podfetch_tui.catalog import episodes
from podfetch_tui.engine.endings import Ending, ending_of
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.lanes import MOST_WORKERS, Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.telemetry import Telemetry
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.job import Job, PollJob, RunResult, url_of
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.writes import Polled, Receipt
from podfetch_tui.pipeline import episode_run, poll_run
from podfetch_tui.pipeline.outcomes import guarded
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.hosts import host_of

logger = logging.getLogger(__name__)

OnTrouble = Callable[[Failure, bool], None]
"""Told of a system failure, and whether it ends everything (fail-stop)."""
_LAZY_CODES = frozenset({"not_modified", "unchanged"})


class Workers:
    """Threads that run jobs in the slots the dispatcher took for them."""

    def __init__(
        self,
        services: Services,
        schedule: Schedule,
        slots: Slots,
        telemetry: Telemetry,
        events: EventRing,
        *,
        on_trouble: OnTrouble,
    ) -> None:
        self.stop = threading.Event()
        """Set: running jobs end as soon as they can, and say so."""
        self._services = services
        self._schedule = schedule
        self._slots = slots
        self._telemetry = telemetry
        self._events = events
        self._on_trouble = on_trouble
        self._pools = {
            lane: ThreadPoolExecutor(
                MOST_WORKERS[lane], thread_name_prefix=f"podfetch-{lane.value}"
            )
            for lane in Lane
        }

    def start(self, lane: Lane, slot: int, job: Job) -> None:
        """Run ``job`` in ``slot``, which is given back when it ends."""
        self._pools[lane].submit(self._work, lane, slot, job)

    def close(self) -> None:
        """Wait for the running jobs and end the threads."""
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def _work(self, lane: Lane, slot: int, job: Job) -> None:
        active = self._telemetry.begin(lane, slot, job)
        try:
            run = poll_run.run if isinstance(job, PollJob) else episode_run.run
            result = guarded(run, job, self._services, active.on_progress, self.stop)
            self._end(job, result)
        finally:
            self._telemetry.end(lane, slot)
            self._slots.release(lane, slot)

    def _end(self, job: Job, result: RunResult) -> None:
        now = self._services.clock.now_ms()
        ending = ending_of(job, result, now=now, rng=self._services.rng)
        lazy = result.outcome.code in _LAZY_CODES and not result.writes
        future = self._services.writer.submit(ending.finish, lazy=lazy)
        if lazy:
            # A lost "not modified" costs one more conditional request: nobody waits for it.
            future.add_done_callback(lambda done: self._settle(job, result, ending, done))
        else:
            future.exception()
            self._settle(job, result, ending, future)

    def _settle(self, job: Job, result: RunResult, ending: Ending, future: Future[Receipt]) -> None:
        error = future.exception()
        if error is not None:
            self._schedule.done(job)
            self._report_unwritten(error)
            return
        again = ending.again_at
        if again is not None and not self.stop.is_set():
            following = msgspec.structs.replace(job, attempt=ending.again_attempt)
            self._schedule.again(job, self._refreshed(following, ending), again)
        else:
            self._schedule.done(job)
        if ending.defer_host_until is not None:
            self._schedule.defer_host(host_of(url_of(job)), ending.defer_host_until)
        receipt = future.result()
        new = len(receipt.pending) if isinstance(receipt, Polled) else 0
        self._telemetry.count(result.outcome, new=new, final=again is None)
        self._tell(job, result, new)
        self._slots.poke()
        verdict, failure = ending.verdict, result.failure
        if verdict is not None and failure is not None and (verdict.stop or verdict.pause):
            self._on_trouble(failure, verdict.stop)

    def _refreshed(self, job: Job, ending: Ending) -> Job:
        """A further attempt starts from what the row says now: part, offset, validators."""
        if isinstance(job, PollJob):
            schedule = ending.finish.schedule
            if schedule is None:
                return job
            feed = msgspec.structs.replace(job.feed, health=schedule.health)
            return msgspec.structs.replace(job, feed=feed)
        row = episodes.get_episode(self._services.catalog, job.episode.id)
        return job if row is None else msgspec.structs.replace(job, episode=row)

    def _report_unwritten(self, error: BaseException) -> None:
        if isinstance(error, Failure):
            self._on_trouble(error, verdict_of(error).stop)
        else:
            logger.error("An outcome could not be written: %s", error)

    def _tell(self, job: Job, result: RunResult, new: int) -> None:
        outcome = result.outcome
        kind = _event_kind(job, result, new)
        if kind is None:
            return
        self._events.emit(
            kind,
            outcome.detail,
            feed_id=outcome.feed_id,
            episode_id=outcome.episode_id,
            family=outcome.family.value if outcome.family else None,
            code=outcome.code,
        )


def _event_kind(job: Job, result: RunResult, new: int) -> str | None:
    noun = "feed" if isinstance(job, PollJob) else "episode"
    ends = {
        Result.FAILURE: f"{noun}_failed",
        Result.PARTIAL: f"{noun}_partial",
        Result.DEFERRED: f"{noun}_deferred",
    }
    if result.outcome.result in ends:
        return ends[result.outcome.result]
    if result.outcome.result is Result.STOPPED:
        return None
    if isinstance(job, PollJob):
        return "feed_polled" if new or not job.feed.polls_ok else None
    return "episode_archived" if result.outcome.code == "archived" else "episode_derived"
