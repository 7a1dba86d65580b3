"""When two enclosure URLs are the same file."""

from __future__ import annotations

import pytest

from podfetch_tui.feeds.enclosures import may_expire
from podfetch_tui.feeds.identity import normalise_enclosure

PLAIN = "http://traffic.example.org/show/1.mp3"


@pytest.mark.parametrize(
    "url",
    [
        PLAIN,
        " HTTPS://Traffic.Example.ORG/show/1.mp3\n",
        "https://traffic.example.org:443/show/1.mp3",
        "http://traffic.example.org:80/show/1.mp3",
        "http://traffic.example.org./show/1.mp3#t=30",
        "https://user:secret@traffic.example.org/show/1.mp3",
        "https://traffic.example.org/show/1.mp3?updated=1700000000",
        "https://traffic.example.org/show/1.mp3?utm_source=rss&dest-id=7&token=abc",
        "https://traffic.example.org/show/1.mp3?X-Amz-Date=1&X-Amz-Signature=2",
        "https://dts.podtrac.com/redirect.mp3/traffic.example.org/show/1.mp3",
        "https://www.podtrac.com/pts/redirect.mp3/traffic.example.org/show/1.mp3",
        "https://www.podtrac.com/pts/redirect.mp3?https://traffic.example.org/show/1.mp3",
        "https://chtbl.com/track/AB12C/traffic.example.org/show/1.mp3",
        "https://pdst.fm/e/chrt.fm/track/1/traffic.example.org/show/1.mp3?source=feed",
        "https://op3.dev/e/https://traffic.example.org/show/1.mp3",
        "https://op3.dev/e,pg=9b02/traffic.example.org/show/1.mp3",
        "https://op3.dev/e/https%3A%2F%2Ftraffic.example.org%2Fshow%2F1.mp3",
        "https://media.blubrry.com/show/p/traffic.example.org/show/1.mp3",
        "https://mgln.ai/e/7/verifi.podscribe.com/rss/p/pscrb.fm/rss/p/traffic.example.org/show/1.mp3",
        "https://growx.podkite.com/https/show/traffic.example.org/show/1.mp3",
    ],
)
def test_the_same_file_has_one_form(url: str) -> None:
    assert normalise_enclosure(url) == PLAIN


@pytest.mark.parametrize(
    "url",
    [
        "http://traffic.example.org/show/2.mp3",
        "http://traffic.example.org/Show/1.mp3",
        "http://traffic.example.org:8080/show/1.mp3",
        "http://traffic.example.org/show/1.mp3?id=5",
        "http://traffic.example.org/show/1.mp3?e=5",
        "http://other.example.org/show/1.mp3",
        "http://example.org/e/traffic.example.org/show/1.mp3",
        "https://chtbl.com/show/1.mp3",
        "ftp://traffic.example.org/show/1.mp3",
        "magnet:?xt=urn:btih:1",
        "https://",
        "",
    ],
)
def test_another_file_has_another_form(url: str) -> None:
    assert normalise_enclosure(url) != PLAIN


def test_the_order_of_what_identifies_a_file_stays() -> None:
    url = "https://example.org/get.php?b=1&token=9&a=2"
    assert normalise_enclosure(url) == "http://example.org/get.php?b=1&a=2"


def test_a_chain_of_prefixes_without_end_is_left_alone() -> None:
    url = "https://pdst.fm/e/" * 1 + "pdst.fm/e/" * 500 + "traffic.example.org/a.mp3"
    assert normalise_enclosure(url).startswith("http://pdst.fm/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/1.mp3?Expires=1700000000&Signature=ab&Key-Pair-Id=K", True),
        ("https://bucket.example/1.mp3?X-Amz-Signature=ab", True),
        ("https://host.example/1.mp3?tk=ab&sig=cd", True),
        ("https://host.example/1.mp3#?token=x", False),
        ("https://host.example/1.mp3?dest-id=5&updated=3", False),
        ("https://host.example/1.mp3", False),
        ("", False),
    ],
)
def test_a_signed_url_may_expire(url: str, expected: bool) -> None:
    assert may_expire(url) is expected
