"""The podcast host as a process of its own, with any number of feeds: for benchmarks.

``python -m podfetch_tui.demo.bulk --items 100`` prints one JSON object, ``{"port": …}``, and
serves until its standard input ends. Every path works on every address of 127.0.0.0/8:

    /feed/NAME.xml             a feed of --items episodes; its enclosures are on the same address
    /feed/NAME.xml?items=N     the same with N
    /media/NAME/NUMBER.mp3     --media-bytes of audio, other bytes for each path
    /media/NAME/NUMBER.mp3?bytes=N
    /edition                   from now on every feed has one more episode and another ETag
    /stats                     {"requests": …, "most_connections": …} of the address asked
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from urllib.parse import parse_qs, urlsplit

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route

_NAME = b"@@NAME@@"
_BASE = b"@@BASE@@"
_SLOT = re.compile(_NAME + b"|" + _BASE)


class BulkFeeds:
    """Answers for any number of feeds without keeping one in memory.

    Args:
        items: Episodes of a feed.
        media_bytes: Size of an enclosure.
        edition: Each further edition has other ETags and one more episode in every feed.
        compressed: Feeds are sent as gzip to those who accept it; made anew at each request.
    """

    def __init__(
        self, *, items: int = 100, media_bytes: int = 5_000_000, edition: int = 0,
        compressed: bool = False,
    ) -> None:  # fmt: skip
        self._items = items
        self._media_bytes = media_bytes
        self.edition = edition
        self._compressed = compressed
        self._templates: dict[int, tuple[list[bytes], list[bytes]]] = {}

    def answer(self, request: Request) -> Route:
        """Answer any path; a fallback for the host's table."""
        parts = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/feed/"):
            return self._feed(request, parts.path, int(query.get("items", self._items)))
        if parts.path.startswith("/media/"):
            media = Media(parts.path, int(query.get("bytes", self._media_bytes)))
            return Route(body=media, content_type="audio/mpeg", etag=_etag(parts.path))
        return Route(status=404)

    def _feed(self, request: Request, path: str, count: int) -> Route:
        name = path.removeprefix("/feed/").removesuffix(".xml")
        etag = _etag(f"{path} {count} {self.edition}")
        if request.headers.get("if-none-match") == etag:
            return Route(etag=etag)  # the body will not be sent: do not make it
        base = f"http://{request.headers.get('host', request.address)}/media/{name}"
        body = self.document(name, base, count + self.edition)
        headers: tuple[tuple[str, str], ...] = ()
        if self._compressed and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers = gzip.compress(body, 6, mtime=0), (("Content-Encoding", "gzip"),)
        return Route(
            body=body, content_type="application/rss+xml", etag=etag, headers=headers, ranges=False
        )

    def document(self, name: str, base: str, count: int) -> bytes:
        """Return the feed ``name`` with enclosures below ``base``, in well under a millisecond."""
        fixed, slots = self._template(count)
        values = {_NAME: name.encode(), _BASE: base.encode()}
        parts = [b""] * (len(fixed) + len(slots))
        parts[::2] = fixed
        parts[1::2] = [values[slot] for slot in slots]
        return b"".join(parts)

    def _template(self, count: int) -> tuple[list[bytes], list[bytes]]:
        """Return what all feeds of ``count`` items share, and the slots between."""
        known = self._templates.get(count)
        if known is None:
            name, url_of = _NAME.decode(), _BASE.decode() + "/{n}.mp3"
            entries = feeds.items(name, count, url_of, length=self._media_bytes)
            text = feeds.rss(f"The {name} show", entries)
            known = self._templates[count] = (_SLOT.split(text), _SLOT.findall(text))
        return known


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m podfetch_tui.demo.bulk")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--media-bytes", type=int, default=5_000_000)
    parser.add_argument("--edition", type=int, default=0)
    parser.add_argument("--gzip", action="store_true")
    given = parser.parse_args()
    bulk = BulkFeeds(
        items=given.items,
        media_bytes=given.media_bytes,
        edition=given.edition,
        compressed=given.gzip,
    )
    host = PodcastHost(port=given.port, keep_log=False)

    def answer(request: Request) -> Route:
        if request.path == "/edition":
            bulk.edition += 1
        return _stats(host, request) if request.path == "/stats" else bulk.answer(request)

    host.table.fallback = answer
    with host:
        sys.stdout.write(json.dumps({"port": host.port}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _stats(host: PodcastHost, request: Request) -> Route:
    traffic = host.traffic(request.address)
    stats = {
        "requests": traffic.requests,
        "most_connections": traffic.most_connections,
        "least_spacing_s": traffic.least_spacing,
    }
    return Route(body=json.dumps(stats).encode(), content_type="application/json")


if __name__ == "__main__":
    main()
