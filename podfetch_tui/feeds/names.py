"""Which element of which vocabulary means what: the table behind the fast path.

Vocabularies are told apart by namespace URI, whatever prefix a document binds them to.
As in feedparser, upper and lower case do not matter, a URI nobody knows counts by its
prefix, and Atom elements inside RSS mean what their RSS counterparts mean.
"""

from __future__ import annotations

from collections.abc import Callable

ATOM_NAMESPACE = "{http://www.w3.org/2005/Atom}"
ATOM_FEED = f"{ATOM_NAMESPACE}feed"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"

_PLAIN = ""

_VOCABULARIES = {
    "": _PLAIN,
    "http://www.w3.org/2005/atom": _PLAIN,
    "http://backend.userland.com/rss": _PLAIN,
    "http://backend.userland.com/rss2": _PLAIN,
    "http://blogs.law.harvard.edu/tech/rss": _PLAIN,
    "http://purl.org/rss/1.0/": _PLAIN,
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_PREFIXES = frozenset({"itunes", "media", "content", "dc", "dcterms"})

ITEM_SLOTS: dict[tuple[str, str], str] = {
    ("", "item"): "item",
    ("", "guid"): "guid",
    ("", "id"): "guid",
    ("", "title"): "title",
    ("dc", "title"): "title",
    ("media", "title"): "media_title",
    ("itunes", "title"): "itunes_title",
    ("", "link"): "link",
    ("", "enclosure"): "enclosure",
    ("media", "content"): "media",
    ("", "pubdate"): "published",
    ("", "published"): "published",
    ("", "issued"): "published",
    ("dcterms", "issued"): "published",
    ("", "updated"): "updated",
    ("", "modified"): "updated",
    ("dc", "date"): "updated",
    ("dcterms", "modified"): "updated",
    ("", "created"): "created",
    ("dcterms", "created"): "created",
    ("", "author"): "author",
    ("dc", "creator"): "author",
    ("itunes", "author"): "author",
    ("", "description"): "description",
    ("", "summary"): "description",
    ("dc", "description"): "description",
    ("media", "description"): "media_description",
    ("itunes", "summary"): "itunes_summary",
    ("content", "encoded"): "content",
    ("", "content"): "content",
    ("itunes", "duration"): "duration",
    ("itunes", "season"): "season",
    ("itunes", "episode"): "number",
    ("itunes", "episodetype"): "episode_type",
    ("itunes", "explicit"): "explicit",
    ("itunes", "image"): "image",
}
"""What is kept of an item or entry; the values are keys of ``fields.make_item``."""

CHANNEL_SLOTS: dict[tuple[str, str], str] = {
    ("", "item"): "item",
    ("", "entry"): "item",
    ("", "image"): "image",
    ("", "logo"): "logo",
    ("itunes", "image"): "itunes_image",
    ("", "title"): "title",
    ("dc", "title"): "title",
    ("", "link"): "link",
    ("", "description"): "description",
    ("", "subtitle"): "description",
    ("itunes", "summary"): "itunes_summary",
    ("", "language"): "language",
    ("dc", "language"): "language",
    ("", "managingeditor"): "editor",
    ("", "author"): "author",
    ("itunes", "author"): "author",
    ("", "ttl"): "ttl",
    ("itunes", "new-feed-url"): "new_feed_url",
    ("itunes", "complete"): "complete",
}
"""What is kept of a channel; the values are keys of ``fields.make_document``."""

IGNORED = "-"
"""The slot of everything else."""

TEXT_SLOTS = frozenset(ITEM_SLOTS.values()) - {
    *("item", "title", "link", "enclosure", "media", "image")
}
"""Slots of an item of which nothing but the text counts."""


def vocabulary(tag: str, prefix_of: Callable[[str], str]) -> tuple[str, str]:
    """Return vocabulary and lower-case local name of an element.

    Args:
        tag: ElementTree's name, ``{URI}local`` or ``local``.
        prefix_of: Namespace URI → the prefix the document bound to it, empty for the
            default namespace; asked for URIs nobody knows.
    """
    uri, _, local = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
    known = _VOCABULARIES.get(uri.lower())
    if known is None:
        prefix = prefix_of(uri).lower()
        known = prefix if not prefix or prefix in _PREFIXES else "?"
    return known, local.lower()
