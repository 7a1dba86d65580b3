"""The tolerant parser: whatever the fast path does not read, mostly through feedparser.

Runs inside a sandboxed child, because feedparser's time and memory can be made to grow
with the square of a document, and it imports little. feedparser is only ever given a
``BytesIO``: a text or bytes it would try to open as a file or URL first. It is given no
base URL either, or it would complete GUIDs with it, and these would change when the
feed moves.
"""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

import feedparser
from msgspec.structs import replace

from podfetch_tui.feeds.extras import Found
from podfetch_tui.feeds.fields import NO_CHANNEL, NO_ITEM, OLDER_PAGES, make_document, make_item
from podfetch_tui.feeds.files import Attributes
from podfetch_tui.feeds.fragments import cut_out
from podfetch_tui.feeds.refusals import refuse_dangerous, refuse_no_feed
from podfetch_tui.feeds.repair import mend_references, repair
from podfetch_tui.feeds.scan import scan_large
from podfetch_tui.feeds.texts import absolute
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.encoding import decode
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.text import clean

Node = dict[str, Any]
"""What feedparser gives for a feed or an entry."""

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
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
    "subtitle": "subtitle",
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


class _Ready(NamedTuple):
    """A document, looked at and repaired."""

    text: str
    body: bytes
    """What it was made of, as evidence."""
    base: str
    problem: str
    """What is not well-formed about it; empty when nothing is."""
    defects: tuple[str, ...]
    """What had to be forgiven."""


def parse(body: bytes, params: ParseParams) -> FeedDocument:
    """Parse ``body`` with every leniency there is.

    What turns out to be well-formed, because only its size, its encoding or something in
    front of it kept it from the fast path, is read as the fast path reads: that takes a
    thirtieth of feedparser's time.

    Raises:
        Failure: ``EMPTY_BODY``, ``NOT_A_FEED`` (with the head of the body as evidence),
            ``DTD_REFUSED``, or ``BAD_XML`` when nothing usable could be read.
    """
    ready = _prepare(body, params, mend=True)
    if not ready.problem:
        encoded = ready.text.encode("utf-8")
        document = scan_large(encoded, url=ready.base, max_items=params.max_items)
        if document is not None:
            defect = clean("; ".join(ready.defects), 200)
            return replace(document, parser="tolerant", defect=defect)
    return _leniently(ready, params.max_items)


def parse_leniently(body: bytes, params: ParseParams) -> FeedDocument:
    """Parse ``body`` with feedparser, well-formed or not: what the two ways are compared by.

    Raises:
        Failure: As :func:`parse`.
    """
    return _leniently(_prepare(body, params, mend=False), params.max_items)


def _prepare(body: bytes, params: ParseParams, *, mend: bool) -> _Ready:
    text, defects = repair(decode(body, params.content_type))
    refuse_no_feed(text, body)
    problem, first = refuse_dangerous(text, body)
    if problem:
        defects.append(problem)
        mended = mend_references(first) if mend else first
        if mended != first and not refuse_dangerous(mended, body).problem:
            return _Ready(mended, body, _base(params), "", tuple(defects))
    is_whole = first != text  # the first of several documents is well-formed
    return _Ready(first, body, _base(params), "" if is_whole else problem, tuple(defects))


def _base(params: ParseParams) -> str:
    """What relative URLs are resolved against."""
    own = params.content_location
    return (own and absolute(own, params.url)) or params.url


def _leniently(ready: _Ready, max_items: int) -> FeedDocument:
    fragments = cut_out(_without_live_items(ready.text))
    result = _feedparser(fragments.rest, ready.body)
    _refuse_unusable(result, ready.body, ready.problem)
    defects = list(ready.defects)
    entries = result["entries"][:max_items]
    if ready.problem and _is_cut(ready.text):
        entries = entries[:-1]  # half an item may lack its GUID; the next poll has it whole
        defects.append("cut short")
    more: list[Found] = list(fragments.items)
    if len(more) != len(result["entries"]):
        more = [()] * len(entries)  # nobody knows which is whose
    items = [_item(entry, found, ready.base) for entry, found in zip(entries, more, strict=False)]
    return make_document(
        _channel(result["feed"]) | _texts(fragments.channel),
        items,
        _structured(fragments.channel),
        base=ready.base,
        parser="tolerant",
        defect=clean("; ".join(defects), 200),
    )


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


def _item(entry: Node, more: Found, base: str) -> Item:
    found = NO_ITEM | {slot: _text(entry, key) for slot, key in _ITEM_TEXTS.items()} | _texts(more)
    found["content"] = max(
        (_text(one, "value") for one in _nodes(entry, "content")), key=len, default=""
    )
    if not found["explicit"]:
        found["explicit"] = _EXPLICIT.get(dict.get(entry, "itunes_explicit"), "")
    found["image"] = _href(entry)
    thumbnails = _attributes(_nodes(entry, "media_thumbnail"))
    found["thumbnail"] = next((one["url"] for one in thumbnails if one.get("url")), "")
    links = [link for link in _nodes(entry, "links") if link.get("rel") == "enclosure"]
    media = _attributes(_nodes(entry, "media_content"))
    outside = _attributes(_nodes(entry, "content"))
    media += [{"url": one["src"], "type": one.get("type", "")} for one in outside if "src" in one]
    return make_item(
        found, _attributes(links), _ungrouped(media, more), _structured(more), base=base
    )


def _texts(more: Found) -> dict[str, str]:
    """Slots whose text feedparser makes something else of."""
    texts: dict[str, str] = {}
    for slot, element in more:
        if ":" not in slot and element.text:
            before = texts.get(slot, "") if slot == "keywords" else ""
            texts[slot] = f"{before}, {element.text}" if before.strip() else element.text
    return texts


def _structured(more: Found) -> Found:
    return [pair for pair in more if ":" in pair[0]]


def _ungrouped(media: list[Attributes], more: Found) -> list[Attributes]:
    """What is in no ``media:group``: feedparser does not tell."""
    grouped = {
        child.get("url") for slot, element in more if slot == "media:group" for child in element
    }
    return [one for one in media if one.get("url") not in grouped] if grouped else media


def _channel(feed: Node) -> dict[str, str]:
    found = NO_CHANNEL | {slot: _text(feed, key) for slot, key in _CHANNEL_TEXTS.items()}
    found["image"] = _href(feed)
    for link in reversed(_nodes(feed, "links")):
        if link.get("rel") in OLDER_PAGES and link.get("href"):
            found[link["rel"]] = _text(link, "href")
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
