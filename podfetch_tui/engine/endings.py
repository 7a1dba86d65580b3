"""From the result of a run to what the catalogue is told: health, next time, states.

Pure but for the clock and the random source it is given; ``engine.workers`` submits what
comes out of here.
"""

from __future__ import annotations

import random

import msgspec

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.job import EpisodeJob, Job, PollJob, RunResult
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.writes import EpisodeEnd, FeedSchedule, Finish
from podfetch_tui.policy import breaker, interval
from podfetch_tui.policy.classify import Verdict, verdict_of
from podfetch_tui.policy.retry import NextAttempt, next_attempt

PAUSE_MS = 30_000
"""Work that met a system failure waits so long; it is charged to nobody."""
WAIT_IN_MEMORY_MS = 60_000
"""A next attempt that is nearer than this is kept in memory, so that ``--once`` waits for it."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about a job that ended."""

    finish: Finish
    verdict: Verdict | None = None
    again_at: int | None = None
    """Run it again in this process at this UTC millisecond."""
    again_attempt: int = 1
    defer_host_until: int | None = None


def ending_of(job: Job, result: RunResult, *, now: int, rng: random.Random) -> Ending:
    """Decide what a finished run means for feed, episode and host."""
    if isinstance(job, PollJob):
        return _poll_ending(job, result, now, rng)
    return _episode_ending(job, result, now, rng)


def _poll_ending(job: PollJob, result: RunResult, now: int, rng: random.Random) -> Ending:
    feed, settings = job.feed, job.settings
    if result.failure is None:
        health = breaker.after_success(feed.health, now, status=result.outcome.status)
        at = interval.next_poll(feed, now=now, hints=result.hints, settings=settings.feeds, rng=rng)
        schedule = FeedSchedule(feed_id=feed.id, health=health, next_poll_at=at)
        return Ending(finish=_finish(result, schedule))
    failure = result.failure
    verdict = verdict_of(failure)
    if failure.kind is Kind.STOPPED or verdict.pause or verdict.stop:
        at = now if failure.kind is Kind.STOPPED else now + PAUSE_MS
        schedule = FeedSchedule(feed_id=feed.id, health=feed.health, next_poll_at=at)
        return Ending(finish=_finish(result, schedule), verdict=verdict)
    following = _next(job, failure, verdict, job.attempt, now, rng)
    if following.in_run and following.at is not None:
        schedule = FeedSchedule(feed_id=feed.id, health=feed.health, next_poll_at=following.at)
        return Ending(
            finish=_finish(result, schedule),
            verdict=verdict,
            again_at=following.at,
            again_attempt=job.attempt + 1,
        )
    health = breaker.after_failure(
        feed.health,
        verdict,
        failure.status,
        result.outcome.detail,
        now=now,
        settings=settings.quarantine,
        rng=rng,
    )
    at = interval.next_poll_after_failure(
        feed,
        health,
        verdict,
        now=now,
        settings=settings.feeds,
        rng=rng,
        retry_after=failure.retry_after,
    )
    deferred = following.at if verdict.family is Family.DEFERRED else None
    at = max(at, deferred or 0)
    state, reason = _feed_state(
        verdict, failure, health.consecutive_failures, feed.health.last_status
    )
    schedule = FeedSchedule(
        feed_id=feed.id,
        health=health,
        next_poll_at=at,
        state=state,
        state_reason=reason,
        evidence=failure.evidence,
    )
    soon = deferred is not None and at - now <= WAIT_IN_MEMORY_MS
    return Ending(
        finish=_finish(result, schedule),
        verdict=verdict,
        again_at=at if soon else None,
        defer_host_until=deferred,
    )


def _feed_state(
    verdict: Verdict, failure: Failure, failures: int, before: int | None
) -> tuple[FeedState | None, str]:
    if failure.kind is Kind.REPLACED:
        return FeedState.QUARANTINED, "replaced"
    again = failure.status is not None and failure.status == before
    if verdict.gone_after and again and failures >= verdict.gone_after:
        return FeedState.GONE, f"answered {failure.status} {failures} times"
    return None, ""


def _episode_ending(job: EpisodeJob, result: RunResult, now: int, rng: random.Random) -> Ending:
    if result.failure is None:
        return Ending(finish=_finish(result, None))
    failure = result.failure
    verdict = verdict_of(failure, media=True)
    if job.kind is JobKind.DERIVE:
        return Ending(finish=_finish(result, None), verdict=verdict)
    if failure.kind is Kind.STOPPED or verdict.pause or verdict.stop:
        at = now if failure.kind is Kind.STOPPED else now + PAUSE_MS
        state = _unfinished(job)
        end = _end(job, result, verdict, state, at, keep=True)
        return Ending(finish=_finish(result, None, end), verdict=verdict)
    total = job.episode.attempts + 1
    following = _next(job, failure, verdict, total, now, rng)
    deferred = verdict.family is Family.DEFERRED
    if following.in_run or deferred:
        state = EpisodeState.PENDING
    elif verdict.gone_after and total >= verdict.gone_after:
        state = EpisodeState.GONE
    else:
        state = EpisodeState.FAILED
    keep = failure.kind not in (Kind.NOT_MEDIA, Kind.EMPTY_MEDIA)
    end = _end(job, result, verdict, state, following.at, keep=keep)
    soon = following.at is not None and following.at - now <= WAIT_IN_MEMORY_MS
    return Ending(
        finish=_finish(result, None, end),
        verdict=verdict,
        again_at=following.at if soon and (following.in_run or deferred) else None,
        again_attempt=job.attempt + (0 if deferred else 1),
        defer_host_until=following.at if deferred else None,
    )


def _unfinished(job: EpisodeJob) -> EpisodeState:
    """A run that was interrupted leaves a sealed episode sealed: its bytes are whole."""
    sealed = job.episode.state is EpisodeState.SEALED
    return EpisodeState.SEALED if sealed else EpisodeState.PENDING


def _end(
    job: EpisodeJob,
    result: RunResult,
    verdict: Verdict,
    state: EpisodeState,
    at: int | None,
    *,
    keep: bool,
) -> EpisodeEnd:
    stopped = result.outcome.result is Result.STOPPED
    return EpisodeEnd(
        episode_id=job.episode.id,
        state=state,
        next_attempt_at=at,
        family="" if stopped else verdict.family.value,
        error="" if stopped else f"{verdict.code}: {result.outcome.detail}",
        evidence=result.failure.evidence if result.failure else b"",
        keep_part=keep,
    )


def _next(
    job: Job, failure: Failure, verdict: Verdict, total: int, now: int, rng: random.Random
) -> NextAttempt:
    return next_attempt(
        verdict,
        job.attempt,
        total,
        job.settings.retry,
        now=now,
        retry_after=failure.retry_after,
        rng=rng,
    )


def _finish(
    result: RunResult, schedule: FeedSchedule | None, end: EpisodeEnd | None = None
) -> Finish:
    outcome = None if result.recorded else result.outcome
    writes = (*result.writes, end) if end is not None else result.writes
    return Finish(outcome=outcome, schedule=schedule, writes=writes)
