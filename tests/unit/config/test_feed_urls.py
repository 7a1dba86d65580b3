from __future__ import annotations

import pytest

from podfetch_tui.config.sources import normalise_url
from podfetch_tui.policy.addresses import parse_networks


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("http://example.com:0080/a", "http://example.com/a"),
        ("http://example.com:443/a", "http://example.com:443/a"),
        ("http://example.com:/a", "http://example.com/a"),
        ("http://example.com/A/b#part", "http://example.com/A/b"),
        ("http://example.com/?", "http://example.com/"),
        ("http://example.com?a=B", "http://example.com/?a=B"),
        ("http://example.com/%c3%a9?q=%2f", "http://example.com/%C3%A9?q=%2F"),
        ("http://example.com/é ü", "http://example.com/%C3%A9%20%C3%BC"),
        ("http://example.com/100%", "http://example.com/100%"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("  http://example.com/a \t", "http://example.com/a"),
        ("http://User:Pw@Example.com/", "http://User:Pw@example.com/"),
        ("http://@example.com/", "http://example.com/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://1.1.1.1/feed", "http://1.1.1.1/feed"),
        ("http://example.com/a//b/../c", "http://example.com/a//b/../c"),
        ("http://example.com/@user/feed", "http://example.com/@user/feed"),
    ],
)
def test_only_what_cannot_change_the_request_is_normalised(url: str, normal: str) -> None:
    assert normalise_url(url) == normal


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not a URL"),
        ("some words", "not a URL"),
        ("example.com/feed", "not a URL"),
        ("example.com:8080/feed", "needs http"),
        ("http:/example.com/", "no // after"),
        ("http:///feed", "no host"),
        ("http://[::1/", "not a URL"),
        ("ftp://example.com/feed", "wrong scheme ftp"),
        ("file:///etc/passwd", "wrong scheme file"),
        ("javascript:alert(1)", "wrong scheme javascript"),
        ("http://a..b/", "cannot be a host name"),
        ("http://exa mple.com/", "cannot be a host name"),
        ("http://a\\@example.com/", "host cannot be read"),
        ("http://example.com:99999/", "not a port"),
        ("http://example.com:0/", "not a port"),
        ("http://example.com:22/", "system port"),
        ("http://example.com/a\x00b", "control character"),
        ("http://example.com/" + "a" * 9000, "longer than"),
        ("http://127.0.0.1/", "loopback"),
        ("http://10.1.2.3/", "private"),
        ("http://192.168.0.1:8080/", "private"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://[::1]/", "loopback"),
        ("http://[::ffff:10.0.0.1]/", "blocked address"),
        ("http://[fe80::1%25eth0]/", "blocked address"),
        ("http://0x7f.1/", "unusual spelling"),
        ("http://2130706433/", "unusual spelling"),
        ("http://１２７.0.0.1/", "blocked address|disguise"),
        ("http://localhost/", "loopback"),
        ("http://LocalHost.:8000/x", "loopback"),
        ("http://a.localhost/feed.xml", "loopback"),
    ],
)
def test_what_is_never_a_feed_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normalise_url(url)


def test_a_private_address_is_taken_where_the_operator_opened_it() -> None:
    allow = parse_networks(["127.0.0.0/8", "10.0.0.0/24"])
    assert normalise_url("http://10.0.0.7/f", allow=allow) == "http://10.0.0.7/f"
    assert normalise_url("http://localhost:8080/", allow=allow) == "http://localhost:8080/"
    with pytest.raises(ValueError, match="private"):
        normalise_url("http://10.0.1.7/f", allow=allow)


def test_no_reason_repeats_the_userinfo() -> None:
    for url in ("http://user:hunter2@10.0.0.1/", "http://user:hunter2@a..b/", "ftp://hunter2@x/"):
        with pytest.raises(ValueError, match="a") as caught:
            normalise_url(url)
        assert "hunter2" not in str(caught.value)
