"""From the texts two parsers find to the values both must give.

The fast path and the tolerant parser hand over the same keys with the same raw texts;
everything that is decided about them is decided here, so that the two agree by
construction. Must not know how a document was parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from podfetch_tui.feeds.dates import moment
from podfetch_tui.feeds.extras import Found, Gathered, gather, words
from podfetch_tui.feeds.files import Attributes, enclosures, linked
from podfetch_tui.feeds.texts import WEB, duration, line, trimmed_guid, web_url
from podfetch_tui.model.document import FeedDocument, Item

LONGEST_TEXT = 65_536
"""Bytes kept of a description."""
_LONGEST_TTL_MIN = 30 * 24 * 60
NO_ITEM = dict.fromkeys(
    (
        *("guid", "permalink", "title", "media_title", "itunes_title", "link"),
        *("published", "updated", "created", "author", "duration", "season", "number"),
        *("episode_type", "explicit", "image", "description", "content"),
        *("itunes_summary", "media_description", "enclosure", "media"),
        *("thumbnail", "subtitle", "keywords", "block"),
    ),
    "",
)
"""An item of which nothing was found: copy it and fill in raw texts."""

OLDER_PAGES = ("next", "prev-archive")
"""Relations of links to the page with older items (RFC 5005), the first one first."""

NO_CHANNEL = dict.fromkeys(
    (
        *("title", "link", "author", "editor", "language", "image", "itunes_image", "logo"),
        *("ttl", "new_feed_url", "complete", "description", "content", *OLDER_PAGES),
        *("itunes_summary", "media_description", "keywords", "block"),
    ),
    "",
)
"""A channel of which nothing was found."""

_OTHER_DESCRIPTIONS = ("content", "itunes_summary", "media_description")
_EXPLICIT = {
    "yes": "yes", "true": "yes", "explicit": "yes", "no": "no", "false": "no", "clean": "no"
}  # fmt: skip


def make_item(
    found: dict[str, str],
    own: Sequence[Attributes],
    media: Sequence[Attributes],
    more: Found,
    *,
    base: str,
) -> Item:
    """Make an item of the raw texts of its elements.

    Args:
        found: Raw text of every slot of :data:`NO_ITEM`; ``permalink`` = ``false`` when
            the GUID says that it is no link.
        own: Attributes of the enclosures, in document order.
        media: Attributes of ``media:content`` outside of groups; they count where no
            enclosure does.
        more: The structured elements, in document order.
        base: URL that relative URLs are resolved against.
    """
    title = line(found["title"], 500)
    if not title:
        title = line(found["media_title"], 500) or line(found["itunes_title"], 500)
    guid = trimmed_guid(found["guid"])
    link = found["link"]
    if not link and found["permalink"] != "false" and guid.startswith(WEB):
        link = guid
    published = moment(found["published"])
    if published is None:
        published = moment(found["updated"].strip() or found["created"])
    image, number, season = found["image"] or found["thumbnail"], found["number"], found["season"]
    files, summary, subtitle = enclosures(own, base), _description(found), found["subtitle"]
    item = Item(
        guid=guid,
        title=title,
        link=link and web_url(link, base),
        published=published,
        enclosures=files or linked(link, base),
        duration_s=duration(found["duration"]),
        season=season and _word(season),
        number=number and _word(number),
        episode_type=_word(found["episode_type"]).lower(),
        author=_author(found["author"]),
        summary=summary,
        image_url=image and web_url(image, base),
        explicit=_EXPLICIT.get(found["explicit"]) or _explicit(found["explicit"]),
    )
    if subtitle and subtitle.strip() in summary:
        subtitle = ""
    keywords, block = found["keywords"], found["block"]
    if more or media:
        gathered = gather(
            more,
            base,
            contents=media,
            enclosures=files,
            subtitle=subtitle,
            keywords=keywords,
            block=block,
        )
        return _with_more(item, gathered)
    if subtitle or keywords or (block and block != "no"):
        return replace(item, extras=words(subtitle, keywords, block))
    return item


def _with_more(item: Item, gathered: Gathered) -> Item:
    """Add what only some feeds say."""
    return replace(
        item,
        enclosures=gathered.files or item.enclosures,
        season=item.season or gathered.season,
        number=item.number or gathered.number,
        transcripts=gathered.transcripts,
        chapters_url=gathered.chapters_url,
        chapters_type=gathered.chapters_type,
        extras=gathered.extras,
    )


def make_document(
    found: dict[str, str],
    items: Sequence[Item],
    more: Found,
    *,
    base: str,
    parser: str,
    defect: str = "",
) -> FeedDocument:
    """Make a document of its items and the raw texts of its channel's elements.

    Args:
        found: Raw text of every slot of :data:`NO_CHANNEL`.
        items: The items, in document order.
        more: The channel's structured elements, in document order.
        base: URL that relative URLs are resolved against.
        parser: ``fast`` or ``tolerant``.
        defect: What had to be forgiven.
    """
    gathered = gather(more, base, keywords=found["keywords"], block=found["block"])
    return FeedDocument(
        title=line(found["title"], 500),
        link=web_url(found["link"], base),
        author=line(found["author"] or found["editor"], 200),
        language=line(found["language"], 40),
        summary=_description(found),
        image_url=web_url(found["itunes_image"] or found["image"] or found["logo"], base),
        ttl_s=_ttl(found["ttl"]),
        new_feed_url=web_url(found["new_feed_url"], base),
        next_url=web_url(next(filter(None, map(found.get, OLDER_PAGES)), ""), base),
        complete=found["complete"].strip().lower() in ("yes", "true"),
        skip_hours=gathered.skip_hours,
        skip_days=gathered.skip_days,
        extras=gathered.extras,
        items=tuple(items),
        parser=parser,
        defect=defect,
    )


def _word(text: str) -> str:
    """A number or keyword as one short clean line."""
    return text if text.isalnum() and len(text) <= 40 else text and line(text, 40)


def _author(text: str) -> str:
    """An author as one clean line; mostly the same for all items of a feed."""
    return _short_author(text) if len(text) <= 100 else line(text, 200)


@lru_cache(maxsize=2048)
def _short_author(text: str) -> str:
    return line(text, 200)


def _description(found: dict[str, str]) -> str:
    """The longest of the texts that describe it, at most :data:`LONGEST_TEXT` bytes."""
    text = found["description"]
    for slot in _OTHER_DESCRIPTIONS:
        if found[slot] and len(found[slot]) > len(text):
            text = found[slot]
    text = text.strip()
    if len(text) <= LONGEST_TEXT // 4:
        return text
    return text.encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")


def _explicit(text: str) -> str:
    return _EXPLICIT.get(text.strip().lower(), "") if text else ""


def _ttl(text: str) -> int | None:
    text = text.strip()
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        return None
    minutes = int(text)
    return minutes * 60 if 0 < minutes <= _LONGEST_TTL_MIN else None
