"""The structured elements of a document that may not be well-formed.

feedparser keeps one of several elements of a name, drops their children and falls over
some, so what ``extras`` reads is cut out of the text, element by element, and each piece is
parsed for itself: one broken piece loses only itself. Must not look at anything else.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from podfetch_tui.feeds.names import CHANNEL_SLOTS, ITEM_SLOTS, KNOWN_PREFIXES, vocabulary_of
from podfetch_tui.feeds.refusals import FEED_ROOT
from podfetch_tui.feeds.repair import mend_references

LONGEST = 65_536
"""Characters of one element; longer ones are left out."""
_LONGEST_TAG = 8_192
_MOST_PIECES = 200_000
_MOST_ENDLESS = 200
"""Elements without an end after which nothing more is looked for."""
_WANTED = {
    "item": {pair: slot for pair, slot in ITEM_SLOTS.items() if pair[0] in ("podcast", "psc")}
    | {
        pair: ITEM_SLOTS[pair]
        for pair in (
            *(("media", "group"), ("media", "credit"), ("itunes", "explicit")),
            *(("itunes", "keywords"), ("itunes", "block")),
        )
    },
    "channel": {pair: slot for pair, slot in CHANNEL_SLOTS.items() if ":" in slot}
    | {pair: CHANNEL_SLOTS[pair] for pair in (("itunes", "keywords"), ("itunes", "block"))},
}
_BINDING = re.compile(r"""xmlns:([^\s=]{1,40})\s*=\s*(?:"([^"<]{1,200})"|'([^'<]{1,200})')""")
_TAG_END = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*>""")


class Fragments(NamedTuple):
    """Elements with what they are, in document order."""

    channel: list[tuple[str, Element]]
    items: list[list[tuple[str, Element]]]
    """One list for each item that begins in the text."""
    rest: str
    """The text without what feedparser has no use for."""


def cut_out(text: str) -> Fragments:
    """Return the structured elements of a feed's text, well-formed or not."""
    prefixes = _prefixes(text)
    token = _token(prefixes)
    channel: list[tuple[str, Element]] = []
    items: list[list[tuple[str, Element]]] = []
    rest: list[str] = []
    at = kept = pieces = endless = 0
    inside = False
    while (start := token.search(text, at)) is not None:
        if pieces >= _MOST_PIECES or endless >= _MOST_ENDLESS:
            break
        at = start.end()
        if start[0] in ("<![CDATA[", "<!--"):
            at = text.find("]]>" if start[0] == "<![CDATA[" else "-->", at)
            if at < 0:
                break
            continue
        closing, prefix, local = start[1], start[2], start[3].lower()
        if prefix is None and local in ("item", "entry"):
            inside = not closing
            if inside:
                items.append([])
            continue
        known = prefixes.get((prefix or "").lower(), "")
        slot = _WANTED["item" if inside else "channel"].get((known, local))
        if closing or slot is None:
            continue
        piece = _piece(text, start)
        if piece is None:
            endless += 1
            continue
        pieces += 1
        at = start.start() + len(piece)
        if known in ("podcast", "psc"):
            rest.append(text[kept : start.start()])
            kept = at
        element = _parse(piece, prefixes)
        if element is not None:
            (items[-1] if inside else channel).append((slot, element))
    return Fragments(channel, items, "".join(rest) + text[kept:])


def _prefixes(text: str) -> dict[str, str]:
    """Prefix, lower case → vocabulary; the usual ones mean what they usually mean."""
    found = {"": "", **{prefix: prefix for prefix in KNOWN_PREFIXES}}
    root = FEED_ROOT.search(text)
    head = text[: root.end() + _LONGEST_TAG] if root else ""
    for binding in _BINDING.finditer(head):
        known = vocabulary_of(binding[2] or binding[3])
        if known:
            found[binding[1].lower()] = known
    return found


def _token(prefixes: dict[str, str]) -> re.Pattern[str]:
    """What is looked for: all that begins an item, a wanted element or hides others."""
    names = {local for wanted in _WANTED.values() for _, local in wanted}
    known = "|".join(sorted(map(re.escape, filter(None, prefixes))))
    local = "|".join(sorted(names | {"item", "entry"}))
    return re.compile(rf"<!\[CDATA\[|<!--|<(/?)(?:({known}):)?({local})(?=[\s/>])", re.IGNORECASE)


def _piece(text: str, start: re.Match[str]) -> str | None:
    """The element that begins at ``start``; ``None`` when it does not end near enough."""
    window = text[start.start() : start.start() + LONGEST]
    tag = _TAG_END.match(window, start.end() - start.start(), _LONGEST_TAG)
    if tag is None:
        return None
    if tag[0].endswith("/>"):
        return window[: tag.end()]
    closing = f"</{start[0][1:]}"
    at = window.find(closing, tag.end())
    if at < 0:
        at = window.lower().find(closing.lower(), tag.end())
    end = window.find(">", at) if at >= 0 else -1
    return window[: end + 1] if end >= 0 else None


def _parse(piece: str, prefixes: dict[str, str]) -> Element | None:
    declared = " ".join(f'xmlns:{prefix}="{known}"' for prefix, known in prefixes.items() if prefix)
    for text in (piece, mend_references(piece)):
        try:
            return ElementTree.fromstring(f"<x {declared}>{text}</x>")[0]
        except (ElementTree.ParseError, IndexError, ValueError):
            continue
    return None
