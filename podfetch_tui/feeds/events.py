"""What expat reports of one document, gathered into items.

The handlers are closures over local variables and swapped when an item begins and ends:
at some 3,000 calls a document, attributes and a branch for every place would cost half
as much again. Must not decide what a text means: that is ``fields``.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from podfetch_tui.feeds.fields import NO_CHANNEL, NO_ITEM, Attributes, make_document, make_item
from podfetch_tui.feeds.names import (
    CHANNEL_SLOTS,
    IGNORED,
    ITEM_SLOTS,
    SEPARATOR,
    WITHOUT_TEXT,
    vocabulary,
)
from podfetch_tui.model.document import FeedDocument, Item

DEEPEST = 64
"""Elements inside each other."""
_XML_BASE = f"http://www.w3.org/XML/1998/namespace{SEPARATOR}base"
_SECTIONS = {("image", "url"): "image", ("author", "name"): "author"}
"""What is kept two levels below a channel."""
_SECTION_SLOTS = frozenset({"item", "image", "itunes_image"})
_ATOM = f"http://www.w3.org/2005/Atom{SEPARATOR}feed"

_ATOM_LEVEL, _RSS_LEVEL = 2, 3
"""How deep the children of the channel lie."""

_Start = Callable[[str, dict[str, str]], None]
_End = Callable[[str], None]
_Handlers = tuple[_Start | None, _End | None]


class Declined(Exception):
    """The document is well-formed so far, but not what the fast path reads."""


class Events:
    """One document on its way through expat.

    Feed :attr:`parser`, then ask for :meth:`document`; :meth:`release` must be called in
    any case, because parser and handlers refer to each other.
    """

    def __init__(self, url: str, max_items: int) -> None:
        self._url = url
        self._max_items = max_items
        self._items: list[Item] = []
        self._channel = NO_CHANNEL.copy()
        self._prefixes: dict[str, str] = {}
        self._channels = 0
        self._has_base = False
        self._outside: _Handlers = (None, None)
        self._inside: _Handlers = (None, None)
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.buffer_text = True
        self.parser.buffer_size = 65_536
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartElementHandler = self._root

    def release(self) -> None:
        """Let parser and handlers go at once instead of leaving them to the collector."""
        self._outside = self._inside = (None, None)
        self.parser.StartElementHandler = None
        self.parser.EndElementHandler = None
        self.parser.CharacterDataHandler = None
        self.parser.StartNamespaceDeclHandler = None

    def document(self) -> FeedDocument | None:
        """Return the document, or ``None`` when there was nothing of a feed in it."""
        if self._channels != 1 or not (self._items or self._channel["title"].strip()):
            return None
        return make_document(self._channel, self._items, base=self._url, parser="fast")

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._prefixes.setdefault(uri or "", prefix or "")

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        self._check(1, attributes)
        if name == _ATOM:
            self._channels = 1
            self._follow_channel(_ATOM_LEVEL)
        elif vocabulary(name, self._prefixes) == ("", "rss"):
            self._follow_channel(_RSS_LEVEL)
        else:
            raise Declined

    def _follow_channel(self, level: int) -> None:
        """Take the handlers for a channel whose children lie ``level`` deep."""
        parser, channel, prefixes = self.parser, self._channel, self._prefixes
        pieces: list[str] = []
        is_atom = level == _ATOM_LEVEL
        depth = 1
        slot = section = item = ""

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth, slot, section, item
            if name == item and depth == level - 1 and not attributes:
                parser.StartElementHandler, parser.EndElementHandler = self._inside
                return
            depth += 1
            self._check(depth, attributes)
            if depth < level:
                self._count_channel(vocabulary(name, prefixes))
            elif slot:
                raise Declined
            elif depth == level:
                section = CHANNEL_SLOTS.get(vocabulary(name, prefixes), "")
                if section == "item":
                    depth, item = depth - 1, name
                    parser.StartElementHandler, parser.EndElementHandler = self._inside
                else:
                    slot = _channel_slot(section, attributes, channel, is_atom)
            elif depth == level + 1:
                slot = _SECTIONS.get((section, name.rpartition(SEPARATOR)[2]), "")
            parser.CharacterDataHandler = pieces.append if slot else None

        def end(_: str) -> None:
            nonlocal depth, slot
            depth -= 1
            if slot:
                parser.CharacterDataHandler = None
                channel[slot] = _kept(slot, channel[slot], "".join(pieces))
                pieces.clear()
                slot = ""

        self._outside = start, end
        self._inside = self._item_handlers()
        parser.StartElementHandler, parser.EndElementHandler = self._outside

    def _item_handlers(self) -> tuple[_Start, _End]:
        """Handlers for what is inside an item; at its end those of the channel go on."""
        parser, prefixes = self.parser, self._prefixes
        slots: dict[str, str] = {}
        found = NO_ITEM.copy()
        enclosures: list[Attributes] = []
        media: list[Attributes] = []
        pieces: list[str] = []
        append = pieces.append
        slot = ""
        inside = 0  # how deep below the child whose slot it is

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal slot, inside
            if slot:
                inside += 1
                slot = _nested(slot, name, inside)
                pieces.clear()
                return
            try:
                slot = slots[name]
            except KeyError:
                slot = slots[name] = _slot_in_item(vocabulary(name, prefixes))
            if attributes and slot is not IGNORED:
                slot = _item_slot(slot, attributes, found, enclosures, media)
            if slot is not IGNORED:
                parser.CharacterDataHandler = append

        def end(_: str) -> None:
            nonlocal slot, inside, found
            if slot and slot is not IGNORED:
                parser.CharacterDataHandler = None
                text = "".join(pieces)
                pieces.clear()
                if found[slot]:
                    text = _kept(slot, found[slot], text)
                found[slot] = text
                slot = IGNORED if inside else ""
                inside = 0
            elif inside:
                inside -= 1
            elif slot:
                slot = ""
            else:
                self._add(found, enclosures, media)
                found = NO_ITEM.copy()
                enclosures.clear()
                media.clear()
                parser.StartElementHandler, parser.EndElementHandler = self._outside

        return start, end

    def _add(
        self, found: dict[str, str], enclosures: list[Attributes], media: list[Attributes]
    ) -> None:
        guid = found["guid"]
        if self._has_base and guid and ":" not in guid and found["permalink"] != "false":
            raise Declined  # it claims to be a link, and feedparser would complete it
        if len(self._items) < self._max_items:
            self._items.append(make_item(found, enclosures, media, base=self._url))

    def _check(self, depth: int, attributes: dict[str, str]) -> None:
        """Note an ``xml:base``; refuse what is nested too deep."""
        self._has_base = self._has_base or _XML_BASE in attributes
        if depth > DEEPEST:
            raise Declined

    def _count_channel(self, kind: tuple[str, str]) -> None:
        """Take note of an element beside the channel; items there are not RSS 2.0."""
        self._channels += kind == ("", "channel")
        if self._channels > 1 or kind == ("", "item"):
            raise Declined


def _slot_in_item(kind: tuple[str, str]) -> str:
    """The slot of an item's child; an item inside an item is for the tolerant parser."""
    if kind == ("", "item"):
        raise Declined
    return ITEM_SLOTS.get(kind, IGNORED)


def _kept(slot: str, before: str, text: str) -> str:
    """Of two titles the first, of two descriptions the longer, else the last.

    As feedparser does, so that a document gives the same on both ways.
    """
    if slot == "title" and before.strip():
        return before
    return before if slot == "description" and len(before) > len(text) else text


def _nested(slot: str, name: str, inside: int) -> str:
    """The slot inside a child of an item: Atom's ``<author><name>`` is the only text."""
    if slot == "author" and inside == 1:
        return slot if name.rpartition(SEPARATOR)[2] == "name" else IGNORED
    if slot not in WITHOUT_TEXT or inside > DEEPEST:
        raise Declined
    return slot


def _item_slot(
    slot: str,
    attributes: dict[str, str],
    found: dict[str, str],
    enclosures: list[Attributes],
    media: list[Attributes],
) -> str:
    """Use the attributes of an item's child; return the slot of its text."""
    if slot == "enclosure":
        enclosures.append(attributes)
    elif slot == "guid":
        if attributes.get("isPermaLink", "true").lower() != "true":
            found["permalink"] = "false"
        return slot
    elif slot == "image":
        found["image"] = attributes.get("href") or attributes.get("url") or ""
    elif slot == "media":
        media.append(attributes)
    elif slot == "link" and "href" in attributes:
        relation = attributes.get("rel", "alternate").lower()
        if relation == "enclosure":
            enclosures.append(attributes)
        elif relation == "alternate" and _is_html(attributes):
            found["link"] = attributes["href"]
    elif _is_odd(slot, attributes):
        raise Declined
    else:
        return slot
    return IGNORED


def _is_odd(slot: str, attributes: dict[str, str]) -> bool:
    """A title in base64, a link to a file as text: for the tolerant parser."""
    if slot == "title":
        kind = attributes.get("type", "text")
        return "mode" in attributes or kind not in ("text", "html", "text/plain", "text/html")
    return slot == "link" and "rel" in attributes


def _channel_slot(
    slot: str, attributes: dict[str, str], channel: dict[str, str], is_atom: bool
) -> str:
    """Use the attributes of a channel's child; return the slot of its text, or nothing."""
    if slot == "itunes_image":
        channel[slot] = attributes.get("href") or attributes.get("url") or ""
    elif slot == "link" and "href" in attributes:
        relation = attributes.get("rel", "alternate").lower()
        if relation == "next":
            channel["next"] = attributes["href"]
        elif relation == "alternate" and _is_html(attributes):
            channel["link"] = attributes["href"]
        return ""
    elif _is_odd(slot, attributes):
        raise Declined
    return "" if slot in _SECTION_SLOTS or (is_atom and slot == "author") else slot


def _is_html(attributes: dict[str, str]) -> bool:
    return attributes.get("type", "text/html").lower() in ("text/html", "application/xhtml+xml")
