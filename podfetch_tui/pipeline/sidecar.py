"""The sidecar of an episode: all that a rebuild of the catalogue needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Union

from podfetch_tui.catalog import lookups
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.text import redact, redact_media
from podfetch_tui.pipeline.placing import Made
from podfetch_tui.pipeline.planned import SIDECAR
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.sidecar import SCHEMA, write_sidecar
from podfetch_tui.system.decoding import convert
from podfetch_tui.system.times import rfc3339


def write(job: EpisodeJob, others: Iterable[Made], services: Services, *, name: str) -> Made:
    """Write ``<name>.json``, or replace it.

    Args:
        job: Whose.
        others: The further derivatives of the episode that are in the archive.
        services: What to work with.
        name: The episode's own path, also where its bytes are another's file.

    Raises:
        Failure: It could not be written; what was there is as before.
    """
    document = {**_document(job, services), "derivatives": [_entry(one, job) for one in others]}
    written = write_sidecar(services.layout, name, document)
    return Made(kind=SIDECAR, path=written.path, sha256=written.sha256, size=written.size)


def _entry(made: Made, job: EpisodeJob) -> dict[str, object]:
    return {
        "kind": made.kind,
        "path": made.path,
        "bytes": made.size,
        "sha256": made.sha256.hex(),
        "media_type": made.media_type or None,
        "source_url": redact(redact_media(made.source_url, job.feed.url)) or None,
    }


def _document(job: EpisodeJob, services: Services) -> dict[str, object]:
    """Return what the catalogue knows of the episode; secrets in URLs stay in the catalogue."""
    row = lookups.episode_detail(services.catalog, job.episode.id)
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
                for key in convert(row["keys"], list[dict[str, Union[str, None]]])
            ],
            "enclosure_url": redact(redact_media(job.episode.enclosure_url, feed.url)),
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
