"""What the fast path reads, and what it leaves to the tolerant parser."""

from __future__ import annotations

import pytest

from podfetch_tui.feeds.scan import scan
from podfetch_tui.model.document import Enclosure, FeedDocument, Item

URL = "https://feeds.example.org/show/feed.xml"
NAMESPACES = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
)


def rss(items: str, *, channel: str = "<title>Show</title>", attributes: str = NAMESPACES) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {attributes}>'
        f"<channel>{channel}{items}</channel></rss>"
    ).encode()


def read(body: bytes, max_items: int = 100) -> FeedDocument:
    document = scan(body, url=URL, max_items=max_items)
    assert document is not None
    return document


def one(children: str) -> Item:
    (item,) = read(rss(f"<item>{children}</item>")).items
    return item


def test_every_field_of_an_item_is_read() -> None:
    item = one(
        """
        <guid isPermaLink="false"> 4f6a-1 </guid>
        <title>Tapes &amp; what is kept</title>
        <link>https://example.org/1</link>
        <pubDate>Mon, 01 Jan 2024 06:00:00 +0100</pubDate>
        <enclosure url="https://cdn.example.org/1.mp3" length="34000000" type="Audio/MPEG; x=1"/>
        <itunes:duration>1:02:03</itunes:duration>
        <itunes:season>2</itunes:season>
        <itunes:episode>17</itunes:episode>
        <itunes:episodeType>Bonus</itunes:episodeType>
        <itunes:author>Example Radio</itunes:author>
        <itunes:explicit>true</itunes:explicit>
        <itunes:image href="/art/1.jpg"/>
        <description>short</description>
        <content:encoded><![CDATA[<p>much longer notes</p>]]></content:encoded>
        """
    )
    assert item == Item(
        guid="4f6a-1",
        title="Tapes & what is kept",
        link="https://example.org/1",
        published=1704085200000,
        enclosures=(Enclosure("https://cdn.example.org/1.mp3", "audio/mpeg", 34000000),),
        duration_s=3723.0,
        season="2",
        number="17",
        episode_type="bonus",
        author="Example Radio",
        summary="<p>much longer notes</p>",
        image_url="https://feeds.example.org/art/1.jpg",
        explicit="yes",
    )


def test_every_field_of_a_channel_is_read() -> None:
    document = read(
        rss(
            "",
            channel="""
            <title>Show</title><link>https://example.org</link><language>de</language>
            <itunes:author>Example Radio</itunes:author>
            <description>About the show</description><ttl>60</ttl>
            <itunes:new-feed-url>https://new.example.org/feed</itunes:new-feed-url>
            <itunes:complete>Yes</itunes:complete>
            <atom:link rel="next" href="?page=2"/><atom:link rel="self" href="https://x"/>
            <image><url>https://example.org/small.png</url><title>Logo</title></image>
            <itunes:image href="https://example.org/large.png"/>
            """,
        )
    )
    assert document == FeedDocument(
        title="Show",
        link="https://example.org",
        author="Example Radio",
        language="de",
        summary="About the show",
        image_url="https://example.org/large.png",
        ttl_s=3600,
        new_feed_url="https://new.example.org/feed",
        next_url="https://feeds.example.org/show/feed.xml?page=2",
        complete=True,
        parser="fast",
    )


def test_vocabularies_are_told_apart_by_uri_not_by_prefix() -> None:
    body = rss(
        "<item><guid>a</guid><i:duration>60</i:duration><itunes:season>9</itunes:season></item>",
        attributes=(
            'xmlns:i="http://www.itunes.com/DTDs/PodCast-1.0.dtd" '
            'xmlns:itunes="http://search.yahoo.com/mrss/"'
        ),
    )
    (item,) = read(body).items
    assert (item.duration_s, item.season) == (60.0, "")


def test_an_unknown_uri_counts_by_its_prefix() -> None:
    attributes = 'xmlns:itunes="https://www.itunes.com/podcast"'
    body = rss("<item><itunes:duration>60</itunes:duration></item>", attributes=attributes)
    assert read(body).items[0].duration_s == 60.0


@pytest.mark.parametrize("uri", ["http://example.com/none", "http://backend.userland.com/rss2"])
def test_a_default_namespace_on_rss_changes_nothing(uri: str) -> None:
    body = rss(
        '<item><guid>a</guid><enclosure url="https://x/a.mp3"/></item>', attributes=f'xmlns="{uri}"'
    )
    document = read(body)
    assert document.title == "Show"
    assert document.items[0].enclosures[0].url == "https://x/a.mp3"


def test_upper_and_lower_case_of_names_do_not_count() -> None:
    item = one("<GUID>a</GUID><PubDate>Mon, 01 Jan 2024 06:00:00 GMT</PubDate>")
    assert (item.guid, item.published) == ("a", 1704088800000)


def test_a_live_item_is_no_episode_and_no_part_of_the_channel() -> None:
    live = (
        '<podcast:liveItem status="live"><title>Live Audio</title><guid>live</guid>'
        '<enclosure url="https://live.example.org/s"/></podcast:liveItem>'
    )
    document = read(rss(f"{live}<item><guid>a</guid></item>{live}"))
    assert (document.title, [item.guid for item in document.items]) == ("Show", ["a"])


def test_only_what_stands_directly_in_an_item_belongs_to_it() -> None:
    item = one(
        "<guid>a</guid><podcast:person><title>inner</title>"
        '<item><guid>b</guid></item><enclosure url="https://x/b.mp3"/></podcast:person>'
        "<media:rating><media:title>inner</media:title></media:rating>"
    )
    assert (item.guid, item.title, item.enclosures) == ("a", "", ())


def test_an_enclosure_of_the_channel_is_no_episode() -> None:
    assert read(rss("", channel='<title>S</title><enclosure url="https://x/"/>')).items == ()


def test_of_repeated_titles_the_first_counts_and_of_repeated_guids_the_last() -> None:
    item = one("<title> </title><title>one</title><title>two</title><guid>1</guid><guid>2</guid>")
    assert (item.title, item.guid) == ("one", "2")


def test_an_item_can_have_several_enclosures_but_each_url_once() -> None:
    item = one(
        '<enclosure url="https://x/a.mp3"/><enclosure url=" https://x/a.mp3 "/>'
        '<atom:link rel="enclosure" href="https://x/a.ogg" type="audio/ogg" length="7"/>'
        '<enclosure url=""/><enclosure/>'
    )
    assert item.enclosures == (
        Enclosure("https://x/a.mp3"),
        Enclosure("https://x/a.ogg", "audio/ogg", 7),
    )


def test_media_content_counts_only_where_no_enclosure_does() -> None:
    media = (
        '<media:content url="https://x/m.mp4" type="video/mp4" fileSize="9"/>'
        '<media:content url="https://x/p.jpg" medium="image"/>'
    )
    assert one(media).enclosures == (Enclosure("https://x/m.mp4", "video/mp4", 9),)
    assert one(f'{media}<enclosure url="https://x/a.mp3"/>').enclosures == (
        Enclosure("https://x/a.mp3"),
    )


def test_relative_urls_are_resolved_against_the_feeds() -> None:
    item = one('<enclosure url="//cdn.example.org/a.mp3"/><link>/ep/1</link>')
    assert item.enclosures[0].url == "https://cdn.example.org/a.mp3"
    assert item.link == "https://feeds.example.org/ep/1"


def test_a_guid_stands_in_for_the_link_unless_it_says_otherwise() -> None:
    assert one("<guid>https://example.org/1</guid>").link == "https://example.org/1"
    assert one('<guid isPermaLink="false">https://example.org/1</guid>').link == ""
    assert one("<guid>1234</guid>").link == ""


def test_windows_1252_and_double_utf_8_are_repaired() -> None:
    item = one("<title>Ben&#146;s tapes</title><guid>caf\u00c3\u00a9</guid>")
    assert (item.title, item.guid) == ("Ben’s tapes", "café")


def test_terminal_escapes_and_bidi_controls_never_get_into_a_title() -> None:
    assert one("<title>a&#x9b;31m\u202eb\u200b&#10;c</title>").title == "a›31mb c"


def test_items_beyond_the_cap_are_dropped_in_document_order() -> None:
    body = rss("".join(f"<item><guid>{n}</guid></item>" for n in range(9)))
    assert [item.guid for item in read(body, max_items=3).items] == ["0", "1", "2"]


def test_atom_is_read_like_rss() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Show</title>
        <author><name>Example Radio</name><email>a@b</email></author>
        <link href="https://example.org/"/><link rel="next" href="/p2"/>
        <entry><id>urn:1</id><title type="html">One &amp;amp; two</title>
        <link rel="alternate" type="text/html" href="https://example.org/1"/>
        <link rel="enclosure" type="audio/mpeg" length="99" href="https://x/1.mp3"/>
        <updated>2024-01-02T00:00:00Z</updated><published>2024-01-01T06:00:00Z</published>
        <author><name>Guest</name></author><content type="html">&lt;p&gt;notes</content></entry>
        <entry><id>urn:2</id><updated>2024-01-02T00:00:00Z</updated></entry></feed>"""
    document = read(body)
    first, second = document.items
    assert (document.title, document.author) == ("Show", "Example Radio")
    assert document.next_url == "https://feeds.example.org/p2"
    assert (first.guid, first.title, first.link) == (
        "urn:1",
        "One &amp; two",
        "https://example.org/1",
    )
    assert first.enclosures == (Enclosure("https://x/1.mp3", "audio/mpeg", 99),)
    assert (first.published, second.published) == (1704088800000, 1704153600000)
    assert (first.author, first.summary) == ("Guest", "<p>notes")


def test_the_base_of_a_document_does_not_touch_a_guid_that_is_no_link() -> None:
    attributes = 'xml:base="https://example.org/"'
    plain = rss('<item><guid isPermaLink="false">12 at x</guid></item>', attributes=attributes)
    assert read(plain).items[0].guid == "12 at x"
    bare = rss("<item><guid>12</guid></item>", attributes=attributes)
    assert scan(bare, url=URL, max_items=9) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<rss/>",
        b"<rss><channel/></rss>",
        b"<opml><channel><title>x</title></channel></opml>",
        b"<html><body>x</body></html>",
        b"<rss><channel><title>a</title></channel><channel><title>b</title></channel></rss>",
        b"<rss><item><guid>a</guid></item><channel><title>a</title></channel></rss>",
        b"\n<?xml version='1.0'?><rss><channel><title>a</title></channel></rss>",
        rss("<item><title>a & b</title></item>"),
        rss("<item><title>&ldquo;a&rdquo;</title></item>"),
        rss("<item><title>a</title>"),
        rss("<item><x:title>a</x:title></item>"),
        rss("<item><title>a<b>b</b></title></item>"),
        rss('<item><title type="application/octet-stream">YQ==</title></item>'),
        rss("<item><guid>a</guid><item><guid>b</guid></item></item>"),
        rss("<item><title>a</title></item>")[:-9],
        rss("<item><title>\xff</title></item>").replace("\xff".encode(), b"\xff"),
    ],
)
def test_what_is_not_plainly_a_feed_is_left_to_the_tolerant_parser(body: bytes) -> None:
    assert scan(body, url=URL, max_items=9) is None
