"""What the structured elements of a feed say: podcast namespace, Media RSS, iTunes, chapters.

Both parsers hand over the same elements; what is read of them, and how much at most, is
decided here. Whatever a feed repeats is kept as a list, bounded in number and in all.
Payments (``podcast:value``) and live items are no part of an archive and are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

import msgspec

from podfetch_tui.feeds.files import Attributes, is_audio_or_video
from podfetch_tui.feeds.texts import absolute, line
from podfetch_tui.model.document import Transcript
from podfetch_tui.model.extras import Alternate, Chapter, Link, Person, Place, Remark, Source

MOST = 50
"""Elements of one kind that are kept of an item or channel."""
MOST_CHAPTERS = 500
_MOST_SOURCES = 10
_BUDGET = 65_536
"""Characters kept of all of it together."""
_LONGEST_URL = 2_048
_LONGEST_START_S = 30 * 86_400.0
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class StructuredReader:
    """Collects what the elements of one item or channel say, within the budget."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._left = _BUDGET
        self.words: dict[str, str] = {}
        """Fields of ``Extras`` that are one text, and ``season`` and ``number``."""
        self.lists: dict[str, list[msgspec.Struct]] = {}
        """Fields of ``Extras`` that are lists."""
        self.license: Link | None = None
        self.transcripts: dict[str, Transcript] = {}
        """By URL."""
        self.chapters_url = self.chapters_type = ""
        self.groups: list[list[Attributes]] = []
        """The files of each ``media:group``."""
        self.categories: list[str] = []
        self.skip_hours = 0
        """Bit h: not in hour h of the day, UTC."""
        self.skip_days = 0
        """Bit d: not on day d of the week, Monday first."""

    def take(self, slot: str, element: Element) -> None:
        """Read one element; what nobody knows and what is too much is left out."""
        read = _READERS.get(slot)
        if read is not None and self._left > 0:
            read(self, element)

    def content(self, attributes: Attributes, *, beside: set[str]) -> None:
        """Keep a ``media:content`` as an alternate, unless its URL is one of ``beside``."""
        get = attributes.get
        url = self._url(get("url"))
        if not url or url in beside or not is_audio_or_video(attributes):
            return
        beside.add(url)
        rate = _number(get("bitrate"))
        self._add(
            "alternates",
            Alternate(
                sources=(Source(url),),
                media_type=self._kind(get("type")),
                length=_whole(get("fileSize")),
                bit_rate=None if rate is None else rate * 1000,
                height=_whole(get("height")),
                language=self._text(get("lang"), 40),
                is_default=(get("isDefault") or "").lower() == "true",
            ),
        )

    # --- pieces ------------------------------------------------------------------------

    def _text(self, text: str | None, limit: int = 300) -> str:
        clean = line(text, limit) if text else ""
        self._left -= len(clean)
        return clean

    def _url(self, text: str | None) -> str:
        url = absolute(text, self._base) if text else ""
        self._left -= len(url)
        return url if len(url) <= _LONGEST_URL else ""

    def _kind(self, text: str | None) -> str:
        return self._text((text or "").partition(";")[0].lower(), 100)

    def _add(self, name: str, value: msgspec.Struct, most: int = MOST) -> None:
        found = self.lists.setdefault(name, [])
        if len(found) < most:
            found.append(value)

    # --- one element each --------------------------------------------------------------

    def _transcript(self, element: Element) -> None:
        get = element.get
        url = self._url(get("url"))
        if url and url not in self.transcripts and len(self.transcripts) < MOST:
            self.transcripts[url] = Transcript(
                url, self._kind(get("type")), self._text(get("language"), 40),
                self._text(get("rel"), 40),
            )  # fmt: skip

    def _chapters(self, element: Element) -> None:
        url = self._url(element.get("url"))
        if url and not self.chapters_url:
            self.chapters_url, self.chapters_type = url, self._kind(element.get("type"))

    def _simple_chapters(self, element: Element) -> None:
        for child in element:
            start = _start(child.get("start"))
            if _local(child) == "chapter" and start is not None and self._left > 0:
                get = child.get
                chapter = Chapter(
                    start, self._text(get("title")), self._url(get("href")), self._url(get("image"))
                )
                self._add("chapters", chapter, MOST_CHAPTERS)

    def _person(self, element: Element) -> None:
        get = element.get
        name = self._text(element.text, 200)
        if name:
            person = Person(
                name, self._text(get("role"), 100), self._text(get("group"), 100),
                self._url(get("href")), self._url(get("img")),
            )  # fmt: skip
            self._add("persons", person)

    def _credit(self, element: Element) -> None:
        name = self._text(element.text, 200)
        if name:
            self._add("persons", Person(name, self._text(element.get("role"), 100)))

    def _alternate(self, element: Element) -> None:
        get = element.get
        sources = [
            Source(self._url(one.get("uri")), self._kind(one.get("contentType")))
            for one in element
            if _local(one) == "source" and one.get("uri")
        ]
        proofs = [one for one in element if _local(one) == "integrity"]
        sources = [one for one in sources if one.uri][:_MOST_SOURCES]
        if not sources:
            return
        self._add(
            "alternates",
            Alternate(
                sources=tuple(sources),
                media_type=self._kind(get("type")),
                length=_whole(get("length")),
                bit_rate=_number(get("bitrate")),
                height=_whole(get("height")),
                language=self._text(get("lang"), 40),
                title=self._text(get("title")),
                rel=self._text(get("rel"), 100),
                codecs=self._text(get("codecs"), 100),
                is_default=(get("default") or "").lower() == "true",
                integrity_type=self._text(proofs[0].get("type"), 40) if proofs else "",
                integrity=self._text(proofs[0].get("value"), 1000) if proofs else "",
            ),
        )

    def _group(self, element: Element) -> None:
        contents: list[Attributes] = [one.attrib for one in element if _local(one) == "content"]
        self.groups.append(contents[:MOST])
        for child in element:
            if _local(child) == "credit":
                self._credit(child)

    def _funding(self, element: Element) -> None:
        url = self._url(element.get("url"))
        if url:
            self._add("fundings", Link(url, self._text(element.text)))

    def _place(self, element: Element) -> None:
        name = self._text(element.text)
        geo, osm = self._text(element.get("geo"), 200), self._text(element.get("osm"), 200)
        if name or geo or osm:
            self._add("places", Place(name, geo, osm))

    def _licence(self, element: Element) -> None:
        link = Link(self._url(element.get("url")), self._text(element.text))
        if link.url or link.text:
            self.license = self.license or link

    def _remark(self, element: Element) -> None:
        text = self._text(element.text, 4_000)
        if text:
            self._add("remarks", Remark(text, self._text(element.get("purpose"), 100)))

    def _season(self, element: Element) -> None:
        self._note("season", element.text, 40)
        self._note("season_name", element.get("name"), 300)

    def _number(self, element: Element) -> None:
        self._note("number", element.text, 40)
        self._note("number_display", element.get("display"), 300)

    def _owner(self, element: Element) -> None:
        for child in element:
            name = {"name": "owner", "email": "owner_email"}.get(_local(child))
            if name:
                self._note(name, child.text, 200)

    def _category(self, element: Element) -> None:
        name = self._text(element.get("text"), 100)
        parts = [self._text(one.get("text"), 100) for one in element if _local(one) == "category"]
        names = [f"{name}/{part}" for part in parts if part] or [name]
        self.categories += [one for one in names if one][: MOST - len(self.categories)]

    def _hours_of(self, element: Element) -> None:
        for child in element:
            text = (child.text or "").strip()
            if text.isdecimal() and len(text) <= 2 and int(text) <= 24:
                self.skip_hours |= 1 << int(text) % 24

    def _days_of(self, element: Element) -> None:
        for child in element:
            day = (child.text or "").strip().lower()
            if day in _DAYS:
                self.skip_days |= 1 << _DAYS.index(day)

    def _note(self, name: str, text: str | None, limit: int) -> None:
        found = self._text(text, limit)
        if found and name not in self.words:
            self.words[name] = found


def _word(name: str, limit: int = 200) -> Callable[[StructuredReader, Element], None]:
    """How to read an element whose text is one of the words of :class:`Extras`."""
    return lambda reader, element: reader._note(name, element.text, limit)


_READERS: dict[str, Callable[[StructuredReader, Element], None]] = {
    "podcast:transcript": StructuredReader._transcript,
    "podcast:chapters": StructuredReader._chapters,
    "podcast:person": StructuredReader._person,
    "podcast:alternateenclosure": StructuredReader._alternate,
    "podcast:funding": StructuredReader._funding,
    "podcast:location": StructuredReader._place,
    "podcast:license": StructuredReader._licence,
    "podcast:txt": StructuredReader._remark,
    "podcast:season": StructuredReader._season,
    "podcast:episode": StructuredReader._number,
    "podcast:guid": _word("podcast_guid", 100),
    "podcast:medium": _word("medium", 40),
    "podcast:locked": _word("locked", 40),
    "psc:chapters": StructuredReader._simple_chapters,
    "media:group": StructuredReader._group,
    "media:credit": StructuredReader._credit,
    "itunes:owner": StructuredReader._owner,
    "itunes:category": StructuredReader._category,
    "itunes:type": _word("show_type", 40),
    "itunes:explicit": _word("explicit", 40),
    "rss:copyright": _word("copyright", 300),
    "rss:generator": _word("generator"),
    "rss:skiphours": StructuredReader._hours_of,
    "rss:skipdays": StructuredReader._days_of,
}


def _local(element: Element) -> str:
    """The lower-case name without its namespace."""
    return element.tag.rpartition("}")[2].lower()


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) <= 15 else None


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip()[:20])
    except ValueError:
        return None
    return number if 0 < number < 1e12 else None


def _start(text: str | None) -> float | None:
    """Seconds of a chapter's ``start``: ``HH:MM:SS.mmm`` or a part of it."""
    seconds = 0.0
    try:
        for part in (text or "").strip()[:20].split(":"):
            seconds = seconds * 60 + float(part)
    except ValueError:
        return None
    return round(seconds, 3) if 0 <= seconds <= _LONGEST_START_S else None
