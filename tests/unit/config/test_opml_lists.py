"""Feed lists in OPML: what is read, what is rejected with its line, what is refused as a whole."""

from __future__ import annotations

import random

import pytest

from podfetch_tui.config.sources import FeedList, read_list
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.writes import NewFeed

FEED = '<outline text="A" xmlUrl="http://a.example/f"/>'


def _opml(body: str, *, head: str = "", encoding: str = "utf-8") -> bytes:
    return f'{head}<opml version="2.0"><body>\n{body}\n</body></opml>\n'.encode(encoding)


def _read(body: str, *, head: str = "", encoding: str = "utf-8") -> FeedList:
    return read_list(_opml(body, head=head, encoding=encoding), name="x.opml")


def _refused(data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        read_list(data, name="x.opml")
    message = str(caught.value)
    assert message.startswith("x.opml: line ")
    return message.removeprefix("x.opml: line ")


def test_outlines_are_feeds_and_folders_are_tags_outermost_first() -> None:
    found = _read(
        '<outline text="News">\n'
        '  <outline title="Tech &amp; more">\n'
        '    <outline type="rss" text="a text" title="A" xmlUrl="http://a.example/f"/>\n'
        "  </outline>\n"
        '  <outline text="B" XMLURL=" http://b.example/f "></outline>\n'
        "</outline>\n"
        '<outline type="rss" text="C" url="http://c.example/"/>'
    )
    assert found.entries == (
        NewFeed(
            url="http://a.example/f", title="A", tags=("News", "Tech & more"), folders=2, line=4
        ),
        NewFeed(url="http://b.example/f", title="B", tags=("News",), folders=1, line=6),
        NewFeed(url="http://c.example/", title="C", line=8),
    )
    assert (found.rejected, found.notes) == ((), ())


def test_our_columns_travel_as_attributes_of_our_namespace() -> None:
    found = _read(
        '<outline text="F" xmlns:p="urn:podfetch:list:1"><outline text="A"\n'
        'xmlUrl="http://a.example/f" p:priority="-3" p:tags="x, F" p:interval="2h"\n'
        'p:backlog="since 1970-01-02" p:enabled="no" p:user_agent="Me/1" p:feed_max="64 MiB"\n'
        'p:allow_private="10.0.0.0/8" p:state="retired" p:state_reason="over" p:rating="5"/>'
        "</outline>"
    )
    assert found.entries == (
        NewFeed(
            url="http://a.example/f",
            title="A",
            priority=-3,
            tags=("F", "x"),
            folders=1,
            interval=7200,
            backlog=Backlog(BacklogKind.SINCE, since=86_400_000),
            enabled=False,
            user_agent="Me/1",
            feed_max=64 * 1024**2,
            allow_private=("10.0.0.0/8",),
            state=FeedState.RETIRED,
            state_reason="over",
            line=2,
        ),
    )
    assert found.notes == (
        "attributes that are not used: podfetch:rating",
        "1 feed may reach private addresses (allow_private in the list)",
    )


def test_our_prefix_without_its_namespace_is_ours_and_with_another_one_is_not() -> None:
    feed = '<outline {} xmlUrl="http://a.example/f" podfetch:priority="5" x:y="z"/>'
    assert _read(feed.format("")).entries[0].priority == 5
    assert _read(feed.format('xmlns:podfetch="urn:other"')).entries[0].priority is None


def test_a_feed_in_two_folders_has_the_tags_of_both() -> None:
    found = _read(
        f'<outline text="A">{FEED}</outline><outline text="B"><outline text="C">{FEED}'
        "</outline></outline>"
    )
    (entry,) = found.entries
    assert (entry.tags, entry.folders) == (("A", "B", "C"), 1)
    assert found.duplicates == ((2, 2),)


def test_what_is_neither_feed_nor_folder_is_rejected_with_its_line() -> None:
    found = _read(
        '<outline text="F">\n'
        '<outline type="rss" text="no url"/>\n'
        '<outline text="empty" xmlUrl=""/>\n'
        '<outline type="link" text="l" url="http://l.example/o.opml"/>\n'
        '<outline xmlUrl="ftp://u:secret@a.example/"/>\n'
        '<outline xmlUrl="http://192.168.0.1/"/>\n'
        '<outline xmlUrl="http://a.example/" podfetch:priority="high"/>\n'
        f"{FEED}</outline>"
    )
    assert [(bad.line, bad.text) for bad in found.rejected] == [
        (3, "rss no url"),
        (4, "outline empty"),
        (5, "link l"),
        (6, "ftp://***@a.example/"),
        (7, "http://192.168.0.1/"),
        (8, "http://a.example/"),
    ]
    assert {bad.reason for bad in found.rejected[:3]} == {
        "there is no xmlUrl, and no outline in it"
    }
    assert found.mentioned == ("http://192.168.0.1/", "http://a.example/")
    assert found.unreadable == 4
    assert len(found.entries) == 1


def test_what_stands_below_a_feed_is_its_own_and_no_mistake() -> None:
    found = _read(
        '<outline text="Show" xmlUrl="http://a.example/f"><outline text="Episode 1" url="x"/>'
        '<outline text="B" xmlUrl="http://b.example/f"/></outline>'
    )
    assert [(feed.url, feed.tags) for feed in found.entries] == [
        ("http://a.example/f", ()),
        ("http://b.example/f", ()),
    ]
    assert found.rejected == ()


def test_comments_are_left_out_with_all_below() -> None:
    found = _read(
        f'<outline isComment="true" text="x"><outline text="y">{FEED}</outline></outline>'
        '<outline isComment="false" text="B" xmlUrl="http://b.example/f"/>'
    )
    assert [feed.title for feed in found.entries] == ["B"]
    assert found.notes == ("outlines left out because they are comments: 1",)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("\ufeff", "utf-8"),
        ("", "cp1252"),
        ("", "utf-16"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16-le"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16-be"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-8"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "cp1252"),
        ('<?xml version="1.0" encoding="us-ascii"?>', "utf-8"),
        ('<?xml version="1.0" encoding="no-such-thing"?>', "utf-8"),
        ("<?xml version=1.0 encoding=utf8 ?>", "utf-8"),
        ("\n \n<?xml version='1.0'?>", "utf-8"),
        ('<!DOCTYPE opml PUBLIC "-//x" "http://x.example/opml.dtd">', "utf-8"),
    ],
)
def test_encodings_are_read_whatever_the_prolog_says(head: str, encoding: str) -> None:
    body = '<outline text="Größe “x”" xmlUrl="http://a.example/f"/>'
    (entry,) = _read(body, head=head, encoding=encoding).entries
    assert (entry.title, entry.line) == ("Größe “x”", 2 + head.count("\n"))


def test_cyrillic_is_read_as_the_prolog_says() -> None:
    body = '<outline text="Привет" xmlUrl="http://a.example/f"/>'
    head = '<?xml version="1.0" encoding="windows-1251"?>'
    assert _read(body, head=head, encoding="cp1251").entries[0].title == "Привет"


def test_bare_ampersands_and_entities_of_html_mean_what_they_can_only_mean() -> None:
    found = _read(
        '\n<outline text="A & B &eacute; &AMP; &nope; &#x41; &#X42; &#0;"'
        ' xmlUrl="http://a.example/?a=1&b=2&copy=3&amp;d=4"/>'
    )
    assert found.entries[0].title == "A & B é & &nope; A B \ufffd"
    assert found.entries[0].url == "http://a.example/?a=1&b=2&copy=3&d=4"
    assert found.notes == ("6 times & was not written as &amp;, first in line 3",)


def test_a_url_with_a_broken_character_is_rejected_and_a_title_is_kept() -> None:
    found = _read(
        '<outline text="a\x0bb" xmlUrl="http://a.example/"/>'
        '<outline text="B" xmlUrl="http://b.example/\x02"/>'
    )
    assert [entry.title for entry in found.entries] == ["a\ufffdb"]
    assert found.rejected[0].reason == "not a URL: a character in it cannot be read"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_opml('\n<outline text="A < B"/>'), "3: this OPML is not well-formed"),
        (_opml("\n<outline text=A/>"), "3: this OPML is not well-formed"),
        (_opml('\n<outline text="A" text="B"/>'), "3: this OPML is not well-formed: duplicate"),
        (_opml(FEED + "\n</outline>"), "3: this OPML is not well-formed: mismatched"),
        (_opml(FEED) + b"<opml/>", "4: this OPML is not well-formed: junk"),
        (
            _opml(f'<outline text="F">\n{FEED}')[:-16],
            "3: this OPML is not well-formed: the file ends within <outline> of line 2",
        ),
        (_opml(FEED)[:-40], "2: this OPML is not well-formed: the file ends within a tag"),
        (_opml(FEED) + b"\0" * 50, "4: there is a zero byte: the file is damaged"),
        (b"<x><opml /></x>", "1: this is XML but not OPML: its root is <x>"),
        (b"<opml><body/></opml>", "1: there is no URL in this list"),
        (_opml('<outline text="only"><outline text="text"/></outline>'), "2: there is no URL"),
        (
            b'<!DOCTYPE o [\n<!ENTITY a "a">\n<!ENTITY b "&a;&a;">]>' + _opml(FEED),
            "1: a document type with definitions",
        ),
        (b'<!DOCTYPE o [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]><opml/>', "1: a document"),
        (_opml("<outline text='f'>" * 200), "2: more than 100 elements within one another"),
        (
            _opml("<outline " + " ".join(f"a{n}='x'" for n in range(501)) + "/>"),
            "2: more than 500 att",
        ),
        (_opml('<outline text="' + "x" * 1_100_000 + '"/>'), "2: a tag or text of half a megabyte"),
        (_opml('<outline text="' + "&" * 100_001 + '"/>'), "2: 100000 times & is wrong here"),
    ],
    ids=str.split(
        "less-than unquoted twice mismatch two-roots ends cut zeros other-root empty no-feed "
        "laughs parameter deep attributes long ampersands"
    ),
)
def test_a_broken_or_hostile_document_is_refused_as_a_whole(data: bytes, message: str) -> None:
    assert _refused(data).startswith(message)


def test_a_feed_in_too_many_folders_is_rejected_alone() -> None:
    folders = "".join(f'<outline text="{n}">' for n in range(51))
    found = _read(folders + FEED + "</outline>" * 51 + FEED)
    assert [bad.reason for bad in found.rejected] == ["more than 50 folders and tags"]
    assert len(found.entries) == 1


def test_ten_megabytes_of_garbage_in_opml_end_soon() -> None:
    noise = random.Random(7).randbytes(10_000_000)
    visible = bytes(33 + byte % 90 for byte in noise[:100_000]) * 100
    for garbage in (noise, visible, b"<outline>" * 1_100_000, b"<outline/>" * 1_000_000):
        _refused(b"<opml>" + garbage)


def test_ten_megabytes_of_feeds_are_read_whole() -> None:
    feed = (
        '<outline type="rss" text="Show {0} &amp; more" xmlUrl="https://h{0}.example/f?a={0}"/>\n'
    )
    folders = []
    for n in range(100):
        feeds = "".join(feed.format(1000 * n + m) for m in range(1000))
        folders.append(f'<outline text="F{n}">{feeds}</outline>')
    found = _read("".join(folders))
    assert (len(found.entries), found.rejected) == (100_000, ())
    assert found.entries[-1].tags == ("F99",)


def test_a_list_is_known_by_its_content_whatever_its_name_is() -> None:
    assert len(read_list(_opml(FEED), name="feeds.csv").entries) == 1
    assert len(read_list(b"http://a.example/f\n", name="feeds.opml").entries) == 1
    assert len(read_list(b'[{"url": "http://a.example/f"}]', name="feeds.txt").entries) == 1
    with pytest.raises(UsageError, match="line 1: this is a feed itself"):
        read_list(b"<rss version='2.0'><!-- no opml --></rss>", name="feeds.opml")
