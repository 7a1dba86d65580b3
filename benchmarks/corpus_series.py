"""Dated documents of real shows through the whole program, poll by poll.

Every show of ``corpus/series`` is one feed on loopback; its documents are served in the order of
their dates, with one forced poll and one ``--once`` for each. Enclosures lead to real audio, each
URL to bytes of its own, so that nothing is spared for having the same bytes. *Twice* are rows
beyond the first with one GUID (unless one document lists that GUID with two enclosures) or with
one title and moment; *lost* are (GUID, enclosure) pairs with neither row nor alias; *naive* is
what the rule "a new GUID or a new URL is a download" would have fetched.

    python -m benchmarks.corpus_series [--corpus FOLDER]

Exit 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpus_run import Corpus, corpus_folder, mapped, podfetch
from benchmarks.kills import ask
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.feeds.scan import scan
from podfetch_tui.feeds.tolerant import parse
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.sandboxed import ParseParams

ITEMS = 10_000
"""``feeds.max_items``, as the program has it."""


@dataclass
class Show:
    """One feed and what it says at each date."""

    name: str
    address: str
    url: str
    bodies: list[bytes]
    documents: list[FeedDocument] = field(default_factory=list)

    def read(self) -> None:
        """Read what is served as the program reads it."""
        params = ParseParams(url=self.url, max_items=ITEMS)
        for body in self.bodies:
            found = scan(body, url=self.url, max_items=ITEMS)
            self.documents.append(found or parse(body, params))

    def naive(self) -> int:
        """Downloads of the naive rule."""
        pairs = {
            (draft.item.guid, draft.enclosure.url)
            for document in self.documents
            for draft in drafts(document)
        }
        return len(pairs)

    def pairs(self) -> set[bytes]:
        """The first key of every (GUID, enclosure) at any date."""
        return {draft.keys[0][0] for document in self.documents for draft in drafts(document)}

    def shared(self) -> set[str]:
        """GUIDs that one document gives to several enclosures."""
        return {
            guid
            for document in self.documents
            for guid, count in Counter(one.item.guid for one in drafts(document)).items()
            if count > 1
        }


def shows(folder: Path, host: PodcastHost) -> Iterator[Show]:
    """Yield the shows, with their enclosures led to ``host``."""
    for number, place in enumerate(sorted(one for one in (folder / "series").iterdir())):
        address = f"127.0.10.{number + 1}"
        url = host.url(f"/feeds/{place.name}.xml", address)
        paths = sorted(place.glob("*.xml"))
        bodies = [mapped(path.read_bytes(), host, address) for path in paths]
        show = Show(place.name, address, url, bodies)
        show.read()
        yield show


def play(root: Path, host: PodcastHost, played: list[Show]) -> list[str]:
    """Poll every show at every date; return what went wrong."""
    listed = root.parent / "feeds.txt"
    listed.write_text("\n".join(show.url for show in played))
    podfetch(root, "import", str(listed)).check_returncode()
    broken = []
    for date in range(max(len(show.bodies) for show in played)):
        for show in played:
            body = show.bodies[min(date, len(show.bodies) - 1)]
            route = Route(body=body, content_type="application/rss+xml")
            host.table.routes[f"/feeds/{show.name}.xml"] = route
        if date:
            podfetch(root, "feeds", "check", "--all", "--yes").check_returncode()
        before = len(host.requests)
        done = podfetch(root, "--once")
        paths = [one.path for one in list(host.requests)[before:]]
        media = sum(path.startswith("/e/") for path in paths)
        print(f"date {date + 1:>2}: {len(paths) - media} polls, {media} media requests")
        if done.returncode:
            broken.append(f"date {date + 1}: exit {done.returncode}: {done.stderr[-300:]}")
    return broken


def compare(root: Path, host: PodcastHost, show: Show) -> Iterator[str]:
    """Print a line for the show; yield every promise that was broken."""
    (feed_id,) = ask(root, f"SELECT id FROM feed WHERE url = '{show.url}'")[0]
    rows = ask(root, f"SELECT guid, title, published, state FROM episode WHERE feed_id = {feed_id}")
    keys = dict(ask(root, f"SELECT key, reason FROM episode_key WHERE feed_id = {feed_id}"))
    aliases = ask(
        root,
        "SELECT reason, count(*) FROM episode_key WHERE text IS NOT NULL"
        f" AND feed_id = {feed_id} GROUP BY reason",
    )
    asked = Counter(
        one.path
        for one in host.requests
        if one.address == show.address and one.path.startswith("/e/")
    )
    shared = show.shared()
    guids = Counter(guid for guid, *_ in rows if guid and guid not in shared)
    stories = Counter(
        (title, at) for guid, title, at, _ in rows if title and at and guid not in shared
    )
    twice = sum(count - 1 for count in (guids | stories).values())
    lost = len(show.pairs() - set(keys))
    archived = sum(state == "archived" for *_, state in rows)
    print(
        f"{show.name:28}{len(show.bodies):6}{sum(len(one.items) for one in show.documents):7}"
        f"{len(rows):6}{archived:9}{sum(asked.values()):9}{twice:6}{lost:5}{show.naive():7}"
        f"  {dict(aliases)}"
    )
    if twice or lost:
        yield f"{show.name}: {twice} fetched twice, {lost} lost"
    if sum(asked.values()) != archived or set(asked.values()) - {1}:
        yield f"{show.name}: {sum(asked.values())} media requests for {archived} episodes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    options.corpus = options.corpus or corpus_folder()
    with tempfile.TemporaryDirectory() as folder, PodcastHost() as host:
        os.environ["PODFETCH_STATE_DIR"] = str(Path(folder) / "state")
        root = Path(folder) / "archive"
        Corpus(options.corpus, host, is_unique=True, documents=False)
        played = list(shows(options.corpus, host))
        broken = play(root, host, played)
        print(
            f"{'show':28}{'polls':>6}{'items':>7}{'rows':>6}{'archived':>9}{'requests':>9}"
            f"{'twice':>6}{'lost':>5}{'naive':>7}  aliases"
        )
        for show in played:
            broken += compare(root, host, show)
        print(f"verify --deep: {podfetch(root, 'verify', '--deep').stdout.strip()}")
    for text in broken:
        print(f"BROKEN: {text}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
