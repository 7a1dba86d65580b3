"""One episode: download, validate, record, derive (steps 6 to 9)."""

from __future__ import annotations

import contextlib
import threading
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.catalog.episodes import get_episode
from podfetch_tui.model.episode import Episode, EpisodeState
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob, Job, RunResult, TransferProgress
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.text import redact_text
from podfetch_tui.model.writes import Claim, EpisodeEnd, Reserved, Sealed
from podfetch_tui.pipeline import planned, record
from podfetch_tui.pipeline.derive import Derived, derive
from podfetch_tui.pipeline.download import Received, download
from podfetch_tui.pipeline.outcomes import failed, outcome_of
from podfetch_tui.pipeline.record import Bytes, Placed
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.pipeline.validate import validate
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.sandbox import programs
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
        return _derived(job, services, started, on_progress, stop)
    if job.episode.state is EpisodeState.SEALED:
        placed = _finish_sealed(job, services, stop)
        if placed is not None:
            return _committed(job, services, started, placed, Received(), on_progress, stop)
        job = _begin_again(job, services)
    received = Received()
    try:
        programs.require_prober(job.settings.media)
        job, part_name = _claim(job, services)
        placed = _fetch(job, part_name, services, on_progress, stop, received)
    except Failure as failure:
        result = failed(job, services, started, failure, received=received.wire)
        return msgspec.structs.replace(result, url=job.episode.enclosure_url)
    return _committed(job, services, started, placed, received, on_progress, stop)


def _fetch(
    job: EpisodeJob,
    part_name: str,
    services: Services,
    on_progress: OnProgress,
    stop: threading.Event,
    received: Received,
) -> Placed:
    with _open_part(job, part_name, services, stop) as part:
        try:
            download(job, part, services, on_progress, stop, received)
            on_progress(TransferProgress(part.size, part.size, "validate"))
            checked = validate(job, part, services, stop, length_known=received.length_known)
        except Failure as failure:
            if not part.durable or _is_given_up(job, part_name, failure, services):
                part.discard()  # nothing in it could be resumed
            raise
        on_progress(TransferProgress(part.size, part.size, "publish"))
        try:
            sealed = record.seal(job, part, checked, services)
        except Failure as failure:
            if _is_given_up(job, part_name, failure, services):
                part.discard()
            raise
    return record.place(job.episode.id, Bytes.of(part), sealed, services, stop)


def _is_given_up(job: EpisodeJob, part_name: str, failure: Failure, services: Services) -> bool:
    """Say whether nobody will ask for the part again."""
    if failure.kind in (Kind.NOT_MEDIA, Kind.EMPTY_MEDIA):
        return True
    if failure.kind is not Kind.STOPPED:
        return False
    with contextlib.suppress(Failure):  # the next start sweeps it
        row = get_episode(services.catalog, job.episode.id)
        return row is None or row.part != part_name
    return False


def _claim(job: EpisodeJob, services: Services) -> tuple[EpisodeJob, str]:
    """P0; a part and a name that the row has already are kept.

    A poll may have brought another URL while the job waited: that one is asked, from 0.
    """
    episode = job.episode
    part_name = episode.part or new_part_name(episode.id)
    suffix = PurePosixPath(urlsplit(episode.enclosure_url).path).suffix
    receipt = services.commit(
        Claim(
            episode_id=episode.id,
            part=part_name,
            path=episode.path or record.wanted_path(job, suffix, services),
            at=services.clock.now_ms(),
            queued=True,
        )
    )
    if not isinstance(receipt, Reserved):
        raise TypeError(f"a claim was answered with {receipt!r}")
    if receipt.url and receipt.url != episode.enclosure_url:
        episode = msgspec.structs.replace(episode, enclosure_url=receipt.url, durable=0, total=None)
        job = msgspec.structs.replace(job, episode=episode)
    return job, part_name


def _open_part(job: EpisodeJob, part_name: str, services: Services, stop: threading.Event) -> Part:
    if job.episode.durable and job.episode.part:
        return Part.resume(services.layout, part_name, job.episode.durable, stop=stop)
    return Part.create(services.layout, part_name)


def _finish_sealed(job: EpisodeJob, services: Services, stop: threading.Event) -> Placed | None:
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
        return Placed(episode.path, episode.path)
    if not episode.part:
        return None
    with Part.resume(services.layout, episode.part, episode.sealed_size, stop=stop) as part:
        found = Bytes.of(part)
        if found != Bytes(episode.part, episode.sealed_size, episode.sealed_sha256):
            part.discard()
            return _referred_to(episode, services, stop)
    sealed = Sealed(path=episode.path, existing=episode.sealed_path or None, media_id=0)
    return record.place(episode.id, found, sealed, services, stop)


def _referred_to(episode: Episode, services: Services, stop: threading.Event) -> Placed | None:
    """Return the published file that the row may refer to, where it could not be linked."""
    if not episode.sealed_path:
        return None
    size, sha256 = episode.sealed_size, episode.sealed_sha256
    there = check_file(services.layout, episode.sealed_path, size=size, sha256=sha256, stop=stop)
    return Placed(episode.path, episode.sealed_path) if there is Check.OK else None


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
    placed: Placed,
    received: Received,
    on_progress: OnProgress,
    stop: threading.Event,
) -> RunResult:
    outcome = outcome_of(
        job, services, started, code="archived", detail=placed.media_path, received=received.wire
    )
    record.commit(job, placed.media_path, outcome, services)
    if not planned.kinds(job.settings):
        return RunResult(outcome=outcome, recorded=True)
    on_progress(TransferProgress(received.wire, received.wire, "derive"))
    derived = derive(job, services, stop, placed=placed)
    if not derived.failed:
        return RunResult(outcome=outcome, writes=tuple(derived.writes), recorded=True)
    return _partial(job, services, started, derived, received.wire)


def _derived(
    job: EpisodeJob,
    services: Services,
    started: float,
    on_progress: OnProgress,
    stop: threading.Event,
) -> RunResult:
    """Finish the derivatives of an episode that is archived; its media are not downloaded."""
    on_progress(TransferProgress(0, None, "derive"))
    placed = Placed(job.episode.beside, job.episode.path)
    derived = derive(job, services, stop, placed=placed)
    if derived.failed:
        return _partial(job, services, started, derived, 0)
    if derived.halted is not None:
        result = failed(job, services, started, derived.halted)
        return msgspec.structs.replace(result, writes=tuple(derived.writes))
    received = sum(made.received for made in derived.made)
    detail = ", ".join([*(made.path for made in derived.made), *derived.told])
    outcome = outcome_of(job, services, started, code="derived", detail=detail, received=received)
    return RunResult(outcome=outcome, writes=tuple(derived.writes))


def _partial(
    job: EpisodeJob, services: Services, started: float, derived: Derived, wire: int
) -> RunResult:
    """The original is safe; the outcome names the first thing that failed, and tells of all."""
    first = derived.failed[0]
    verdict = verdict_of(first.failure, media=True)
    outcome = outcome_of(
        job,
        services,
        started,
        result=Result.PARTIAL,
        code=f"{first.kind.partition('-')[0]}_{verdict.code}",
        detail="; ".join(redact_text(f"{one.kind}: {one.failure}") for one in derived.failed),
        status=first.failure.status,
        received=wire + sum(made.received for made in derived.made),
    )
    return RunResult(
        outcome=msgspec.structs.replace(outcome, family=verdict.family),
        writes=tuple(derived.writes),
        failure=derived.halted,
        deferrals=tuple(derived.deferrals),
    )
