"""Generated feeds look like real ones and change the way real ones do."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest
from support.podhost import get

from podfetch_tui.demo import feeds
from podfetch_tui.demo.bulk import BulkFeeds
from podfetch_tui.demo.routes import Request

URL = "http://127.0.0.1:9/{n}.mp3"


def _items(body: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(body).findall("channel/item")


def test_a_feed_is_well_formed_and_says_what_its_items_say() -> None:
    entries = feeds.items("show", 7, URL, length=1_600_000)
    body = feeds.rss("Tea & <biscuits>", entries, link="http://x.example/?a=1&b=2")
    assert ElementTree.fromstring(body).findtext("channel/title") == "Tea & <biscuits>"
    for element, entry in zip(_items(body), entries, strict=True):
        enclosure = element.find("enclosure")
        assert enclosure is not None
        assert element.findtext("guid") == entry.guid
        assert element.findtext("title") == entry.title
        assert enclosure.attrib == {"url": entry.url, "length": "1600000", "type": "audio/mpeg"}
        assert parsedate_to_datetime(element.findtext("pubDate") or "") == entry.published
        assert "1:40" in {field.text for field in element}


def test_items_are_of_realistic_size() -> None:
    sizes = [
        len(feeds.rss("x", feeds.items("show", count, URL, length=5_000_000)))
        for count in (10, 110)
    ]
    assert 1_900 <= (sizes[1] - sizes[0]) / 100 <= 2_400


def test_the_newest_comes_first_and_no_two_are_alike() -> None:
    entries = feeds.items("show", 50, URL, length=1)
    dates = [entry.published for entry in entries]
    assert dates == sorted(dates, reverse=True)
    for field in ("guid", "title", "url", "notes"):
        assert len({getattr(entry, field) for entry in entries}) == 50


def test_old_items_stay_as_they_are_when_a_feed_grows() -> None:
    before = feeds.items("show", 5, URL, length=1)
    after = feeds.items("show", 6, URL, length=1)
    assert after[1:] == before
    assert feeds.items("other", 5, URL, length=1) != before


def test_dates_are_where_they_are_wanted() -> None:
    first = datetime(2020, 5, 1, tzinfo=timezone.utc)
    entries = feeds.items("show", 3, URL, length=1, first=first, every=timedelta(hours=1))
    assert [entry.published - first for entry in reversed(entries)] == [
        timedelta(hours=hours) for hours in range(3)
    ]


def test_publishers_forget_share_and_change_guids_and_urls() -> None:
    entries = feeds.items("show", 3, URL, length=1)
    assert "<guid" not in feeds.rss("x", feeds.without_guids(entries)).decode()
    assert {entry.guid for entry in feeds.with_one_guid(entries)} == {"1"}
    moved = feeds.with_new_guids(feeds.with_new_urls(entries, "http://b/{n}"), "new-")
    assert [(entry.guid, entry.url) for entry in moved] == [
        (f"new-show-{number}", f"http://b/{number}") for number in (3, 2, 1)
    ]
    assert [entry.title for entry in moved] == [entry.title for entry in entries]


def test_hostile_titles_come_through_unharmed() -> None:
    titles = ["../x", "[@click=app.quit]x[/]", "a" * 400, "]]>", "‮gpj", "..."]
    entries = feeds.with_titles(feeds.items("show", 7, URL, length=1), titles)
    found = [element.findtext("title") for element in _items(feeds.rss("x", entries))]
    assert found[:-1] == titles
    assert found[-1] == "1. " + str(found[-1])[3:]
    with pytest.raises(ElementTree.ParseError):
        _items(feeds.rss("\x1b[2J", entries))


@pytest.mark.parametrize("size", [0, 50, 199, 500, 5000])
def test_notes_have_about_the_size_asked_for(size: int) -> None:
    notes = feeds.item("show", 1, URL, length=1, notes_bytes=size).notes
    assert size - 100 <= len(notes) <= size + 500
    assert notes.count("<") == notes.count(">")


def test_words_are_chosen_by_the_generator_given() -> None:
    assert feeds.words(random.Random(1), 5) == feeds.words(random.Random(1), 5)
    assert len(feeds.words(random.Random(1), 5).split()) == 5


def test_bulk_feeds_differ_by_name_and_keep_their_validators() -> None:
    bulk = BulkFeeds(items=20, media_bytes=70_000)
    request = Request("127.0.0.1", "GET", "/feed/a.xml", {"host": "127.0.0.1:9"}, 0)
    route = bulk.answer(request)
    assert isinstance(route.body, bytes)
    found = [element.find("enclosure") for element in _items(route.body)]
    assert len(found) == 20
    assert found[0] is not None
    assert found[0].attrib["url"] == "http://127.0.0.1:9/media/a/20.mp3"
    assert re.search(rb"<guid[^>]*>a-20</guid>", route.body)
    known = {"host": "127.0.0.1:9", "if-none-match": str(route.etag)}
    again = bulk.answer(Request("127.0.0.1", "GET", "/feed/a.xml", known, 0))
    assert again.etag == route.etag
    bulk.edition += 1
    newer = bulk.answer(Request("127.0.0.1", "GET", "/feed/a.xml", known, 0))
    assert newer.etag != route.etag
    assert isinstance(newer.body, bytes)
    assert len(_items(newer.body)) == 21


def test_the_bulk_host_runs_as_a_process_of_its_own_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "podfetch_tui.demo.bulk", "--items", "3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(re.findall(rb"\d+", process.stdout.readline())[0])
        base = f"http://127.0.0.1:{port}"
        feed = get(f"{base}/feed/a.xml")
        assert len(_items(feed.body)) == 3
        assert get(f"{base}/feed/a.xml", If_None_Match=feed.headers["etag"]).status == 304
        assert get(f"{base}/feed/a.xml?items=5").headers["etag"] != feed.headers["etag"]
        assert len(get(f"{base}/media/a/1.mp3?bytes=5000").body) == 5000
        get(f"{base}/edition")
        assert len(_items(get(f"{base}/feed/a.xml").body)) == 4
        assert b'"requests": 7' in get(f"{base}/stats").body
        assert get(f"{base}/elsewhere").status == 404
        process.stdin.close()
        assert process.wait(20) == 0
