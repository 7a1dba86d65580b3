"""Generated RSS 2.0 feeds: realistic in size and fields, the same for the same seed.

An item depends on its seed and number only, never on how many others there are, so a feed
that grows keeps its old items to the byte.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

NOTES_BYTES = 1250
"""With the other fields this makes about 2.1 KB an item, as feeds have on average."""
BYTES_PER_S = 16_000
"""Of the audio: 128 kbit/s."""
_WEEK = timedelta(days=7)
_FIRST = datetime(2021, 1, 4, 6, 0, tzinfo=timezone.utc)
_ADJECTIVES = (
    "copper", "late", "quiet", "northern", "hidden", "salted", "paper", "second", "slow",
    "hollow", "winter", "common", "lost", "borrowed", "electric", "distant", "plain", "crooked",
    "golden", "early", "wooden", "open", "patient", "narrow",
)  # fmt: skip
_NOUNS = (
    "river", "night", "radio", "garden", "signal", "harbour", "letter", "engine", "market",
    "bridge", "summer", "archive", "morning", "mountain", "station", "island", "window",
    "memory", "thunder", "lantern", "orchard", "kitchen", "library", "railway", "telescope",
    "weather", "border", "forest", "museum", "theatre",
)  # fmt: skip
_VERBS = (
    "remembers", "meets", "explains", "loses", "finds", "measures", "repairs", "describes",
    "visits", "follows", "builds", "translates", "doubts", "carries", "answers", "paints",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedItem:
    """One item to be written."""

    guid: str
    """Empty: the item has none."""
    title: str
    url: str
    length: int
    published: datetime
    notes: str = ""
    """HTML; must not hold ``]]>``."""
    media_type: str = "audio/mpeg"
    number: int = 0


def words(rng: random.Random, count: int) -> str:
    """Return a title of ``count`` words, and one less where that would be 2 of a kind."""
    pools = (_ADJECTIVES, _NOUNS, _VERBS, _ADJECTIVES, _NOUNS)
    return " ".join(rng.choice(pools[at % 5]) for at in range(count)).capitalize()


def item(
    seed: str,
    number: int,
    url_of: str,
    *,
    length: int,
    notes_bytes: int = NOTES_BYTES,
    first: datetime = _FIRST,
    every: timedelta = _WEEK,
) -> GeneratedItem:
    """Return item ``number`` (from 1) of a feed.

    Args:
        seed: Makes title, GUID and notes.
        number: Which one; it is in the title and the GUID.
        url_of: Enclosure URL with ``{n}`` for the number.
        length: Declared length in bytes.
        notes_bytes: Size of the show notes.
        first: When item 1 was published.
        every: Time between items.
    """
    rng = random.Random(f"{seed}\0{number}")
    return GeneratedItem(
        guid=f"{seed}-{number}",
        title=f"{number}. {words(rng, 4)}",
        url=url_of.format(n=number),
        length=length,
        published=first + (number - 1) * every,
        notes=_notes(rng, notes_bytes),
        number=number,
    )


def items(
    seed: str,
    count: int,
    url_of: str,
    *,
    length: int,
    notes_bytes: int = NOTES_BYTES,
    first: datetime = _FIRST,
    every: timedelta = _WEEK,
) -> list[GeneratedItem]:
    """Return items ``count`` to 1, the newest first, as feeds have them; see :func:`item`."""
    return [
        item(seed, number, url_of, length=length, notes_bytes=notes_bytes, first=first, every=every)
        for number in range(count, 0, -1)
    ]


def without_guids(entries: Sequence[GeneratedItem]) -> list[GeneratedItem]:
    """The publisher forgot the GUIDs."""
    return [replace(entry, guid="") for entry in entries]


def with_one_guid(entries: Sequence[GeneratedItem], guid: str = "1") -> list[GeneratedItem]:
    """The publisher gave all items the same GUID."""
    return [replace(entry, guid=guid) for entry in entries]


def with_new_guids(entries: Sequence[GeneratedItem], prefix: str) -> list[GeneratedItem]:
    """The show moved to another host, which made GUIDs of its own."""
    return [replace(entry, guid=f"{prefix}{entry.guid}") for entry in entries]


def with_new_urls(entries: Sequence[GeneratedItem], url_of: str) -> list[GeneratedItem]:
    """The files moved; ``url_of`` has ``{n}`` for the number."""
    return [replace(entry, url=url_of.format(n=entry.number)) for entry in entries]


def with_titles(entries: Sequence[GeneratedItem], titles: Sequence[str]) -> list[GeneratedItem]:
    """The first items have these titles."""
    titled = [replace(entry, title=title) for entry, title in zip(entries, titles, strict=False)]
    return [*titled, *entries[len(titled) :]]


def rss(title: str, entries: Sequence[GeneratedItem], *, link: str = "", extra: str = "") -> bytes:
    """Return an RSS 2.0 document.

    Text is escaped, but control characters stay as they are, so that a title with one makes
    the document malformed, as it does for publishers.

    Args:
        title: Title of the show.
        entries: Its items, in this order.
        link: Its web page.
        extra: Raw XML for the channel.
    """
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n<channel>\n'
        f"<title>{escape(title)}</title>\n<link>{escape(link)}</link>\n"
        f"<description>{escape(title)}, made of arithmetic.</description>\n"
        "<language>en</language>\n<generator>podfetch demo</generator>\n"
        "<itunes:author>PodFetch demo</itunes:author>\n<itunes:type>episodic</itunes:type>\n"
        "<itunes:explicit>false</itunes:explicit>\n"
        f'<itunes:category text="Arts"/>\n{extra}'
    ]
    parts += [_item(entry) for entry in entries]
    parts.append("</channel>\n</rss>\n")
    return "".join(parts).encode("utf-8", "replace")


def _item(entry: GeneratedItem) -> str:
    guid = f'<guid isPermaLink="false">{escape(entry.guid)}</guid>\n' if entry.guid else ""
    title = escape(entry.title)
    seconds = entry.length // BYTES_PER_S
    return (
        f"<item>\n<title>{title}</title>\n<itunes:title>{title}</itunes:title>\n{guid}"
        f"<link>https://shows.example/episodes/{entry.number}</link>\n"
        f"<pubDate>{format_datetime(entry.published)}</pubDate>\n"
        f"<enclosure url={quoteattr(entry.url)} length={quoteattr(str(entry.length))}"
        f" type={quoteattr(entry.media_type)}/>\n"
        f"<description>{escape(entry.notes[:200])}</description>\n"
        f"<content:encoded><![CDATA[{entry.notes}]]></content:encoded>\n"
        f"<itunes:duration>{seconds // 60}:{seconds % 60:02}</itunes:duration>\n"
        f"<itunes:episode>{entry.number}</itunes:episode>\n"
        "<itunes:episodeType>full</itunes:episodeType>\n<itunes:explicit>false</itunes:explicit>\n"
        f'<itunes:image href="https://shows.example/covers/{entry.number}.jpg"/>\n</item>\n'
    )


def _notes(rng: random.Random, size: int) -> str:
    """Paragraphs of sentences with links, as show notes are."""
    parts: list[str] = []
    left = size
    while left > 0:
        sentences = " ".join(f"{words(rng, rng.randint(7, 14))}." for _ in range(3))
        link = (
            f' <a href="https://shows.example/{rng.choice(_NOUNS)}">More</a>' if left > 200 else ""
        )
        parts.append(f"<p>{sentences[:left]}{link}</p>")
        left -= len(parts[-1])
    return "".join(parts)
