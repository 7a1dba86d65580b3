"""One episode: download, validate, record, derive (steps 6 to 9)."""

from __future__ import annotations

import threading
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob, Job, RunResult, TransferProgress
from podfetch_tui.model.outcome import Outcome, Result
from podfetch_tui.model.writes import Claim, Derive, EpisodeEnd, Reserved, Sealed
from podfetch_tui.pipeline import derive, record
from podfetch_tui.pipeline.download import Received, download
from podfetch_tui.pipeline.outcomes import failed, outcome_of
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.pipeline.validate import validate
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.storage.parts import Part, new_part_name
from podfetch_tui.storage.publish import settle
from podfetch_tui.storage.verify import Check, check_file


def run(job: Job, services: Services, on_progress: OnProgress, stop: threading.Event) -> RunResult:
    """Bring one episode as far into the archive as it gets.

    Raises:
        Failure: It did not become archived; the row says how far it came.
    """
    if not isinstance(job, EpisodeJob):
        raise TypeError(f"not an episode: {job!r}")
    started = services.clock.monotonic()
    if job.episode.state is EpisodeState.ARCHIVED:
        return _derived(job, services, started, media_path=job.episode.path)
    if job.episode.state is EpisodeState.SEALED:
        path = _finish_sealed(job, services, stop)
        if path is not None:
            return _committed(job, services, started, path, Received(), on_progress)
        job = _begin_again(job, services)
    received = Received()
    try:
        path = _fetch(job, services, on_progress, stop, received)
    except Failure as failure:
        return failed(job, services, started, failure, received=received.wire)
    return _committed(job, services, started, path, received, on_progress)


def _fetch(
    job: EpisodeJob,
    services: Services,
    on_progress: OnProgress,
    stop: threading.Event,
    received: Received,
) -> str:
    part_name = _claim(job, services)
    with _open_part(job, part_name, services, stop) as part:
        try:
            download(job, part, services, on_progress, stop, received)
            on_progress(TransferProgress(part.size, part.size, "validate"))
            checked = validate(job, part, services, stop, length_known=received.length_known)
        except Failure as failure:
            if failure.kind in (Kind.NOT_MEDIA, Kind.EMPTY_MEDIA) or not part.durable:
                part.discard()  # nothing in it could be resumed
            raise
        on_progress(TransferProgress(part.size, part.size, "publish"))
        sealed = record.seal(job, part, checked, services)
    return record.place(job.episode.id, part_name, sealed, services, stop)


def _claim(job: EpisodeJob, services: Services) -> str:
    """P0; a part and a name that the row has already are kept."""
    episode = job.episode
    part_name = episode.part or new_part_name(episode.id)
    suffix = PurePosixPath(urlsplit(episode.enclosure_url).path).suffix
    receipt = services.commit(
        Claim(
            episode_id=episode.id,
            part=part_name,
            path=episode.path or record.wanted_path(job, services, suffix),
            at=services.clock.now_ms(),
        )
    )
    if not isinstance(receipt, Reserved):
        raise TypeError(f"a claim was answered with {receipt!r}")
    return part_name


def _open_part(job: EpisodeJob, part_name: str, services: Services, stop: threading.Event) -> Part:
    if job.episode.durable and job.episode.part:
        return Part.resume(services.layout, part_name, job.episode.durable, stop=stop)
    return Part.create(services.layout, part_name)


def _finish_sealed(job: EpisodeJob, services: Services, stop: threading.Event) -> str | None:
    """Publish what an earlier process had sealed; ``None`` when its bytes are not there."""
    episode = job.episode
    if not episode.sealed_sha256 or not episode.path:
        return None
    there = check_file(
        services.layout,
        episode.path,
        size=episode.sealed_size,
        sha256=episode.sealed_sha256,
        stop=stop,
    )
    if there is Check.OK:
        # The process before may have died before the folder was synced.
        settle(services.layout, episode.part, episode.path)
        return episode.path
    if not episode.part:
        return None
    with Part.resume(services.layout, episode.part, episode.sealed_size, stop=stop) as part:
        if part.size != episode.sealed_size or part.sha256 != episode.sealed_sha256:
            return None
    sealed = Sealed(path=episode.path, existing=episode.sealed_path or None, media_id=0)
    return record.place(episode.id, episode.part, sealed, services, stop)


def _begin_again(job: EpisodeJob, services: Services) -> EpisodeJob:
    """The sealed bytes are gone: forget the part and download once more."""
    now = services.clock.now_ms()
    services.commit(
        EpisodeEnd(
            episode_id=job.episode.id,
            state=EpisodeState.PENDING,
            next_attempt_at=now,
            error="the sealed bytes are not on the disk",
            keep_part=False,
        )
    )
    episode = msgspec.structs.replace(
        job.episode, state=EpisodeState.PENDING, part="", durable=0, total=None
    )
    return msgspec.structs.replace(job, episode=episode)


def _committed(
    job: EpisodeJob,
    services: Services,
    started: float,
    path: str,
    received: Received,
    on_progress: OnProgress,
) -> RunResult:
    outcome = outcome_of(
        job, services, started, code="archived", detail=path, received=received.wire
    )
    record.commit(job, path, outcome, services)
    if not job.settings.archive.sidecar:
        return RunResult(outcome=outcome, recorded=True)
    on_progress(TransferProgress(received.wire, received.wire, "derive"))
    made, failure = derive.write_sidecar_of(job, services, path)
    if failure is None:
        return RunResult(outcome=outcome, writes=(made,), recorded=True)
    return _partial(job, services, started, made, failure, received.wire)


def _derived(job: EpisodeJob, services: Services, started: float, *, media_path: str) -> RunResult:
    """Finish the derivatives of an episode that is archived; no byte is downloaded."""
    made, failure = derive.write_sidecar_of(job, services, media_path)
    if failure is not None:
        return _partial(job, services, started, made, failure, 0)
    outcome = outcome_of(job, services, started, code="derived", detail=made.path)
    return RunResult(outcome=outcome, writes=(made,))


def _partial(
    job: EpisodeJob,
    services: Services,
    started: float,
    made: Derive,
    failure: Failure,
    wire: int,
) -> RunResult:
    verdict = verdict_of(failure, media=True)
    plain = outcome_of(job, services, started, received=wire)
    outcome = Outcome(
        at=plain.at,
        job=plain.job,
        result=Result.PARTIAL,
        feed_id=plain.feed_id,
        episode_id=plain.episode_id,
        family=verdict.family,
        code=f"sidecar_{verdict.code}",
        detail=made.error,
        host=plain.host,
        duration_ms=plain.duration_ms,
        bytes=wire,
        attempt=job.attempt,
    )
    return RunResult(outcome=outcome, writes=(made,))
