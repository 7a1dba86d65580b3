"""What is compared of a feed's items: ours, and what feedparser itself says."""

from __future__ import annotations

import calendar
import io
import sys
from collections.abc import Iterator
from typing import Any

import feedparser
import pytest

from podfetch_tui.feeds.texts import repaired
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.text import clean

Facts = tuple[str, str, tuple[str, ...], int | None]
"""GUID, title, enclosure URLs, moment of one item."""


def facts(document: FeedDocument) -> list[Facts]:
    return [
        (item.guid, item.title, tuple(one.url for one in item.enclosures), item.published)
        for item in document.items
    ]


def by_feedparser(body: bytes) -> list[Facts]:
    """What feedparser itself says, with as little of ours as a comparison needs."""
    result = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return [
        (
            _raw(entry, "id").strip(),
            clean(repaired(_raw(entry, "title"))),
            tuple(dict.fromkeys(_enclosures(entry))),
            _moment(entry),
        )
        for entry in result["entries"]
    ]


def report(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def _raw(entry: Any, key: str) -> str:
    return dict.get(entry, key) or ""


def _enclosures(entry: Any) -> Iterator[str]:
    for link in dict.get(entry, "links") or ():
        if link.get("rel") == "enclosure" and link.get("href"):
            url = link["href"].strip()
            yield f"https:{url}" if url.startswith("//") else url


def _moment(entry: Any) -> int | None:
    found = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return None if found is None else calendar.timegm(found) * 1000
