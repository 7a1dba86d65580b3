"""Generated RSS 2.0 feeds: realistic in size, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

_WORDS = (
    "river",
    "night",
    "radio",
    "garden",
    "signal",
    "winter",
    "letter",
    "harbour",
    "engine",
    "market",
    "silence",
    "bridge",
    "copper",
    "summer",
    "archive",
    "morning",
    "mountain",
    "paper",
    "station",
    "island",
    "window",
    "memory",
    "thunder",
    "lantern",
    "orchard",
)
_FIRST = datetime(2026, 11, 1, 6, 0, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedItem:
    """One item to be written."""

    guid: str
    title: str
    url: str
    length: int
    published: datetime
    notes: str = ""
    media_type: str = "audio/mpeg"


def words(rng: random.Random, count: int) -> str:
    """Return a title of ``count`` words."""
    return " ".join(rng.choice(_WORDS) for _ in range(count)).capitalize()


def items(
    seed: str, count: int, url_of: str, *, length: int, notes_bytes: int = 1500
) -> list[GeneratedItem]:
    """Return ``count`` items, the newest first.

    Args:
        seed: Makes titles, GUIDs and notes.
        count: How many.
        url_of: Enclosure URL with ``{n}`` for the number of the episode.
        length: Declared length in bytes.
        notes_bytes: Size of the show notes of each.
    """
    rng = random.Random(seed)
    made = []
    for number in range(count, 0, -1):
        notes = " ".join(words(rng, 8) + "." for _ in range(notes_bytes // 60 + 1))[:notes_bytes]
        made.append(
            GeneratedItem(
                guid=f"{seed}-{number}",
                title=f"{number}. {words(rng, 4)}",
                url=url_of.format(n=number),
                length=length,
                published=_FIRST - timedelta(days=7 * (count - number)),
                notes=f"<p>{notes}</p>",
            )
        )
    return made


def rss(title: str, entries: Sequence[GeneratedItem], *, link: str = "", extra: str = "") -> bytes:
    """Return an RSS 2.0 document; ``extra`` is raw XML for the channel."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n<channel>\n'
        f"<title>{escape(title)}</title>\n<link>{escape(link)}</link>\n"
        f"<language>en</language>\n<itunes:author>PodFetch demo</itunes:author>\n{extra}"
    ]
    parts += [_item(entry) for entry in entries]
    parts.append("</channel>\n</rss>\n")
    return "".join(parts).encode("utf-8", "replace")


def _item(entry: GeneratedItem) -> str:
    guid = f'<guid isPermaLink="false">{escape(entry.guid)}</guid>\n' if entry.guid else ""
    return (
        f"<item>\n<title>{escape(entry.title)}</title>\n{guid}"
        f"<pubDate>{format_datetime(entry.published)}</pubDate>\n"
        f"<enclosure url={quoteattr(entry.url)} length={quoteattr(str(entry.length))}"
        f" type={quoteattr(entry.media_type)}/>\n"
        f"<content:encoded><![CDATA[{entry.notes}]]></content:encoded>\n"
        f"<itunes:duration>{entry.length // 16000}</itunes:duration>\n</item>\n"
    )
