"""Feed lists in JSON, as an array and as lines."""

from __future__ import annotations

import pytest

from podfetch_tui.config.sources import FeedList, read_list
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.writes import NewFeed


def _read(text: str, *, encoding: str = "utf-8") -> FeedList:
    return read_list(text.encode(encoding), name="x.json")


def test_values_are_what_json_has_or_what_a_cell_would_hold() -> None:
    whole = NewFeed(
        url="http://a.example/f",
        title="A, “b”",
        priority=5,
        tags=("x, y", "z"),
        interval=7200,
        backlog=Backlog(BacklogKind.NEWEST, 3),
        enabled=False,
        user_agent="Me/1",
        feed_max=4096,
        allow_private=("10.0.0.0/8", "fd00::/8"),
        state=FeedState.PAUSED,
        state_reason="why",
        line=1,
    )
    found = _read(
        '[{"url": "http://a.example/f", "title": "A, “b”", "priority": 5, "tags": ["x, y", "z"],'
        ' "interval": 7200, "backlog": 3, "enabled": false, "user_agent": "Me/1",'
        ' "feed_max": 4096, "allow_private": ["10.0.0.0/8", "fd00::/8"], "state": "paused",'
        ' "state_reason": "why"},\n {"url": "http://b.example/f", "title": null,'
        ' "priority": "-1", "tags": "x;y", "interval": "2h", "backlog": "none",'
        ' "enabled": "yes", "feed_max": "4 KiB", "allow_private": "10.0.0.0/8"}]'
    )
    texts = NewFeed(
        url="http://b.example/f",
        priority=-1,
        tags=("x", "y"),
        interval=7200,
        backlog=Backlog(BacklogKind.NONE),
        feed_max=4096,
        allow_private=("10.0.0.0/8",),
        line=2,
    )
    assert found.entries == (whole, texts)
    assert found.rejected == ()


def test_the_rows_of_feeds_list_are_a_feed_list() -> None:
    found = _read(
        '{"id":7,"url":"http://a.example/f","title":"A","state":"active","state_reason":"",'
        '"breaker":"closed","priority":0,"tags":[],"interval_s":60,"backlog":null}\n'
    )
    assert found.entries == (
        NewFeed(
            url="http://a.example/f",
            title="A",
            priority=0,
            interval=60,
            state=FeedState.ACTIVE,
            line=1,
        ),
    )
    assert found.notes == ("keys that are not used: id, breaker",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_comes_in_the_encodings_that_programs_write(encoding: str) -> None:
    text = '[{"url": "http://a.example/f", "title": "Größe"}]'
    assert _read(text, encoding=encoding).entries[0].title == "Größe"


def test_a_bad_object_is_rejected_with_its_line_and_the_rest_goes_on() -> None:
    found = _read(
        '[\n{"title": "no url"},\n"http://text.example/", 5, [],\n'
        '{"url": 7},\n{"url": "http://x.example/",\n "tags": {"a": 1}},\n'
        '{"url": "http://x.example/", "priority": 1.5},\n'
        '{"url": "http://x.example/", "priority": 1e400},\n'
        '{"url": "ftp://x.example/"},\n\n{"url": "http://ok.example/"}]'
    )
    assert [feed.line for feed in found.entries] == [11]
    assert [bad.line for bad in found.rejected] == [2, 3, 3, 3, 4, 5, 7, 8, 9]
    reasons = [bad.reason for bad in found.rejected]
    assert reasons[0] == "there is no url"
    assert reasons[1].startswith("this is not JSON as expected")
    assert reasons[5] == "tags: expected a text, a number or a list of texts"
    assert reasons[6] == "priority: expected a whole number"


def test_a_bad_line_of_json_lines_is_rejected_alone() -> None:
    found = _read(
        '{"url": "http://a.example/"}\n\n{"url": "http://b.exa\n[1]\n# note\n'
        '{"url": "http://c.example/"}\r\n{"url": "http://d.exam'
    )
    assert [feed.line for feed in found.entries] == [1, 6]
    assert [bad.line for bad in found.rejected] == [3, 4, 7]
    assert found.mentioned == ("http://b.exa/", "http://d.exam/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n{"url": "http://a.example/"},\n{"url": }]', "line 3: this is not JSON"),
        ('[\n{"url": "http://a.example/"},\n', "line 2: this is not JSON"),
        ("[]", "line 1: there is no URL"),
        ("{}", "line 1: there is no URL"),
        ("[" * 100_000, "line 1: this"),
        ('{"url": ' + "[" * 1_000, "line 1: "),
        ("[{}]x", "line 1: this is not JSON"),
    ],
)
def test_what_is_not_one_array_is_refused_as_a_whole(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        _read(text)
    assert str(caught.value).startswith("x.json: line ")
