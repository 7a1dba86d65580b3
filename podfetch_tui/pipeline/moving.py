"""Whether a feed has moved: what its answers say, and what becomes of it.

Two ways of moving are believed, each only after several polls (``policy.moves``): redirects
that are permanent throughout, and ``itunes:new-feed-url``. The second is a text that anybody
can write: the place it names is asked first, and has to list the same episodes.
"""

from __future__ import annotations

import threading
from typing import NamedTuple
from urllib.parse import urlsplit

from podfetch_tui.catalog import episodes, lookups
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import KnownFeed
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Sighting, Validators
from podfetch_tui.model.job import PollJob
from podfetch_tui.model.text import redact
from podfetch_tui.net.client import FetchResult
from podfetch_tui.pipeline.parsing import parse
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.moves import SIGHTINGS, is_ripe, sighted
from podfetch_tui.policy.urls import normalise_url

REDIRECT = "redirect"
DOCUMENT = "document"


class Move(NamedTuple):
    """What one answer means for the feed's URL."""

    url: str = ""
    """The URL to ask from now on; empty: as before."""
    sighting: Sighting | None = None
    """What to remember; ``None``: as before."""
    words: str = ""
    """For the audit trail; empty when nothing changed."""
    fresh: bool = False
    """Validators and digest are of another place: the next poll asks for the whole body."""


_STAYS = Move()


def look(
    job: PollJob,
    answer: FetchResult,
    document: FeedDocument | None,
    services: Services,
    stop: threading.Event,
) -> Move:
    """Return what an answer says about where the feed is.

    Args:
        job: The poll.
        answer: Its answer.
        document: What stood in it; ``None`` when it is the one that was there before.
        services: The adapters; the network is asked only when a move is due.
        stop: Ends a request.
    """
    before = job.feed.sighting
    if not (before.url or answer.permanent_url or (document and document.new_feed_url)):
        return _STAYS
    url, by = _named(job, answer, document, before)
    now = services.clock.now_ms()
    after = sighted(before, url, by, now)
    if not is_ripe(after, now):
        if after == before:
            return _STAYS
        polls = f"{by}, {after.seen} of {SIGHTINGS} polls"
        words = f"leads to {redact(url)} ({polls})" if url else ""
        return Move(sighting=after, words=words)
    problem = "" if by == REDIRECT else _objection(job, url, services, stop)
    if problem:
        # Counting begins again, so that the place is not asked at every poll.
        return Move(sighting=Sighting(), words=f"does not move to {redact(url)}: {problem}")
    kept = None if after == before else after
    return Move(url, kept, f"moved to {redact(url)}", fresh=by == DOCUMENT)


def _named(
    job: PollJob, answer: FetchResult, document: FeedDocument | None, before: Sighting
) -> tuple[str, str]:
    """The place an answer names and how; two empty texts when it names none but its own."""
    allow = (*job.settings.network.allow_private, *job.feed.allow_private)
    own = _normal(job.feed.url, allow)
    if answer.permanent_url:
        url = _normal(answer.permanent_url, allow)
        return (url, REDIRECT) if url and url != own else ("", "")
    if document is None:
        return (before.url, DOCUMENT) if before.by == DOCUMENT else ("", "")
    url = _normal(document.new_feed_url, allow) if document.new_feed_url else ""
    here = {own, _normal(answer.final_url, allow)}
    downgrade = url.startswith("http:") and own.startswith("https:")
    # Many feeds name their own URL, to confirm it.
    if not url or url in here or downgrade or "@" in urlsplit(url).netloc:
        return "", ""
    return url, DOCUMENT


def _normal(url: str, allow: tuple[str, ...]) -> str:
    """The normal form of a URL; empty for one that may not be asked."""
    try:
        return normalise_url(url, allow=parse_networks(allow))
    except ValueError:
        return ""


def _objection(job: PollJob, url: str, services: Services, stop: threading.Event) -> str:
    """Why a feed does not move to the place its document names; empty when it does."""
    if lookups.feed_by_url(services.catalog, url) == job.feed.id:
        return "it was there before"
    try:
        answer = services.http.fetch(
            url, validators=Validators(), access=job.feed.access, stop=stop
        )
        most = job.settings.feeds.max_items
        document = parse(answer, max_items=most, parsers=services.parsers, stop=stop)
    except Failure as failure:
        if failure.kind is Kind.STOPPED:
            raise
        return failure.detail
    known = episodes.known(services.catalog, job.feed.id)
    return "" if _is_same_feed(document, known) else "it lists other episodes"


def _is_same_feed(document: FeedDocument, known: KnownFeed) -> bool:
    """Whether at least half of what it lists, or of what is known, is the same."""
    listed = drafts(document)
    shared = sum(any(key in known.keys for key, _ in draft.keys) for draft in listed)
    return shared > 0 and shared * 2 >= min(len(listed), len(known.episodes))
