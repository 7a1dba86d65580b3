"""Tagged copies and transcodes: ``ffmpeg`` on the original, into a part, checked, published."""

from __future__ import annotations

import threading
from pathlib import Path

from podfetch_tui.catalog.derivatives import Original, original_of
from podfetch_tui.media import targets, transform
from podfetch_tui.media.budget import probe_budget, transform_budget
from podfetch_tui.media.conclude import clock, is_short
from podfetch_tui.media.judge import named_by_content
from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.media.targets import Target
from podfetch_tui.media.transform import Order, Picture, Tags
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.sandboxed import ProbeParams
from podfetch_tui.pipeline.ffmpeg import raise_if_full, run_order
from podfetch_tui.pipeline.placing import Made, place
from podfetch_tui.pipeline.planned import TAGS, TRANSCODE, Plan, Source
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox import programs
from podfetch_tui.storage import space
from podfetch_tui.storage.layout import beside
from podfetch_tui.storage.parts import Part, new_part_name
from podfetch_tui.system.durable import os_failures
from podfetch_tui.system.times import rfc3339

_SLACK = 64 * 1024**2
"""What a further file may be larger than reckoned: covers, indexes, a container's padding."""
_LOUDEST = 48 * 1024
"""Bytes a second of the fullest transcode."""


def make(
    job: EpisodeJob,
    plan: Plan,
    source: Source,
    services: Services,
    stop: threading.Event,
    *,
    media_path: str,
    name: str,
    cover: Made | None,
) -> Made:
    """Make a tagged copy or a transcode of an archived file.

    Args:
        job: Whose.
        plan: Which.
        source: What goes into its tags.
        services: What to work with.
        stop: Ends the program.
        media_path: Path of the original below the root.
        name: Path that names the episode's files.
        cover: What goes into it as its cover.

    Raises:
        Failure: ``TRANSFORM_FAILED``, ``NO_PROGRAM``, ``DISK_FULL`` …; the original is as it was
            and nothing of the other is left.
    """
    program = programs.ffmpeg()
    path = services.layout.media(media_path)
    original = original_of(services.catalog, job.episode.id)
    if original is None or not path.is_file():
        raise Failure(Kind.TRANSFORM_FAILED, "the original is not there")
    target = _target(plan, original, path)
    picture = _picture(cover, services)
    part = Part.create(services.layout, new_part_name(job.episode.id))
    part.close()
    try:
        order = Order(
            source=path,
            container=original.container,
            output=part.path,
            target=target,
            tags=_tags(job, source),
            picture=picture,
            video=bool(original.video),
            channels=original.channels,
            keep_pictures=picture is None,
        )
        _run(job, program, order, original, services, stop)
        with _whole(part, services, stop) as made_part:
            suffix = f".{'tagged' if plan.kind == TAGS else 'transcoded'}{target.extension}"
            made = Made(
                kind=plan.kind,
                path=beside(name, suffix),
                sha256=made_part.sha256,
                size=made_part.size,
                media_type=_checked(made_part, target, original, services, stop),
            )
            return place(job, made_part, made, services, stop)
    except BaseException:
        part.discard()
        raise


def _target(plan: Plan, original: Original, path: Path) -> Target:
    if plan.kind == TAGS:
        extension = path.suffix.lower()
        container, codec = original.container, original.codec
        target = targets.tagged(container, codec, extension, video=bool(original.video))
    else:
        target = targets.transcoded(plan.kind.removeprefix(TRANSCODE), original.container)
    if target is None:
        what = original.container or "a file of no known kind"
        raise Failure(Kind.TRANSFORM_FAILED, f"{what} is nothing that ffmpeg is let read")
    return target


def _tags(job: EpisodeJob, source: Source) -> Tags:
    published = job.episode.published
    return Tags(
        title=job.episode.title,
        show=job.feed.title,
        artist=source.item.author or source.channel.get("author", ""),
        date="" if published is None else (rfc3339(published) or "")[:10],
        number=source.item.number,
        season=source.item.season,
    )


def _picture(cover: Made | None, services: Services) -> Picture | None:
    if cover is None or not transform.fits(cover.media_type):
        return None
    path = services.layout.media(cover.path)
    return Picture(path, cover.media_type) if path.is_file() else None


def _run(
    job: EpisodeJob,
    program: str,
    order: Order,
    original: Original,
    services: Services,
    stop: threading.Event,
) -> None:
    encode = bool(order.target.encoder)
    budget = transform_budget(original.size, original.duration_s, encode=encode)
    reckoned = original.size
    if encode:
        reckoned = round((original.duration_s or budget.cpu_s * 4) * _LOUDEST)
    expected = min(reckoned, original.size)
    space.require(services.layout.parts, expected, job.settings.archive)
    run_order(program, order, budget, services, stop, most=reckoned + _SLACK)


def _whole(part: Part, services: Services, stop: threading.Event) -> Part:
    """Take what the program wrote, all of it, with its digest."""
    with os_failures(f"look at part {part.path.name}"):
        size = part.path.stat().st_size
    return Part.resume(services.layout, part.path.name, size, stop=stop)


def _checked(
    part: Part, target: Target, original: Original, services: Services, stop: threading.Event
) -> str:
    """Return the type of what was made.

    Raises:
        Failure: ``TRANSFORM_FAILED``: it is not what was ordered; ``DISK_FULL``: no wonder.
    """
    try:
        return _judged(part, target, original, services, stop)
    except Failure as failure:
        if failure.kind is Kind.TRANSFORM_FAILED:
            raise_if_full(services.layout)
        raise


def _judged(
    part: Part, target: Target, original: Original, services: Services, stop: threading.Event
) -> str:
    """Look into what was made as into any file; return its type.

    Raises:
        Failure: ``TRANSFORM_FAILED``: it is not what was ordered, or not all of it.
    """
    sniffed = sniff_file(part.path, f"x{target.extension}") if part.size else None
    if sniffed is None or sniffed.container != target.container:
        found = sniffed.container or "of no known kind" if sniffed else "empty"
        detail = f"what ffmpeg made is {found}, not {target.container}"
        raise Failure(Kind.TRANSFORM_FAILED, detail)
    params = ProbeParams(path=str(part.path), container=sniffed.container, mode="header")
    budget = probe_budget(part.size, params.mode)
    info = services.sandbox.call(
        "probe_media", b"", params, wall_s=budget.wall_s, cpu_s=budget.cpu_s, stop=stop
    )
    if info.problem:
        raise Failure(Kind.TRANSFORM_FAILED, f"what ffmpeg made {info.problem}")
    plays, played = info.duration_s, original.duration_s
    if plays is not None and played is not None and is_short(plays, played):
        detail = f"what ffmpeg made plays {clock(plays)} of {clock(played)}"
        raise Failure(Kind.TRANSFORM_FAILED, detail)
    return named_by_content(sniffed, info).media_type
