"""The scene of the demo has something of everything and something new all the time."""

from __future__ import annotations

import csv
import io
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.clock import FakeClock
from support.podhost import get, serve

from podfetch_tui.config.ini import load
from podfetch_tui.config.sources import read_list
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, body_size
from podfetch_tui.demo.run import prepare
from podfetch_tui.demo.scenario import (
    EPISODES,
    HEALTHY,
    NEW_EPISODE_EVERY_S,
    SCENES,
    build,
    set_scene,
)
from podfetch_tui.demo.stage import FASTEST, Stage
from podfetch_tui.net.names import read_hosts

FEEDS = 36


def _rows(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of the feed list by the name of the show."""
    return {row["url"].split("/")[3]: row for row in csv.DictReader(io.StringIO(text))}


def _items(body: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(body).findall("channel/item")


def _enclosures(body: bytes) -> list[tuple[str, int, str]]:
    found = [element.find("enclosure") for element in _items(body)]
    return [
        (each.attrib["url"], int(each.attrib["length"]), each.attrib["type"])
        for each in found
        if each is not None
    ]


def test_the_feed_list_is_three_dozen_real_hosts(tmp_path: Path) -> None:
    with prepare(tmp_path) as prepared:
        listed = read_list(prepared.feeds_csv.read_bytes(), name="feeds.csv")
        hosts = read_hosts(prepared.settings_overrides["network.hosts"])
        assert len(listed.entries) == len(HEALTHY) + len(SCENES) == FEEDS
        assert not listed.rejected
        assert not listed.duplicates
        names = {entry.url.split("/")[2].split(":")[0] for entry in listed.entries}
        assert len(names) == FEEDS
        assert names <= set(hosts)
        assert all(address.startswith("127.0.") for (address,) in hosts.values())
        tags = {tag for entry in listed.entries for tag in entry.tags}
        assert tags == {"healthy", "odd"}


def test_the_program_accepts_the_settings_of_the_demo(tmp_path: Path) -> None:
    with prepare(tmp_path) as prepared:
        overrides = tuple(prepared.settings_overrides.items())
        loaded = load("", file="podfetch.ini", env={}, overrides=overrides)
        assert not loaded.problems
        assert loaded.settings.network.allow_private == ("127.0.0.0/8",)


def test_closing_the_demo_frees_its_port(tmp_path: Path) -> None:
    prepared = prepare(tmp_path)
    port = prepared.host.port
    prepared.close()
    prepared.close()
    with pytest.raises(ConnectionRefusedError):
        get(f"http://127.0.0.1:{port}/")


def test_a_folder_that_is_not_there_leaves_no_host_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        prepare(tmp_path / "missing")


def test_healthy_shows_keep_what_their_feeds_promise() -> None:
    clock = FakeClock()
    with serve() as host:
        rows = _rows(build(host, clock))
        total = 0
        for name, row in rows.items():
            if row["tags"] != "healthy":
                continue
            body = get(row["url"]).body
            enclosures = _enclosures(body)
            assert len(enclosures) == EPISODES
            for url, length, media_type in enclosures:
                head = get(url, method="HEAD")
                assert head.headers["content-length"] == str(length), name
                assert head.headers["content-type"] == media_type
                total += length
        assert 20_000_000 < total < 80_000_000
        assert 20 < total / (8 * FASTEST) < 120, "a person sees bars move for about a minute"


def test_every_twenty_seconds_one_show_has_something_new() -> None:
    clock = FakeClock()
    with serve() as host:
        rows = _rows(build(host, clock))
        urls = [row["url"] for row in rows.values() if row["tags"] == "healthy"]
        before = {url: _guids(host, url) for url in urls}
        for turn in range(2 * len(HEALTHY) + 1):
            clock.advance(NEW_EPISODE_EVERY_S)
            after = {url: _guids(host, url) for url in urls}
            changed = [url for url in urls if after[url] != before[url]]
            assert changed == [urls[turn % len(urls)]]
            (url,) = changed
            assert after[url][1:] == before[url], "old items stay, the new one comes first"
            before = after


def test_episodes_are_dated_as_they_come_out_and_never_ahead() -> None:
    clock = FakeClock()
    opened = clock.now_ms() / 1000
    with serve() as host:
        rows = _rows(build(host, clock))
        for name, row in rows.items():
            if row["tags"] == "healthy":
                days = [(opened - date) / 86400 for date in _dates(host, row["url"])]
                assert days == [7 * week for week in range(1, EPISODES + 1)], name
        second = [row["url"] for row in rows.values()][1]
        clock.advance(2 * NEW_EPISODE_EVERY_S)
        assert _dates(host, second)[0] - opened == 2 * NEW_EPISODE_EVERY_S


def _dates(host: PodcastHost, url: str) -> list[float]:
    body = _answer(host, url).body
    assert isinstance(body, bytes)
    texts = [element.findtext("pubDate") or "" for element in _items(body)]
    return [parsedate_to_datetime(text).timestamp() for text in texts]


def _guids(host: PodcastHost, url: str) -> list[str | None]:
    body = _answer(host, url).body
    assert isinstance(body, bytes)
    return [element.findtext("guid") for element in _items(body)]


def test_a_healthy_feed_that_did_not_change_is_304() -> None:
    clock = FakeClock()
    with serve() as host:
        url = next(iter(_rows(build(host, clock)).values()))["url"]
        etag = get(url).headers["etag"]
        assert get(url, If_None_Match=etag).status == 304
        clock.advance(NEW_EPISODE_EVERY_S)
        assert get(url, If_None_Match=etag).status == 200


def test_each_odd_show_is_odd_in_its_own_way() -> None:
    with serve() as host:
        rows = _rows(set_scene(Stage(host, FakeClock())))
        url = {name: row["url"] for name, row in rows.items()}
        assert get(url["login-wall"]).headers["content-type"] == "text/html"
        assert get(url["moved-away"]).status == 301
        assert _items(get(get(url["moved-away"]).headers["location"]).body)
        assert [get(url["rate-limited"]).status for _ in range(2)] == [429, 200]
        assert get(url["out-of-order"]).status == 503
        assert get(url["gone-for-good"]).status == 410
        for name in ("broken-xml", "half-a-feed", "escape-codes"):
            with pytest.raises(ElementTree.ParseError):
                _items(get(url[name]).body)
        assert "<guid" not in get(url["no-guids"]).body.decode()


def test_each_odd_episode_is_odd_in_its_own_way() -> None:
    with serve() as host:
        rows = _rows(set_scene(Stage(host, FakeClock())))

        def episodes(name: str) -> list[tuple[str, int, str]]:
            return sorted(_enclosures(get(rows[name]["url"]).body))

        assert get(episodes("lost-episode")[0][0]).status == 404
        assert b"<html>" in get(episodes("page-for-audio")[2][0]).body
        sizes = {body_size(_answer(host, url).body) for url, _, _ in episodes("same-audio")}
        assert sizes == {episodes("same-audio")[0][1]}
        cut, size, _ = episodes("cut-episode")[1]
        assert _answer(host, cut).reset_at == size // 2
        assert _answer(host, cut, count=1).reset_at is None
        ads, size, _ = episodes("inserted-ads")[0]
        first, second = _answer(host, ads), _answer(host, ads, count=1)
        assert first.reset_at == size // 2
        assert first.etag == second.etag
        assert isinstance(first.body, Media)
        assert isinstance(second.body, Media)
        assert first.body.read(0, size) != second.body.read(0, size)


def _answer(host: PodcastHost, url: str, *, count: int = 0) -> Route:
    return host.table.find(Request("127.0.0.1", "GET", "/" + url.split("/", 3)[3], {}, count))


def test_hostile_titles_are_in_the_feed_as_they_are() -> None:
    with serve() as host:
        rows = _rows(build(host, FakeClock()))
        body = get(rows["hostile-titles"]["url"]).body
        titles = [element.findtext("title") or "" for element in _items(body)]
        assert "../../../etc/passwd" in titles
        assert any("\u202e" in title for title in titles)
        assert max(map(len, titles)) == 400
        assert rows["hostile-titles"]["title"] == ""
        assert b"\x1b[2J" in get(rows["escape-codes"]["url"]).body
