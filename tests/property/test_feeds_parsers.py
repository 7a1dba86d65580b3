"""Both parsers on bytes nobody thought of."""

from __future__ import annotations

from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from podfetch_tui.feeds.identity import drafts
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.texts import line, repaired
from podfetch_tui.feeds.tolerant import parse, parse_leniently
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.text import clean

URL = "https://feeds.example.org/show/feed.xml"
calm = settings(deadline=None)

WHOLE = (
    b'<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/'
    b'podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    b' xmlns:psc="http://podlove.org/simple-chapters"><channel>'
    b"<title>Show</title><image><url>https://x/i.png</url></image>"
    b"<podcast:liveItem><title>live</title></podcast:liveItem>"
    b'<item><guid isPermaLink="false">a</guid><title>One &amp; only</title>'
    b"<pubDate>Mon, 01 Jan 2024 06:00:00 GMT</pubDate><itunes:duration>1:02</itunes:duration>"
    b'<description><![CDATA[<p>notes</p>]]></description><enclosure url="https://x/a.mp3"/></item>'
    b'<item><guid>b</guid><enclosure url="https://x/b.mp3" length="9"/>'
    b'<podcast:person role="guest">Ada</podcast:person><psc:chapters><psc:chapter start="1"/>'
    b"</psc:chapters><podcast:alternateEnclosure><podcast:source uri='x'/>"
    b"</podcast:alternateEnclosure></item></channel></rss>"
)

odd = st.sampled_from(
    [
        *(b"<", b">", b"&", b'"', b"'", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"?>"),
        *(b"\x00", b"\xff", b"\xed\xa0\x80", b"&nbsp;", b"&#xD800;", b"&#9999999999;", b"&lt;"),
        *(b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"<item>", b"</item>", b"<title>", b"</channel>"),
        *(b' xml:base="http://[x"', b"<guid>http://[::1</guid>", b"<width><b></width>", b""),
    ]
)
edits = st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 40), odd), max_size=5)


def edited(changes: list[tuple[int, int, bytes]]) -> bytes:
    body = WHOLE
    for at, dropped, added in changes:
        body = body[:at] + added + body[at + dropped :]
    return body


def parsed(body: bytes) -> FeedDocument | None:
    try:
        return parse(body, ParseParams(url=URL))
    except Failure:
        return None


@calm
@given(st.one_of(edits.map(edited), st.binary(max_size=300)))
def test_no_bytes_raise_anything_but_a_failure(body: bytes) -> None:
    document = scan(body, url=URL, max_items=100)
    if document is None:
        document = parsed(body)
    if document is not None:
        drafts(document)


@calm
@given(edits.map(edited))
def test_what_the_fast_path_reads_the_tolerant_parser_reads_alike(body: bytes) -> None:
    fast = scan(body, url=URL, max_items=100)
    if fast is not None and not any(odd_one in body for odd_one in (b"xml:base", b"[::1")):
        tolerant = parse_leniently(body, ParseParams(url=URL))
        assert [(i.guid, i.title, i.published, i.enclosures) for i in fast.items] == [
            (i.guid, i.title, i.published, i.enclosures) for i in tolerant.items
        ]


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)


@calm
@given(
    st.lists(
        st.tuples(texts, texts, st.sampled_from(["", "a.mp3", "https://x/b.mp3?c=1&d=2"])),
        max_size=5,
    )
)
def test_both_parsers_give_the_same_items(rows: list[tuple[str, str, str]]) -> None:
    items = "".join(
        f'<item><guid isPermaLink="false">{escape(guid)}</guid><title>{escape(title)}</title>'
        f'<enclosure url="{escape(url)}"/></item>'
        for guid, title, url in rows
    )
    body = f"<rss version='2.0'><channel><title>S</title>{items}</channel></rss>".encode()
    fast = scan(body, url=URL, max_items=100)
    if fast is not None:  # U+FFFE and U+FFFF are no XML
        assert fast.items == parse_leniently(body, ParseParams(url=URL)).items


@calm
@given(st.text(max_size=80), st.integers(10, 60))
def test_the_short_cut_to_a_clean_line_changes_nothing(text: str, limit: int) -> None:
    assert line(text, limit) == clean(repaired(text), limit)
