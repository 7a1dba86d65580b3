"""The filter language: it is read as it is written, and says itself what it cannot read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filtering import filters

from podfetch_tui.policy.filter_fields import FIELDS
from podfetch_tui.policy.filters import BadFilter, Filter, format_filter, parse, sort_of

TEXTS = st.text(min_size=1, max_size=12)
PIECES = st.sampled_from(
    [*'":!|<>=,* \\', "tag:", "fail>", "state:failed", "age>7d", "next<2024-02-30", "a", "-", "é"]
)


def read(text: str, kind: str) -> Filter | BadFilter:
    try:
        return parse(text, kind)
    except BadFilter as error:
        return error


@given(filters("feeds", TEXTS))
def test_a_filter_of_feeds_is_read_as_it_is_written(wanted: Filter) -> None:
    assert parse(format_filter(wanted), "feeds") == wanted


@given(filters("episodes", TEXTS))
def test_a_filter_of_episodes_is_read_as_it_is_written(wanted: Filter) -> None:
    assert parse(format_filter(wanted), "episodes") == wanted


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join)))
def test_what_cannot_be_read_is_said_with_its_column(text: str) -> None:
    for kind in FIELDS:
        found = read(text, kind)
        if isinstance(found, Filter):
            assert parse(format_filter(found), kind) == found
        else:
            assert 1 <= found.column <= len(text) + 1
            assert f"column {found.column}: " in str(found)


@given(st.text(max_size=20))
def test_an_order_is_one_of_the_fields_or_refused(text: str) -> None:
    for kind in FIELDS:
        try:
            name, _ = sort_of(text, kind)
        except BadFilter:
            continue
        assert FIELDS[kind][name].sortable


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("erro:timeout", 1, "did you mean err?"),
        ("news fail>x", 11, "fail: takes a whole number"),
        ("state:activ", 7, "did you mean active?"),
        ("tag:", 5, "a value is missing"),
        ("tag:a,", 7, "a value is missing"),
        ("tag:a,,b", 7, "a value is missing"),
        ('a "b', 3, "the quote is not closed"),
        ("a |", 3, "nothing after |"),
        ("| a", 1, "nothing before |"),
        ("a || b", 4, "nothing before |"),
        ("a ! b", 3, "without a blank"),
        ("!!a", 2, "once"),
        ("!", 1, "without a blank"),
        ("age:7d", 1, "age>7d"),
        ("age>7", 5, "needs a unit"),
        ("last>2024-13", 6, "is no date"),
        ("last>2024-02-30", 6, "is no date"),
        ("last>soon", 6, "takes a date"),
        ("bytes>2GG", 7, "expected a size"),
        ("fail>1,2", 8, "takes one value"),
        ("host>a", 1, "no greater and smaller"),
        ("S1:E2", 1, 'quote it: "S1:E2"'),
        ('""', 1, "nothing to look for"),
        ("interval>99999999999w", 10, "so long nothing lasts"),
    ],
)
def test_a_mistake_is_named_where_it_is(text: str, column: int, says: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse(text, "feeds")
    assert (caught.value.column, says in caught.value.problem) == (column, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("", ""),
        ("  ", ""),
        ("STATE:Failed", "state:failed"),
        ("state=failed", "state:failed"),
        ("state!=failed", "!state:failed"),
        ("!state!=failed", "state:failed"),
        ("published_at>=2024-05-31t10:00z", 'published>="2024-05-31T10:00"'),
        ("size>1g", "bytes>1GiB"),
        ("bytes>1073741824", "bytes>1GiB"),
        ("age>90m", "age>1h30m"),
        ("12:30", '"12:30"'),
        ("https://a.example/b?c=d", '"https://a.example/b?c=d"'),
        ('"hard fork"', '"hard fork"'),
        ('title:"hard "fork', 'title:"hard fork"'),
        ('"a\\"b\\\\c"', '"a\\"b\\\\c"'),
        ("a|b", "a | b"),
        ("feed:12,fork", "feed:12,fork"),
        ('feed:"12"', 'feed:"12"'),
        ("url:*", "url:*"),
        ('url:"*"', 'url:"*"'),
    ],
)
def test_there_is_one_way_to_write_it(text: str, same: str) -> None:
    assert format_filter(parse(text, "episodes")) == same


def test_limits_are_said() -> None:
    with pytest.raises(BadFilter, match="10000 characters"):
        parse("a" * 10_001, "feeds")
    with pytest.raises(BadFilter, match="200 conditions"):
        parse("a " * 201, "feeds")
    with pytest.raises(BadFilter, match="200 values"):
        parse("id:" + ",".join(map(str, range(300))), "feeds")
