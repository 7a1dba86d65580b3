"""What the tolerant parser forgives, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.tolerant import parse
from podfetch_tui.model.document import Enclosure, FeedDocument
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
ITEM = (
    '<item><guid isPermaLink="false">a</guid><title>One</title>'
    "<pubDate>Mon, 01 Jan 2024 06:00:00 GMT</pubDate>"
    '<enclosure url="https://x/a.mp3" type="audio/mpeg" length="99"/></item>'
)


def rss(items: str = ITEM, *, head: str = "") -> bytes:
    text = f'{head}<rss version="2.0"><channel><title>Show</title>{items}</channel></rss>'
    return text.encode()


def read(body: bytes, **params: str | int) -> FeedDocument:
    return parse(body, ParseParams(**{"url": URL, **params}))  # type: ignore[arg-type]


def failure(body: bytes) -> Failure:
    with pytest.raises(Failure) as caught:
        read(body)
    return caught.value


def test_a_body_that_names_a_file_is_never_opened(tmp_path: Path) -> None:
    """feedparser takes bytes for a path first (reliability 0.1)."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss())
    refused = failure(str(secret).encode())
    assert (refused.kind, refused.evidence) == (Kind.NOT_A_FEED, str(secret).encode())


def test_a_body_that_names_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "<rss>pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=failure, args=(str(pipe).encode(),), daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        (b"", Kind.EMPTY_BODY, "no content"),
        (b" \n\t\x00", Kind.EMPTY_BODY, "no content"),
        (b"\xef\xbb\xbf", Kind.EMPTY_BODY, "no content"),
        (b"<!DOCTYPE html><html><title>404</title></html>", Kind.NOT_A_FEED, "web page"),
        (b"\n<!-- hi --><HTML><body>parked</body></HTML>", Kind.NOT_A_FEED, "web page"),
        (b"<html><body><code>&lt;rss&gt;</code><rss></rss></body>", Kind.NOT_A_FEED, "web page"),
        (b'{"error": "<rss>"}', Kind.NOT_A_FEED, "JSON"),
        (b'[{"error": 404}]', Kind.NOT_A_FEED, "JSON"),
        (b"404 page not found", Kind.NOT_A_FEED, "plain text"),
        (b"1 < 2 and 3 > 2", Kind.NOT_A_FEED, "plain text"),
        (b'<?xml version="1.0"?><opml><body/></opml>', Kind.NOT_A_FEED, "OPML"),
        (b"<svg><circle/></svg>", Kind.NOT_A_FEED, "no feed"),
        (b"<rss></rss>", Kind.NOT_A_FEED, "without items"),
        (b"<rss><channel><title>Sh", Kind.BAD_XML, "nothing usable"),
        (b"\x00\x01\x02\xff\xfe\xfd", Kind.NOT_A_FEED, "plain text"),
    ],
)
def test_what_is_no_feed_is_refused_by_name(body: bytes, kind: Kind, word: str) -> None:
    refused = failure(body)
    assert refused.kind is kind
    assert word in refused.detail
    assert kind is Kind.EMPTY_BODY or refused.evidence == body


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY a "b">]>',
        "<!doctype rss [ ]>",
        '<!DOCTYPE rss SYSTEM "x" [<!ENTITY % p SYSTEM "file:///etc/passwd">]>',
        '<!-- <rss> --><!DOCTYPE rss [<!ENTITY a "b">]>',
        "<!-- <!DOCTYPE --> <!DOCTYPE rss PUBLIC '[' \"a]b\" [<!ELEMENT rss ANY>]>",
        '<?xml version="1.0"?><?x <rss> ?><!DOCTYPE rss [<!ENTITY a "b">]>',
        "junk <!ENTITY a 'b'>",
    ],
)
def test_a_document_with_entities_of_its_own_is_refused(head: str) -> None:
    assert failure(rss(head=head)).kind is Kind.DTD_REFUSED


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/rss.dtd">',
        "<!DOCTYPE html>",
        "<!-- [ <!DOCTYPE -->",
    ],
)
def test_a_bare_document_type_is_harmless(head: str) -> None:
    assert len(read(rss(head=head)).items) == 1


def test_the_billion_laughs_of_the_loose_parser_are_refused_at_once() -> None:
    entity = "x" * 100_000
    items = f"<item><title>{'&a;' * 2000}</title></item> & "
    body = rss(items, head=f'<!DOCTYPE rss [<!ENTITY a "{entity}">]>')
    assert failure(body).kind is Kind.DTD_REFUSED


def test_absurd_nesting_and_attributes_are_refused() -> None:
    assert "deep" in failure(rss("<x>" * 100 + "</x>" * 100)).detail
    attributes = " ".join(f'a{n}="1"' for n in range(300))
    assert "attributes" in failure(rss(f"<x {attributes}/>")).detail


def test_a_bare_ampersand_does_not_change_an_enclosure() -> None:
    item = '<item><enclosure url="https://x/a.mp3?aid=1&awCollectionId=2&b=3"/></item>'
    document = read(rss(item))
    assert document.items[0].enclosures == (
        Enclosure("https://x/a.mp3?aid=1&awCollectionId=2&b=3"),
    )
    assert "not well-formed" in document.defect


def test_undefined_entities_are_read_as_html_means_them() -> None:
    title = "<item><title>1373: &ldquo;Mass&nbsp;Formation&rdquo;</title></item>"
    assert read(rss(title)).items[0].title == "1373: “Mass Formation”"


def test_blanks_before_the_declaration_and_control_characters_are_forgiven() -> None:
    body = b"\n \n<?xml version='1.0' encoding='utf-8'?>" + rss(ITEM.replace("One", "O\x00n\x0be"))
    document = read(body)
    assert document.items[0].title == "One"
    assert document.defect == "blanks before the XML declaration; control characters"


def test_references_to_no_character_do_not_cost_the_feed() -> None:
    item = "<item><title>a&#xD800;b&#99999999999;c&#0;d&#65;&#x0000041;</title></item>"
    document = read(rss(item))
    assert document.items[0].title == "a\ufffdb\ufffdc\ufffddAA"
    assert "do not exist" in document.defect


def test_a_document_cut_short_gives_its_whole_items() -> None:
    whole = rss(ITEM + ITEM.replace(">a<", ">b<").replace("a.mp3", "b.mp3"))
    for end in (whole.rindex(b"<pubDate"), whole.rindex(b"<enclosure") + 20, len(whole) - 25):
        document = read(whole[:end])
        assert [item.guid for item in document.items] == ["a"]
        assert "cut short" in document.defect
    assert len(read(whole[:-6]).items) == 2


def test_a_guid_is_never_completed_with_the_feeds_url() -> None:
    """Else it changes when the feed moves, and every episode is new."""
    item = "<item><guid>1234</guid><link>/1</link></item> & "
    document = read(rss(item), content_location="https://other.example.org/a/")
    assert document.items[0].guid == "1234"
    assert document.items[0].link == "https://other.example.org/1"


def test_live_items_leak_into_nothing() -> None:
    live = (
        '<p:liveItem xmlns:p="https://podcastindex.org/namespace/1.0" status="a>b">'
        "<title>Live Audio</title><guid>l</guid><link>https://x/live</link>"
        '<enclosure url="https://x/live"/></p:liveItem>'
    )
    body = rss(f"{live}{ITEM}<p:liveItem/>{live} & ").replace(b"<title>Show</title>", b"")
    body = body.replace(b"</channel>", b"<title>Show</title></channel>")
    document = read(body)
    assert (document.title, document.link) == ("Show", "")
    assert [item.guid for item in document.items] == ["a"]


def test_a_live_item_that_never_ends_costs_no_episode() -> None:
    body = rss(f"<p:liveItem>{ITEM}<p:liveItem></p:liveItem> & ")
    assert [item.guid for item in read(body).items] == ["a"]


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", "windows-1251", "text/xml; charset=us-ascii"),
        ("utf-8-sig", "", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-32", "", ""),
        ("windows-1252", "iso-8859-1", ""),
        ("windows-1252", "utf-8", "application/rss+xml; charset=windows-1252"),
        ("windows-1252", "nonsense", ""),
        ("windows-1252", "", ""),
        ("iso-8859-15", "iso-8859-15", "text/xml; charset=utf-8"),
    ],
)
def test_titles_survive_every_encoding(encoding: str, declared: str, header: str) -> None:
    declaration = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    text = declaration + rss(ITEM.replace("One", "Žürich é œ")).decode()
    wanted = "Žürich é œ"
    document = read(text.encode(encoding), content_type=header)
    assert document.items[0].title == wanted
    assert document.defect == ""


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "shift_jis", "gb2312", "euc-kr"])
def test_other_alphabets_are_read_as_declared(encoding: str) -> None:
    title = {"shift_jis": "東京", "gb2312": "北京", "euc-kr": "서울"}.get(encoding, "Москва")
    text = f"<?xml version='1.0' encoding='{encoding}'?>{rss(ITEM.replace('One', title)).decode()}"
    assert read(text.encode(encoding)).items[0].title == title


@pytest.mark.parametrize("name", ["idna", "punycode", "zlib", "rot13", "unicode_escape", "utf-7"])
def test_no_odd_codec_is_ever_asked(name: str) -> None:
    body = f"<?xml version='1.0' encoding='{name}'?>".encode() + rss() + b"\xff"
    assert read(body).items[0].guid == "a"


def test_a_few_bad_bytes_do_not_spoil_utf_8() -> None:
    items = ITEM.replace("One", "Zürich – Genève – „Bärn“") * 3
    body = rss(items).replace(b"</channel>", b"<x>\xff</x></channel>")
    assert read(body).items[0].title == "Zürich – Genève – „Bärn“"


def test_items_beyond_the_cap_are_dropped() -> None:
    items = "".join(ITEM.replace(">a<", f">{n}<") for n in range(5))
    assert [item.guid for item in read(rss(items), max_items=2).items] == ["0", "1"]


def test_what_breaks_feedparser_is_the_feeds_failure() -> None:
    """A width of nothing: feedparser says TypeError."""
    broken = b"<rss><channel><title>a</title><item><image><width><b></width></image></item> & "
    refused = failure(broken)
    assert refused.kind is Kind.BAD_XML
    assert "TypeError" in refused.detail


def test_both_parsers_give_the_same_item() -> None:
    body = (
        '<?xml version="1.0"?><rss version="2.0" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>S</title>'
        "<link>https://example.org</link><language>en</language><ttl>60</ttl>"
        f"{ITEM}<item><guid>https://example.org/2</guid><title>Two  &amp; three</title>"
        "<itunes:title>no</itunes:title><itunes:duration>62:03</itunes:duration>"
        "<itunes:season>1</itunes:season><itunes:episode>2</itunes:episode>"
        "<itunes:episodeType>Full</itunes:episodeType><itunes:explicit>yes</itunes:explicit>"
        '<itunes:image href="https://example.org/a.jpg"/><description>d</description>'
        "<content:encoded>&lt;p&gt;longer&lt;/p&gt;</content:encoded></item></channel></rss>"
    ).encode()
    fast = scan(body, url=URL, max_items=10)
    tolerant = read(body)
    assert fast is not None
    assert fast.items == tolerant.items
    assert (fast.title, fast.link, fast.ttl_s) == (tolerant.title, tolerant.link, tolerant.ttl_s)
    assert (fast.parser, tolerant.parser) == ("fast", "tolerant")


def test_the_child_loads_neither_screen_nor_catalogue() -> None:
    code = (
        "import sys, podfetch_tui.feeds.tolerant as t;"
        "sys.exit(any(m in sys.modules for m in ('textual', 'sqlalchemy', 'urllib3', 'av')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
