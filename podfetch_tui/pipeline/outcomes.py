"""How a run ends, as values. One of the three places that catch every exception."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import msgspec

from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.job import EpisodeJob, Job, RunResult, url_of
from podfetch_tui.model.outcome import Outcome, Result
from podfetch_tui.model.text import clean, redact_text
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.hosts import host_of

logger = logging.getLogger(__name__)

Run = Callable[[Job, Services, OnProgress, threading.Event], RunResult]


def outcome_of(
    job: Job,
    services: Services,
    started: float,
    *,
    result: Result = Result.SUCCESS,
    code: str = "ok",
    detail: str = "",
    status: int | None = None,
    received: int = 0,
    sha256: bytes = b"",
) -> Outcome:
    """Return the outcome of ``job``, which began at monotonic second ``started``."""
    return Outcome(
        at=services.clock.now_ms(),
        job=job.kind,
        result=result,
        feed_id=job.feed.id,
        episode_id=job.episode.id if isinstance(job, EpisodeJob) else None,
        code=code,
        detail=clean(redact_text(detail)),
        status=status,
        host=host_of(url_of(job)),
        duration_ms=round((services.clock.monotonic() - started) * 1000),
        bytes=received,
        sha256=sha256,
        attempt=job.attempt,
    )


def failed(
    job: Job, services: Services, started: float, failure: Failure, *, received: int = 0
) -> RunResult:
    """Return the result of a run that ended with ``failure``."""
    outcome = outcome_of(job, services, started, status=failure.status, received=received)
    verdict = verdict_of(failure, media=isinstance(job, EpisodeJob))
    if failure.kind is Kind.STOPPED:
        result = Result.STOPPED
    elif verdict.family is Family.DEFERRED:
        result = Result.DEFERRED
    else:
        result = Result.FAILURE
    return RunResult(
        outcome=Outcome(
            at=outcome.at,
            job=outcome.job,
            result=result,
            feed_id=outcome.feed_id,
            episode_id=outcome.episode_id,
            family=verdict.family,
            code=verdict.code,
            detail=clean(redact_text(failure.detail or verdict.text) + _advice(failure, job)),
            status=failure.status,
            host=outcome.host,
            duration_ms=outcome.duration_ms,
            bytes=received,
            attempt=job.attempt,
        ),
        failure=failure,
    )


def _advice(failure: Failure, job: Job) -> str:
    """Return what the operator can do about it, where that is one command."""
    if failure.kind is Kind.AGENT_REFUSED:
        return f"; set another: podfetch feeds edit {job.feed.id} --user-agent TEXT"
    return ""


def blameless(job: Job, result: RunResult) -> RunResult:
    """Return ``result`` as that of a run which our own network failed."""
    failure = result.failure
    if failure is None:
        return result
    down = Failure(Kind.NETWORK_DOWN, f"our network is down ({failure})", url=failure.url)
    verdict = verdict_of(down, media=isinstance(job, EpisodeJob))
    outcome = msgspec.structs.replace(
        result.outcome,
        result=Result.FAILURE,
        family=verdict.family,
        code=verdict.code,
        detail=clean(down.detail),
        status=None,
    )
    return msgspec.structs.replace(result, outcome=outcome, failure=down)


def guarded(
    run: Run, job: Job, services: Services, on_progress: OnProgress, stop: threading.Event
) -> RunResult:
    """Run ``job``; whatever escapes it becomes an outcome of kind ``bug``."""
    started = services.clock.monotonic()
    try:
        return run(job, services, on_progress, stop)
    except Failure as failure:
        return failed(job, services, started, failure)
    except MemoryError as error:
        return failed(job, services, started, Failure(Kind.OUT_OF_MEMORY, str(error)))
    except Exception as error:
        logger.exception("A run failed unexpectedly", extra={"feed_id": job.feed.id})
        detail = f"{type(error).__name__}: {error}"
        return failed(job, services, started, Failure(Kind.BUG, detail))
