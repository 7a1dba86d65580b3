"""The fast path: well-formed RSS 2.0 and Atom in one pass of expat.

Runs in children of its own that all feeds share (``docs/decisions/0004-parser-children.md``),
so it must stay small in time and memory whatever the bytes are: only bodies that pass
:func:`is_eligible` are looked at, there is no DTD and hence no entity to expand, nothing is
ever fetched, and expat keeps nothing between two documents
(``docs/decisions/0001-fast-path-parser.md``). Whatever is not plainly a feed is left to the
tolerant parser. Must not import feedparser.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from podfetch_tui.feeds.tree import Declined, read_document
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.sandboxed import ParseParams, Scanned

LARGEST_BODY = 2 * 1024 * 1024
"""Bytes; longer bodies are parsed in the sandbox."""
MOST_TAGS = 200_000
MOST_TAGS_IN_SANDBOX = 1_000_000
"""A tree of these takes some 200 MB."""
_MANY_TAGS = 20_000
"""Above this many, what the tree builder is slow at is looked for first: a text in very many
pieces takes it quadratic time, and a long namespace is copied for every name in it."""
_WINDOW = 32_768
"""A text or tag of twice this many bytes fills at least one window and is refused: this
bounds the attributes of an element and what is collected for one field."""

_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]*)["']""")
_ASCII_SUPERSETS = re.compile(rb"(?i)us-ascii|ascii|iso-8859-\d+|latin-?1|windows-125\d")
_LONG_NAMESPACE = re.compile(rb"""xmlns[^=<>]{0,99}=\s*["'][^"'<]{512}""")
_BLANKS = re.compile(rb"[ \t\r\n]*")
_NAME_START = re.compile(rb"<[A-Za-z_]")


def scan(body: bytes, *, url: str, max_items: int) -> FeedDocument | None:
    """Parse ``body``; ``None`` means: not for the fast path, ask the tolerant parser.

    Args:
        body: The document as received.
        url: Where it came from; relative URLs are resolved against it.
        max_items: Items beyond this many are dropped.
    """
    return _read(body, url=url, max_items=max_items) if is_eligible(body) else None


def scan_large(body: bytes, *, url: str, max_items: int) -> FeedDocument | None:
    """Parse a document that is well-formed UTF-8 but too large for :func:`scan`.

    For the sandbox, where time and memory have limits of their own; the caller has made sure
    that no document type declares anything.
    """
    if body.count(b"<") > MOST_TAGS_IN_SANDBOX or not _is_quickly_built(body):
        return None
    return _read(body, url=url, max_items=max_items)


def _read(body: bytes, *, url: str, max_items: int) -> FeedDocument | None:
    parser = ElementTree.XMLParser()
    try:
        parser.feed(body)
        root = parser.close()
        return read_document(root, body, url=url, max_items=max_items)
    except (ElementTree.ParseError, Declined, LookupError, ValueError):
        return None


def scan_feed(body: bytes, params: ParseParams) -> Scanned:
    """Run :func:`scan` as a task of the sandbox."""
    return Scanned(scan(body, url=params.url, max_items=params.max_items))


def is_eligible(body: bytes) -> bool:
    """Return whether the fast path may look at ``body`` (DESIGN: section 8)."""
    if len(body) > LARGEST_BODY or not _has_plain_prolog(body) or _has_long_run(body):
        return False
    tags = body.count(b"<") if len(body) > _MANY_TAGS else 0
    if tags <= _MANY_TAGS:
        return True
    return tags <= MOST_TAGS and _is_quickly_built(body)


def _is_quickly_built(body: bytes) -> bool:
    return body.count(b"<!--") <= _MANY_TAGS and _LONG_NAMESPACE.search(body) is None


def _has_long_run(body: bytes) -> bool:
    """Whether nothing but one text or tag fills a whole window of the body."""
    windows = range(0, len(body) - _WINDOW + 1, _WINDOW)
    return any(body.find(b"<", at, at + _WINDOW) < 0 for at in windows)


def _has_plain_prolog(body: bytes) -> bool:
    """Whether nothing but comments and instructions stands before the first element.

    A document type declaration, and with it every entity, can stand nowhere else.
    """
    at = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    if not _has_fit_encoding(body, at):
        return False
    while True:
        blanks = _BLANKS.match(body, at)
        at = blanks.end() if blanks is not None else at
        if body.startswith(b"<?", at):
            end = body.find(b"?>", at)
        elif body.startswith(b"<!--", at):
            end = body.find(b"-->", at)
        else:
            return _NAME_START.match(body, at) is not None
        if end < 0:
            return False
        at = body.index(b">", end) + 1


def _has_fit_encoding(body: bytes, at: int) -> bool:
    """Whether the bytes are what the declaration at ``at`` says, without decoding them."""
    declared = _ENCODING.match(body, at, at + 256)
    if declared is None or declared[1].lower() == b"utf-8":
        return True  # expat checks UTF-8
    return _ASCII_SUPERSETS.fullmatch(declared[1]) is not None and body.isascii()
