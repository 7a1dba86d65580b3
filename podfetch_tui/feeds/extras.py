"""What few feeds say, made into values: extras, transcripts, and files of last resort.

Where an item has no enclosure, another element may name its file; which one is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from podfetch_tui.feeds.files import Attributes, is_audio_or_video, media
from podfetch_tui.feeds.structured import StructuredReader
from podfetch_tui.feeds.texts import line, web_url
from podfetch_tui.model.document import Enclosure, Transcript
from podfetch_tui.model.extras import Alternate, Extras

Found = Sequence[tuple[str, Element]]
"""Elements with what they are, ``vocabulary:name`` in lower case, in document order."""

_EMPTY = Extras()
_WORDS = (
    *("season_name", "number_display", "podcast_guid", "medium", "locked", "show_type"),
    *("explicit", "owner", "owner_email", "copyright", "generator"),
)


class Gathered(NamedTuple):
    """What the structured elements of one item or channel come to."""

    extras: Extras | None = None
    transcripts: tuple[Transcript, ...] = ()
    chapters_url: str = ""
    chapters_type: str = ""
    season: str = ""
    number: str = ""
    files: tuple[Enclosure, ...] = ()
    """To be taken where the item has no enclosure of its own."""
    skip_hours: int = 0
    skip_days: int = 0


def gather(
    found: Found,
    base: str,
    *,
    contents: Sequence[Attributes] = (),
    enclosures: tuple[Enclosure, ...] = (),
    subtitle: str = "",
    keywords: str = "",
    block: str = "",
) -> Gathered:
    """Read the structured elements of one item or channel.

    Args:
        found: The elements.
        base: URL that relative URLs are resolved against.
        contents: Attributes of ``media:content`` outside of groups.
        enclosures: The item's own; their URLs are no alternates.
        subtitle: Raw text, empty when it is not worth keeping.
        keywords: Raw text.
        block: Raw text of ``itunes:block``.
    """
    reader = StructuredReader(base)
    for slot, element in found:
        reader.take(slot, element)
    files = (
        enclosures or media(contents, base) or _of_group(reader, base) or _of_lists(reader, base)
    )
    beside = {one.url for one in files}
    for attributes in (*contents, *(one for group in reader.groups for one in group)):
        reader.content(attributes, beside=beside)
    texts = reader.words
    extras = Extras(
        subtitle=line(subtitle, 300),
        keywords=line(keywords, 500),
        block=_is_blocked(block),
        license=reader.license,
        categories=tuple(dict.fromkeys(reader.categories)),
        **{name: texts[name] for name in _WORDS if name in texts},  # type: ignore[arg-type]
        **{name: tuple(found) for name, found in reader.lists.items()},  # type: ignore[arg-type]
    )
    return Gathered(
        extras=None if extras == _EMPTY else extras,
        transcripts=tuple(reader.transcripts.values()),
        chapters_url=reader.chapters_url,
        chapters_type=reader.chapters_type,
        season=texts.get("season", ""),
        number=texts.get("number", ""),
        files=files,
        skip_hours=reader.skip_hours,
        skip_days=reader.skip_days,
    )


def words(subtitle: str, keywords: str, block: str) -> Extras | None:
    """Return the extras of an item that has no structured elements at all."""
    subtitle = subtitle and line(subtitle, 300)
    keywords = keywords and line(keywords, 500)
    blocked = _is_blocked(block)
    if not subtitle and not keywords and not blocked:
        return None
    return Extras(subtitle=subtitle, keywords=keywords, block=blocked)


def _is_blocked(text: str) -> bool:
    return bool(text) and text.strip().lower() in ("yes", "true", "explicit")


def _of_group(reader: StructuredReader, base: str) -> tuple[Enclosure, ...]:
    """Of the first group with audio or video one file: the default, else the first.

    The members of a group are one thing in several versions.
    """
    for group in reader.groups:
        files = [one for one in group if is_audio_or_video(one)]
        ahead = [one for one in files if one.get("isDefault", "").lower() == "true"]
        taken = media((ahead or files)[:1], base)
        if taken:
            return taken
    return ()


def _of_lists(reader: StructuredReader, base: str) -> tuple[Enclosure, ...]:
    """The first source on the web of the default alternate, else of any."""
    alternates = [one for one in reader.lists.get("alternates", ()) if isinstance(one, Alternate)]
    for one in sorted(alternates, key=lambda one: not one.is_default):
        for source in one.sources:
            url = web_url(source.uri, base)
            if url:
                return (Enclosure(url, one.media_type, one.length),)
    return ()
