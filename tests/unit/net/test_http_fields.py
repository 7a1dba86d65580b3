"""Fields are read to the letter, and nothing in them raises."""

from __future__ import annotations

import pytest

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.headers import (
    content_codings,
    content_length,
    content_range,
    http_date,
    is_settled,
    is_strong,
    max_age,
    retry_after,
    user_agent,
    validators,
)

NOW_MS = 1_751_364_000_500  # Tue, 01 Jul 2025 10:00:00.5 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("86400", 86400.0),
        ("9999999999", 9999999999.0),
        ("9" * 5000, 1e10),
        ("Tue, 01 Jul 2025 10:01:00 GMT", 59.5),
        ("Tuesday, 01-Jul-25 10:01:00 GMT", 59.5),
        ("Tue Jul  1 10:01:00 2025", 59.5),
        ("Tue, 01 Jul 2025 10:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 - NOW_MS / 1000),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("abc", None),
        ("", None),
        ("12 34", None),
        ("\x00", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(
    text: str | None, seconds: float | None
) -> None:
    assert retry_after(text, now_ms=NOW_MS) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("max-age=300", 300),
        ("public, max-age=300, must-revalidate", 300),
        ('MAX-AGE = "60"', 60),
        ("s-maxage=900, max-age=60", 60),
        ("s-maxage=900", None),
        ("x-max-age=900", None),
        ("max-age=0", 0),
        ("max-age=-1", None),
        ("max-age=abc", None),
        ("max-age=" + "9" * 400, 10**10),
        ("no-cache, max-age=300", None),
        ("no-store", None),
        ("", None),
    ],
)
def test_max_age_is_read_from_its_directive_alone(text: str, seconds: int | None) -> None:
    assert max_age({"cache-control": text}) == seconds


def test_no_cache_control_says_nothing() -> None:
    assert max_age({}) is None


@pytest.mark.parametrize(
    ("etag", "strong"),
    [
        ('"a"', True),
        ('""', True),
        ('"a b\xff"', True),
        ('W/"a"', False),
        ('w/"a"', False),
        ("a", False),
        ('"a', False),
        ('"a"b"', False),
        ('"a", "b"', False),
        ("", False),
        (None, False),
    ],
)
def test_only_a_quoted_tag_without_w_is_strong(etag: str | None, strong: bool) -> None:
    assert is_strong(etag) is strong


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes 0-0/1", (0, 0, 1)),
        ("bytes 5-9/10", (5, 9, 10)),
        ("BYTES 5-9/*", (5, 9, None)),
        (" bytes  5-9/10 ", (5, 9, 10)),
        ("bytes 9-5/10", None),
        ("bytes 5-10/10", None),
        ("bytes */10", None),
        ("bytes 5-/10", None),
        ("bytes -5-9/10", None),
        ("bytes=5-9/10", None),
        ("bytes 5 - 9/10", None),
        ("items 5-9/10", None),
        ("bytes 5-9/10, bytes 11-12/13", None),
        ("bytes ٥-٩/10", None),
        ("bytes 0-1/" + "9" * 40, None),
        ("", None),
    ],
)
def test_content_range_is_exact_or_nothing(
    text: str, found: tuple[int, int, int | None] | None
) -> None:
    assert content_range({"content-range": text}) == found


@pytest.mark.parametrize(("text", "length"), [("0", 0), ("12", 12), ("5, 5", 5), ("5,5,5", 5)])
def test_a_length_is_digits(text: str, length: int) -> None:
    assert content_length({"content-length": text}) == length


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1_0", "0x1", "5, 6", "5,", "٣", "9" * 19])
def test_anything_else_is_no_length(text: str) -> None:
    with pytest.raises(Failure) as caught:
        content_length({"content-length": text})
    assert caught.value.kind is Kind.PROTOCOL


def test_no_length_is_none() -> None:
    assert content_length({}) is None


@pytest.mark.parametrize(
    ("text", "codings"),
    [
        ("", ()),
        ("identity", ()),
        ("Identity, ,", ()),
        ("GZIP", ("gzip",)),
        ("gzip, gzip", ("gzip", "gzip")),
        (" br ,identity", ("br",)),
    ],
)
def test_codings_are_listed_without_identity(text: str, codings: tuple[str, ...]) -> None:
    assert content_codings({"content-encoding": text}) == codings


@pytest.mark.parametrize(
    ("modified", "date", "settled"),
    [
        ("Tue, 01 Jul 2025 09:00:00 GMT", "Tue, 01 Jul 2025 09:01:00 GMT", True),
        ("Tue, 01 Jul 2025 09:00:00 GMT", "Tue, 01 Jul 2025 09:00:59 GMT", False),
        ("Tue, 01 Jul 2025 09:00:00 GMT", "Tue, 01 Jul 2025 08:00:00 GMT", False),
        ("Tue, 01 Jul 2025 09:00:00 GMT", None, False),
        (None, "Tue, 01 Jul 2025 09:00:00 GMT", False),
        ("yesterday", "today", False),
    ],
)
def test_a_young_date_vouches_for_nothing(
    modified: str | None, date: str | None, settled: bool
) -> None:
    given = {"last-modified": modified, "date": date}
    assert is_settled({name: text for name, text in given.items() if text}) is settled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "Tue, 99 Jul 2025 10:00:00 GMT",
        "0",
        "Tue, 01 Jul 10000 10:00:00 GMT",
        "1" * 100,
        "(" * 64,
    ],
)
def test_an_impossible_date_is_none(text: str) -> None:
    assert http_date(text) is None


@pytest.mark.parametrize("text", ["", "a\nb", "a\rb", "\x00", "x" * 1025, "a\x7f"])
def test_a_validator_that_could_hide_something_is_dropped(text: str) -> None:
    assert validators({"etag": text, "last-modified": text}) == Validators()


def test_a_validator_keeps_its_odd_characters() -> None:
    assert validators({"etag": 'W/"ü\t"'}).etag == 'W/"ü\t"'


def test_the_user_agent_is_honest() -> None:
    assert user_agent(NetworkSettings()).startswith("PodFetch/")
    assert user_agent(NetworkSettings(contact="x@y.org")).endswith("(+x@y.org)")
    assert user_agent(NetworkSettings(user_agent="Other/2", contact="x@y.org")) == "Other/2"
