"""Chapters that the feed itself holds (``psc:chapters``), as a file beside the media.

Players read chapters as JSON (podcast namespace, JSON chapters 1.2), so that is what is written.
"""

from __future__ import annotations

import threading

import msgspec

from podfetch_tui.model.derivatives import CHAPTERS
from podfetch_tui.model.extras import Chapter
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.pipeline.placing import Made, place
from podfetch_tui.pipeline.planned import Source
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage import space
from podfetch_tui.storage.layout import beside
from podfetch_tui.storage.parts import Part, new_part_name

_VERSION = "1.2.0"
MEDIA_TYPE = "application/json+chapters"


def make(
    job: EpisodeJob, source: Source, services: Services, stop: threading.Event, *, name: str
) -> Made:
    """Write the chapters of an item and put them beside its media.

    Args:
        job: Whose.
        source: The item, with chapters.
        services: What to work with.
        stop: Ends it.
        name: Path that names the episode's files.

    Raises:
        Failure: Disk or catalogue refused; nothing is left of it.
    """
    body = document(source.item.extras.chapters if source.item.extras else ())
    space.require(services.layout.parts, len(body), job.settings.archive)
    part = Part.create(services.layout, new_part_name(job.episode.id))
    try:
        part.write(body)
        made = Made(
            kind=CHAPTERS,
            path=beside(name, ".chapters.json"),
            sha256=part.sha256,
            size=part.size,
            media_type=MEDIA_TYPE,
        )
        return place(job, part, made, services, stop)
    except BaseException:
        part.discard()
        raise
    finally:
        part.close()


def document(found: tuple[Chapter, ...]) -> bytes:
    """Return chapters as a JSON chapters document, in the order of their starts."""
    chapters = [_entry(one) for one in sorted(found, key=lambda one: one.start_s)]
    whole = {"version": _VERSION, "chapters": chapters}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def _entry(chapter: Chapter) -> dict[str, object]:
    shown = {
        "startTime": chapter.start_s,
        "title": chapter.title,
        "url": chapter.href,
        "img": chapter.image,
    }
    return {key: value for key, value in shown.items() if value != ""}
