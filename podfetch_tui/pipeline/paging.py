"""The back-catalogue of a feed that comes in pages (RFC 5005: ``next``, ``prev-archive``).

Pages are read one after the other, each asked without validators (a 304 to one of them would
hide all behind it) and vetted like any URL, within limits of pages, items, bytes and time.
What was read counts even when a later page fails; the next poll goes on there.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from podfetch_tui.feeds.enclosures import normalise_enclosure
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.model.document import FeedDocument, Item
from podfetch_tui.model.episode import KnownFeed
from podfetch_tui.model.errors import Failure, Family
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.job import PollJob, TransferProgress
from podfetch_tui.model.text import redact
from podfetch_tui.pipeline.parsing import parse
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.policy.classify import verdict_of

DEADLINE_S = 300.0
"""For the pages of one poll; the next poll goes on with the rest."""
MOST_STALE = 3
"""Pages in a row that only repeat earlier ones; the rest is not asked for."""


class Pages(NamedTuple):
    """What the pages behind a document came to."""

    items: tuple[Item, ...] = ()
    """In the order of the pages, without those that stood on an earlier one."""
    read: int = 0
    """Pages that were read."""
    page_url: str = ""
    """Where the next poll goes on; empty when there is nothing left."""
    problem: str = ""
    """Why not all was read; empty when it was."""
    failure: Failure | None = None
    """What the last page failed with."""
    received: int = 0
    """Bytes on the wire."""


class _Seen:
    """The items of the pages so far, to tell a repetition from a namesake."""

    def __init__(self) -> None:
        self._guids: Counter[str] = Counter()
        self._files: set[tuple[str, str]] = set()

    def add(self, items: Iterable[Item]) -> None:
        for item in items:
            self._guids[item.guid] += 1
            self._files.add((_name(item), _file(item)))

    def fresh(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return those that stood on no earlier page.

        While pages are read, new items push older ones to the next page. The GUID tells,
        unless items of one page share it.
        """
        own = Counter(item.guid for item in items)
        return tuple(
            item
            for item in items
            if (_name(item), _file(item)) not in self._files
            and not (item.guid and own[item.guid] == 1 and self._guids[item.guid] == 1)
        )


def pages_behind(
    job: PollJob,
    document: FeedDocument | None,
    known: KnownFeed,
    services: Services,
    on_progress: OnProgress,
    stop: threading.Event,
) -> Pages:
    """Read the pages behind a feed's document, as far as they are wanted.

    They are on the first poll, while the last item of a page is unknown, and from where an
    earlier poll had to stop.

    Args:
        job: The poll.
        document: The first page; ``None`` when it is the one that was there before.
        known: What is known of the feed.
        services: The adapters.
        on_progress: Told of each page.
        stop: Ends the walk; what was read counts.
    """
    left = job.feed.page_url
    url = left
    if document is not None and document.next_url and not ends_known(document, known):
        url = document.next_url
    if not url:
        return Pages()
    first = document.items if document is not None else ()
    walk = _Walk(job, first, known, services, whole=not job.feed.polls_ok or bool(left))
    return walk.run(url, on_progress, stop)


class _Walk:
    def __init__(
        self,
        job: PollJob,
        first: tuple[Item, ...],
        known: KnownFeed,
        services: Services,
        *,
        whole: bool,
    ) -> None:
        self._job = job
        self._known = known
        self._services = services
        self._whole = whole
        """To the last page, whatever is known; else only to the first known item."""
        self._items: list[Item] = []
        self._seen = _Seen()
        self._seen.add(first)
        read = max(len(first), len(known.episodes)) if whole else len(first)
        self._room = job.settings.feeds.max_items - read
        self._bytes_left = job.feed.feed_max or job.settings.network.feed_max
        self._received = 0
        self._count = 0
        self._stale = 0

    def run(self, url: str, on_progress: OnProgress, stop: threading.Event) -> Pages:
        clock = self._services.clock
        until = clock.monotonic() + DEADLINE_S
        asked = {url, self._job.feed.url}
        while url:
            problem = self._limit()
            if problem:
                return self._pages(problem=problem)
            if self._bytes_left <= 0 or clock.monotonic() > until:
                return self._pages(page_url=url, problem="the rest is left for the next poll")
            on_progress(TransferProgress(self._count, None, "poll"))
            try:
                page = self._page(url, stop)
            except Failure as failure:
                lost = verdict_of(failure).family in (Family.PERMANENT, Family.REFUSED)
                problem = f"page {self._count + 2} ({redact(url)}) failed: {failure.detail}"
                return self._pages("" if lost else url, problem=problem, failure=failure)
            url = page.next_url if self._goes_on(page) else ""
            if url in asked:
                return self._pages(problem=f"its pages lead in a circle, to {redact(url)}")
            asked.add(url)
        return self._pages()

    def _limit(self) -> str:
        feeds = self._job.settings.feeds
        if self._count + 1 >= feeds.max_pages:
            return f"more than {feeds.max_pages} pages (feeds.max_pages)"
        if self._room <= 0:
            return f"more than {feeds.max_items} items (feeds.max_items)"
        return ""

    def _page(self, url: str, stop: threading.Event) -> FeedDocument:
        feed = self._job.feed
        answer = self._services.http.fetch(
            with_userinfo(url, feed.url), validators=Validators(), access=feed.access, stop=stop
        )
        self._received += answer.wire_bytes
        self._bytes_left -= len(answer.body)
        return parse(answer, max_items=self._room, parsers=self._services.parsers, stop=stop)

    def _goes_on(self, page: FeedDocument) -> bool:
        """Take a page in, and say whether the next one is wanted."""
        self._count += 1
        fresh = self._seen.fresh(page.items)
        self._seen.add(fresh)
        self._items += fresh
        self._room -= len(fresh)
        self._stale = 0 if fresh else self._stale + 1
        if self._stale >= MOST_STALE:
            return False
        return self._whole or not ends_known(page, self._known)

    def _pages(
        self, page_url: str = "", *, problem: str = "", failure: Failure | None = None
    ) -> Pages:
        items = tuple(self._items)
        return Pages(items, self._count, page_url, problem, failure, self._received)


def with_userinfo(url: str, feed_url: str) -> str:
    """Return a page's URL with the user name and password of the feed's, on the same origin.

    Those that a document brings are dropped: credentials are never taken from strangers.
    """
    try:
        parts, own = urlsplit(url), urlsplit(feed_url)
    except ValueError:
        return url  # whoever asks it refuses it
    place = parts.netloc.rpartition("@")[2]
    userinfo, _, home = own.netloc.rpartition("@")
    if userinfo and (parts.scheme, place.lower()) == (own.scheme, home.lower()):
        place = f"{userinfo}@{place}"
    return urlunsplit(parts._replace(netloc=place)) if place != parts.netloc else url


def _name(item: Item) -> str:
    return item.guid or f"{item.link}\x1f{item.title}\x1f{item.published}"


def _file(item: Item) -> str:
    return normalise_enclosure(item.enclosures[0].url) if item.enclosures else ""


def ends_known(page: FeedDocument, known: KnownFeed) -> bool:
    """Whether the last item of a page that is an episode is known."""
    last = next((item for item in reversed(page.items) if item.enclosures), None)
    listed = drafts(FeedDocument(items=(last,))) if last is not None else ()
    return all(any(key in known.keys for key, _ in draft.keys) for draft in listed)
