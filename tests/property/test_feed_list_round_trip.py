"""What an export writes is what an import reads, in every format."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.list_writer import FORMATS, list_text
from podfetch_tui.config.sources import normalise_url, read_list
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.text import clean
from podfetch_tui.model.writes import NewFeed

_TEXT = st.one_of(
    st.text(max_size=20),
    st.text("aé\"',;|\\=#&<>-+@\t\n\r \u2028\ufffe\u0301[]{}", max_size=20),
)
_TAGS = st.lists(_TEXT.map(lambda text: clean(text, 100)).filter(bool), unique=True, max_size=5)
_BACKLOG = st.one_of(
    st.none(),
    st.sampled_from([Backlog(), Backlog(BacklogKind.NONE)]),
    st.integers(1, 10**9 - 1).map(lambda count: Backlog(BacklogKind.NEWEST, count)),
    st.integers(0, 4 * 10**12).map(lambda since: Backlog(BacklogKind.SINCE, since=since)),
)
_QUERY = st.text("aZ0%~!$&'()*+,;=:@/?-._ \"<>|\\é", max_size=12)


@st.composite
def _feeds(draw: st.DrawFn) -> NewFeed:
    tags = tuple(draw(_TAGS))
    state = draw(st.one_of(st.none(), st.sampled_from(list(FeedState)[1:])))
    return NewFeed(
        url=normalise_url(f"http://{draw(st.integers(0, 99))}.example/{draw(_QUERY)}"),
        title=clean(draw(_TEXT)),
        own_title=clean(draw(_TEXT)),
        priority=draw(st.one_of(st.none(), st.integers(-1_000_000, 1_000_000))),
        tags=tags,
        folders=draw(st.integers(0, len(tags))),
        interval=draw(st.one_of(st.none(), st.integers(1, 366 * 86_400))),
        backlog=draw(_BACKLOG),
        enabled=state is None and draw(st.booleans()),
        state=state,
        state_reason=clean(draw(_TEXT)) if state else "",
        user_agent=draw(st.text(st.characters(min_codepoint=32, max_codepoint=126))).strip(),
        feed_max=draw(st.one_of(st.none(), st.integers(1024, 1024**3))),
        allow_private=tuple(draw(st.sampled_from([(), ("10.0.0.0/8",), ("::1/128", "1.0.0.1")]))),
        auth=clean(draw(st.sampled_from(["", "bank", "a, b"]))),
    )


_LISTS = st.lists(_feeds(), min_size=1, max_size=6, unique_by=lambda feed: feed.url)


def _there_and_back(feeds: Sequence[NewFeed], form: str) -> list[NewFeed]:
    text = "".join(list_text(feeds, form))
    found = read_list(text.encode(), name=f"x.{form}")
    assert (found.rejected, found.duplicates) == ((), ())
    return [msgspec.structs.replace(feed, line=0) for feed in found.entries]


@pytest.mark.parametrize("form", FORMATS)
@given(feeds=_LISTS)
def test_what_is_written_is_read_again(form: str, feeds: list[NewFeed]) -> None:
    wanted = feeds
    if form == "opml":  # a feed that stood in no folder stands in that of its first tag
        wanted = [
            msgspec.structs.replace(feed, folders=feed.folders or min(1, len(feed.tags)))
            for feed in feeds
        ]
    assert _there_and_back(feeds, form) == wanted


@given(_LISTS)
def test_any_xml_reader_finds_the_feeds_of_an_opml_list(feeds: list[NewFeed]) -> None:
    root = ElementTree.fromstring("".join(list_text(feeds, "opml")))
    outlines = [one for one in root.iter("outline") if one.get("xmlUrl")]
    assert {one.get("xmlUrl") for one in outlines} == {feed.url for feed in feeds}
    assert all(one.get("text") and one.get("type") == "rss" for one in outlines)
    folders = {one.get("text") for one in root.iter("outline")} - {o.get("text") for o in outlines}
    assert folders <= {tag for feed in feeds for tag in feed.tags}
