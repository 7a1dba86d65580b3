"""Dates: right or none, and the fast route says what the slow one says."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from feedparser.datetimes import _parse_date
from hypothesis import given, settings
from hypothesis import strategies as st

from podfetch_tui.feeds.dates import _lenient, moment

calm = settings(deadline=None)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
stamps = st.datetimes(
    datetime.fromisoformat("1990-01-02"),
    datetime.fromisoformat("2089-12-30"),
    timezones=st.one_of(zones, st.just(timezone.utc)),
).map(lambda stamp: stamp.replace(microsecond=0))
names = st.sampled_from(["GMT", "UT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"])
forms = st.sampled_from(
    [
        "%a, %d %b %Y %H:%M:%S ",
        "%a, %d %b %y %H:%M:%S ",
        "%d %b %Y %H:%M ",
        "%A, %d %B %Y %H:%M:%S ",
        "%b %d %Y %H:%M:%S ",
    ]
)
rfc822 = st.builds(
    lambda stamp, form, zone: stamp.strftime(form) + zone,
    stamps,
    forms,
    st.one_of(names, st.sampled_from(["+0000", "-0500", "+0930", "+1400"])),
)
iso8601 = st.builds(
    lambda stamp, zone: stamp.strftime("%Y-%m-%dT%H:%M:%S") + zone,
    stamps,
    st.sampled_from(["Z", "+00:00", "-05:00", "+09:30", ""]),
)


def by_feedparser(text: str) -> int | None:
    found = _parse_date(text)
    return None if found is None else calendar.timegm(found) * 1000


@calm
@given(stamps)
def test_what_python_writes_is_read_back(stamp: datetime) -> None:
    expected = int(stamp.timestamp()) * 1000
    assert moment(format_datetime(stamp)) == expected
    assert moment(stamp.isoformat()) == expected


@calm
@given(st.one_of(rfc822, iso8601))
def test_what_feedparser_reads_is_the_same_moment(text: str) -> None:
    assert moment(text) == by_feedparser(text)


@calm
@given(st.one_of(rfc822, st.text(max_size=40)))
def test_the_fast_route_agrees_with_the_slow_one(text: str) -> None:
    assert moment(text) == _lenient(text)


@calm
@given(st.text(max_size=200))
def test_no_text_breaks_a_date(text: str) -> None:
    found = moment(text)
    assert found is None or abs(found) < 2**48


pieces = st.sampled_from(
    ["Mon", ", ", "01", "1", " ", "Jan", "2024", "24", "06:00:00", "25:61", "+0000", "-9999", "GMT"]
)


@calm
@given(st.lists(pieces, max_size=9).map("".join))
def test_no_mixture_of_its_pieces_breaks_a_date(text: str) -> None:
    moment(text)
