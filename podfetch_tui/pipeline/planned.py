"""Which derivatives the settings want of an episode, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import msgspec

from podfetch_tui.catalog.derivatives import DerivativeRow, channel_of
from podfetch_tui.catalog.episodes import item_of
from podfetch_tui.model.derivatives import (
    CHAPTERS,
    MOST_TRANSCRIPTS,
    TRANSCRIPT,
    is_transcript,
    transcript_kinds,
)
from podfetch_tui.model.document import Item
from podfetch_tui.model.episode import Episode
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.services import Services

SIDECAR = "sidecar"
COVER = "cover"
TAGS = "tags"
TRANSCODE = "transcode-"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One derivative that is wanted."""

    kind: str
    """``sidecar``, ``cover``, ``chapters``, ``transcript``, ``transcript-2`` …, ``tags``,
    ``transcode-opus`` …: an episode has one of each kind at most."""
    url: str = ""
    """Where it is fetched from; empty for what is made of the media or of the feed."""
    declared: str = ""
    """Its type as the feed says."""
    language: str = ""
    of_feed: bool = False
    """It is the feed's own, kept once for all episodes."""


class Source(msgspec.Struct, frozen=True):
    """What the catalogue knows of an episode that goes into its derivatives."""

    item: Item
    channel: dict[str, str]
    """Channel facts of its feed."""


def source_of(services: Services, episode: Episode) -> Source:
    """Read what derivatives are made from.

    Raises:
        Failure: The catalogue could not be read.
    """
    item = item_of(services.catalog, episode.id) or Item(title=episode.title)
    return Source(item, channel_of(services.catalog, episode.feed_id))


def kinds(settings: Settings) -> tuple[str, ...]:
    """Return the kinds the settings ask for, whether an episode has a source for them or not."""
    media = settings.media
    found = list(media.extras)
    if media.transform != "none" and COVER not in found:
        found.append(COVER)  # it goes into the file
    if media.transform == "tags":
        found.append(TAGS)
    if media.transform == "transcode":
        found.append(f"{TRANSCODE}{media.transcode_to}")
    if settings.archive.sidecar:
        found.append(SIDECAR)
    return tuple(found)


def planned(
    settings: Settings, source: Source | None, rows: Iterable[DerivativeRow]
) -> tuple[Plan, ...]:
    """Return what is wanted of one episode, in the order it is to be made.

    Args:
        settings: The settings.
        source: Of the episode; ``None`` where nothing but a sidecar is asked for.
        rows: What is known of its derivatives: a transcript keeps the kind that it has.
    """
    plans: list[Plan] = []
    for kind in kinds(settings):
        if source is None or kind not in (COVER, CHAPTERS, TRANSCRIPT):
            plans.append(Plan(kind=kind))
        else:
            plans += _extras(kind, source, rows)
    # The cover goes into other files, and the sidecar names them all.
    return tuple(sorted(plans, key=lambda plan: (plan.kind == SIDECAR, plan.kind != COVER)))


def needs_source(settings: Settings) -> bool:
    """Say whether more is asked for than a sidecar."""
    return any(kind != SIDECAR for kind in kinds(settings))


def _extras(kind: str, source: Source, rows: Iterable[DerivativeRow]) -> list[Plan]:
    item = source.item
    if kind == COVER:
        of_feed = source.channel.get("image", "")
        url = item.image_url or of_feed
        return [Plan(kind=kind, url=url, of_feed=url == of_feed)] if url else []
    if kind == CHAPTERS:
        url, own = item.chapters_url, item.extras is not None and item.extras.chapters
        return [Plan(kind=kind, url=url, declared=item.chapters_type)] if url or own else []
    return _transcripts(item, rows)


def _transcripts(item: Item, rows: Iterable[DerivativeRow]) -> list[Plan]:
    """Give each transcript the kind it was fetched under; others what is left, in order."""
    urls = {row.kind: row.source_url for row in rows if is_transcript(row.kind)}
    listed = item.transcripts[:MOST_TRANSCRIPTS]
    wanted = {found.url for found in listed}
    taken = {url: kind for kind, url in urls.items() if url in wanted}
    left = sorted(urls.keys() - taken.values(), key=lambda kind: (len(kind), kind))
    free = (kind for kind in transcript_kinds() if kind not in urls)
    kinds_left = chain(left, free)
    return [
        Plan(
            kind=taken.get(found.url) or next(kinds_left),
            url=found.url,
            declared=found.media_type,
            language=found.language,
        )
        for found in listed
    ]
