"""Covers, chapters and transcripts: fetched as media are, judged by their bytes, kept beside."""

from __future__ import annotations

import re
import threading

from podfetch_tui.catalog.derivatives import DerivativeRow, derivative_of_source
from podfetch_tui.media import extras
from podfetch_tui.media.extras import MOST_BYTES, Extra
from podfetch_tui.model.derivatives import CHAPTERS
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.pipeline.placing import Made, place
from podfetch_tui.pipeline.planned import COVER, Plan
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage import space
from podfetch_tui.storage.layout import beside
from podfetch_tui.storage.parts import Part, new_part_name
from podfetch_tui.storage.verify import Check, check_file

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")


def known(job: EpisodeJob, plan: Plan, services: Services) -> DerivativeRow | None:
    """Return what came of the same cover for another episode of the feed, if that still holds.

    A file, or a failure whose next attempt is not due: one cover of a feed is asked for once,
    whatever it has of episodes.

    Raises:
        Failure: Disk or catalogue refused.
    """
    if plan.kind != COVER:
        return None
    now = services.clock.now_ms()
    row = derivative_of_source(services.catalog, job.feed.id, COVER, plan.url, now=now)
    if row is not None and row.path:
        there = check_file(services.layout, row.path, size=row.size)
        return row if there is Check.OK else None
    return row


def fetch(
    job: EpisodeJob, plan: Plan, services: Services, stop: threading.Event, *, name: str
) -> Made:
    """Fetch one file and put it beside the media.

    Args:
        job: Whose.
        plan: Which.
        services: What to work with.
        stop: Ends the transfer.
        name: Path that names the episode's files.

    Raises:
        Failure: It did not come, or is not what it should be; nothing of it is left.
    """
    part = Part.create(services.layout, new_part_name(job.episode.id))
    try:
        received = _pour(job, plan, part, services, stop)
        extra = _judged(plan, part)
        made = Made(
            kind=plan.kind,
            path=_path(job, plan, extra, name),
            sha256=part.sha256,
            size=part.size,
            media_type=extra.media_type,
            source_url=plan.url,
            received=received,
        )
        return place(job, part, made, services, stop)
    except BaseException:
        part.discard()
        raise
    finally:
        part.close()


def _pour(
    job: EpisodeJob, plan: Plan, part: Part, services: Services, stop: threading.Event
) -> int:
    stream = services.http.open_media(plan.url, limit=MOST_BYTES, access=job.feed.access, stop=stop)
    with stream:
        space.require(services.layout.parts, stream.total, job.settings.archive)
        for piece in stream.chunks():
            part.write(piece)
    return part.size


def _judged(plan: Plan, part: Part) -> Extra:
    if not part.size:
        raise Failure(Kind.BAD_EXTRA, f"the {plan.kind} has no bytes", url=plan.url)
    if plan.kind == COVER:
        return extras.cover(part.head)
    body = part.tail(part.size)
    return (
        extras.chapters(body) if plan.kind == CHAPTERS else extras.transcript(body, plan.declared)
    )


def _path(job: EpisodeJob, plan: Plan, extra: Extra, name: str) -> str:
    if plan.of_feed:
        return f"{job.feed.folder}/cover{extra.extension}"
    word = plan.kind.partition("-")[0]
    language = plan.language.lower()
    if _LANGUAGE.match(language):
        word = f"{word}.{language}"
    return beside(name, f".{word}{extra.extension}")
