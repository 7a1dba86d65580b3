"""The bytes of an enclosure into its part file, resumable (steps P1 to P3)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from msgspec.structs import replace

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.job import EpisodeJob, TransferProgress
from podfetch_tui.model.text import redact
from podfetch_tui.model.writes import Progress
from podfetch_tui.net.stream import PIECE, MediaStream, Resume
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.storage import space
from podfetch_tui.storage.parts import Part

SYNC_BYTES = 8 * 1024**2 - PIECE
"""After so much the part is made durable: a kill before that costs one piece more at most, and
so never more than 8 MiB and the overlap."""
SYNC_SECONDS = 5.0
OVERLAP = 64 * 1024
"""How much of what is on disk a resumed body must repeat: advertisement insertion makes
other bytes at every request, whatever the validators say."""
MOST_RESUME_FAILURES = 2


@dataclass(slots=True)
class Received:
    """What one download brought, for its outcome."""

    wire: int = 0
    """Body bytes received."""
    length_known: bool = False


def download(
    job: EpisodeJob,
    part: Part,
    services: Services,
    on_progress: OnProgress,
    stop: threading.Event,
    received: Received,
) -> None:
    """Fill ``part`` with the whole enclosure.

    A part that is whole already is not asked for again. What was received before a failure
    is made durable, so that the next attempt goes on from there.

    Raises:
        Failure: The body did not arrive whole.
    """
    episode = job.episode
    if episode.total is not None and part.size == episode.total > 0:
        received.length_known = True
        return
    resume = _resume(episode, part)
    if resume is None and part.size:
        part.truncate(0)
    try:
        _attempt(job, part, services, on_progress, stop, received, resume)
    except Failure as failure:
        if failure.kind is not Kind.RANGE_MISMATCH or resume is None:
            raise
        part.truncate(0)
        episode = replace(episode, resume_failures=episode.resume_failures + 1)
        _commit_progress(episode, part, None, services)
        _attempt(replace(job, episode=episode), part, services, on_progress, stop, received, None)


def _resume(episode: Episode, part: Part) -> Resume | None:
    validators = Validators(episode.validators_etag, episode.validators_last_modified)
    if (
        not part.size
        or episode.total is None
        or validators == Validators()
        or episode.resume_failures >= MOST_RESUME_FAILURES
    ):
        return None
    return Resume(
        offset=part.size - min(OVERLAP, part.size), total=episode.total, validators=validators
    )


def _attempt(
    job: EpisodeJob,
    part: Part,
    services: Services,
    on_progress: OnProgress,
    stop: threading.Event,
    received: Received,
    resume: Resume | None,
) -> None:
    on_progress(TransferProgress(part.size, job.episode.enclosure_length, "connect"))
    stream = services.http.open_media(
        job.episode.enclosure_url, resume=resume, access=job.feed.access, stop=stop
    )
    with stream:
        if stream.start == 0 and part.size:
            part.truncate(0)
        on_progress(TransferProgress(part.size, stream.total, "connect"))
        _require_room(job, part, services, stream.total)
        received.length_known = stream.total is not None
        _pour(job, part, stream, services, on_progress, received)


def _require_room(job: EpisodeJob, part: Part, services: Services, total: int | None) -> None:
    """Raise unless the rest of ``total`` bytes fits beside what others still have to write."""
    needed = None if total is None else max(0, total - part.size)
    archive = job.settings.archive
    space.require(services.layout.parts, needed, archive, promised=job.promised)


def _pour(
    job: EpisodeJob,
    part: Part,
    stream: MediaStream,
    services: Services,
    on_progress: OnProgress,
    received: Received,
) -> None:
    """Write the stream behind what the part holds, checking the overlap first."""
    expected = memoryview(part.tail(part.size - stream.start)) if stream.start else memoryview(b"")
    synced_at, look_at = services.clock.monotonic(), part.size + SYNC_BYTES
    try:
        for piece in stream.chunks():
            received.wire += len(piece)
            data = memoryview(piece)
            if expected:
                count = min(len(expected), len(data))
                if data[:count] != expected[:count]:
                    raise Failure(
                        Kind.RANGE_MISMATCH,
                        "the resumed body does not repeat what is on disk",
                        url=redact(job.episode.enclosure_url),
                    )
                expected, data = expected[count:], data[count:]
            part.write(data)
            on_progress(TransferProgress(part.size, stream.total, "stream"))
            now = services.clock.monotonic()
            if part.size - part.durable >= SYNC_BYTES or now - synced_at >= SYNC_SECONDS:
                if stream.resumable:
                    _commit_progress(job.episode, part, stream, services)
                synced_at = now
            if part.size >= look_at:
                look_at = part.size + SYNC_BYTES
                space.require_to_run_on(services.layout.parts, job.settings.archive)
    except Failure as failure:
        if stream.resumable and failure.kind not in _DISK_KINDS and part.size > part.durable:
            _commit_progress(job.episode, part, stream, services)
        raise


_DISK_KINDS = frozenset(
    {Kind.DISK_FULL, Kind.READ_ONLY, Kind.IO_ERROR, Kind.PERMISSION, Kind.RANGE_MISMATCH}
)


def _commit_progress(
    episode: Episode, part: Part, stream: MediaStream | None, services: Services
) -> None:
    durable = part.sync()
    services.commit(
        Progress(
            episode_id=episode.id,
            durable=durable,
            total=stream.total if stream else None,
            validators=stream.validators if stream else Validators(),
            resume_failures=episode.resume_failures,
        )
    )
