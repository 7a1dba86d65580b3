"""Running jobs: a pool of threads for each lane, and the end of every run.

For each end policy is asked once, one ``Finish`` is submitted, and only after its receipt
do schedule, counters and events change.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import msgspec

from podfetch_tui.catalog import episodes
from podfetch_tui.engine.endings import Ending, ending_of
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.host_gates import HostGates
from podfetch_tui.engine.lanes import MOST_WORKERS, Lane
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.engine.space_guard import SpaceGuard
from podfetch_tui.engine.telemetry import Active, Telemetry
from podfetch_tui.model.episode import Episode
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.job import EpisodeJob, Job, PollJob, RunResult, url_of
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.text import clean
from podfetch_tui.model.writes import FeedSchedule, Polled, Receipt, RecordPoll
from podfetch_tui.pipeline import episode_run, poll_run
from podfetch_tui.pipeline.outcomes import blameless, failed, guarded
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.heart import Heart

logger = logging.getLogger(__name__)

OnTrouble = Callable[[Failure, bool], None]
"""Told of a system failure, and whether it ends everything (fail-stop)."""
_TITLE_CHARS = 120
UNWRITTEN_MS = 1_000
"""A run whose end could not be written is made again after this, or when trouble is over."""
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
        host_gates: HostGates,
        active_feeds: Callable[[], int],
        on_trouble: OnTrouble,
        on_network_up: Callable[[], None],
        space: SpaceGuard,
    ) -> None:
        self.stop = threading.Event()
        """Set: running jobs end as soon as they can, and say so."""
        self.feeds_to_ask: SimpleQueue[int] = SimpleQueue()
        """Feeds that may have become due before their time, for the dispatcher."""
        self.heart = Heart("the end of a run")
        """Of whatever thread a run ends in: half an end must not leave half an engine."""
        self._services = services
        self._schedule = schedule
        self._slots = slots
        self._telemetry = telemetry
        self._events = events
        self._host_gates = host_gates
        self._active_feeds = active_feeds
        self._on_trouble = on_trouble
        self._on_network_up = on_network_up
        self._space = space
        self._pools = {
            lane: ThreadPoolExecutor(
                MOST_WORKERS[lane], thread_name_prefix=f"podfetch-{lane.value}"
            )
            for lane in Lane
        }

    def start(self, lane: Lane, slot: int, job: Job) -> None:
        """Run ``job`` in ``slot``, which is given back when it ends."""
        try:
            self._pools[lane].submit(self.heart.guard, partial(self._work, lane, slot, job))
        except RuntimeError as error:
            if self.stop.is_set():
                raise
            # The job is in the pool's queue all the same: one of its threads takes it.
            logger.warning("A thread could not be started: %s", error)

    def close(self) -> None:
        """Wait for the running jobs and end the threads."""
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def _work(self, lane: Lane, slot: int, job: Job) -> None:
        active = self._telemetry.begin(lane, slot, job)
        try:
            self._end(job, self._run(job, active))
        finally:
            self._telemetry.end(lane, slot)
            self._slots.release(lane, slot)

    def _run(self, job: Job, active: Active) -> RunResult:
        if isinstance(job, PollJob):
            return guarded(poll_run.run, job, self._services, active.on_progress, self.stop)
        space = self._space.admit(job, active)
        if isinstance(space, Failure):
            return failed(job, self._services, self._services.clock.monotonic(), space)
        job = msgspec.structs.replace(job, promised=space)
        result = guarded(episode_run.run, job, self._services, active.on_progress, self.stop)
        if result.failure is not None and result.failure.kind is Kind.LOW_SPACE:
            self._space.refused(job, active)
        return result

    def _end(self, job: Job, result: RunResult) -> None:
        now = self._services.clock.now_ms()
        result, ending = self._meaning(job, result, now)
        lazy = result.outcome.code in _LAZY_CODES and not result.writes
        future = self._services.writer.submit(ending.finish, lazy=lazy)
        if lazy:
            # A lost "not modified" costs one more conditional request: nobody waits for it.
            settle = partial(self._settle, job, result, ending)
            future.add_done_callback(lambda done: self.heart.guard(partial(settle, done)))
        else:
            future.exception()
            self._settle(job, result, ending, future)

    def _meaning(self, job: Job, result: RunResult, now: int) -> tuple[RunResult, Ending]:
        """Judge a result; one that a bug keeps from being judged is recorded as that bug."""
        try:
            return self._judged(job, result, now)
        except Exception as error:
            logger.exception("A result could not be judged", extra={"feed_id": job.feed.id})
            bug = Failure(Kind.BUG, f"{type(error).__name__}: {error}")
            result = failed(job, self._services, self._services.clock.monotonic(), bug)
            return result, ending_of(job, result, now=now, rng=self._services.rng)

    def _judged(self, job: Job, result: RunResult, now: int) -> tuple[RunResult, Ending]:
        """Say what a result means, with what is known of its host and our network."""
        rng = self._services.rng
        if result.failure is None:
            return result, ending_of(job, result, now=now, rng=rng)
        judgement = self._schedule.judge(job, result.failure, now)
        if judgement.network_down:
            result = blameless(job, result)
        charge, retry = judgement.charge, judgement.may_retry
        ending = ending_of(job, result, now=now, rng=rng, charge=charge, may_retry=retry)
        if ending.opens and not self._schedule.may_open(job, now, self._active_feeds()):
            ending = ending_of(job, result, now=now, rng=rng, charge=False, may_retry=retry)
        return result, ending

    def _settle(self, job: Job, result: RunResult, ending: Ending, future: Future[Receipt]) -> None:
        error = future.exception()
        if error is not None:
            self._keep_unwritten(job, error)
            return
        self._observe(job, result, ending)
        if ending.ask_feed:  # before the job counts as done: a run that ends waits for it
            self.feeds_to_ask.put(job.feed.id)
        if ending.defer_host_until is not None:  # before the next job of the host may start
            self._host_gates.defer(_answered_by(job, result), ending.defer_host_until)
        for host, until in result.deferrals:
            self._host_gates.defer(host, until)
        again = ending.again_at
        if again is not None and not self.stop.is_set():
            following = msgspec.structs.replace(job, attempt=ending.again_attempt)
            self._schedule.again(job, self._refreshed(following, ending), again)
        else:
            self._schedule.done(job)
        receipt = future.result()
        new = len(receipt.pending) if isinstance(receipt, Polled) else 0
        verdict, failure = ending.verdict, result.failure
        troubled = verdict is not None and (verdict.stop or verdict.pause)
        waits = again is not None or troubled or ending.still_pending
        self._telemetry.count(result.outcome, new=new, final=not waits)
        self._tell(job, result, new)
        self._tell_state(job, ending)
        self._slots.poke()
        if verdict is not None and failure is not None and troubled:
            self._on_trouble(failure, verdict.stop)

    def _observe(self, job: Job, result: RunResult, ending: Ending) -> None:
        now = self._services.clock.now_ms()
        was_down = self._schedule.is_network_down
        retry = ending.again_at is not None and ending.again_attempt > job.attempt
        if result.outcome.result is Result.STOPPED or not url_of(job):
            return
        change = self._schedule.observe(
            job, ending.verdict, result.failure, now, retry=retry, opened=ending.opens
        )
        if change is not None:
            self._host_gates.changed(change)
        if was_down and not self._schedule.is_network_down:
            self._on_network_up()

    def _refreshed(self, job: Job, ending: Ending) -> Job:
        """A further attempt starts from what the row says now: part, offset, validators."""
        if isinstance(job, PollJob):
            schedule = ending.finish.schedule
            if schedule is None:
                return job
            feed = msgspec.structs.replace(job.feed, health=schedule.health)
            return msgspec.structs.replace(job, feed=feed)
        row = self._row_of(job)
        return job if row is None else msgspec.structs.replace(job, episode=row)

    def _row_of(self, job: EpisodeJob) -> Episode | None:
        """Return what the catalogue says of the job's episode, where it can be read."""
        with contextlib.suppress(Failure):
            return episodes.get_episode(self._services.catalog, job.episode.id)
        return None

    def _keep_unwritten(self, job: Job, error: BaseException) -> None:
        """Go on with an episode whose end the catalogue could not take, once it can again.

        Its row still says claimed or sealed, and nobody else looks for that before the next
        start. A feed is due until its poll is recorded.
        """
        row = None
        if isinstance(job, EpisodeJob) and not self.stop.is_set():
            row = self._row_of(job)  # unreadable too: then the next start goes on
        if row is None:
            self._schedule.done(job)
        else:
            following = msgspec.structs.replace(job, episode=row)
            self._schedule.again(job, following, self._services.clock.now_ms() + UNWRITTEN_MS)
        if isinstance(error, Failure):
            self._on_trouble(error, verdict_of(error).stop)
        else:
            logger.error("An outcome could not be written: %s", error)

    def _tell_state(self, job: Job, ending: Ending) -> None:
        schedule = ending.finish.schedule
        if schedule is None or not isinstance(job, PollJob):
            return
        told = _state_event(job, schedule)
        if told is not None:
            kind, text = told
            title = clean(job.feed.title, _TITLE_CHARS)
            self._events.emit(kind, text, feed_id=job.feed.id, feed_title=title)

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
            feed_title=clean(job.feed.title or _learned_title(result), _TITLE_CHARS),
            episode_title=(
                clean(job.episode.title, _TITLE_CHARS) if isinstance(job, EpisodeJob) else ""
            ),
        )


def _answered_by(job: Job, result: RunResult) -> str:
    """Return the host that answered, which may be another one than was asked at first."""
    url = result.failure.url if result.failure is not None else result.hints.told_by
    return host_of(url or "") or host_of(url_of(job))


def _state_event(job: PollJob, schedule: FeedSchedule) -> tuple[str, str] | None:
    """Return kind and text of what a poll decided about quarantine."""
    before, state = job.feed.state, schedule.state
    if state is FeedState.QUARANTINED is not before:
        return "feed_quarantined", schedule.state_reason
    if state is FeedState.ACTIVE:
        held = before is FeedState.QUARANTINED
        return "feed_recovered", "it answered " + ("its probe" if held else "on probation")
    return None


def _learned_title(result: RunResult) -> str:
    """A feed has no title before its first poll, and one with it."""
    titles = (write.title for write in result.writes if isinstance(write, RecordPoll))
    return next(titles, None) or ""


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
