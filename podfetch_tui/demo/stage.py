"""Where the shows of the demo play: an address each, a feed each, audio for every episode.

What a show is made of follows from its name, so that nothing is kept and every path has an
answer. ``scenario.py`` says which shows there are and what goes wrong with them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.feeds import GeneratedItem
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Request, Route
from podfetch_tui.system.clock import Clock

DOMAIN = "podcasts.example"
SMALLEST, LARGEST = 300_000, 900_000
"""Bytes of an episode."""
SLOWEST, FASTEST = 60_000, 200_000
"""Bytes a second of a show's line: eight downloads last about a minute."""
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Show:
    """One show of the demo."""

    name: str
    base: str
    """``http://…`` without a slash at the end."""
    kind: str
    """Of its audio; see ``demo.audio``."""

    @property
    def url(self) -> str:
        """Where its feed is."""
        return f"{self.base}{self.feed_path}"

    @property
    def feed_path(self) -> str:
        """Path of its feed, which no other show has."""
        return f"/{self.name}/feed.xml"

    def media_path(self, number: int) -> str:
        """Path of an episode's audio, which no other show has."""
        return f"/media/{self.name}/{number}.{self.kind}"


class Stage:
    """Gives shows their addresses and the host its routes.

    Args:
        host: A host that serves.
        clock: When episodes appear, and their dates.
        named: Give every show a name below :data:`DOMAIN`; ``hosts`` says where they are.

    Attributes:
        hosts: Lines in the form of /etc/hosts.
    """

    def __init__(self, host: PodcastHost, clock: Clock, *, named: bool = False) -> None:
        self.host = host
        self.hosts: list[str] = []
        self._clock = clock
        self._named = named
        self._begun = clock.monotonic()
        self._opened_at = datetime.fromtimestamp(clock.now_ms() / 1000, timezone.utc)
        self._shows = 0
        host.table.fallback = self._media

    @property
    def elapsed(self) -> float:
        """Seconds since the curtain rose."""
        return self._clock.monotonic() - self._begun

    def show(self, name: str, *, kind: str = "mp3") -> Show:
        """Return a new show on an address of its own."""
        self._shows += 1
        address = self.host.listen(f"127.0.{1 + self._shows // 250}.{self._shows % 250 + 1}")
        site = address
        if self._named:
            site = f"{name}.{DOMAIN}"
            self.hosts.append(f"{address} {site}")
        return Show(name, f"http://{site}:{self.host.port}", kind)

    def episodes(self, show: Show, count: int) -> list[GeneratedItem]:
        """Return the episodes ``count`` to 1, a week apart; the newest came a week ago."""
        entries = feeds.items(
            show.name,
            count,
            f"{show.base}{show.media_path(0)}".replace("/0.", "/{n}."),
            length=0,
            first=self._opened_at - count * _WEEK,
            every=_WEEK,
        )
        return [self._measured(show, entry) for entry in entries]

    def fresh(self, show: Show, number: int, after_s: float) -> GeneratedItem:
        """Return an episode that comes out while the demo runs."""
        (entry, *_) = self.episodes(show, number)
        return replace(entry, published=self._opened_at + timedelta(seconds=after_s))

    def play(self, path: str, answer: Route | Answer) -> None:
        """Answer ``path``, on every address."""
        self.host.table.routes[path] = answer

    def publish(self, show: Show, entries: Sequence[GeneratedItem], title: str = "") -> Show:
        """Serve a feed that stays as it is; without a title it has the show's name."""
        self.play(show.feed_path, feed_route(title or title_of(show.name), entries))
        return show

    def publish_growing(
        self, show: Show, title: str, entries_of: Callable[[], Sequence[GeneratedItem]]
    ) -> Show:
        """Serve a feed that is written anew at each request."""
        self.play(show.feed_path, lambda _: feed_route(title, entries_of()))
        return show

    def _measured(self, show: Show, entry: GeneratedItem) -> GeneratedItem:
        media = media_of(show.media_path(entry.number))
        return replace(entry, length=media.size, media_type=media.content_type)

    def _media(self, request: Request) -> Route:
        """Every episode has audio of its own, at the pace of its show's line."""
        if not is_media(request.path):
            return Route(status=404, body=b"not here", content_type="text/plain")
        return media_route(request.path)


def title_of(name: str) -> str:
    """Return a name as a title."""
    return name.replace("-", " ").capitalize()


def feed_route(title: str, entries: Sequence[GeneratedItem]) -> Route:
    """Return a well-behaved route for a feed."""
    body = feeds.rss(title, entries)
    return Route(body=body, content_type="application/rss+xml", etag=etag_of(body), gzip=True)


def is_media(path: str) -> bool:
    """Return whether ``path`` is that of an episode's audio."""
    return path.startswith("/media/") and path.rpartition(".")[2] in ("mp3", "m4a", "opus")


def media_of(path: str) -> Media:
    """Return the audio of a path: the same at each call."""
    rng = random.Random(path)
    size = rng.randrange(SMALLEST, LARGEST)
    title = path.removeprefix("/media/").replace("/", " ")
    return Media(path, size, title=title, kind=path.rpartition(".")[2])


def media_route(path: str) -> Route:
    """Return a well-behaved route for an episode's audio."""
    media = media_of(path)
    rate = random.Random(path.split("/")[2]).randrange(SLOWEST, FASTEST)
    return Route(
        body=media, content_type=media.content_type, etag=etag_of(path.encode()), rate=rate
    )


def etag_of(body: bytes) -> str:
    """Return a strong ETag for a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'
