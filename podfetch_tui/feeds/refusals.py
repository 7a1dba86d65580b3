"""What the tolerant parser will not even hand to feedparser, and why.

A page, a JSON answer or a text is no feed, whatever could be scraped out of it. A
document with entities of its own is refused as a whole: feedparser's loose parser
expands them without the limits expat has. Raises :class:`Failure` with the head of the
body as evidence; must not parse anything for its content.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.parsers import expat

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean

_DEEPEST = 64
_MOST_ATTRIBUTES = 256
_JUNK = expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_OWN_ENTITIES = "a document type with declarations of its own"

FEED_ROOT = re.compile(r"(?i)<(?:[a-z_][\w.-]*:)?(?:rss|feed|rdf|channel)(?=[\s>/])")
_PAGE_ROOTS = frozenset({"html", "head", "body", "script", "meta", "title"})
_DOCTYPE = re.compile(r"""(?i)<!doctype(?:[^>"'\[]|"[^"]*"|'[^']*')*""")
_ENTITY = re.compile(r"(?i)<!entity")
_ELEMENT = re.compile(r"<([A-Za-z_][\w:.-]*)")


def refuse_no_feed(text: str, body: bytes) -> None:
    """Raise when ``text`` is plainly something else.

    Raises:
        Failure: ``EMPTY_BODY`` or ``NOT_A_FEED``.
    """
    if not text.strip():
        raise Failure(Kind.EMPTY_BODY, "the answer has no content")
    if text[:1024].lstrip().startswith(("{", "[")):
        raise Failure(Kind.NOT_A_FEED, "JSON instead of a feed", evidence=body)
    element = _first_element(text)
    if element is None:
        raise Failure(Kind.NOT_A_FEED, "plain text instead of a feed", evidence=body)
    if element[1].lower() in _PAGE_ROOTS:
        raise Failure(Kind.NOT_A_FEED, "a web page instead of a feed", evidence=body)
    if element[1].lower() == "opml":
        raise Failure(Kind.NOT_A_FEED, "an OPML list instead of a feed", evidence=body)
    if FEED_ROOT.search(text, element.start()) is None:
        raise Failure(Kind.NOT_A_FEED, "an XML document, but no feed", evidence=body)


class Checked(NamedTuple):
    """What a first look at a document tells."""

    problem: str
    """What is not well-formed about it; empty when nothing is."""
    text: str
    """The document; the first of several that stand one after the other."""


def refuse_dangerous(text: str, body: bytes) -> Checked:
    """Raise when parsing ``text`` could cost more than it is worth; else look at it.

    Raises:
        Failure: ``DTD_REFUSED``, or ``BAD_XML`` for absurd nesting or attributes.
    """
    _refuse_entities(text, body)
    guard = _Guard(body)
    encoded = text.encode("utf-8")
    try:
        guard.parser.Parse(encoded, True)
    except expat.ExpatError as error:
        first = encoded[: guard.parser.ErrorByteIndex].decode("utf-8", "ignore")
        if error.code == _JUNK and FEED_ROOT.search(first):
            return Checked("something stands behind the document", first)
        return Checked(clean(str(error), 120), text)
    finally:
        guard.release()
    return Checked("", text)


def _first_element(text: str) -> re.Match[str] | None:
    """The first start tag outside comments and instructions, well-formed or not."""
    at = 0
    while (at := text.find("<", at)) >= 0:
        if (element := _ELEMENT.match(text, at)) is not None:
            return element
        ending = (
            "-->" if text.startswith("<!--", at) else "?>" if text[at + 1 : at + 2] == "?" else ""
        )
        at = text.find(ending, at) if ending else at + 1
        if at < 0:
            break
    return None


def _refuse_entities(text: str, body: bytes) -> None:
    """Raise for a document type with declarations of its own, wherever it stands."""
    element = _first_element(text)
    prolog = text if element is None else text[: element.start()]
    if any(
        prolog.startswith("[", doctype.end()) for doctype in _DOCTYPE.finditer(prolog)
    ) or _ENTITY.search(prolog):
        raise Failure(Kind.DTD_REFUSED, _OWN_ENTITIES, evidence=body)


class _Guard:
    """Expat without anybody listening, up to the first error."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._depth = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity

    def release(self) -> None:
        """Let parser and handlers go; they refer to each other."""
        self.parser.StartElementHandler = None
        self.parser.EndElementHandler = None
        self.parser.StartDoctypeDeclHandler = None
        self.parser.EntityDeclHandler = None

    def _start(self, _: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Failure(Kind.BAD_XML, f"more than {_DEEPEST} elements deep", evidence=self._body)
        if len(attributes) > _MOST_ATTRIBUTES:
            detail = f"an element with more than {_MOST_ATTRIBUTES} attributes"
            raise Failure(Kind.BAD_XML, detail, evidence=self._body)

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _doctype(
        self, _name: str, _system: str | None, _public: str | None, has_subset: bool
    ) -> None:
        if has_subset:
            raise Failure(Kind.DTD_REFUSED, _OWN_ENTITIES, evidence=self._body)

    def _entity(self, *_declaration: object) -> None:
        raise Failure(Kind.DTD_REFUSED, _OWN_ENTITIES, evidence=self._body)
