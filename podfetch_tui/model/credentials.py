"""What we show to hosts that ask who we are: the entries of the credentials file, as one value.

An entry belongs to origins, or to one feed; it is looked up by where a request goes, so that
no secret can reach another place. Values are never shown: ``repr`` leaves them out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

Origin = tuple[str, str, int]
"""(scheme, host, port), the host in lower case and without brackets (RFC 6454)."""


class Scope(msgspec.Struct, frozen=True):
    """Where an entry is good for."""

    origin: Origin
    feed_url: str = ""
    """The normalised URL of the only feed it is for; empty: for all of the origin."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One section of the credentials file."""

    name: str
    scopes: tuple[Scope, ...]
    user: str = ""
    password: str = ""
    token: str = ""
    """For ``Authorization: Bearer`` (RFC 6750)."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further header fields to send."""
    secret_query: tuple[str, ...] = ()
    """Query keys whose values are never shown, wherever a URL has them."""

    def __repr__(self) -> str:
        return f"Entry({self.name!r})"

    def fields(self) -> dict[str, str]:
        """Return the header fields that carry the secrets."""
        fields = dict(self.headers)
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        elif self.user or self.password:
            pair = f"{self.user}:{self.password}".encode()
            fields["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        return fields

    def secrets(self) -> tuple[str, ...]:
        """Return every text of it that may not be seen."""
        plain = (self.password, self.token, *(value for _, value in self.headers))
        found = {*plain, *(value.rpartition(" ")[2] for value in self.fields().values())}
        return tuple(text for text in found if text)


class Credentials:
    """All entries of one file; immutable, replaced as a whole when the file changes."""

    __slots__ = ("_by_feed", "_by_name", "_by_origin", "entries", "file")

    def __init__(self, entries: Iterable[Entry] = (), *, file: str = "") -> None:
        """Index the entries.

        Args:
            entries: In the order of the file; for one place the first one holds.
            file: Where they come from, for messages.
        """
        self.entries = tuple(entries)
        self.file = file
        self._by_name = {entry.name: entry for entry in self.entries}
        self._by_feed: dict[str, Entry] = {}
        self._by_origin: dict[Origin, Entry] = {}
        for entry in self.entries:
            for scope in entry.scopes:
                if scope.feed_url:
                    self._by_feed.setdefault(scope.feed_url, entry)
                else:
                    self._by_origin.setdefault(scope.origin, entry)

    def __repr__(self) -> str:
        return f"Credentials({self.file!r}, {len(self.entries)} entries)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return (self.entries, self.file) == (other.entries, other.file)

    def __hash__(self) -> int:
        return hash((self.entries, self.file))

    @property
    def secret_query(self) -> frozenset[str]:
        """Every query key that an entry calls secret, in lower case."""
        return frozenset(key.lower() for entry in self.entries for key in entry.secret_query)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret text, as it is and as it stands in a URL."""
        plain = {text for entry in self.entries for text in entry.secrets()}
        return frozenset(plain | {quote(text, safe="") for text in plain})

    def named(self, name: str) -> Entry | None:
        """Return the entry of that name."""
        return self._by_name.get(name)

    def entry_for(self, origin: Origin, *, feed_url: str = "", auth: str = "") -> Entry | None:
        """Return the entry whose secrets a request to ``origin`` may carry.

        Args:
            origin: Where the request goes.
            feed_url: The feed it is made for; an entry for it alone goes first.
            auth: Name of the one entry the feed is to use; no other is looked at.
        """
        if not self.entries:
            return None
        if auth:
            entry = self._by_name.get(auth)
        else:
            entry = self._by_feed.get(without_userinfo(feed_url)) if feed_url else None
            if entry is None or not _covers(entry, origin):
                entry = self._by_origin.get(origin)
        return entry if entry is not None and _covers(entry, origin) else None

    def has_own(self, feed_url: str) -> bool:
        """Return whether an entry is for this feed alone: under another URL it would be lost."""
        return bool(self._by_feed) and without_userinfo(feed_url) in self._by_feed


def without_userinfo(url: str) -> str:
    """Return ``url`` without its user name and password."""
    if "@" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _covers(entry: Entry, origin: Origin) -> bool:
    return any(scope.origin == origin for scope in entry.scopes)
