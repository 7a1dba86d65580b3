"""Feed lists on their way into the catalogue: their lines, and what became of them."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.feed import Backlog, FeedState


class NewFeed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a feed list."""

    url: str
    """Normalised URL; the same normalised URL is the same feed."""
    title: str = ""
    """Shown until the feed says its own."""
    own_title: str = ""
    """The operator's name for it, shown always."""
    priority: int | None = None
    """Of this feed alone; without one it follows from the tags."""
    tags: tuple[str, ...] = ()
    """The folders the feed stands in first, outermost first."""
    folders: int = 0
    """How many of the tags are folders."""
    interval: int | None = None
    """Seconds."""
    backlog: Backlog | None = None
    enabled: bool = True
    """Whether an active feed is wanted; else it is paused."""
    state: FeedState | None = None
    """State of a new feed, where ``enabled`` does not say enough."""
    state_reason: str = ""
    """Why it is in ``state``; only with one."""
    user_agent: str = ""
    feed_max: int | None = None
    """Bytes."""
    allow_private: tuple[str, ...] = ()
    """Networks (CIDR) this feed may reach although they are private."""
    auth: str = ""
    """Name of the entry of the credentials file it uses."""
    line: int = 0


class ImportFeeds(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a feed list in; receipt: :class:`Imported`."""

    source: str
    """Name of the list (file name, ``-`` for standard input, ``command``)."""
    feeds: tuple[NewFeed, ...]
    at: int
    paused: bool = False
    """New feeds start paused (state reason ``imported paused``)."""


class ReadList(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a list in that is read again and again; receipt: :class:`ListRead`.

    Lines that say what they said last change nothing. A feed that the list names no more, and
    that nothing else holds, is paused; when that is too much at once, nothing is paused.
    """

    source: str
    """Name of the list: its whole path."""
    feeds: tuple[NewFeed, ...]
    mentioned: tuple[str, ...] = ()
    """Normalised URLs in its bad lines: such a feed is not gone from it."""
    unreadable: int = 0
    """Its bad lines of which nobody knows which feed they mean."""
    tail: str = ""
    """The URL of its last line where no end of line follows: it may be cut off."""
    digest: bytes = b""
    """Of its file and of what decides how it is read: the same digest is the same list."""
    at: int
    paused: bool = False
    """New feeds start paused (state reason ``imported paused``)."""
    accept: bool = False
    """The operator has said that all that is gone from it may be paused."""


class ListFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A list that was read before cannot be read now; nothing else changes."""

    source: str
    problem: str
    """One sentence for people."""
    at: int


class Imported(msgspec.Struct, frozen=True):
    """Receipt of :class:`ImportFeeds`."""

    new: tuple[int, ...]
    """Ids of the feeds that were added."""
    duplicate: int
    """Lines whose feed was there already (their settings were merged)."""
    updated: int = 0
    """Feeds among the duplicate ones that were changed by it."""


class ListRead(msgspec.Struct, frozen=True, kw_only=True):
    """Receipt of :class:`ReadList`."""

    new: tuple[int, ...] = ()
    """Ids of the feeds that were added."""
    duplicate: int = 0
    """Lines whose feed was there already."""
    updated: int = 0
    """Feeds among these that were changed, the resumed ones included."""
    resumed: int = 0
    """Feeds that were paused because no list named them any more, and are active again."""
    removed: int = 0
    """Feeds that were paused because the list names them no more."""
    dropped: int = 0
    """Feeds it names no more that stay as they are: another list or the operator holds them."""
    held: int = 0
    """Feeds that would have been paused, but that was too much at once."""
    of: int = 0
    """How many feeds the list held before."""
    reason: str = ""
    """Why they were held."""
