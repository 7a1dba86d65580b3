"""What other projects expect of their own test documents, and of real feeds: agreement by suite.

Four facts of an item are compared: GUID, title, enclosure URLs and moment, as far as the
expectation names them. Where another parser gives the link for a missing GUID, sorts, or
completes a GUID with the feed's URL, it differs by design: those differences are counted.
"""

from __future__ import annotations

import ast
import calendar
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.corpus import corpus_files, corpus_root, requires_corpus
from support.feed_facts import by_feedparser, facts, report

from podfetch_tui.feeds.dates import moment
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.texts import repaired
from podfetch_tui.feeds.tolerant import parse
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.text import clean

URL = "https://feeds.example.org/show/feed.xml"
PARAMS = ParseParams(url=URL, max_items=100_000)
FIELDS = ("guid", "title", "enclosure", "date")
BY_DESIGN = {
    # feedparser completes GUIDs and links in titles with the URL of the document.
    "feedparser": {"guid": 1, "title": 3},
    # podcastparser takes the enclosure for a missing GUID and its file name for a missing
    # title, puts the items of serial shows in order, and was given file: for the URL.
    "podcastparser": {"guid": 22, "title": 5, "enclosure": 5, "date": 2},
}
_EXPECTED = re.compile(
    r"entries\[(\d)\]\['(title|id|guid|published_parsed|updated_parsed)'\] == "
    r"(u?'(?:[^'\\]|\\.)*'|\((?:\d+, ){8}\d+\))"
)
_LINK = re.compile(r"entries\[(\d)\]\['enclosures'\]\[(\d)\]\['(?:url|href)'\] == (u?'[^']*')")


class Expected(NamedTuple):
    """One fact of one item."""

    at: int
    field: str
    value: object


def read(path: Path) -> FeedDocument | Failure:
    body = path.read_bytes()
    try:
        return scan(body, url=URL, max_items=PARAMS.max_items) or parse(body, PARAMS)
    except Failure as refused:
        return refused


def expectations(path: Path) -> Iterator[Expected]:
    """What the suite's own file says of the document at ``path``."""
    text = path.with_name(f"{path.name}.expect.txt")
    data = path.with_name(f"{path.name}.expect.json")
    if text.exists():
        yield from _of_feedparser(text.read_text("utf-8", "replace"))
    elif data.exists():
        found = json.loads(data.read_bytes())
        found = found.get("feed", found) if "feed" in found and "entries" not in found else found
        for key in ("items", "entries", "episodes"):
            for index, item in enumerate(found.get(key) or ()):
                yield from _of_json(index, item, known_guid=key != "episodes")


def _of_feedparser(text: str) -> Iterator[Expected]:
    if "Header:" in text:  # decided by a field of an answer that is not here
        return
    for index, name, value in _EXPECTED.findall(text):
        literal = ast.literal_eval(value)
        if name.endswith("_parsed"):
            yield Expected(int(index), "date", calendar.timegm(literal) * 1000)
        else:
            yield Expected(int(index), "guid" if name in ("id", "guid") else "title", literal)
    for index, at, value in _LINK.findall(text):
        if at == "0":
            yield Expected(int(index), "enclosure", ast.literal_eval(value))


def _of_json(index: int, item: dict[str, Any], *, known_guid: bool) -> Iterator[Expected]:
    guid = item.get("guid") or (item.get("id") if known_guid else None)
    guid = guid.get("value") if isinstance(guid, dict) else guid
    if guid and guid != item.get("link"):
        yield Expected(index, "guid", guid)
    title = item.get("title")
    title = title.get("value") if isinstance(title, dict) else title
    if title:
        yield Expected(index, "title", title)
    enclosures = item.get("enclosures") or ([item["enclosure"]] if item.get("enclosure") else [])
    for enclosure in enclosures[:1]:
        yield Expected(index, "enclosure", enclosure.get("url") or enclosure.get("href"))
    date = item.get("published") or item.get("pubDate") or item.get("isoDate")
    if isinstance(date, int) and date:
        yield Expected(index, "date", date * 1000)
    elif isinstance(date, str):
        yield Expected(index, "date", moment(date))


def agrees(document: FeedDocument, expected: Expected) -> bool:
    if expected.at >= len(document.items):
        return False
    guid, title, urls, at = facts(document)[expected.at]
    if expected.field == "guid":
        return guid == str(expected.value).strip()
    if expected.field == "title":
        return title == clean(repaired(str(expected.value)))
    if expected.field == "enclosure":
        return bool(urls) and urls[0] == str(expected.value).strip()
    return at == expected.value


def table(counts: dict[str, Counter[str]]) -> list[str]:
    head = f"{'suite':24}{'documents':>10}{'read':>7}{'refused':>9}" + "".join(
        f"{name:>16}" for name in FIELDS
    )
    lines = [head]
    for suite, found in counts.items():
        cells = "".join(
            f"{found[name]:>9}/{found[f'all {name}']:<6}" if found[f"all {name}"] else f"{'-':>16}"
            for name in FIELDS
        )
        refused = found["documents"] - found["read"]
        lines.append(f"{suite:24}{found['documents']:>10}{found['read']:>7}{refused:>9}{cells}")
    return lines


def documents(pattern: str) -> Iterator[Path]:
    for path in corpus_files(pattern):
        if path.is_file() and ".expect." not in path.name and ".headers." not in path.name:
            yield path


def suite_of(path: Path) -> str:
    """The folder it lies in; for the conformance suites, the name of the project."""
    root = corpus_root()
    assert root is not None
    kind, name = path.relative_to(root).parts[:2]
    return name if kind == "conformance" else kind


@requires_corpus
def test_suites_agree_with_their_own_expectations(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    others: list[str] = []
    patterns = ("conformance/*/*", "malformed/**/*", "feeds/*")
    for path in (path for pattern in patterns for path in documents(pattern)):
        found = counts[suite_of(path)]
        found["documents"] += 1
        document = read(path)
        if isinstance(document, Failure):
            continue
        found["read"] += 1
        for expected in expectations(path):
            found[f"all {expected.field}"] += 1
            if agrees(document, expected):
                found[expected.field] += 1
            else:
                got = facts(document)[expected.at : expected.at + 1]
                others.append(f"  {path.parent.name}/{path.name}: {expected} but {got}")
    report(capsys, "\n".join(table(counts) + others))
    missed = {
        suite: {name: gap for name in FIELDS if (gap := found[f"all {name}"] - found[name])}
        for suite, found in counts.items()
    }
    assert {suite: gaps for suite, gaps in missed.items() if gaps} == BY_DESIGN


@requires_corpus
def test_real_feeds_agree_with_feedparser(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in (*documents("feeds/*.xml"), *documents("series/*/*.xml")):
        found = counts[suite_of(path)]
        found["documents"] += 1
        document = read(path)
        assert isinstance(document, FeedDocument), path
        found["read"] += 1
        ours, theirs = facts(document), by_feedparser(path.read_bytes())
        assert len(ours) == len(theirs), path
        for one, other in zip(ours, theirs, strict=True):
            for name, mine, its in zip(FIELDS, one, other, strict=True):
                found[f"all {name}"] += 1
                found[name] += mine == its
    report(capsys, "\n".join(table(counts)))
    for found in counts.values():
        assert all(found[name] == found[f"all {name}"] for name in ("guid", "enclosure", "title"))
        assert found["date"] >= 0.995 * found["all date"]
