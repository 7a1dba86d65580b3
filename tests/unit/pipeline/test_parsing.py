"""Documents are parsed in children: plain ones apart from those that may be slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from podfetch_tui.demo import feeds
from podfetch_tui.feeds.scan import LARGEST_BODY
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.net.feed import FetchResult
from podfetch_tui.pipeline.parsing import Parsers, parse
from podfetch_tui.sandbox.pool import Sandbox

PLAIN = feeds.rss("Show", feeds.items("s", 3, "https://cdn.example/{n}.mp3", length=9))
BROKEN = PLAIN.replace(b"</rss>", b"")


@pytest.fixture(scope="module")
def children() -> Iterator[Sandbox]:
    with Sandbox(size=1) as sandbox:
        yield sandbox


@pytest.fixture
def nobody() -> Sandbox:
    """Whoever asks these children hears that they are gone."""
    sandbox = Sandbox(size=1)
    sandbox.close()
    return sandbox


def read(body: bytes, parsers: Parsers, stop: threading.Event | None = None) -> FeedDocument:
    answer = FetchResult(
        status=200,
        body=body,
        validators=Validators(),
        content_type="application/rss+xml",
        content_location="",
        final_url="https://example.org/feed.xml",
        permanent_url=None,
        hops=(),
        wire_bytes=len(body),
        max_age_s=None,
        retry_after=None,
    )
    return parse(answer, max_items=100, parsers=parsers, stop=stop or threading.Event())


def test_a_plain_document_needs_the_fast_path_only(children: Sandbox, nobody: Sandbox) -> None:
    document = read(PLAIN, Parsers(children, nobody))
    assert document.parser == "fast"
    assert [item.guid for item in document.items] == ["s-3", "s-2", "s-1"]


def test_what_the_fast_path_declines_goes_to_the_tolerant_parser(children: Sandbox) -> None:
    document = read(BROKEN, Parsers(children, children))
    assert document.parser == "tolerant"
    assert len(document.items) == 3


def test_a_large_body_is_not_even_shown_to_the_fast_path(
    children: Sandbox, nobody: Sandbox
) -> None:
    body = PLAIN + b"\n" * LARGEST_BODY
    assert read(body, Parsers(nobody, children)).parser == "tolerant"


def test_a_stop_ends_the_wait_for_a_parser(children: Sandbox) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Failure) as caught:
        read(PLAIN, Parsers(children, children), stop)
    assert caught.value.kind is Kind.STOPPED
