"""The fast path stays small in time and memory whatever the bytes are."""

from __future__ import annotations

import gc
import subprocess
import sys

import psutil
import pytest

from podfetch_tui.feeds.scan import LARGEST_BODY, MOST_TAGS, is_eligible, scan

HEAD = b"<rss><channel><title>S</title>"
TAIL = b"</channel></rss>"


def fast(body: bytes) -> bool:
    return scan(body, url="https://example.org/", max_items=10) is not None


def test_a_body_above_two_mebibytes_is_not_looked_at() -> None:
    body = HEAD + b"<b>%s</b>" % (b"x" * 93) * 20_960 + TAIL
    body = body.replace(TAIL, b"<b>%s</b>" % (b"x" * (LARGEST_BODY - len(body) - 7)) + TAIL)
    assert len(body) == LARGEST_BODY
    assert is_eligible(body)
    assert not is_eligible(body + b"\n")


def test_too_many_tags_are_not_looked_at() -> None:
    body = HEAD + b"<a/>" * (MOST_TAGS - 6) + TAIL
    assert body.count(b"<") == MOST_TAGS
    assert is_eligible(body)
    assert not is_eligible(body.replace(TAIL, b"<a/>" + TAIL))


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE rss>",
        b'<!DOCTYPE rss [<!ENTITY a "b">]>',
        b'<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
        b"<!-- <rss> --><!DOCTYPE rss>",
        b'<?xml version="1.0"?>\n<!--a-->\n<?a b?> <!DOCTYPE rss>',
        b"<!ENTITY a 'b'>",
        b"<!-- never closed ",
        b"<? never closed ",
        b"junk",
        b"<",
    ],
)
def test_a_document_type_keeps_a_document_off_the_fast_path(prolog: bytes) -> None:
    assert not is_eligible(prolog + HEAD + TAIL)


def test_a_document_type_in_the_notes_is_just_text() -> None:
    notes = b"<item><title>a</title><description><![CDATA[<!DOCTYPE html>]]></description></item>"
    assert fast(HEAD + notes + TAIL)


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ("utf-8", "é".encode(), True),
        ("UTF-8", b"e", True),
        ("us-ascii", b"e", True),
        ("windows-1252", b"e", True),
        ("iso-8859-1", b"e", True),
        ("iso-8859-1", "é".encode("iso-8859-1"), False),
        ("windows-1251", "ж".encode("windows-1251"), False),
        ("utf-16", b"e", False),
        ("utf-7", b"e", False),
        ("shift_jis", b"e", False),
        ("idna", b"e", False),
    ],
)
def test_only_utf_8_and_plain_ascii_are_read(declared: str, text: bytes, expected: bool) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?>'.encode() + HEAD + text + TAIL
    assert fast(body) is expected


def test_a_byte_order_mark_of_utf_8_is_fine_and_utf_16_is_not() -> None:
    assert fast(b"\xef\xbb\xbf" + HEAD + TAIL)
    assert not fast((HEAD + TAIL).decode().encode("utf-16"))


def test_nesting_is_capped() -> None:
    shallow = b"<x>" * 60 + b"</x>" * 60
    deep = b"<x>" * 80 + b"</x>" * 80
    assert fast(HEAD + shallow + TAIL)
    assert not fast(HEAD + deep + TAIL)
    assert fast(HEAD + b"<item>" + shallow + b"</item>" + TAIL)
    assert not fast(HEAD + b"<item>" + deep + b"</item>" + TAIL)


def test_a_tag_or_text_without_end_is_not_looked_at() -> None:
    attributes = b" ".join(b'a%d="1"' % n for n in range(20_000))
    assert not fast(HEAD + b"<x " + attributes + b"/>" + TAIL)
    assert not fast(HEAD + b"<item><title>" + b"x" * 100_000 + b"</title></item>" + TAIL)
    assert fast(HEAD + b"<item><title>" + b"x" * 20_000 + b"</title></item>" + TAIL)


def test_long_notes_are_cut_at_64_kib() -> None:
    notes = "<p>äöü</p>" * 20_000
    body = HEAD + f"<item><description><![CDATA[{notes}]]></description></item>".encode() + TAIL
    document = scan(body, url="https://example.org/", max_items=10)
    assert document is not None
    assert len(document.items[0].summary.encode()) <= 65_536
    assert notes.startswith(document.items[0].summary)


def test_an_absurd_guid_stays_distinct_but_short() -> None:
    body = HEAD + b"".join(b"<item><guid>%s%d</guid></item>" % (b"g" * 9000, n) for n in (1, 2))
    document = scan(body + TAIL, url="https://example.org/", max_items=10)
    assert document is not None
    one, two = (item.guid for item in document.items)
    assert one != two
    assert len(one) == len(two) == 2048


def test_a_parsed_document_leaves_nothing_to_collect() -> None:
    """At 200 feeds a second nothing may wait for the garbage collector."""
    bodies = [HEAD + b"<item><guid>a</guid></item>" + TAIL, HEAD + b"<item><broken", b"<html/>"]
    bodies.append(HEAD + b"<item><title>a<b/></title></item>" + TAIL)
    for body in bodies:
        scan(body, url="https://example.org/", max_items=10)
    gc.collect()
    gc.disable()
    try:
        for body in bodies:
            scan(body, url="https://example.org/", max_items=10)
            assert gc.collect() == 0
    finally:
        gc.enable()


def test_names_of_one_document_are_forgotten_with_it() -> None:
    """lxml keeps every name it ever saw for as long as the thread lives: 2 MB a hostile poll."""
    process = psutil.Process()
    sizes = []
    for turn in range(9):
        names = (b"<n%d_%d/>" % (turn, number) for number in range(60_000))
        assert fast(HEAD + b"".join(names) + TAIL)
        sizes.append(process.memory_info().rss)
    assert sizes[-1] - sizes[3] < 5 * 1024 * 1024


@pytest.mark.timeout(30)
def test_very_many_namespaces_cost_no_more_than_other_bytes() -> None:
    strangers = b"".join(b'<a xmlns="u%d"/>' % number for number in range(90_000))
    assert fast(HEAD + strangers + TAIL)
    assert fast(HEAD + b"<item>" + strangers + b"</item>" + TAIL)


def test_a_long_namespace_of_very_many_elements_is_not_looked_at() -> None:
    def body(length: int, count: int) -> bytes:
        head = HEAD.replace(b"<rss>", b'<rss xmlns:a="%s">' % (b"u" * length))
        return head + b"<a:x/>" * count + TAIL

    assert fast(body(500, 25_000))
    assert fast(body(30_000, 100))
    assert not fast(body(600, 25_000))


def test_texts_in_very_many_pieces_are_not_looked_at() -> None:
    title = b"<item><title>%s</title></item>"
    assert fast(HEAD + title % (b"x<!---->" * 15_000) + TAIL)
    assert not fast(HEAD + title % (b"x<!---->" * 25_000) + TAIL)


def test_a_comment_or_instruction_does_not_cut_a_text() -> None:
    body = HEAD + b"<item><title>a<!--x-->b<?y z?>c<![CDATA[&]]></title></item>" + TAIL
    document = scan(body, url="https://example.org/", max_items=10)
    assert document is not None
    assert document.items[0].title == "abc&"


def test_the_fast_path_does_not_load_feedparser() -> None:
    code = "import sys, podfetch_tui.feeds.scan as s; sys.exit('feedparser' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
