"""Structured elements: the same from both parsers, nothing collapsed, nothing without bound."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from podfetch_tui.feeds.fragments import cut_out
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.tolerant import parse_leniently
from podfetch_tui.model.document import Enclosure, FeedDocument, Item, Transcript
from podfetch_tui.model.extras import (
    Alternate,
    Chapter,
    Extras,
    Link,
    Person,
    Place,
    Remark,
    Source,
)
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
NAMESPACES = (
    'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:psc="http://podlove.org/simple-chapters"'
    ' xmlns:atom="http://www.w3.org/2005/Atom"'
)
OWN = '<enclosure url="https://x/a.mp3" type="audio/mpeg" length="99"/>'
Read = Callable[[bytes], FeedDocument]


def fast(body: bytes) -> FeedDocument:
    document = scan(body, url=URL, max_items=1000)
    assert document is not None
    return document


def tolerant(body: bytes) -> FeedDocument:
    return parse_leniently(body, ParseParams(url=URL))


def broken(body: bytes) -> FeedDocument:
    """The same document with an error in front of everything that counts."""
    return tolerant(body.replace(b"<channel>", b"<channel><generator>A & B</generator>", 1))


@pytest.fixture(params=[fast, tolerant, broken])
def read(request: pytest.FixtureRequest) -> Read:
    chosen: Read = request.param
    return chosen


def rss(item: str = "", channel: str = "", *, own: str = OWN, more: str = "") -> bytes:
    return (
        f'<rss version="2.0" {NAMESPACES}><channel><title>Show</title>{channel}'
        f"<item><guid>a</guid><title>One</title>{own}{item}</item>{more}</channel></rss>"
    ).encode()


def only(document: FeedDocument) -> Item:
    (item,) = document.items
    return item


def extras_of(read: Read, item: str, *, own: str = OWN) -> Extras:
    extras = only(read(rss(item, own=own))).extras
    assert extras is not None
    return extras


def test_an_item_that_says_nothing_more_has_no_extras(read: Read) -> None:
    assert only(read(rss())).extras is None


def test_persons_stay_apart_with_all_they_are_given(read: Read) -> None:
    extras = extras_of(
        read,
        '<podcast:person role="Guest" group="Cast" href="/ada" img="https://x/ada.jpg">'
        "Ada &amp; Co</podcast:person><podcast:person>Bob</podcast:person>"
        '<podcast:person role="host"> </podcast:person>',
    )
    assert extras.persons == (
        Person("Ada & Co", "Guest", "Cast", "https://feeds.example.org/ada", "https://x/ada.jpg"),
        Person("Bob"),
    )


def test_transcripts_and_the_address_of_chapters(read: Read) -> None:
    item = only(
        read(
            rss(
                '<podcast:transcript url="1.vtt" type="text/vtt; charset=utf-8" language="en"'
                ' rel="captions"/><podcast:transcript url="https://x/1.html" type="text/html"/>'
                '<podcast:transcript url="https://x/1.html" type="text/html"/>'
                '<podcast:chapters url="https://x/1.json" type="application/json+chapters"/>'
            )
        )
    )
    assert item.transcripts == (
        Transcript("https://feeds.example.org/show/1.vtt", "text/vtt", "en", "captions"),
        Transcript("https://x/1.html", "text/html"),
    )
    assert (item.chapters_url, item.chapters_type) == (
        "https://x/1.json",
        "application/json+chapters",
    )


def test_alternate_enclosures_keep_sources_and_integrity(read: Read) -> None:
    extras = extras_of(
        read,
        '<podcast:alternateEnclosure type="audio/opus" length="4" bitrate="32000.5" lang="en"'
        ' height="720" title="Small" rel="low" codecs="opus" default="true">'
        '<podcast:source uri="https://x/a.opus" contentType="audio/ogg"/>'
        '<podcast:source uri="ipfs://Qm1"/><podcast:integrity type="sri" value="sha384-x"/>'
        "</podcast:alternateEnclosure>"
        '<podcast:alternateEnclosure type="video/mp4"><podcast:source uri="magnet:?xt=1"/>'
        "</podcast:alternateEnclosure><podcast:alternateEnclosure/>",
    )
    assert extras.alternates == (
        Alternate(
            sources=(Source("https://x/a.opus", "audio/ogg"), Source("ipfs://Qm1")),
            media_type="audio/opus",
            length=4,
            bit_rate=32000.5,
            height=720,
            language="en",
            title="Small",
            rel="low",
            codecs="opus",
            is_default=True,
            integrity_type="sri",
            integrity="sha384-x",
        ),
        Alternate(sources=(Source("magnet:?xt=1"),), media_type="video/mp4"),
    )


def test_season_and_episode_with_their_names(read: Read) -> None:
    item = only(
        read(
            rss(
                '<podcast:season name="The Race">3</podcast:season>'
                '<podcast:episode display="Ch. 4">4.5</podcast:episode>'
            )
        )
    )
    assert (item.season, item.number) == ("3", "4.5")
    assert item.extras == Extras(season_name="The Race", number_display="Ch. 4")


def test_the_itunes_numbers_go_before(read: Read) -> None:
    item = only(
        read(
            rss(
                "<podcast:season>3</podcast:season><podcast:episode>4</podcast:episode>"
                "<itunes:season>1</itunes:season><itunes:episode>2</itunes:episode>"
            )
        )
    )
    assert (item.season, item.number, item.extras) == ("1", "2", None)


def test_simple_chapters_with_their_times(read: Read) -> None:
    extras = extras_of(
        read,
        '<psc:chapters version="1.2"><psc:chapter start="00:00:00.000" title="Hello"/>'
        '<psc:chapter start="1:02:03.5" title="A &lt; B" href="https://x" image="/i.png"/>'
        '<psc:chapter start="7" title="Short"/><psc:chapter title="no start"/>'
        '<psc:chapter start="later" title="bad start"/></psc:chapters>',
    )
    assert extras.chapters == (
        Chapter(0.0, "Hello"),
        Chapter(3723.5, "A < B", "https://x", "https://feeds.example.org/i.png"),
        Chapter(7.0, "Short"),
    )


def test_funding_place_licence_and_texts(read: Read) -> None:
    extras = extras_of(
        read,
        '<podcast:funding url="https://x/give">Give!</podcast:funding><podcast:funding>no</podcast:funding>'
        '<podcast:location geo="geo:1,2" osm="R1">Rome</podcast:location>'
        '<podcast:license url="https://x/l">cc-by-4.0</podcast:license>'
        '<podcast:txt purpose="verify">abc</podcast:txt><podcast:txt>def</podcast:txt>',
    )
    assert extras == Extras(
        fundings=(Link("https://x/give", "Give!"),),
        places=(Place("Rome", "geo:1,2", "R1"),),
        license=Link("https://x/l", "cc-by-4.0"),
        remarks=(Remark("abc", "verify"), Remark("def")),
    )


def test_payments_are_left_out(read: Read) -> None:
    item = only(
        read(
            rss(
                '<podcast:value type="lightning"><podcast:valueRecipient name="me" address="1"/>'
                "</podcast:value>"
            )
        )
    )
    assert item.extras is None


def test_itunes_words(read: Read) -> None:
    extras = extras_of(
        read,
        "<itunes:subtitle>Short</itunes:subtitle><itunes:keywords>a, b</itunes:keywords>"
        "<itunes:keywords>c</itunes:keywords><itunes:block>Yes</itunes:block>",
    )
    assert extras == Extras(subtitle="Short", keywords="a, b, c", block=True)


def test_a_subtitle_that_the_summary_says_too_is_not_kept_twice(read: Read) -> None:
    item = "<description>All about tea.</description><itunes:subtitle>about tea</itunes:subtitle>"
    assert only(read(rss(item))).extras is None


def test_the_versions_in_a_media_group_are_one_episode(read: Read) -> None:
    group = (
        '<media:group><media:content url="https://x/low.mp3" type="audio/mpeg" bitrate="64"/>'
        '<media:content url="https://x/high.mp3" type="audio/mpeg" fileSize="77" isDefault="true"/>'
        '<media:content url="https://x/p.jpg" type="image/jpeg"/>'
        '<media:credit role="author">Ada</media:credit></media:group>'
    )
    item = only(read(rss(group, own="")))
    assert item.enclosures == (Enclosure("https://x/high.mp3", "audio/mpeg", 77),)
    assert item.extras == Extras(
        persons=(Person("Ada", "author"),),
        alternates=(
            Alternate(
                sources=(Source("https://x/low.mp3"),), media_type="audio/mpeg", bit_rate=64000.0
            ),
        ),
    )
    beside = only(read(rss(group)))
    assert [one.url for one in beside.enclosures] == ["https://x/a.mp3"]
    assert beside.extras is not None
    assert [one.sources[0].uri for one in beside.extras.alternates] == [
        "https://x/low.mp3",
        "https://x/high.mp3",
    ]


def test_contents_outside_of_a_group_are_enclosures_of_their_own(read: Read) -> None:
    item = only(
        read(
            rss(
                '<media:content url="https://x/1.mp3" medium="audio"/>'
                '<media:content url="https://x/2.mp3" medium="audio"/>',
                own="",
            )
        )
    )
    assert [one.url for one in item.enclosures] == ["https://x/1.mp3", "https://x/2.mp3"]


def test_an_alternate_enclosure_stands_in_for_a_missing_one(read: Read) -> None:
    item = only(
        read(
            rss(
                '<podcast:alternateEnclosure type="audio/mpeg"><podcast:source uri="ipfs://Q"/>'
                '<podcast:source uri="https://x/b.mp3"/></podcast:alternateEnclosure>',
                own="",
            )
        )
    )
    assert item.enclosures == (Enclosure("https://x/b.mp3", "audio/mpeg"),)


def test_a_link_to_the_file_itself_stands_in_for_a_missing_enclosure(read: Read) -> None:
    item = only(read(rss("<link>https://x/audio/One.MP3?x=1</link>", own="")))
    assert item.enclosures == (Enclosure("https://x/audio/One.MP3?x=1"),)
    assert only(read(rss("<link>https://x/one.html</link>", own=""))).enclosures == ()


def test_what_the_channel_says_of_itself(read: Read) -> None:
    channel = (
        "<podcast:guid>917393e3</podcast:guid><podcast:medium>podcast</podcast:medium>"
        '<podcast:locked owner="a@x">yes</podcast:locked><itunes:type>serial</itunes:type>'
        '<itunes:explicit>no</itunes:explicit><itunes:category text="Society &amp; Culture">'
        '<itunes:category text="History"/></itunes:category><itunes:category text="Arts"/>'
        "<itunes:owner><itunes:name>Ada</itunes:name><itunes:email>a@x</itunes:email>"
        '</itunes:owner><copyright>me</copyright><podcast:person role="host">Ada</podcast:person>'
        '<podcast:funding url="https://x/give">Give!</podcast:funding>'
    )
    assert read(rss(channel=channel)).extras == Extras(
        podcast_guid="917393e3",
        medium="podcast",
        locked="yes",
        show_type="serial",
        explicit="no",
        categories=("Society & Culture/History", "Arts"),
        owner="Ada",
        owner_email="a@x",
        copyright="me",
        generator="A & B" if read is broken else "",
        persons=(Person("Ada", "host"),),
        fundings=(Link("https://x/give", "Give!"),),
    )


def test_hours_and_days_of_rest(read: Read) -> None:
    document = read(
        rss(
            channel="<skipHours><hour>0</hour><hour>23</hour><hour>24</hour><hour>99</hour>"
            "<hour>x</hour></skipHours><skipDays><day>Monday</day><day>sunday</day>"
            "<day>Holiday</day></skipDays>"
        )
    )
    assert document.skip_hours == 1 << 0 | 1 << 23
    assert document.skip_days == 1 << 0 | 1 << 6


def test_what_a_live_item_says_is_nobodys(read: Read) -> None:
    live = (
        '<podcast:liveItem status="live"><podcast:person>Live</podcast:person>'
        "<guid>live</guid></podcast:liveItem>"
    )
    document = read(rss(channel=live))
    assert document.extras is None or not document.extras.persons
    assert len(document.items) == 1


def test_elements_inside_of_texts_and_comments_are_not_there(read: Read) -> None:
    hidden = "<podcast:person>Nobody</podcast:person>"
    document = read(
        rss(f"<description><![CDATA[{hidden}<item>]]></description><!-- {hidden} <item> -->")
    )
    assert only(document).extras is None


def test_any_prefix_will_do(read: Read) -> None:
    body = rss("<p20:person>Ada</p20:person>").replace(b"xmlns:podcast", b"xmlns:p20")
    extras = only(read(body)).extras
    assert extras == Extras(persons=(Person("Ada"),))


@pytest.mark.parametrize("read", [tolerant])
def test_a_piece_that_is_broken_loses_only_itself(read: Read) -> None:
    item = only(
        read(
            rss(
                "<podcast:person>A & B</podcast:person><podcast:person>&ldquo;C&rdquo;"
                "</podcast:person><podcast:person href=nonsense>D</podcast:person>"
                "<podcast:person>E</podcast:person>"
            )
        )
    )
    assert item.extras is not None
    assert [one.name for one in item.extras.persons] == ["A & B", "“C”", "E"]


def test_each_item_keeps_its_own(read: Read) -> None:
    more = "".join(
        f"<item><guid>{n}</guid>{OWN}<podcast:person>{n}</podcast:person></item>" for n in range(9)
    )
    document = read(rss(more=more))
    found = [one.extras.persons[0].name if one.extras else "" for one in document.items]
    assert found == ["", *map(str, range(9))]


def test_elements_without_an_end_take_no_endless_time() -> None:
    text = rss("<podcast:person role='x'>" * 40_000).decode()
    began = time.process_time()
    assert cut_out(text).items == [[]]
    assert time.process_time() - began < 5


def test_what_is_kept_is_bounded(read: Read) -> None:
    many = "".join(f"<podcast:person>{n}</podcast:person>" for n in range(999))
    extras = extras_of(read, many)
    assert len(extras.persons) == 50
    chapters = "".join(f'<psc:chapter start="{n}" title="{"x" * 300}"/>' for n in range(2000))
    extras = extras_of(read, f"<psc:chapters>{chapters[:60_000].rpartition('<')[0]}</psc:chapters>")
    assert len(msgspec.json.encode(extras)) < 100_000
    assert len(extras.chapters) > 100


@pytest.mark.parametrize("read", [fast, tolerant])
def test_content_that_lies_elsewhere_is_the_file_of_an_atom_entry(read: Read) -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Show</title><entry><id>a</id>'
        b'<title>One</title><content type="audio/mpeg" src="/a.mp3"/></entry>'
        b'<entry><id>b</id><title>Two</title><content type="text/html" src="/b.html"/></entry>'
        b"</feed>"
    )
    one, two = read(body).items
    assert one.enclosures == (Enclosure("https://feeds.example.org/a.mp3", "audio/mpeg"),)
    assert two.enclosures == ()
