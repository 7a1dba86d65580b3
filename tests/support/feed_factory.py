"""Feeds for tests, published on a podcast host together with their episodes' audio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from support.media_factory import media_route
from support.podhost import new_address, site_of

from podfetch_tui.demo.feeds import GeneratedItem, items, rss
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Route
from podfetch_tui.demo.stage import etag_of

SIZE = 20_000


def publish(
    host: PodcastHost,
    name: str,
    count: int = 3,
    *,
    address: str | None = None,
    size: int = SIZE,
    media: Mapping[int, Route | Answer] | None = None,
    change: Callable[[list[GeneratedItem]], Sequence[GeneratedItem]] | None = None,
) -> str:
    """Publish a feed with audio for every episode; return its URL.

    Called again with the same name and address, it publishes a new edition.

    Args:
        host: Where.
        name: The show is "The NAME show", the feed ``/NAME.xml``.
        count: How many episodes.
        address: The host; a new one by default.
        size: Bytes of each episode; its seed is its path, ``/media/NAME/NUMBER.mp3``.
        media: Other answers for some episodes, by number.
        change: What the publisher did to the items, see ``demo.feeds``.
    """
    address = address or new_address()
    entries = items(
        name, count, host.url(f"/media/{name}/{{n}}.mp3", address), length=size, notes_bytes=100
    )
    for number in range(1, count + 1):
        path = media_path(name, number)
        host.table.routes[path] = (media or {}).get(number) or media_route(path, size)
    url = host.url(f"/{name}.xml", address)
    body = rss(f"The {name} show", change(entries) if change else entries)
    route = Route(body=body, content_type="application/rss+xml", etag=etag_of(body))
    host.table.by_address[(site_of(url), f"/{name}.xml")] = route
    return url


def media_path(name: str, number: int) -> str:
    """Path of an episode's audio, which is also its seed."""
    return f"/media/{name}/{number}.mp3"


def feed_body(name: str = "test", count: int = 3, *, base: str = "http://127.0.0.1:9") -> bytes:
    """A feed that nobody serves, with enclosures below ``base``."""
    return rss(f"The {name} show", items(name, count, f"{base}/{{n}}.mp3", length=SIZE))
