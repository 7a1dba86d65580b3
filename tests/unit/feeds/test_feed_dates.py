"""Dates as feeds write them."""

from __future__ import annotations

import pytest

from podfetch_tui.feeds.dates import moment

SIX = 1704088800000  # 2024-01-01T06:00:00Z
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 01 Jan 2024 06:00:00 +0000", SIX),
        ("Mon, 01 Jan 2024 06:00:00 GMT", SIX),
        ("Mon, 01 Jan 2024 06:00:00 UT", SIX),
        ("Mon, 01 Jan 2024 06:00:00 Z", SIX),
        ("Mon, 01 Jan 2024 06:00:00 EST", SIX + 5 * HOUR),
        ("Mon, 01 Jan 2024 06:00:00 PDT", SIX + 7 * HOUR),
        ("Mon, 01 Jan 2024 06:00:00 +0530", SIX - 5 * HOUR - HOUR // 2),
        ("Mon, 01 Jan 2024 06:00:00 -0330", SIX + 3 * HOUR + HOUR // 2),
        ("Mon, 01 Jan 2024 06:00:00 +05:30", SIX - 5 * HOUR - HOUR // 2),
        ("Mon, 01 Jan 2024 06:00:00 +0007", SIX - 7 * 60_000),
        ("Mon, 01 Jan 2024 06:00:00 GMT+0200", SIX - 2 * HOUR),
        ("Mon, 01 Jan 2024 06:00:00 GMT-5:00", SIX + 5 * HOUR),
        ("Mon, 01 Jan 2024 06:00:00 Etc/GMT", SIX),
        ("Mon, 01 Jan 2024 06:00:00 +0000 (UTC)", SIX),
        ("Mon, 01 Jan 2024 06:00:00 +1400", SIX - 14 * HOUR),
        ("Mon, 1 Jan 2024 06:00:00 +0000", SIX),
        ("Monday, 1 January 2024 06:00 GMT", SIX),
        ("Mon,01 Jan 2024 06:00:00 GMT", SIX),
        ("Mon, 01-Jan-2024 06:00:00 GMT", SIX),
        ("mon, 01 jan 24 06:00:00 gmt", SIX),
        ("  Mon,  01 Jan 2024   06:00:00 GMT ", SIX),
        ("1 Jan 2024 06:00:00 GMT", SIX),
        ("Jan 1 2024 06:00:00 GMT", SIX),
        ("Mon, Jan 01 2024 06:00:00 GMT", SIX),
        ("Mon, 01 Jan 2024 06:00:00", SIX),
        ("Mon, 01 Jan 2024", SIX - 6 * HOUR),
        ("Mon Jan  1 06:00:00 2024", SIX),
        ("Mon Jan  1 06:00:00 PST 2024", SIX + 8 * HOUR),
        ("2024-01-01T06:00:00Z", SIX),
        ("2024-01-01T06:00:00+01:00", SIX - HOUR),
        ("2024-01-01T06:00:00.123456Z", SIX),
        ("2024-01-01T06:00:00-0330", SIX + 3 * HOUR + HOUR // 2),
        ("2024-01-01T06:00Z", SIX),
        ("2024-01-01 06:00:00", SIX),
        ("2024-01-01", SIX - 6 * HOUR),
        ("20240101", SIX - 6 * HOUR),
        ("2024-01", SIX - 6 * HOUR),
        ("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800000),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 946684799000),
        ("Fri, 31 Dec 99 23:59:59 GMT", 946684799000),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1000),
    ],
)
def test_what_feeds_write_is_read(text: str, expected: int) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "Mon, 01 Jan 2024 06:00:00 -3000",
        "Mon, 01 Jan 2024 06:00:00 -5100",
        "Mon, 01 Jan 2024 06:00:00 +1401",
        "Mon, 01 Jan 2024 06:00:00 +0160",
        "Mon, 01 Jan 2024 24:28:20 +0000",
        "Mon, 01 Jan 2024 15:12:352 +0000",
        "Mon, 01 Jan 2024 15:60:00 +0000",
        "Mon, 01 Jan 2024 15:00:60 +0000",
        "Mon, 118 Jun 2015 10:00:00 +0000",
        "Mon, 00 Jan 2024 06:00:00 +0000",
        "Wed, 31 Jun 2015 10:00:00 GMT",
        "Thu, 29 Feb 2023 10:00:00 GMT",
        "Mon, 01 Abc 2024 06:00:00 +0000",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Mon, 01 Jan 9999 00:00:00 +0000",
        "2024-13-01T06:00:00Z",
        "2024-01-32",
        "2024-01-01T25:00:00Z",
        "2024-01-01T06:00:00+99:00",
        "Mon, ٠١ Jan 2024 06:00:00 +0000",
        "Mon, 01 Jan 2024 06:00:0٠ +0000",
        "Mon, 01 Jan 2024 06:00:00 " + "x" * 200,
        "1704088800",
    ],
)
def test_what_cannot_be_is_no_date(text: str) -> None:
    assert moment(text) is None
