"""What is made beside the original: the sidecar (step P8). A failure here undoes nothing."""

from __future__ import annotations

from podfetch_tui.model.errors import Failure
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.text import redact
from podfetch_tui.model.writes import Derive
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.sidecar import write_sidecar
from podfetch_tui.system.times import rfc3339

SCHEMA = "podfetch.episode/1"
RETRY_MS = 5 * 60 * 1000
"""A derivative that failed is tried again after this, without a download."""


def write_sidecar_of(
    job: EpisodeJob,
    services: Services,
    *,
    path: str,
    media: dict[str, object],
) -> tuple[Derive, Failure | None]:
    """Write ``<path>.json``: all that a rebuild of the catalogue needs to know.

    Returns:
        The write that records how it ended, and the failure if it failed.
    """
    document = _document(job, services, media)
    try:
        sidecar = write_sidecar(services.layout, path, document)
    except Failure as failure:
        now = services.clock.now_ms()
        derive = Derive(
            episode_id=job.episode.id,
            kind="sidecar",
            error=str(failure)[:500],
            next_attempt_at=now + RETRY_MS,
        )
        return derive, failure
    return (
        Derive(
            episode_id=job.episode.id,
            kind="sidecar",
            path=sidecar.path,
            sha256=sidecar.sha256,
            size=sidecar.size,
        ),
        None,
    )


def _document(job: EpisodeJob, services: Services, media: dict[str, object]) -> dict[str, object]:
    episode, feed = job.episode, job.feed
    return {
        "schema": SCHEMA,
        "archive": services.layout.uuid,
        "feed": {"url": redact(feed.url), "title": feed.title, "folder": feed.folder},
        "episode": {
            "id": episode.id,
            "guid": episode.guid,
            "title": episode.title,
            "published_at": None if episode.published is None else rfc3339(episode.published),
            "enclosure_url": redact(episode.enclosure_url),
            "enclosure_type": episode.enclosure_type,
            "enclosure_length": episode.enclosure_length,
        },
        "media": media,
        "archived_at": rfc3339(services.clock.now_ms()),
    }
