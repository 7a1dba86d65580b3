"""The scene of ``podfetch demo``: three dozen feeds, most healthy, some not."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from dataclasses import replace

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Request, Route, failing_first, redirect
from podfetch_tui.system.clock import Clock

HEALTHY = 24
EPISODES = 4
MEDIA_BYTES = 900_000
RATE = 400_000
NEW_EPISODE_EVERY_S = 20.0
_HOSTILE = (
    "../../etc/passwd",
    "[@click=app.quit]press me[/]",
    "\x1b]0;owned\x07\x1b[2J red alert",
    "A" * 400,
    "......",
    "مرحبا \u202egpj.exe",
)


def build(host: PodcastHost, clock: Clock) -> str:
    """Give ``host`` its routes; return the feed list as CSV."""
    rows = ["url,title,tags,priority"]
    for number in range(HEALTHY):
        rows.append(_healthy(host, number, clock))
    for name, scene in _SCENES.items():
        address = f"127.0.2.{len(rows)}"
        rows.append(f"{scene(host, name, address)},{name},odd,0")
    host.table.fallback = _media
    return "\n".join(rows) + "\n"


def _healthy(host: PodcastHost, number: int, clock: Clock) -> str:
    """A feed that works; every 24th of a while one of them publishes something new."""
    name = f"healthy-{number:02}"
    address = f"127.0.1.{number + 1}"
    url = host.url(f"/{name}/feed.xml", address)
    begun = clock.monotonic()
    title = f"{feeds.words(_rng(name), 3)}"

    def answer(_: Request) -> Route:
        turns = (clock.monotonic() - begun) / NEW_EPISODE_EVERY_S
        fresh = max(0, math.floor((turns - number) / HEALTHY) + 1) if turns >= 1 + number else 0
        return _feed(host, name, address, title, EPISODES + fresh)

    host.table.routes[f"/{name}/feed.xml"] = answer
    return f"{url},{title},news,{1 if number < 3 else 0}"


def _rng(seed: str) -> random.Random:
    return random.Random(seed)


def _feed(host: PodcastHost, name: str, address: str, title: str, count: int) -> Route:
    entries = feeds.items(
        name, count, host.url(f"/media/{name}/{{n}}.mp3", address), length=MEDIA_BYTES
    )
    return _document(feeds.rss(title, entries))


def _document(body: bytes) -> Route:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Route(body=body, content_type="application/rss+xml", etag=etag)


def _media(request: Request) -> Route:
    """Every ``/media/`` path has audio of its own, at the pace of a slow line."""
    if not request.path.startswith("/media/"):
        return Route(status=404, body=b"not here", content_type="text/plain")
    return Route(
        body=Media(request.path, MEDIA_BYTES, title=request.path),
        content_type="audio/mpeg",
        etag=f'"{hashlib.sha256(request.path.encode()).hexdigest()[:16]}"',
        rate=RATE,
    )


def _simple(host: PodcastHost, name: str, address: str, answer: Route | Answer) -> str:
    host.table.routes[f"/{name}/feed.xml"] = answer
    return host.url(f"/{name}/feed.xml", address)


def _plain(host: PodcastHost, name: str, address: str) -> Route:
    return _feed(host, name, address, name.replace("-", " ").capitalize(), EPISODES)


def _dripping(host: PodcastHost, name: str, address: str) -> str:
    return _simple(host, name, address, replace(_plain(host, name, address), drip=(200, 0.2)))


def _broken_xml(host: PodcastHost, name: str, address: str) -> str:
    body = _plain(host, name, address).body
    text = body if isinstance(body, bytes) else b""
    return _simple(host, name, address, _document(text.replace(b"</title>", b" & more</title>", 2)))


def _web_page(host: PodcastHost, name: str, address: str) -> str:
    page = Route(body=b"<!DOCTYPE html><html><body>Please log in</body></html>")
    return _simple(host, name, address, replace(page, content_type="text/html"))


def _moved(host: PodcastHost, name: str, address: str) -> str:
    host.table.routes[f"/{name}/new.xml"] = _plain(host, name, address)
    return _simple(host, name, address, redirect(f"/{name}/new.xml"))


def _rate_limited(host: PodcastHost, name: str, address: str) -> str:
    wait = Route(status=429, headers=(("Retry-After", "5"),), body=b"slow down")
    return _simple(host, name, address, failing_first(1, wait, _plain(host, name, address)))


def _gone(host: PodcastHost, name: str, address: str) -> str:
    return _simple(host, name, address, Route(status=410, body=b"gone"))


def _lost_episode(host: PodcastHost, name: str, address: str) -> str:
    host.table.routes[f"/media/{name}/1.mp3"] = Route(status=404, body=b"not here")
    return _simple(host, name, address, _plain(host, name, address))


def _cut_episode(host: PodcastHost, name: str, address: str) -> str:
    path = f"/media/{name}/2.mp3"
    whole = Route(body=Media(path, MEDIA_BYTES), content_type="audio/mpeg", etag='"whole"')
    host.table.routes[path] = failing_first(1, replace(whole, reset_at=MEDIA_BYTES // 2), whole)
    return _simple(host, name, address, _plain(host, name, address))


def _login_page(host: PodcastHost, name: str, address: str) -> str:
    host.table.routes[f"/media/{name}/3.mp3"] = Route(
        body=b"<!DOCTYPE html><html><body>Please log in</body></html>", content_type="audio/mpeg"
    )
    return _simple(host, name, address, _plain(host, name, address))


def _same_audio(host: PodcastHost, name: str, address: str) -> str:
    for number in range(1, EPISODES + 1):
        host.table.routes[f"/media/{name}/{number}.mp3"] = Route(
            body=Media(name, MEDIA_BYTES), content_type="audio/mpeg"
        )
    return _simple(host, name, address, _plain(host, name, address))


def _no_guids(host: PodcastHost, name: str, address: str) -> str:
    entries = feeds.items(
        name, EPISODES, host.url(f"/media/{name}/{{n}}.mp3", address), length=MEDIA_BYTES
    )
    bare = [replace(entry, guid="") for entry in entries]
    return _simple(host, name, address, _document(feeds.rss("No GUIDs", bare)))


def _hostile_titles(host: PodcastHost, name: str, address: str) -> str:
    entries = feeds.items(
        name, len(_HOSTILE), host.url(f"/media/{name}/{{n}}.mp3", address), length=MEDIA_BYTES
    )
    titled = [
        replace(entry, title=title.replace("\x1b", "&#27;").replace("\x07", ""))
        for entry, title in zip(entries, _HOSTILE, strict=True)
    ]
    return _simple(host, name, address, _document(feeds.rss("../..", titled)))


_SCENES: dict[str, Callable[[PodcastHost, str, str], str]] = {
    "dripping": _dripping,
    "broken-xml": _broken_xml,
    "web-page": _web_page,
    "moved": _moved,
    "rate-limited": _rate_limited,
    "gone": _gone,
    "lost-episode": _lost_episode,
    "cut-episode": _cut_episode,
    "login-page": _login_page,
    "same-audio": _same_audio,
    "no-guids": _no_guids,
    "hostile-titles": _hostile_titles,
}
