"""Lines of a feed list to feeds: checked, merged by URL, and bad ones told with their reason."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from podfetch_tui.config.columns import COLUMNS, parse_cell
from podfetch_tui.config.list_lines import Line
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean, counted, redact
from podfetch_tui.model.writes import NewFeed
from podfetch_tui.policy.addresses import Network, parse_networks
from podfetch_tui.policy.urls import normalise_url

_HOPELESS = 200
"""So many bad lines with no good one among them: the file is not a feed list."""
_MOST_REJECTED = 100_000
"""A list with more bad lines than that is refused: nobody reads about them."""
_MOST_FOLDERS = 50
_URL = re.compile(r"(?i)https?://[^\s\"'<>]+")
_AUTHORITY = re.compile(r"//\S*@")
_CREDENTIALS = re.compile(r"\S*:\S*@")
_ANYWHERE = parse_networks(("0.0.0.0/0", "::/0"))


class Rejected(msgspec.Struct, frozen=True):
    """One line that was not taken in."""

    line: int
    text: str
    """The URL or the line: cleaned, redacted, cut."""
    reason: str


class FeedList(msgspec.Struct, frozen=True, kw_only=True):
    """One list, read."""

    entries: tuple[NewFeed, ...]
    """Distinct by URL, in the order of their first line."""
    rejected: tuple[Rejected, ...] = ()
    duplicates: tuple[tuple[int, int], ...] = ()
    """(line, line that named the same URL first); what the later line gives, holds."""
    notes: tuple[str, ...] = ()
    """What is worth knowing about the list as a whole."""
    given: tuple[tuple[str, ...], ...] = ()
    """For each entry the columns that some line gave; the others hold defaults."""
    mentioned: tuple[str, ...] = ()
    """URLs that rejected lines hold."""
    unreadable: int = 0
    """Rejected lines of which nobody knows which feed they mean."""
    tail: str = ""
    """The feed of the last line where no end of line follows: it may be cut off."""


class Gathering:
    """Lines taken so far, merged by URL."""

    def __init__(self, name: str, allow: tuple[Network, ...], *, hopeless: int = _HOPELESS) -> None:
        """Begin with nothing.

        Args:
            name: The list's, for messages.
            allow: Private networks whose addresses are taken.
            hopeless: So many bad lines with no good one: the file is not a feed list.
        """
        self._name = name
        self._allow = allow
        self._hopeless = hopeless
        self._found: dict[str, tuple[int, dict[str, object]]] = {}
        self._places: dict[str, int] = {}
        self._rejected: list[Rejected] = []
        self._mentioned: list[str] = []
        self._unreadable = 0
        self._duplicates: list[tuple[int, int]] = []

    def take(self, lines: Iterable[Line]) -> None:
        """Take lines in.

        Raises:
            UsageError: This is no feed list.
        """
        for line in lines:
            try:
                self._take(line)
            except ValueError as error:
                self._reject(line, str(error))

    def _take(self, line: Line) -> None:
        if line.problem:
            raise ValueError(line.problem)
        given = {
            column: parse_cell(column, cell)
            for column, cell in line.cells.items()
            if column in COLUMNS
        }
        own = cast("tuple[str, ...]", given.get("allow_private", ()))
        if "\ufffd" in line.url:
            raise ValueError("not a URL: a character in it cannot be read")
        url = normalise_url(line.url, allow=self._allow + parse_networks(own))
        first = self._found.get(url)
        if line.folders:
            _add_folders(given, line.folders, first[1] if first else {})
        elif "folders" in given:
            tags = cast("tuple[str, ...]", given.get("tags", ()))
            given["folders"] = min(cast(int, given["folders"]), len(tags))
        if first is None:
            self._found[url] = (line.number, given)
            if line.place is not None:
                self._places[url] = line.place
        else:
            self._duplicates.append((line.number, first[0]))
            first[1].update(given)

    def _reject(self, line: Line, reason: str) -> None:
        rejected = Rejected(line.number, _harmless(line.text), reason)
        self._rejected.append(rejected)
        urls = _urls_in(line.url or line.text)
        self._mentioned += urls
        self._unreadable += not urls
        few = self._hopeless if not self._found else _MOST_REJECTED
        if len(self._rejected) >= few:
            first = self._rejected[0]
            what = f"none of the first {few} lines names a feed"
            if self._found:
                what = f"{few} lines cannot be taken"
            raise UsageError(f"{self._name}: line {first.line}: {first.reason}; {what}")

    def finish(self, notes: tuple[str, ...]) -> FeedList:
        """Return the list.

        Raises:
            UsageError: It names no feed at all.
        """
        if not self._found and not any("//" in rejected.text for rejected in self._rejected):
            line = self._rejected[0].line if self._rejected else 1
            raise UsageError(f"{self._name}: line {line}: there is no URL in this list")
        found = self._found
        if len(self._places) == len(found):
            found = {url: found[url] for url in sorted(found, key=self._places.__getitem__)}
        entries = tuple(
            NewFeed(url=url, line=line, **cast("dict[str, Any]", given))
            for url, (line, given) in found.items()
        )
        opened = sum(bool(entry.allow_private) for entry in entries)
        if opened:
            which = counted(opened, "feed")
            notes += (f"{which} may reach private addresses (allow_private in the list)",)
        return FeedList(
            entries=entries,
            rejected=tuple(self._rejected),
            duplicates=tuple(self._duplicates),
            notes=notes,
            given=tuple(
                tuple(name for name in given if name in COLUMNS) for _, given in found.values()
            ),
            mentioned=tuple(self._mentioned),
            unreadable=self._unreadable,
        )


def _add_folders(
    given: dict[str, object], folders: tuple[str, ...], first: dict[str, object]
) -> None:
    """Put the folders before the tags of a line, and those of an earlier line before both."""
    own = cast("tuple[str, ...]", given.get("tags", ()))
    earlier = cast("tuple[str, ...]", first.get("tags", ()))
    tags = tuple(dict.fromkeys((*earlier, *folders, *own)))
    if len(tags) > _MOST_FOLDERS:
        raise ValueError(f"more than {_MOST_FOLDERS} folders and tags")
    given["tags"] = tags
    given["folders"] = first.get("folders", 0) if earlier else len(dict.fromkeys(folders))


def _urls_in(text: str) -> list[str]:
    """Return the URLs that a bad line may mean: what looks like one, and that up to a comma."""
    match = _URL.search(text[:10_000])
    found = []
    for url in dict.fromkeys((match[0], *re.split("[,;]", match[0])[:1])) if match else ():
        with contextlib.suppress(ValueError):
            found.append(normalise_url(url, allow=_ANYWHERE))
    return found


def _harmless(text: str) -> str:
    """Return ``text`` cleaned and cut, without anything that could be userinfo."""
    text = text[:1000]
    if "//" not in text:
        return clean(_CREDENTIALS.sub("***@", text), 120)
    return clean(redact(_AUTHORITY.sub("//***@", text)), 120)
