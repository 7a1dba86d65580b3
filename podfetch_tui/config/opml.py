"""Feed lists in OPML (opml.org/spec2.opml) to lines: one pass of expat.

An outline with ``xmlUrl`` is a feed; an outline with outlines in it, and no URL, is a folder:
its name is a tag of all feeds below. Our other columns are attributes of the namespace
:data:`NAMESPACE`. Nothing is fetched, no entity is defined or expanded, depth and attributes
are limited; a document that is not well-formed is refused as a whole, with its line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from podfetch_tui.config.columns import COLUMNS, LONGEST_TAG
from podfetch_tui.config.list_lines import Line
from podfetch_tui.config.opml_text import document_of
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean

NAMESPACE = "urn:podfetch:list:1"
"""Of our own attributes."""
PREFIX = "podfetch"
"""As our own lists write it; read as ours where no other namespace is bound to it."""

ORDER = "order"
"""Our attribute with a feed's place in the list, where folders put it elsewhere."""

_OWN = frozenset(COLUMNS[2:]) - {"folders"} | {ORDER}
_DEEPEST = 100
_MOST_ATTRIBUTES = 500
_FEED_TYPES = frozenset(("rss", "atom", "feed", "pie"))
"""Types of outlines whose ``url`` is a feed's, where ``xmlUrl`` is missing."""


class _Open:
    """An element that is open."""

    __slots__ = (
        "folder",
        "has_children",
        "is_feed",
        "is_outline",
        "line",
        "name",
        "prefix",
        "report",
    )

    def __init__(self, name: str, line: int, prefix: str) -> None:
        self.name = name
        self.line = line
        self.prefix = prefix
        """What our own attributes begin with; empty where it means something else."""
        self.folder = ""
        self.report = ""
        """What is shown of it should it turn out to be neither feed nor folder."""
        self.is_outline = False
        self.is_feed = False
        """It, or one that it is in, is a feed."""
        self.has_children = False


def read_opml(data: bytes, *, name: str, take: Callable[[Line], None]) -> tuple[str, ...]:
    """Hand every feed of an OPML list, and every outline that is none, to ``take``.

    Args:
        data: The whole list.
        name: The list's, for messages.
        take: Gets the lines in the order in which they end; may raise to end the reading.

    Returns:
        What is worth knowing about the list as a whole.

    Raises:
        UsageError: It is not well-formed, not OPML or beyond a limit; names the line. What
            was handed out is void.
    """
    document = document_of(data, name)
    del data
    reader = _Reader(name, document.first_line - 1, take)
    reader.read(document.xml)
    return document.notes + reader.notes()


class _Reader:
    """The handlers of one parse."""

    def __init__(self, name: str, lines_before: int, take: Callable[[Line], None]) -> None:
        self._name = name
        self._before = lines_before
        self._take = take
        self._open: list[_Open] = []
        self._unused: dict[str, None] = {}
        self._commented: int | None = None
        """How many elements were open when a comment began; ``None`` outside of one."""
        self._comments = 0
        parser = expat.ParserCreate("utf-8")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        self._parser = parser

    def read(self, xml: bytes) -> None:
        try:
            self._parser.Parse(xml, True)
        except expat.ExpatError as error:
            text = expat.errors.messages.get(error.code, "not well-formed")
            if text == expat.errors.XML_ERROR_UNCLOSED_TOKEN:
                text = "the file ends within a tag"
            elif text == expat.errors.XML_ERROR_NO_ELEMENTS and self._open:
                inner = self._open[-1]
                text = f"the file ends within <{clean(inner.name, 40)}> of line {inner.line}"
            self._refuse(f"this OPML is not well-formed: {text}", error.lineno + self._before)

    def notes(self) -> tuple[str, ...]:
        notes = []
        if self._unused:
            shown = clean(", ".join(self._unused), 300)
            notes.append(f"attributes that are not used: {shown}")
        if self._comments:
            notes.append(f"outlines left out because they are comments: {self._comments}")
        return tuple(notes)

    def _refuse(self, problem: str, line: int | None = None) -> NoReturn:
        line = self._line() if line is None else line
        raise UsageError(f"{self._name}: line {line}: {problem}")

    def _line(self) -> int:
        return self._before + self._parser.CurrentLineNumber

    # --- what expat calls ----------------------------------------------------------------

    def _doctype(self, *declared: object) -> None:
        has_subset = declared[-1]
        if has_subset:
            self._refuse("a document type with definitions of its own is not read")

    def _entity(self, *_: object) -> None:
        self._refuse("entities are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None and name.lower() != "opml":
            self._refuse(f"this is XML but not OPML: its root is <{clean(name, 40)}>")
        if len(self._open) >= _DEEPEST:
            self._refuse(f"more than {_DEEPEST} elements within one another")
        if len(attributes) > _MOST_ATTRIBUTES:
            self._refuse(f"more than {_MOST_ATTRIBUTES} attributes")
        prefix = _prefix(attributes, parent.prefix if parent else f"{PREFIX}:")
        here = _Open(name, self._line(), prefix)
        self._open.append(here)
        if name.lower() != "outline" or self._commented is not None:
            return
        if parent is not None:
            parent.has_children = True
        here.is_outline = True
        here.is_feed = parent is not None and parent.is_feed
        self._outline(here, attributes)

    def _outline(self, here: _Open, attributes: dict[str, str]) -> None:
        found = {key.lower(): value for key, value in attributes.items() if ":" not in key}
        if found.get("iscomment", "").strip().lower() == "true":
            self._commented = len(self._open)
            self._comments += 1
            return
        title, text = found.get("title", "").strip(), found.get("text", "").strip()
        kind = found.get("type", "").strip().lower()
        url = found.get("xmlurl", "").strip()
        if not url and kind in _FEED_TYPES:
            url = found.get("url", "").strip()
        if url:
            here.is_feed = True
            cells = self._cells(here, attributes)
            order = cells.pop(ORDER, "")
            place = int(order) if order.isdecimal() and len(order) < 10 else None
            if title or text != url:  # a text that is only the URL again is no title
                cells["title"] = title or text
            folders = tuple([one.folder for one in self._open if one.folder])
            self._take(Line(here.line, url, url, cells, "", folders, place))
            return
        title = title or text
        here.folder = "" if here.is_feed else clean(title, LONGEST_TAG)
        here.report = f"{kind or 'outline'} {title or found.get('url', '')}"

    def _cells(self, here: _Open, attributes: dict[str, str]) -> dict[str, str]:
        prefix = here.prefix
        own = {
            key[len(prefix) :].lower(): value.strip()
            for key, value in attributes.items()
            if prefix and key.startswith(prefix)
        }
        self._unused.update((f"{PREFIX}:{key}", None) for key in own if key not in _OWN)
        return {key: value for key, value in own.items() if value and key in _OWN}

    def _end(self, _name: str) -> None:
        here = self._open.pop()
        if self._commented is not None:
            if len(self._open) < self._commented:
                self._commented = None
            return
        if here.is_outline and not here.is_feed and not here.has_children:
            problem = "there is no xmlUrl, and no outline in it"
            self._take(Line(here.line, here.report, "", {}, problem))


def _prefix(attributes: dict[str, str], outer: str) -> str:
    """Return what our attributes begin with here: ``outer`` unless this element rebinds it."""
    prefix = outer
    for key, value in attributes.items():
        if key.startswith("xmlns:"):
            if value == NAMESPACE:
                prefix = f"{key[6:]}:"
            elif f"{key[6:]}:" == prefix:
                prefix = ""
    return prefix
