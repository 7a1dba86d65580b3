"""A show on the podcast host, with media that misbehave as a test wants it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.archive import rows

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Route
from podfetch_tui.model.settings import Settings

SIZE = 20_000


def media_path(name: str, number: int) -> str:
    """Path of the enclosure of episode ``number``."""
    return f"/media/{name}/{number}.mp3"


def body_of(name: str, number: int, size: int = SIZE) -> bytes:
    """The bytes that a host which behaves serves for an episode."""
    return Media(media_path(name, number), size).read(0, size)


def good(name: str, number: int, size: int = SIZE, **more: Any) -> Route:
    """An enclosure that behaves, but for ``more``."""
    options: dict[str, Any] = {"content_type": "audio/mpeg", "etag": f'"{name}-{number}"'}
    options = {"body": Media(media_path(name, number), size), **options, **more}
    return Route(**options)


def show(
    host: PodcastHost,
    name: str,
    media: Mapping[int, Route | Answer] | None = None,
    *,
    count: int = 1,
    address: str = "127.0.0.9",
    url_of: str = "",
    size: int = SIZE,
) -> str:
    """Serve a show of ``count`` episodes; return its URL.

    Args:
        host: Where.
        name: Makes paths, GUIDs and bytes.
        media: Answers by episode number where they are not to behave.
        count: How many episodes.
        address: The host's address.
        url_of: Enclosure URL with ``{n}`` for the number, when it is not the usual one.
        size: Of an enclosure that behaves.
    """
    usual = host.url(f"/media/{name}/{{n}}.mp3", address)
    entries = feeds.items(name, count, url_of or usual, length=size, notes_bytes=60)
    for number in range(1, count + 1):
        answer = (media or {}).get(number) or good(name, number, size)
        host.table.routes[media_path(name, number)] = answer
    body = feeds.rss(f"The {name} show", entries)
    tag = hashlib.sha256(body).hexdigest()[:8]
    host.table.routes[f"/{name}.xml"] = Route(body=body, etag=f'"{tag}"')
    return host.url(f"/{name}.xml", address)


def stored(settings: Settings, row: Mapping[str, Any]) -> bytes:
    """The bytes of an archived episode, which are those its row tells of."""
    assert row["state"] == "archived", row
    data = Path(settings.archive.root, str(row["path"])).read_bytes()
    assert hashlib.sha256(data).hexdigest() == row["sha256"]
    return data


def episodes_of(settings: Settings) -> list[dict[str, Any]]:
    """All episodes, by their number in the feed."""
    found = rows(settings, "episodes")
    return sorted(found, key=lambda row: (row["feed_id"], int(row["guid"].rpartition("-")[2])))


def files_in(settings: Settings) -> list[Path]:
    """Everything beside the marker."""
    root = Path(settings.archive.root)
    return sorted(p for p in root.rglob("*") if p.is_file() and ".podfetch" not in p.parts)
