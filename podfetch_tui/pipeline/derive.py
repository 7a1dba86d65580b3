"""What is made beside the original: the sidecar (step P8). A failure here undoes nothing."""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.catalog import pages
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
    job: EpisodeJob, services: Services, path: str
) -> tuple[Derive, Failure | None]:
    """Write ``<path>.json``: all that a rebuild of the catalogue needs to know.

    Returns:
        The write that records how it ended, and the failure if it failed.
    """
    try:
        sidecar = write_sidecar(services.layout, path, _document(job, services))
    except Failure as failure:
        derive = Derive(
            episode_id=job.episode.id,
            kind="sidecar",
            error=str(failure)[:500],
            next_attempt_at=services.clock.now_ms() + RETRY_MS,
        )
        return derive, failure
    derive = Derive(
        episode_id=job.episode.id,
        kind="sidecar",
        path=sidecar.path,
        sha256=sidecar.sha256,
        size=sidecar.size,
    )
    return derive, None


def _document(job: EpisodeJob, services: Services) -> dict[str, object]:
    """Return what the catalogue knows of the episode; secrets in URLs stay in the catalogue."""
    row = pages.episode_detail(services.catalog, job.episode.id)
    feed = job.feed
    return {
        "schema": SCHEMA,
        "archive": services.layout.uuid,
        "written_at": rfc3339(services.clock.now_ms()),
        "feed": {"url": redact(feed.url), "title": feed.title, "folder": feed.folder},
        "episode": {
            **{key: row[key] for key in ("id", "guid", "title", "published_at", "note")},
            "keys": [
                {"reason": key["reason"], "text": _shown(key["text"])}
                for key in msgspec.convert(row["keys"], list[dict[str, Union[str, None]]])
            ],
            "enclosure_url": redact(job.episode.enclosure_url),
            "enclosure_type": job.episode.enclosure_type,
            "enclosure_length": job.episode.enclosure_length,
        },
        "media": {
            key: row[key]
            for key in ("path", "bytes", "sha256", "media_type", "duration_s", "validity")
        },
    }


def _shown(text: str | None) -> str | None:
    """A key may be a URL that carries a secret."""
    return redact(text) if text and "://" in text else text
