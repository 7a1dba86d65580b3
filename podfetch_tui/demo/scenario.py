"""The scene of ``podfetch demo``: three dozen shows, most healthy, some not.

Every 20 seconds one of the healthy shows has a new episode, so that a run never falls still.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.feeds import GeneratedItem
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import (
    Request,
    Route,
    failing_first,
    redirect,
    too_many_requests,
    web_page,
)
from podfetch_tui.demo.stage import Show, Stage, feed_route, media_of, media_route, title_of
from podfetch_tui.system.clock import Clock

EPISODES = 3
NEW_EPISODE_EVERY_S = 20.0
HEALTHY = (
    "The Copper Archive", "Night Signals", "Harbour Radio", "A Short History of Tides",
    "Second Kitchen", "Letters from the Border", "The Quiet Museum",
    "Winter Orchard", "Museum of Lost Sounds", "Weather Desk", "The Slow Railway",
    "Telescope Hour", "Market Day", "Thunder and Paper", "Northern Memory",
    "The Patient Gardener", "Island Morning", "Open Window", "Crooked Bridges",
)  # fmt: skip
_KINDS = ("mp3", "mp3", "m4a", "mp3", "opus")
_HOSTILE_TITLES = (
    "../../../etc/passwd",
    "[@click=app.quit]press me[/] [bold red]or me[/]",
    "......",
    "A" * 400,
    "مرحبا \u202egpj.exe\u202c بالعالم",
    "con",
    "e" + "\u0301" * 60,
    "new\nline &amp;#27;[2J &lt;script&gt;",
)
_ESCAPES = ("\x1b[2J\x1b[31mred alert", "\x1b]0;owned\x07 a title", "\x9b1;1H\x00\x08\x08 back")

Scene = Callable[[Stage, str], "Show"]


def build(host: PodcastHost, clock: Clock) -> str:
    """Give ``host`` its routes; return the feed list as CSV."""
    return set_scene(Stage(host, clock))


def set_scene(stage: Stage) -> str:
    """Bring all shows on the stage; return the feed list as CSV."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("url", "title", "tags", "priority"))
    for number, title in enumerate(HEALTHY):
        rows.writerow((_healthy(stage, number).url, title, "healthy", 1 if number < 3 else 0))
    for scene in SCENES:
        name = scene.__name__.strip("_").replace("_", "-")
        # A list's title goes before the feed's own, and the hostile ones are to be seen.
        title = "" if scene is _hostile_titles else title_of(name)
        rows.writerow((scene(stage, name).url, title, "odd", 0))
    return out.getvalue()


def _healthy(stage: Stage, number: int) -> Show:
    title = HEALTHY[number]
    show = stage.show(title.lower().replace(" ", "-"), kind=_KINDS[number % len(_KINDS)])
    old = stage.episodes(show, EPISODES)

    def entries() -> list[GeneratedItem]:
        turns = int(stage.elapsed // NEW_EPISODE_EVERY_S)
        own = range(number, turns, len(HEALTHY))
        fresh = [
            stage.fresh(show, EPISODES + at, (turn + 1) * NEW_EPISODE_EVERY_S)
            for at, turn in enumerate(own, 1)
        ]
        return [*reversed(fresh), *old]

    return stage.publish_growing(show, title, entries)


def _plain(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    return stage.publish(show, stage.episodes(show, EPISODES))


def _slow_server(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    feed = feed_route(title_of(name), stage.episodes(show, EPISODES))
    stage.play(show.feed_path, replace(feed, delay=2.0))
    stage.play(show.media_path(1), replace(media_route(show.media_path(1)), rate=25_000))
    return show


def _dripping_feed(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    feed = feed_route(title_of(name), stage.episodes(show, EPISODES))
    stage.play(show.feed_path, replace(feed, drip=(150, 0.2), gzip=False))
    return show


def _broken_xml(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    body = feeds.rss(title_of(name), stage.episodes(show, EPISODES))
    stage.play(show.feed_path, Route(body=body.replace(b"</title>", b" & more</title>", 2)))
    return show


def _half_a_feed(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    body = feeds.rss(title_of(name), stage.episodes(show, EPISODES))
    stage.play(show.feed_path, Route(body=body[: len(body) // 2]))
    return show


def _login_wall(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    stage.play(show.feed_path, web_page())
    return show


def _moved_away(stage: Stage, name: str) -> Show:
    new = _plain(stage, f"{name}-new-home")
    show = stage.show(name)
    stage.play(show.feed_path, redirect(new.url))
    return show


def _rate_limited(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    good = feed_route(title_of(name), stage.episodes(show, EPISODES))
    stage.play(show.feed_path, failing_first(1, too_many_requests(5), good))
    return show


def _out_of_order(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    stage.play(show.feed_path, Route(status=503, body=b"back in a year"))
    return show


def _gone_for_good(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    stage.play(show.feed_path, Route(status=410, body=b"gone"))
    return show


def _lost_episode(stage: Stage, name: str) -> Show:
    show = _plain(stage, name)
    stage.play(show.media_path(1), Route(status=404, body=b"not here"))
    return show


def _cut_episode(stage: Stage, name: str) -> Show:
    show = _plain(stage, name)
    path = show.media_path(2)
    whole = media_route(path)
    cut = replace(whole, reset_at=media_of(path).size // 2)
    stage.play(path, failing_first(1, cut, whole))
    return show


def _page_for_audio(stage: Stage, name: str) -> Show:
    show = _plain(stage, name)
    stage.play(show.media_path(3), web_page("Your trial has ended", content_type="audio/mpeg"))
    return show


def _same_audio(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    same = media_route(show.media_path(1))
    size = media_of(show.media_path(1)).size
    entries = [replace(entry, length=size) for entry in stage.episodes(show, EPISODES)]
    for number in range(2, EPISODES + 1):
        stage.play(show.media_path(number), same)
    return stage.publish(show, entries)


def _inserted_ads(stage: Stage, name: str) -> Show:
    """Other bytes at each request under one ETag, and a reset that tempts to mix them."""
    show = _plain(stage, name)
    path = show.media_path(1)
    usual = media_route(path)
    size = media_of(path).size

    def answer(request: Request) -> Route:
        body = Media(f"{path} {request.count}", size)
        return replace(usual, body=body, reset_at=size // 2 if request.count == 0 else None)

    stage.play(path, answer)
    return show


def _no_guids(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    return stage.publish(show, feeds.without_guids(stage.episodes(show, EPISODES)))


def _hostile_titles(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    entries = stage.episodes(show, len(_HOSTILE_TITLES))
    return stage.publish(show, feeds.with_titles(entries, _HOSTILE_TITLES), title="../..")


def _escape_codes(stage: Stage, name: str) -> Show:
    show = stage.show(name)
    entries = stage.episodes(show, len(_ESCAPES))
    return stage.publish(show, feeds.with_titles(entries, _ESCAPES))


SCENES: tuple[Scene, ...] = (
    _slow_server,
    _dripping_feed,
    _broken_xml,
    _half_a_feed,
    _login_wall,
    _moved_away,
    _rate_limited,
    _out_of_order,
    _gone_for_good,
    _lost_episode,
    _cut_episode,
    _page_for_audio,
    _same_audio,
    _inserted_ads,
    _no_guids,
    _hostile_titles,
    _escape_codes,
)
