"""What stands in feeds, each seen in the wild: numbers 15 to 30 of the list of pathologies."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.feed_factory import media_path, publish
from support.media_factory import media_route
from support.podhost import new_address, serve, site_of
from support.polling import DAY_S, HOUR_S, Poller, poller

from podfetch_tui.demo import feeds as generated
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.tolerant import parse
from podfetch_tui.model.document import Enclosure, FeedDocument, Item
from podfetch_tui.model.feed import Backlog, BacklogKind, Sighting
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
DATE = "Mon, 01 Jan 2024 06:00:00 GMT"
MOMENT = 1_704_088_800_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with serve() as serving:
        yield serving


@pytest.fixture
def polls(tmp_path: Path) -> Iterator[Poller]:
    with poller(tmp_path / "archive") as made:
        yield made


def rss(items: str, *, head: str = '<?xml version="1.0"?>', channel: str = "") -> str:
    namespaces = f'{ITUNES} xmlns:media="http://search.yahoo.com/mrss/"'
    return (
        f'{head}<rss version="2.0" {namespaces}><channel><title>Show</title>{channel}{items}'
        "</channel></rss>"
    )


def item(
    guid: str = "a", title: str = "One", url: str = "http://127.0.0.1:9/a.mp3", more: str = ""
) -> str:
    enclosure = f'<enclosure url="{url}" type="audio/mpeg" length="9999"/>' if url else ""
    given = f"<guid>{guid}</guid>" if guid != "-" else ""
    return f"<item>{given}<title>{title}</title>{enclosure}{more}</item>"


def dated(day: int) -> str:
    return f"<pubDate>{DATE.replace('01 Jan', f'{day + 1:02} Jan')}</pubDate>"


def read(body: str | bytes, content_type: str = "") -> FeedDocument:
    """As a poll does, with the tolerant parser in this process."""
    data = body.encode() if isinstance(body, str) else body
    params = ParseParams(url=URL, content_type=content_type)
    return scan(data, url=URL, max_items=999) or parse(data, params)


def only(body: str | bytes, content_type: str = "") -> Item:
    (found,) = read(body, content_type).items
    return found


def say(host: PodcastHost, *items: str, channel: str = "") -> str:
    """Publish what the feed says now; return its URL."""
    host.table.routes["/feed"] = Route(body=rss("".join(items), channel=channel).encode())
    return host.url("/feed")


def test_pathology_15_bare_ampersands_entities_and_two_documents() -> None:
    broken = item(title="R&B &ldquo;x&rdquo; &unknown;", url="http://x/a.mp3?a=1&b=2")
    found = only(rss(broken))
    assert found.title == "R&B “x” &unknown;"
    assert found.enclosures[0].url == "http://x/a.mp3?a=1&b=2"
    two = rss(item()) + rss(item("z", "Not ours"), head='<?xml version="1.0"?>').replace(
        "Show", "Other"
    )
    document = read(two)
    assert (document.title, [one.guid for one in document.items]) == ("Show", ["a"])
    assert "behind the document" in document.defect
    assert only(rss(item()).replace(' version="2.0"', "")).guid == "a"


def test_pathology_16_encodings_that_lie() -> None:
    text = rss(item(title="Grüße “ok”"), head='<?xml version="1.0" encoding="{}"?>')
    latin = "text/xml; charset=iso-8859-1"
    cases = {
        "header says Latin-1": (text.format("utf-8").encode(), latin),
        "prolog says Latin-1": (text.format("iso-8859-1").encode(), ""),
        "prolog says UTF-16": (text.format("utf-16").encode(), ""),
        "prolog says UTF-8, is Windows": (text.format("utf-8").encode("cp1252"), ""),
        "prolog says Latin-1, is Windows": (text.format("iso-8859-1").encode("cp1252"), latin),
        "UTF-16 with a mark": (text.format("utf-16").encode("utf-16"), ""),
        "UTF-16 without a mark": (text.format("utf-16").encode("utf-16-le"), ""),
        "UTF-16, the other way round": (text.format("utf-16").encode("utf-16-be"), latin),
        "nobody knows the prolog": (text.format("x-klingon").encode(), latin),
        "blanks and marks in front": (b"\xef\xbb\xbf\n \n" + text.format("utf-8").encode(), ""),
    }
    for name, (body, content_type) in cases.items():
        assert only(body, content_type).title == "Grüße “ok”", name
    cyrillic = rss(item(title="Привет"), head='<?xml version="1.0" encoding="windows-1251"?>')
    assert only(cyrillic.encode("cp1251")).title == "Привет"


def test_pathology_17_guid_missing_empty_duplicated_or_changed(
    host: PodcastHost, polls: Poller
) -> None:
    def three(*guids: str) -> list[str]:
        return [
            item(guid, f"Title {n}", f"http://127.0.0.1:9/{n}.mp3", f"<pubDate>{DATE}</pubDate>")
            for n, guid in enumerate(guids)
        ]

    polls.add(say(host, *three("-", " ", "")))
    polls.poll()
    assert len(polls.rows()) == 3
    for guids in (("x", "x", "x"), (" a ", "b\n", "c"), ("new-a", "new-b", "new-c")):
        say(host, *three(*guids))
        polls.poll(after=HOUR_S)
        assert len(polls.rows()) == 3, guids
    assert polls.guids() == ["new-a", "new-b", "new-c"]


def test_pathology_18_one_podcast_guid_for_several_shows(host: PodcastHost, polls: Poller) -> None:
    channel = (
        '<podcast:guid xmlns:podcast="https://podcastindex.org/namespace/1.0">same</podcast:guid>'
    )
    for name in ("/one", "/two"):
        body = rss(item("1", name, f"http://127.0.0.1:9{name}.mp3"), channel=channel)
        host.table.routes[name] = Route(body=body.encode())
        polls.poll(polls.add(host.url(name)))
    assert [row["state"] for row in polls.rows("feeds")] == ["active", "active"]
    assert [row["feed_id"] for row in polls.rows()] == [1, 2]
    assert polls.detail(1)["metadata"]["podcast_guid"] == "same"


def test_pathology_19_new_url_under_the_same_guid(host: PodcastHost, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    url = publish(host, "show", 2)
    run_once(settings, url)
    for query in ("?updated=1", "?modified=2", "?token-hash=abc"):
        base = host.url("/media/show/{n}.mp3", site_of(url)) + query
        publish(
            host, "show", 2, address=site_of(url),
            change=partial(generated.with_new_urls, url_of=base),
        )  # fmt: skip
        host.requests.clear()
        make_due(settings)
        run_once(settings)
        assert [one.path for one in host.requests] == ["/show.xml"]
    found = rows(settings, "episodes")
    assert [row["state"] for row in found] == ["archived"] * 2
    assert all(row["enclosure_url"].endswith("token-hash=abc") for row in found)


def test_pathology_20_new_guid_for_the_same_audio(host: PodcastHost, tmp_path: Path) -> None:
    """An early edition becomes the public one: one episode, one file, no second download."""
    settings = settings_for(tmp_path / "archive")
    url = publish(host, "show", 4)
    run_once(settings, url)
    for prefix in ("public-", "final-"):
        publish(
            host, "show", 4, address=site_of(url),
            change=partial(generated.with_new_guids, prefix=prefix),
        )  # fmt: skip
        make_due(settings)
        run_once(settings)
    found = rows(settings, "episodes")
    assert [row["state"] for row in found] == ["archived"] * 4
    assert all(row["guid"].startswith("final-") for row in found)
    assert sum(one.path == media_path("show", 1) for one in host.requests) == 1


def test_pathology_21_title_edited_afterwards(host: PodcastHost, tmp_path: Path) -> None:
    """The row has the new title, the file keeps the name it was archived under."""
    settings = settings_for(tmp_path / "archive")
    url = publish(host, "show", 1)
    run_once(settings, url)
    (before,) = rows(settings, "episodes")
    publish(
        host, "show", 1, address=site_of(url),
        change=lambda entries: generated.with_titles(entries, ["Corrected"]),
    )  # fmt: skip
    make_due(settings)
    run_once(settings)
    (row,) = rows(settings, "episodes")
    assert (row["title"], row["path"], row["state"]) == ("Corrected", before["path"], "archived")
    assert (tmp_path / "archive" / row["path"]).is_file()


def test_pathology_22_all_episodes_of_one_title_and_file_name(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    entries = "".join(
        item(str(n), "tagesschau", host.url(f"/{n}/latest.mp3"), dated(n)) for n in range(5)
    )
    for n in range(5):
        host.table.routes[f"/{n}/latest.mp3"] = media_route(f"/{n}/latest.mp3")
    host.table.routes["/feed"] = Route(body=rss(entries).encode())
    run_once(settings, host.url("/feed"))
    found = rows(settings, "episodes")
    assert [row["state"] for row in found] == ["archived"] * 5
    assert len({row["path"] for row in found}) == 5
    assert len({(tmp_path / "archive" / row["path"]).read_bytes() for row in found}) == 5


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 01 Jan 2024 34:00:00 GMT", None),
        ("Mon, 01 Jan 2024 06:00 GMT", MOMENT),
        ("Sun, 31 Dec 2023 22:00:00 PST", MOMENT),
        ("Mon, 01 Jan 2024 02:00:00 EDT", MOMENT),
        ("\n  Mon, 01 Jan 2024 06:00:00 GMT  ", MOMENT),
        ("2024-01-01T06:00:00Z", MOMENT),
        ("Mon, 01 Foo 2024 06:00:00 GMT", None),
        ("Tue, 08 Mar 2022 15:30:00 -3000", None),
        ("", None),
    ],
)
def test_pathology_23_dates_of_all_kinds(text: str, moment: int | None) -> None:
    assert only(rss(item(more=f"<pubDate>{text}</pubDate>"))).published == moment


def test_pathology_23_a_date_in_the_future_sets_no_rhythm(host: PodcastHost, polls: Poller) -> None:
    far = "<pubDate>Mon, 01 Jan 2099 06:00:00 GMT</pubDate>"
    polls.add(say(host, item(more=far)))
    polls.poll()
    assert [row["state"] for row in polls.rows()] == ["pending"]
    assert polls.feed().rhythm.gap_ms is None


@pytest.mark.parametrize("window", [5, 10, 25])
def test_pathology_24_rolling_window_and_oldest_first(
    window: int, host: PodcastHost, tmp_path: Path
) -> None:
    """What left the feed stays on record; the order of the items decides nothing."""
    newest = Backlog(kind=BacklogKind.NEWEST, count=3)

    def entries(first: int) -> list[str]:
        return [
            item(
                f"g{n}", f"T{n}", f"http://127.0.0.1:9/{n}.mp3",
                f"<pubDate>{n % 28 + 1:02} Jan {2000 + n // 28} 06:00:00 GMT</pubDate>",
            )
            for n in range(first, first + window)
        ]  # fmt: skip

    with poller(tmp_path / "archive", feeds={"backlog": newest}) as polls:
        polls.add(say(host, *entries(0)))
        polls.poll()
        pending = {row["guid"] for row in polls.rows() if row["state"] == "pending"}
        assert pending == {f"g{n}" for n in range(window - 3, window)}
        for step in range(1, 4):
            say(host, *reversed(entries(step)))
            polls.poll(after=DAY_S)
        assert len(polls.rows()) == window + 3
        assert sum(row["state"] == "pending" for row in polls.rows()) == 6


def test_pathology_24_what_is_about_to_leave_the_window_goes_first(
    host: PodcastHost, tmp_path: Path
) -> None:
    def entries(first: int) -> list[str]:
        return [
            item(
                f"g{n}", f"T{n}", f"http://127.0.0.1:9/{n}.mp3",
                f"<pubDate>{n:02} Jan 2000 06:00:00 GMT</pubDate>",
            )
            for n in range(first, first + 8)
        ]  # fmt: skip

    with poller(tmp_path / "archive") as polls:
        polls.add(say(host, *entries(1)))
        polls.poll()
        assert polls.due() == [f"g{n}" for n in range(8, 0, -1)]
        say(host, *entries(2))
        polls.poll(after=DAY_S)
        assert polls.due() == [
            *("g2", "g3", "g4"),  # three days' worth
            *("g9", "g8", "g7", "g6", "g5", "g1"),
        ]


def test_pathology_25_no_enclosure_several_or_only_elsewhere() -> None:
    assert only(rss(item(url=""))).enclosures == ()
    two = item(more='<enclosure url="http://x/b.mp4" type="video/mp4"/>')
    assert len(only(rss(two)).enclosures) == 2
    content = '<media:content url="http://x/c.mp3" type="audio/mpeg" fileSize="5"/>'
    assert only(rss(item(url="", more=content))).enclosures == (
        Enclosure("http://x/c.mp3", "audio/mpeg", 5),
    )
    linked = item(url="", more="<link>http://x/d.mp3</link>")
    assert only(rss(linked)).enclosures == (Enclosure("http://x/d.mp3"),)
    page = item(url="", more="<link>http://x/d.html</link>")
    assert only(rss(page)).enclosures == ()


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/a/b.mp3", "https://feeds.example.org/a/b.mp3"),
        ("b.mp3", "https://feeds.example.org/show/b.mp3"),
        ("//cdn.example/b.mp3", "https://cdn.example/b.mp3"),
        (" \n\thttps://x/a.mp3 ", "https://x/a.mp3"),
        ("https://x/a b/ü.mp3", "https://x/a b/ü.mp3"),
        (
            "https://track.example/https://cdn.example/a.mp3",
            "https://track.example/https://cdn.example/a.mp3",
        ),
    ],
)
def test_pathology_26_enclosure_urls_as_people_write_them(written: str, url: str) -> None:
    assert only(rss(item(url=written))).enclosures[0].url == url


def test_pathology_26_blanks_in_a_url_are_fetched(host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/a%20b/%C3%BC.mp3"] = media_route("/a b.mp3")
    settings = settings_for(tmp_path / "archive")
    run_once(settings, say(host, item(url="/a b/ü.mp3")))
    assert [row["state"] for row in rows(settings, "episodes")] == ["archived"]


@pytest.mark.parametrize("length", ["0", "", "1", "179.5", "12 MB", "-5", "99999999", None])
def test_pathology_27_length_that_is_wrong_or_missing(
    length: str | None, host: PodcastHost, tmp_path: Path
) -> None:
    """What the feed says of the length is never held against the file."""
    host.table.routes["/a.mp3"] = media_route("/a.mp3", 20_000)
    said = "" if length is None else f' length="{length}"'
    enclosure = f'<enclosure url="{host.url("/a.mp3")}" type="audio/mpeg"{said}/>'
    settings = settings_for(tmp_path / "archive")
    run_once(settings, say(host, item(url="", more=enclosure)))
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["bytes"], row["validity"]) == ("archived", 20_000, "valid")


@pytest.mark.parametrize("kind", ["mp3", "text", "application/octet-stream", "", "AUDIO/MPEG; x=1"])
def test_pathology_28_type_that_is_wrong(kind: str, host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/a.mp3"] = media_route("/a.mp3", 20_000)
    enclosure = f'<enclosure url="{host.url("/a.mp3")}" type="{kind}"/>'
    settings = settings_for(tmp_path / "archive")
    run_once(settings, say(host, item(url="", more=enclosure)))
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["media_type"]) == ("archived", "audio/mpeg")


@pytest.mark.parametrize(
    ("url", "kind"),
    [("/live.m3u8", ""), ("/live", "application/vnd.apple.mpegurl"), ("/a.pls", "audio/x-scpls")],
)
def test_pathology_28_a_playlist_is_no_file(
    url: str, kind: str, host: PodcastHost, polls: Poller
) -> None:
    enclosure = f'<enclosure url="{url}" type="{kind}"/>'
    polls.add(say(host, item(url="", more=enclosure)))
    polls.poll()
    (row,) = polls.rows()
    assert (row["state"], row["error"]) == ("skipped", "enclosure is a playlist of a stream")


def test_pathology_29_new_feed_url_that_names_the_feed_itself(
    host: PodcastHost, polls: Poller
) -> None:
    url = host.url("/feed", new_address())
    for name in (url, f"  {url}\n", f"{url}#top", url.replace("http:", "HTTP:")):
        channel = f"<itunes:new-feed-url>{name}</itunes:new-feed-url>"
        host.table.routes["/feed"] = Route(body=rss(item(), channel=channel).encode())
        polls.add(url) if not polls.rows("feeds") else None
        host.requests.clear()
        for _ in range(4):
            assert polls.poll(after=DAY_S).failure is None
        assert polls.feed().url == url
        assert polls.feed().sighting == Sighting()
        assert len(host.requests) == 4


def test_pathology_30_very_long_and_composed_names(host: PodcastHost, tmp_path: Path) -> None:
    """255 bytes at most, whatever the script; NFC and NFD of a name do not meet."""
    settings = settings_for(tmp_path / "archive")
    titles = [
        "x" * 5_000,
        "ü" * 300,
        "🎙" * 300,
        unicodedata.normalize("NFC", "Café é"),
        unicodedata.normalize("NFD", "Café é"),
    ]
    keywords = f"<itunes:keywords>{'word, ' * 5_000}</itunes:keywords>"
    entries = [
        item(str(n), title, host.url(f"/{n}.mp3"), dated(n) + keywords)
        for n, title in enumerate(titles)
    ]
    for n in range(len(titles)):
        host.table.routes[f"/{n}.mp3"] = media_route(f"/{n}.mp3")
    run_once(settings, say(host, *entries))
    found = rows(settings, "episodes")
    assert [row["state"] for row in found] == ["archived"] * len(titles)
    for row in found:
        parts = Path(row["path"]).parts
        assert all(len(part.encode()) <= 255 - len(".json") for part in parts)
        assert (tmp_path / "archive" / row["path"]).is_file()
        assert (tmp_path / "archive" / f"{row['path']}.json").is_file()
    names = [unicodedata.normalize("NFC", row["path"]).casefold() for row in found]
    assert len(set(names)) == len(titles)
