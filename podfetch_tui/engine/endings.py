"""From the result of a run to what the catalogue is told: health, next time, states.

Pure but for the clock and the random source it is given; ``engine.workers`` submits what
comes out of here.
"""

from __future__ import annotations

import random

import msgspec
from msgspec.structs import replace

from podfetch_tui.feeds.enclosures import may_expire
from podfetch_tui.model.derivatives import PostponeDerivatives
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import BreakerState, FeedState, Health
from podfetch_tui.model.job import EpisodeJob, Job, PollJob, RunResult
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.writes import EpisodeEnd, FeedSchedule, Finish
from podfetch_tui.policy import breaker, interval
from podfetch_tui.policy.backoff import clamp_retry_after
from podfetch_tui.policy.classify import Verdict, verdict_of
from podfetch_tui.policy.retry import NextAttempt, next_attempt, spread

DERIVE_AGAIN_MS = 5 * 60 * 1000
"""Derivatives whose run broke off wait so long."""
WAIT_IN_MEMORY_MS = 60_000
"""A next attempt that is nearer than this is kept in memory, so that ``--once`` waits for it."""


REFRESH_MS = 5 * 60_000
"""A URL that a poll confirmed so lately was not too old when it was refused."""
_TOO_OLD = frozenset({400, 401, 403, 410})
"""What stores and CDNs answer to a URL whose signature has expired."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about a job that ended."""

    finish: Finish
    verdict: Verdict | None = None
    again_at: int | None = None
    """Run it again in this process at this UTC millisecond."""
    again_attempt: int = 1
    defer_host_until: int | None = None
    """Who answered told us to wait until this UTC millisecond."""
    ask_feed: bool = False
    """Its URL may have expired: the feed may be polled again before it is due."""
    still_pending: bool = False
    """No attempt follows in memory, and yet it has not failed."""
    opens: bool = False
    """The breaker of the feed opens with it."""


def ending_of(
    job: Job,
    result: RunResult,
    *,
    now: int,
    rng: random.Random,
    charge: bool = True,
    may_retry: bool = True,
) -> Ending:
    """Decide what a finished run means for feed, episode and host.

    Args:
        job: What ran.
        result: How it ended.
        now: UTC milliseconds.
        rng: Source of the jitter.
        charge: A failure counts against the feed; not while its host is the one in trouble.
        may_retry: A further attempt within the run fits the budget.
    """
    if not may_retry:
        retry = replace(job.settings.retry, attempts=1)
        job = replace(job, settings=replace(job.settings, retry=retry))
    if isinstance(job, PollJob):
        ending = _poll_ending(job, result, now, rng, charge=charge)
        return replace(ending, finish=_marked(ending.finish, job))
    return _episode_ending(job, result, now, rng)


def _marked(finish: Finish, job: PollJob) -> Finish:
    """Say from where it started: what an operator changed meanwhile stands."""
    schedule = finish.schedule
    if schedule is not None:
        schedule = replace(schedule, polled_as=job.feed.state)
    return replace(finish, polled_url=job.feed.url, schedule=schedule)


def _poll_ending(
    job: PollJob, result: RunResult, now: int, rng: random.Random, *, charge: bool
) -> Ending:
    feed, settings = job.feed, job.settings
    if result.failure is None:
        health = breaker.after_success(feed.health, now, status=result.outcome.status)
        at = interval.next_poll(feed, now=now, hints=result.hints, settings=settings.feeds, rng=rng)
        # A quarantined feed that answers its probe needs nobody any more.
        held = feed.state is FeedState.QUARANTINED or feed.health.probation
        again = FeedState.ACTIVE if held else None
        wait = result.hints.retry_after
        until = None if wait is None else now + round(clamp_retry_after(wait, rng) * 1000)
        at = max(at, until or 0)
        schedule = FeedSchedule(feed_id=feed.id, health=health, next_poll_at=at, state=again)
        return Ending(finish=_finish(result, schedule), defer_host_until=until)
    failure = result.failure
    verdict = verdict_of(failure)
    if failure.kind is Kind.STOPPED or verdict.pause or verdict.stop:
        # Due as before: everything waits as soon as the receipt is there.
        schedule = FeedSchedule(feed_id=feed.id, health=feed.health, next_poll_at=now)
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
    health = feed.health
    if charge:
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
    charged = charge and verdict.feed_failure
    state, reason = _feed_state(job, failure, verdict, health, now) if charged else (None, "")
    if state is FeedState.QUARANTINED:
        health = replace(health, probation=False)
    if FeedState.QUARANTINED in (state, feed.state):
        at = max(at, now + round(spread(settings.quarantine.quarantine_probe, rng) * 1000))
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
        defer_host_until=deferred if failure.kind is Kind.HTTP_STATUS else None,
        opens=feed.health.breaker is BreakerState.CLOSED is not health.breaker,
    )


def _feed_state(
    job: PollJob, failure: Failure, verdict: Verdict, health: Health, now: int
) -> tuple[FeedState | None, str]:
    failures = health.consecutive_failures
    again = failure.status is not None and failure.status == job.feed.health.last_status
    if verdict.gone_after and again and failures >= verdict.gone_after:
        return FeedState.GONE, f"answered {failure.status} {failures} times"
    if job.feed.state is FeedState.QUARANTINED:
        return None, ""
    if failure.kind is Kind.REPLACED:
        return FeedState.QUARANTINED, "replaced"
    reason = breaker.should_quarantine(health, now, job.settings.quarantine)
    return (FeedState.QUARANTINED, reason) if reason else (None, "")


def _episode_ending(job: EpisodeJob, result: RunResult, now: int, rng: random.Random) -> Ending:
    if result.failure is None:
        return Ending(finish=_finish(result, None))
    failure = result.failure
    verdict = verdict_of(failure, media=True)
    if job.kind is JobKind.DERIVE or result.outcome.result is Result.PARTIAL:
        return Ending(finish=_broken_off(job, result, failure, now), verdict=verdict)
    if failure.kind is Kind.STOPPED or verdict.pause or verdict.stop:
        state = _unfinished(job)
        end = _end(job, result, verdict, state, now, keep=True)
        return Ending(finish=_finish(result, None, end), verdict=verdict)
    total = _attempts_before(job) + 1
    following = _next(job, failure, verdict, total, now, rng)
    deferred = verdict.family is Family.DEFERRED
    expired = failure.status in _TOO_OLD and may_expire(_url(job, result))
    low = failure.kind is Kind.LOW_SPACE
    if following.in_run or deferred or low or (expired and total == 1):
        state = EpisodeState.PENDING
    elif verdict.gone_after and total >= verdict.gone_after:
        state = EpisodeState.GONE
    else:
        state = EpisodeState.FAILED
    keep = failure.kind not in (Kind.NOT_MEDIA, Kind.EMPTY_MEDIA)
    end = _end(job, result, verdict, state, following.at, keep=keep)
    if expired:
        end = replace(end, ask_feed_after=now - REFRESH_MS)
    soon = following.at is not None and following.at - now <= WAIT_IN_MEMORY_MS
    return Ending(
        finish=_finish(result, None, end),
        verdict=verdict,
        again_at=following.at if soon and (following.in_run or deferred) else None,
        again_attempt=job.attempt + (0 if deferred else 1),
        defer_host_until=following.at if deferred and failure.kind is Kind.HTTP_STATUS else None,
        ask_feed=expired,
        still_pending=low or (expired and state is EpisodeState.PENDING),
    )


def _url(job: EpisodeJob, result: RunResult) -> str:
    """The enclosure that was asked for, which a poll may have changed before."""
    return result.url or job.episode.enclosure_url


def _broken_off(job: EpisodeJob, result: RunResult, failure: Failure, now: int) -> Finish:
    """The original is safe; what was to be made of it must not be tried again at once."""
    finish = _finish(result, None)
    if failure.kind is Kind.STOPPED or result.writes:
        return finish
    until = now + DERIVE_AGAIN_MS
    later = PostponeDerivatives(
        episode_id=job.episode.id, until=until, error=result.outcome.detail or str(failure)
    )
    return msgspec.structs.replace(finish, writes=(later,))


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
        url=_url(job, result),
        attempts=_attempts_before(job) if _is_blameless(verdict) else None,
    )


def _attempts_before(job: EpisodeJob) -> int:
    """Return the attempts that ended; a claim that nothing ended is counted in the row."""
    return job.episode.attempts - (job.episode.state is EpisodeState.CLAIMED)


def _is_blameless(verdict: Verdict) -> bool:
    """This machine failed, or was stopped; a bug of ours may be the episode's own."""
    return verdict.family is Family.SYSTEM and verdict.code != Kind.BUG.value


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
