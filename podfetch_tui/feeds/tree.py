"""The element tree of a well-formed document, gathered into items.

Only the children of the channel and of its items are looked at, one loop each. Must not
decide what a text means: that is ``fields``.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from podfetch_tui.feeds.fields import NO_CHANNEL, NO_ITEM, OLDER_PAGES, make_document, make_item
from podfetch_tui.feeds.files import Attributes
from podfetch_tui.feeds.names import (
    ATOM_FEED,
    ATOM_NAMESPACE,
    CHANNEL_SLOTS,
    IGNORED,
    ITEM_SLOTS,
    TEXT_SLOTS,
    XML_BASE,
    vocabulary,
)
from podfetch_tui.model.document import FeedDocument, Item

DEEPEST = 64
"""Elements inside each other."""

_BINDING = re.compile(rb"""xmlns(?::([^\s=]{1,40}))?\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")


class Declined(Exception):
    """The document is well-formed, but not what the fast path reads."""


def read_document(root: Element, body: bytes, *, url: str, max_items: int) -> FeedDocument:
    """Gather a document from its tree.

    Args:
        root: The tree.
        body: What it was built from, for the prefixes that a tree does not hold.
        url: Relative URLs are resolved against it.
        max_items: Items beyond this many are dropped.

    Raises:
        Declined: It is no plain RSS 2.0 or Atom.
    """
    reader = _Reader(url, body)
    is_atom = root.tag == ATOM_FEED
    channel = root if is_atom else reader.channel(root)
    found = NO_CHANNEL.copy()
    items: list[Item] = []
    more: list[tuple[str, Element]] = []
    reader.note_base(root, channel)
    slots: dict[str, str] = {}
    for child in channel:
        tag = child.tag
        slot = slots.get(tag) or slots.setdefault(tag, reader.slot(tag, CHANNEL_SLOTS))
        if slot == "item":
            if len(items) < max_items:
                items.append(reader.item(child))
        elif ":" in slot:
            more.append((slot, child))
            _check_depth(child)
        elif slot != IGNORED:
            reader.channel_child(child, slot, found, is_atom)
        else:
            _check_depth(child)
    if not items and not found["title"].strip():
        raise Declined
    return make_document(found, items, more, base=url, parser="fast")


class _Reader:
    """What is the same for all elements of one document."""

    def __init__(self, url: str, body: bytes) -> None:
        self._url = url
        self._body = body
        self._prefixes: dict[str, str] | None = None
        self._has_base = False
        self._slots: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def _prefix_of(self, uri: str) -> str:
        """The prefix bound to a URI that nobody knows, empty for the default namespace."""
        if self._prefixes is None:
            self._prefixes = {
                (one or other).decode("utf-8", "replace"): prefix.decode("utf-8", "replace")
                for prefix, one, other in _BINDING.findall(self._body)
            }
        return self._prefixes.get(uri, "?")

    @staticmethod
    def _is_atom(tag: str) -> bool:
        """Whether attributes of titles and links count: in Atom, also inside RSS."""
        return tag.startswith(ATOM_NAMESPACE)

    def slot(self, tag: str, slots: dict[tuple[str, str], str]) -> str:
        """Return what an element is, or ``IGNORED``."""
        return slots.get(vocabulary(tag, self._prefix_of), IGNORED)

    def channel(self, root: Element) -> Element:
        """Return the one channel of an RSS document."""
        if vocabulary(root.tag, self._prefix_of) != ("", "rss"):
            raise Declined
        channels = []
        for child in root:
            kind = vocabulary(child.tag, self._prefix_of)
            if kind == ("", "channel"):
                channels.append(child)
            elif kind == ("", "item"):
                raise Declined
            else:
                _check_depth(child)
        if len(channels) != 1:
            raise Declined
        return channels[0]

    def note_base(self, *elements: Element) -> None:
        """Remember whether one of ``elements`` has an ``xml:base``."""
        self._has_base = self._has_base or any(XML_BASE in one.attrib for one in elements)

    def channel_child(
        self, child: Element, slot: str, found: dict[str, str], is_atom: bool
    ) -> None:
        """Take over one child of the channel that is no item."""
        if slot == "image" or (slot == "author" and is_atom):
            _check_depth(child)
            found[slot] = self._inner(child, "url" if slot == "image" else "name")
        elif slot == "itunes_image":
            found[slot] = _address(slot, child)
        elif slot == "link" and "href" in child.attrib:
            relation = _relation(child)
            if relation == "page":
                found["link"] = child.attrib["href"]
            elif relation in OLDER_PAGES:
                found[relation] = found[relation] or child.attrib["href"]
        else:
            found[slot] = _kept(slot, found[slot], _text(slot, child))

    def item(self, element: Element) -> Item:
        """Gather one item."""
        found = NO_ITEM.copy()
        enclosures: list[Attributes] = []
        media: list[Attributes] = []
        more: list[tuple[str, Element]] = []
        texts = self._texts
        for child in element:
            slot = texts.get(child.tag)
            if slot is not None and not len(child):
                text = child.text
                if text:
                    found[slot] = _kept(slot, found[slot], text) if found[slot] else text
            else:
                self._item_child(child, found, enclosures, media, more)
        if element.attrib:
            self.note_base(element)
        if self._has_base or not found["link"]:
            self._note_permalink(element, found)
        return make_item(found, enclosures, media, more, base=self._url)

    def _item_child(
        self,
        child: Element,
        found: dict[str, str],
        enclosures: list[Attributes],
        media: list[Attributes],
        more: list[tuple[str, Element]],
    ) -> None:
        """A child of an item by its attributes, with children, or met for the first time."""
        slot = self._slots.get(child.tag) or self._learn(child.tag)
        if slot == "enclosure":
            enclosures.append(child.attrib)
        elif ":" in slot:
            more.append((slot, child))
            if slot == "media:group":
                self._media(child, found, [])  # its credits are read with it
        elif slot == "media":
            media.append(child.attrib)
            if len(child):
                self._media(child, found, more)
        elif slot == "content" and "src" in child.attrib:
            media.append({"url": child.attrib["src"], "type": child.get("type", "")})
        elif slot == "link" and "href" in child.attrib:
            self._item_link(child, found, enclosures)
        elif slot in ("image", "thumbnail"):
            found[slot] = (found[slot] if slot == "thumbnail" else "") or _address(slot, child)
        elif slot == "author" and len(child):
            found["author"] = self._inner(child, "name")
        elif slot != IGNORED:
            found[slot] = _kept(slot, found[slot], _text(slot, child))
        if len(child):
            _check_depth(child)

    @staticmethod
    def _item_link(child: Element, found: dict[str, str], enclosures: list[Attributes]) -> None:
        relation = _relation(child)
        if relation == "enclosure":
            enclosures.append(child.attrib)
        elif relation == "page":
            found["link"] = child.attrib["href"]

    def _media(
        self, group: Element, found: dict[str, str], more: list[tuple[str, Element]]
    ) -> None:
        """Take over what a group or content of Media RSS says of the item as a whole."""
        for child in group:
            slot = self.slot(child.tag, ITEM_SLOTS)
            if slot in ("media_title", "media_description"):
                found[slot] = found[slot] or child.text or ""
            elif slot == "media:credit":
                more.append((slot, child))
            elif slot == "thumbnail":
                found[slot] = found[slot] or _address(slot, child)

    def _learn(self, tag: str) -> str:
        """Remember what the children of items are that have this tag."""
        slot = self._slots[tag] = self.slot(tag, ITEM_SLOTS)
        if slot == "item":
            raise Declined  # an item inside an item
        if self._is_atom(tag):
            if slot in TEXT_SLOTS - {"content"}:
                self._texts[tag] = slot
        elif slot in TEXT_SLOTS or slot in ("title", "link"):
            self._texts[tag] = slot
        return slot

    def _note_permalink(self, element: Element, found: dict[str, str]) -> None:
        """Find out whether the GUID is a link; most items have one of their own."""
        for child in element:
            if self._slots.get(child.tag) == "guid":
                is_link = child.get("isPermaLink", "true").lower() == "true"
                found["permalink"] = "" if is_link else "false"
        guid = found["guid"]
        if self._has_base and guid and ":" not in guid and not found["permalink"]:
            raise Declined  # it claims to be a link, and feedparser would complete it

    def _inner(self, element: Element, local: str) -> str:
        """The text of one of an element's own children (Atom's ``<author><name>``)."""
        for child in element:
            if vocabulary(child.tag, self._prefix_of) == ("", local):
                return child.text or ""
        return ""


def _address(slot: str, element: Element) -> str:
    """Where a picture is, whatever way it is said."""
    text = element.text if slot == "thumbnail" else ""
    return element.get("href") or element.get("url") or text or ""


def _text(slot: str, element: Element) -> str:
    """The text of an element that may hold nothing else."""
    if len(element):
        raise Declined
    if slot == "title":
        kind = element.get("type", "text")
        if "mode" in element.attrib or kind not in ("text", "html", "text/plain", "text/html"):
            raise Declined  # a title in base64
    elif slot == "link" and "rel" in element.attrib:
        raise Declined
    return element.text or ""


def _kept(slot: str, before: str, text: str) -> str:
    """Of two titles the first, of two descriptions the longer, all keywords, else the last.

    As feedparser does, so that a document gives the same on both ways.
    """
    if slot == "title" and before.strip():
        return before
    if slot == "keywords" and before.strip():
        return f"{before}, {text}"
    return before if slot == "description" and len(before) > len(text) else text


def _check_depth(element: Element) -> None:
    """Refuse what is nested deeper than any feed has reason to be."""
    level = list(element)
    for _ in range(DEEPEST):
        if not level:
            return
        level = [child for one in level for child in one]
    raise Declined


def _relation(link: Element) -> str:
    """What a link with a ``href`` is: its ``rel``, or ``page`` for the item's own page."""
    relation = link.get("rel", "alternate").lower()
    kind = link.get("type", "text/html").lower()
    is_page = relation == "alternate" and kind in ("text/html", "application/xhtml+xml")
    return "page" if is_page else relation
