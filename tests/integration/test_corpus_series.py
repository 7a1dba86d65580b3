"""Real feeds over the years: nothing fetched twice, nothing lost.

Every show is played in the order of its dates through identity and an in-memory
catalogue. *Fetched twice* means two rows for one episode: two rows with one GUID
(unless one document lists that GUID with two enclosures), or with one title and moment.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.corpus import corpus_files, requires_corpus
from support.memory_feed import MemoryFeed

from podfetch_tui.feeds.identity import drafts
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.tolerant import parse
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
SHOWS = tuple(path for path in corpus_files("series/*") if path.is_dir())
SINGLE = corpus_files("feeds/*.xml")


def read(path: Path) -> FeedDocument:
    body = path.read_bytes()
    document = scan(body, url=URL, max_items=100_000)
    return document or parse(body, ParseParams(url=URL, max_items=100_000))


class Playthrough:
    """One show, poll by poll."""

    def __init__(self, documents: list[FeedDocument]) -> None:
        self.documents = documents
        self.feed = MemoryFeed()
        self.reasons: Counter[str] = Counter()
        self.updates = self.held = 0
        for document in documents:
            found = self.feed.poll(document)
            self.held += found.replaced
            self.updates += len(found.updates)
            self.reasons.update(alias.reason for alias in found.aliases)
            again = self.feed.poll(document)
            assert (again.new, again.updates, again.aliases) == ((), (), ())

    def naive(self) -> int:
        """Downloads of the rule *a new GUID or a new URL is a new episode*."""
        return len(
            {
                (item.guid, one.url)
                for document in self.documents
                for item in document.items
                for one in item.enclosures
            }
        )

    def lost(self) -> int:
        """(GUID, enclosure) pairs with neither row nor alias."""
        return sum(
            draft.keys[0][0] not in self.feed.keys
            for document in self.documents
            for draft in drafts(document)
        )

    def fetched_twice(self) -> int:
        shared = {
            guid
            for document in self.documents
            for guid, count in Counter(one.item.guid for one in drafts(document)).items()
            if count > 1
        }
        rows = self.feed.episodes.values()
        guids = Counter(row.guid for row in rows if row.guid and row.guid not in shared)
        stories = Counter(
            (row.title, row.published)
            for row in rows
            if row.title and row.published is not None and row.guid not in shared
        )
        return sum(count - 1 for count in (guids | stories).values())


@requires_corpus
def test_no_show_is_fetched_twice_and_no_episode_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [f"{'show':32}{'polls':>6}{'items':>7}{'rows':>6}{'updates':>9}{'naive':>7}  aliases"]
    for show in SHOWS:
        played = Playthrough([read(path) for path in sorted(show.glob("*.xml"))])
        items = sum(len(document.items) for document in played.documents)
        lines.append(
            f"{show.name:32}{len(played.documents):6}{items:7}{len(played.feed.episodes):6}"
            f"{played.updates:9}{played.naive():7}  {dict(played.reasons)}"
        )
        assert (played.fetched_twice(), played.lost(), played.held) == (0, 0, 0), show.name
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert len(SHOWS) >= 6


@requires_corpus
def test_distinct_bulletins_of_one_title_stay_distinct() -> None:
    (show,) = (path for path in SHOWS if path.name == "alatiera-ndr")
    played = Playthrough([read(path) for path in sorted(show.glob("*.xml"))])
    rows = Counter(row.title for row in played.feed.episodes.values())
    assert rows["Nachrichten"] == 2


@requires_corpus
def test_a_host_move_of_a_real_show_is_aliases_and_not_downloads() -> None:
    (show,) = (path for path in SHOWS if path.name == "critrolesync-critical-role")
    before, after = (read(show / f"{day}.xml") for day in ("2022-03-25", "2022-03-30"))
    feed = MemoryFeed()
    feed.poll(before)
    found = feed.poll(after)
    assert found.new == ()
    assert {alias.reason for alias in found.aliases} == {"guid", "republished", "copy"}


@requires_corpus
def test_a_real_feed_polled_again_in_any_order_gives_nothing_new() -> None:
    for path in SINGLE:
        document = read(path)
        feed = MemoryFeed()
        first = feed.poll(document)
        assert len(first.new) == len(drafts(document)), path
        turned = FeedDocument(items=tuple(reversed(document.items)))
        again = feed.poll(turned)
        assert (again.new, again.updates, again.aliases) == ((), (), ()), path


@requires_corpus
def test_a_real_feed_under_new_guids_and_urls_is_recognised() -> None:
    """Every feed of the corpus moves to another host that makes up GUIDs and URLs."""
    lost = total = 0
    for path in SINGLE:
        document = read(path)
        feed = MemoryFeed()
        feed.poll(document)
        moved = FeedDocument(
            items=tuple(_moved(document, index) for index in range(len(document.items)))
        )
        found = feed.poll(moved)
        total += len(drafts(document))
        lost += len(found.new)
        assert not found.replaced, path
    assert lost <= 0.05 * total


def _moved(document: FeedDocument, index: int) -> Item:
    item, host = document.items[index], "https://new.example.org"
    urls = tuple(
        replace(one, url=f"{host}/{index}/{number}.mp3")
        for number, one in enumerate(item.enclosures)
    )
    return replace(item, guid=f"new-{index}", link=f"{host}/{index}", enclosures=urls)
