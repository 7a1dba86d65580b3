"""A URL has one reading; what has none, or a dangerous one, is refused."""

from __future__ import annotations

import pytest

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.target import Target, join_location, parse_target
from podfetch_tui.policy.addresses import parse_networks

LOOPBACK = parse_networks(["127.0.0.0/8"])


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example/x?y=1", Target("https", "a.example", 443, "/x?y=1")),
        ("http://a.example", Target("http", "a.example", 80, "/")),
        ("HTTP://A.Example:80/", Target("http", "a.example", 80, "/")),
        ("http://a.example:8080/", Target("http", "a.example", 8080, "/")),
        ("http://a.example:/x", Target("http", "a.example", 80, "/x")),
        ("http://a.example?q", Target("http", "a.example", 80, "/?q")),
        ("  http://a.example/\n", Target("http", "a.example", 80, "/")),
        ("http://a.example/a\n b", Target("http", "a.example", 80, "/a%20b")),
        ("http://a.example/ü?ö=<>", Target("http", "a.example", 80, "/%C3%BC?%C3%B6=%3C%3E")),
        ("http://a.example/%20%zz%", Target("http", "a.example", 80, "/%20%zz%")),
        ("http://a.example/#f", Target("http", "a.example", 80, "/")),
        ("http://a.example//x//y", Target("http", "a.example", 80, "//x//y")),
        (
            "http://a.example/http://b.example/",
            Target("http", "a.example", 80, "/http://b.example/"),
        ),
        ("http://x_y.example/", Target("http", "x_y.example", 80, "/")),
        ("http://a.example./", Target("http", "a.example.", 80, "/")),
        ("http://bücher.example/", Target("http", "xn--bcher-kva.example", 80, "/")),
        ("http://u:p@a.example/", Target("http", "a.example", 80, "/", "u:p")),
        ("http://u:p%40@a.example/", Target("http", "a.example", 80, "/", "u:p%40")),
        ("http://[2606:4700::1]:8081/", Target("http", "2606:4700::1", 8081, "/")),
        ("http://8.8.8.8/", Target("http", "8.8.8.8", 80, "/")),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target
    assert parse_target(target.url)[:4] == target[:4]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", Kind.BLOCKED_SCHEME),
        ("a.example", Kind.BLOCKED_SCHEME),
        ("//a.example/", Kind.BLOCKED_SCHEME),
        ("http:a.example", Kind.BLOCKED_SCHEME),
        ("http:///x", Kind.BLOCKED_SCHEME),
        ("http://", Kind.BLOCKED_SCHEME),
        ("http://u@/", Kind.BLOCKED_SCHEME),
        ("http://[2606:4700::1/", Kind.BLOCKED_SCHEME),
        ("http://a.example\\@b.example/", Kind.BLOCKED_SCHEME),
        ("http://a.example/" + "x" * 9000, Kind.BLOCKED_SCHEME),
        ("http://[2606:4700::1]:81a/", Kind.BLOCKED_ADDRESS),
        ("http://u\\:p@a.example/", Kind.BLOCKED_SCHEME),
        ("http://u@v@a.example/", Kind.BLOCKED_SCHEME),
        ("http://" + "u" * 2000 + "@a.example/", Kind.BLOCKED_SCHEME),
        ("http://a:b:c/", Kind.BLOCKED_ADDRESS),
        ("http://[::1]x/", Kind.BLOCKED_ADDRESS),
        ("http://a.example:65536/", Kind.BLOCKED_PORT),
        ("http://a.example:0/", Kind.BLOCKED_PORT),
        ("http://a.example:25/", Kind.BLOCKED_PORT),
        ("http://a.example:000080/", Kind.BLOCKED_PORT),
        ("http://-a.example/", Kind.DNS_UNKNOWN),
        ("http://a..example/", Kind.DNS_UNKNOWN),
        ("http://.a.example/", Kind.DNS_UNKNOWN),
        ("http://a b.example/", Kind.DNS_UNKNOWN),
        ("http://%61.example/", Kind.DNS_UNKNOWN),
        ("http://" + "a" * 64 + ".example/", Kind.DNS_UNKNOWN),
        ("http://" + "a." * 130 + "example/", Kind.DNS_UNKNOWN),
        ("http://" + "ü" * 300 + ".example/", Kind.DNS_UNKNOWN),
        ("http://\u2028.example/", Kind.DNS_UNKNOWN),
    ],
)
def test_what_has_no_reading_is_refused(url: str, kind: Kind) -> None:
    with pytest.raises(Failure) as caught:
        parse_target(url)
    assert caught.value.kind is kind
    assert caught.value.detail.isprintable()


def test_the_url_of_a_target_names_no_default_port_and_no_credentials() -> None:
    target = parse_target("https://u:p@a.example:443/x")
    assert target.url == "https://a.example/x"
    assert target.full_url == "https://u:p@a.example/x"
    assert parse_target("http://[2606:4700::1]:443/").url == "http://[2606:4700::1]:443/"


@pytest.mark.parametrize(
    ("userinfo", "field"),
    [
        ("u:p", "Basic dTpw"),
        ("u", "Basic dQ=="),
        ("u:p%3Aq", "Basic dTpwOnE="),
        ("ü:", "Basic w7w6"),
        ("", None),
    ],
)
def test_userinfo_becomes_basic_authentication(userinfo: str, field: str | None) -> None:
    assert Target("http", "a", 80, "/", userinfo).authorization == field


def test_credentials_are_kept_at_one_origin_and_never_taken_from_a_stranger() -> None:
    base = parse_target("https://u:p@a.example/x")
    assert join_location(base, "/y").userinfo == "u:p"
    assert join_location(base, "https://a.example:443/y").userinfo == "u:p"
    for other in ("http://a.example/", "https://b.example/", "https://a.example:8443/"):
        assert join_location(base, other).userinfo == ""
    with pytest.raises(Failure) as caught:
        join_location(base, "https://x:y@a.example/")
    assert caught.value.kind is Kind.REDIRECT_BAD


def test_an_opened_network_opens_its_addresses_only() -> None:
    assert parse_target("http://127.0.0.5:8080/", LOOPBACK).host == "127.0.0.5"
    with pytest.raises(Failure):
        parse_target("http://127.1:8080/", LOOPBACK)
