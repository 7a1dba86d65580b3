"""Real feeds: fast path beside feedparser, and every odd document through the decision."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.corpus import corpus_files, requires_corpus
from support.feed_facts import by_feedparser, facts, report

from podfetch_tui.feeds.dates import moment
from podfetch_tui.feeds.scan import LARGEST_BODY, scan
from podfetch_tui.feeds.tolerant import parse, parse_leniently
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.extras import Extras
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
PARAMS = ParseParams(url=URL, max_items=100_000)
REAL = corpus_files("feeds/*.xml") + corpus_files("series/*/*.xml")
ODD = tuple(
    path
    for path in corpus_files("malformed/**/*") + corpus_files("conformance/**/*")
    if path.is_file() and ".expect." not in path.name and ".headers." not in path.name
)


@cache
def fast(path: Path) -> FeedDocument | None:
    return scan(path.read_bytes(), url=URL, max_items=PARAMS.max_items)


def decided(body: bytes) -> FeedDocument:
    """The decision of a poll, with the tolerant parser in this process."""
    return scan(body, url=URL, max_items=PARAMS.max_items) or parse(body, PARAMS)


def attempt(body: bytes) -> FeedDocument | Failure:
    try:
        return decided(body)
    except Failure as refused:
        return refused


@requires_corpus
def test_fast_path_and_feedparser_agree_on_every_item(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for path in REAL:
        document = fast(path)
        if document is None:
            continue
        raw = path.read_bytes()
        ours, theirs = facts(document), by_feedparser(raw)
        assert len(ours) == len(theirs), path
        counts["items"] += len(ours)
        for one, other in zip(ours, theirs, strict=True):
            assert (one[0], one[2]) == (other[0], other[2]), path
            counts["titles"] += one[1] != other[1]
            if one[3] != other[3]:
                # the only kind there is: feedparser believes in zones like -3000
                counts["impossible zones"] += 1
                assert one[3] is None, path
    report(capsys, f"fast path beside feedparser: {dict(counts)}")
    assert counts["items"] > 10_000
    assert counts["titles"] == 0
    assert counts["impossible zones"] <= 0.005 * counts["items"]


@requires_corpus
def test_the_fast_path_reads_most_documents(capsys: pytest.CaptureFixture[str]) -> None:
    small = [path for path in REAL if path.stat().st_size <= LARGEST_BODY]
    read = [path for path in small if fast(path) is not None]
    report(capsys, f"fast path: {len(read)} of {len(small)} documents up to 2 MiB")
    assert len(read) >= 0.85 * len(small)


@requires_corpus
def test_both_ways_give_the_same_items() -> None:
    for path in corpus_files("feeds/*.xml"):
        document = fast(path)
        if document is not None:
            assert facts(document) == facts(parse_leniently(path.read_bytes(), PARAMS)), path


def more(item: Item) -> object:
    """What an item says beside the facts; a subtitle counts only beside a summary."""
    extras = item.extras and replace(item.extras, subtitle="")
    return item.transcripts, item.chapters_url, item.season, item.number, extras or Extras()


@requires_corpus
def test_both_ways_give_the_same_people_chapters_and_versions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts: Counter[str] = Counter()
    for path in corpus_files("feeds/*.xml"):
        document = fast(path)
        if document is None:
            continue
        other = parse_leniently(path.read_bytes(), PARAMS)
        assert document.extras == other.extras, path
        for one, two in zip(document.items, other.items, strict=True):
            assert more(one) == more(two), path
            counts["transcripts"] += len(one.transcripts)
            counts["chapter files"] += bool(one.chapters_url)
            for name in ("persons", "alternates", "chapters"):
                counts[name] += len(getattr(one.extras or Extras(), name))
    report(capsys, f"structured elements, alike both ways: {dict(counts)}")
    assert min(counts.values()) > 0


@requires_corpus
def test_the_tolerant_parser_agrees_with_feedparser_on_what_the_fast_path_declines() -> None:
    declined = [path for path in REAL if fast(path) is None]
    assert declined
    for path in declined:
        theirs = by_feedparser(path.read_bytes())
        for way in (parse, parse_leniently):
            ours = facts(way(path.read_bytes(), PARAMS))
            for at in range(3):
                assert [one[at] for one in ours] == [other[at] for other in theirs], (path, way)


@requires_corpus
def test_every_odd_document_gives_a_feed_or_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for path in ODD:
        body = path.read_bytes()
        outcome = attempt(body)
        if isinstance(outcome, FeedDocument):
            counts[outcome.parser] += 1
        else:
            counts[outcome.kind.value] += 1
            assert outcome.detail, path
            assert outcome.evidence == body[:2048] or outcome.kind is Kind.EMPTY_BODY, path
    report(capsys, f"odd documents: {dict(counts)}")
    assert sum(counts.values()) > 1_000
    assert counts["fast"] + counts["tolerant"] > 0.6 * sum(counts.values())


@requires_corpus
def test_a_real_feed_cut_anywhere_gives_its_whole_items_or_a_failure() -> None:
    path = next(path for path in REAL if path.name == "danjac-rss_mock.xml")
    body = path.read_bytes()
    whole = facts(decided(body))
    for end in range(0, len(body), len(body) // 40):
        outcome = attempt(body[:end])
        if isinstance(outcome, FeedDocument):
            assert facts(outcome) == whole[: len(outcome.items)]
            assert outcome.defect
        else:
            assert end < body.index(b"</item>")
            assert outcome.kind in (Kind.BAD_XML, Kind.EMPTY_BODY, Kind.NOT_A_FEED)


@requires_corpus
def test_live_items_are_no_part_of_the_show() -> None:
    (path,) = (path for path in REAL if path.name == "RyanHirsch-podverse-test-feed.xml")
    for document in (fast(path), parse_leniently(path.read_bytes(), PARAMS)):
        assert document is not None
        assert document.title == "Podverse - Test Feed"


@requires_corpus
def test_impossible_dates_are_none_and_not_days_off() -> None:
    assert moment("Tue, 08 Mar 2022 15:30:00 -3000") is None
    (path,) = (path for path in REAL if path.name == "danjac-rss_invalid_data.xml")
    document = fast(path)
    assert document is not None
    assert sum(item.published is None for item in document.items) == 27
