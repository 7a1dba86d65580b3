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
    "https://podcastindex.org/namespace/1.0": "podcast",
    "http://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://podlove.org/simple-chapters": "psc",
    "https://podlove.org/simple-chapters": "psc",
}
KNOWN_PREFIXES = frozenset({"itunes", "media", "content", "dc", "dcterms", "podcast", "psc"})

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
    ("itunes", "subtitle"): "subtitle",
    ("itunes", "keywords"): "keywords",
    ("itunes", "block"): "block",
    ("media", "thumbnail"): "thumbnail",
    ("media", "group"): "media:group",
    ("media", "credit"): "media:credit",
    ("podcast", "transcript"): "podcast:transcript",
    ("podcast", "chapters"): "podcast:chapters",
    ("podcast", "season"): "podcast:season",
    ("podcast", "episode"): "podcast:episode",
    ("podcast", "alternateenclosure"): "podcast:alternateenclosure",
    ("podcast", "person"): "podcast:person",
    ("podcast", "funding"): "podcast:funding",
    ("podcast", "location"): "podcast:location",
    ("podcast", "license"): "podcast:license",
    ("podcast", "txt"): "podcast:txt",
    ("psc", "chapters"): "psc:chapters",
}
"""What is kept of an item or entry; the values are keys of ``fields.make_item``, or with a
colon elements for ``extras``."""

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
    ("itunes", "keywords"): "keywords",
    ("itunes", "block"): "block",
    ("itunes", "owner"): "itunes:owner",
    ("itunes", "category"): "itunes:category",
    ("itunes", "type"): "itunes:type",
    ("itunes", "explicit"): "itunes:explicit",
    ("", "copyright"): "rss:copyright",
    ("", "rights"): "rss:copyright",
    ("", "generator"): "rss:generator",
    ("", "skiphours"): "rss:skiphours",
    ("", "skipdays"): "rss:skipdays",
    ("podcast", "guid"): "podcast:guid",
    ("podcast", "medium"): "podcast:medium",
    ("podcast", "locked"): "podcast:locked",
    ("podcast", "person"): "podcast:person",
    ("podcast", "funding"): "podcast:funding",
    ("podcast", "location"): "podcast:location",
    ("podcast", "license"): "podcast:license",
    ("podcast", "txt"): "podcast:txt",
}
"""What is kept of a channel; the values are keys of ``fields.make_document``, or with a
colon elements for ``extras``."""

IGNORED = "-"
"""The slot of everything else."""

TEXT_SLOTS = frozenset(slot for slot in ITEM_SLOTS.values() if ":" not in slot) - {
    *("item", "title", "link", "enclosure", "media", "image", "thumbnail")
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
        known = prefix if not prefix or prefix in KNOWN_PREFIXES else "?"
    return known, local.lower()


def vocabulary_of(uri: str) -> str:
    """Return the vocabulary of a namespace, or an empty text for none of those with prefixes."""
    return _VOCABULARIES.get(uri.lower(), "")
