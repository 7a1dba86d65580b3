"""The tolerant parser: whatever the fast path does not read, through feedparser.

Runs inside a sandboxed child, because feedparser's time and memory can be made to grow
with the square of a document, and it imports little. feedparser is only ever given a
``BytesIO``: a text or bytes it would try to open as a file or URL first. It is given no
base URL either, or it would complete GUIDs with it, and these would change when the
feed moves.
"""

from __future__ import annotations

import io
import re
from typing import Any

import feedparser

from podfetch_tui.feeds.encoding import decode
from podfetch_tui.feeds.fields import (
    NO_CHANNEL,
    NO_ITEM,
    Attributes,
    absolute,
    make_document,
    make_item,
)
from podfetch_tui.feeds.refusals import refuse_dangerous, refuse_no_feed
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.text import clean

Node = dict[str, Any]
"""What feedparser gives for a feed or an entry."""

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_DECLARATION = re.compile(r"\A<\?xml\s[^>]*>")
_LIVE = re.compile(r"(?i)<([a-z_][\w.-]*):liveitem(?=[\s/>])")
_ITEM = re.compile(r"(?i)<item[\s>]")
_TAG_END = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*>""")

_BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError)
"""What feedparser is known to fall over with."""

_EXPLICIT: dict[object, str] = {True: "yes", False: "no"}
_ITEM_TEXTS = {
    "guid": "id",
    "title": "title",
    "itunes_title": "itunes_title",
    "link": "link",
    "published": "published",
    "updated": "updated",
    "created": "created",
    "author": "author",
    "duration": "itunes_duration",
    "season": "itunes_season",
    "number": "itunes_episode",
    "episode_type": "itunes_episodetype",
    "description": "summary",
}
_CHANNEL_TEXTS = {
    "title": "title",
    "link": "link",
    "author": "author",
    "language": "language",
    "description": "subtitle",
    "itunes_summary": "summary",
    "ttl": "ttl",
    "new_feed_url": "itunes_new-feed-url",
    "complete": "itunes_complete",
    "logo": "logo",
}
"""Slot of ``fields`` → key of feedparser."""


def parse(body: bytes, params: ParseParams) -> FeedDocument:
    """Parse ``body`` with every leniency there is.

    Raises:
        Failure: ``EMPTY_BODY``, ``NOT_A_FEED`` (with the head of the body as evidence),
            ``DTD_REFUSED``, or ``BAD_XML`` when nothing usable could be read.
    """
    text, defects = _repair(decode(body, params.content_type))
    refuse_no_feed(text, body)
    problem = refuse_dangerous(text, body)
    if problem:
        defects.append(problem)
    result = _feedparser(_without_live_items(text), body)
    _refuse_unusable(result, body, problem)
    base = params.url
    if params.content_location:
        base = absolute(params.content_location, base) or base
    entries = result["entries"][: params.max_items]
    if problem and _is_cut(text):
        entries = entries[:-1]  # half an item may lack its GUID; the next poll has it whole
        defects.append("cut short")
    items = [_item(entry, base) for entry in entries]
    return make_document(
        _channel(result["feed"]),
        items,
        base=base,
        parser="tolerant",
        defect=clean("; ".join(defects), 200),
    )


def _repair(text: str) -> tuple[str, list[str]]:
    """Take away what stands before the declaration and what XML cannot hold at all."""
    defects = []
    trimmed = text.lstrip("\ufeff \t\r\n\x00")
    if len(trimmed) < len(text) and trimmed.startswith("<?xml"):
        defects.append("blanks before the XML declaration")
    if _ILLEGAL.search(trimmed):
        trimmed = _ILLEGAL.sub("", trimmed)
        defects.append("control characters")
    repaired = _REFERENCE.sub(_possible, trimmed)
    if repaired != trimmed:
        trimmed = repaired
        defects.append("references to characters that do not exist")
    # the declaration goes too: it names an encoding that is no longer true
    return _DECLARATION.sub("", trimmed, count=1), defects


def _possible(reference: re.Match[str]) -> str:
    """A character reference, or U+FFFD for one that no character has."""
    digits = reference[1] or reference[2]
    code = int(digits[-8:], 16 if reference[1] else 10) if len(digits.lstrip("0")) <= 7 else 0
    legal = code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000
    return reference[0] if legal else "\ufffd"


def _feedparser(text: str, body: bytes) -> Node:
    try:
        result: Node = feedparser.parse(  # noqa: TID251 - the one place
            io.BytesIO(text.encode("utf-8")),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _BROKEN as error:
        detail = f"the document broke the tolerant parser ({type(error).__name__})"
        raise Failure(Kind.BAD_XML, detail, evidence=body) from error
    except RecursionError as error:
        raise Failure(Kind.BAD_XML, "nested too deep", evidence=body) from error
    return result


def _refuse_unusable(result: Node, body: bytes, problem: str) -> None:
    """Raise when not even one item could be read and it is no plainly empty feed."""
    if result["entries"]:
        return
    if problem:
        raise Failure(Kind.BAD_XML, f"nothing usable: {problem}", evidence=body)
    if not result["version"]:
        raise Failure(Kind.NOT_A_FEED, "an XML document, but no feed", evidence=body)
    if not _text(result["feed"], "title"):
        detail = "a feed without a title and without items"
        raise Failure(Kind.NOT_A_FEED, detail, evidence=body)


def _without_live_items(text: str) -> str:
    """Cut out ``podcast:liveItem``, whose children feedparser takes for the channel's."""
    kept: list[str] = []
    at = 0
    while (start := _LIVE.search(text, at)) is not None:
        tag = _TAG_END.match(text, start.end())
        if tag is None:
            break
        end = tag.end()
        if not tag[0].endswith("/>"):
            closing = re.compile(rf"(?i)</{re.escape(start[1])}:liveitem\s*>").search(text, end)
            if closing is None or _ITEM.search(text, end, closing.start()):
                break  # it never ends, or not where it should: feedparser knows better
            end = closing.end()
        kept.append(text[at : start.start()])
        at = end
    return "".join(kept) + text[at:] if kept else text


def _is_cut(text: str) -> bool:
    """Whether the document ends inside its last item."""
    last = max(text.rfind("<item"), text.rfind("<entry"))
    return last > max(text.rfind("</item"), text.rfind("</entry"), text.rfind("</rss"))


def _item(entry: Node, base: str) -> Item:
    found = NO_ITEM | {slot: _text(entry, key) for slot, key in _ITEM_TEXTS.items()}
    found["content"] = max(
        (_text(one, "value") for one in _nodes(entry, "content")), key=len, default=""
    )
    found["explicit"] = _EXPLICIT.get(dict.get(entry, "itunes_explicit"), "")
    found["image"] = _href(entry)
    links = [link for link in _nodes(entry, "links") if link.get("rel") == "enclosure"]
    media = _nodes(entry, "media_content")
    return make_item(found, _attributes(links), _attributes(media), base=base)


def _channel(feed: Node) -> dict[str, str]:
    found = NO_CHANNEL | {slot: _text(feed, key) for slot, key in _CHANNEL_TEXTS.items()}
    found["image"] = _href(feed)
    found["next"] = next(
        (_text(link, "href") for link in _nodes(feed, "links") if link.get("rel") == "next"), ""
    )
    return found


def _href(node: Node) -> str:
    image = dict.get(node, "image")
    return _text(image, "href") if isinstance(image, dict) else ""


def _text(node: Node, key: str) -> str:
    """A text of feedparser's; it keeps other things under the same keys at times.

    ``dict.get``, because feedparser's own ``get`` answers with other keys.
    """
    value = dict.get(node, key)
    return value if isinstance(value, str) else ""


def _nodes(node: Node, key: str) -> list[Node]:
    value = dict.get(node, key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _attributes(nodes: list[Node]) -> list[Attributes]:
    return [{key: value for key, value in one.items() if isinstance(value, str)} for one in nodes]
