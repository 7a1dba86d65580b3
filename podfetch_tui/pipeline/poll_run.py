"""One poll of one feed: ask, parse, identify (steps 4 and 5)."""

from __future__ import annotations

import hashlib
import threading
from typing import NamedTuple

from msgspec.structs import replace

from podfetch_tui.catalog import episodes
from podfetch_tui.feeds.identity import identify
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import KnownFeed
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.job import Job, PollJob, RunResult, TransferProgress
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.text import redact
from podfetch_tui.model.writes import RecordPoll
from podfetch_tui.net.client import FetchResult
from podfetch_tui.pipeline.moving import Move, look
from podfetch_tui.pipeline.outcomes import outcome_of
from podfetch_tui.pipeline.paging import pages_behind
from podfetch_tui.pipeline.parsing import parse
from podfetch_tui.pipeline.polled import Found, hints, packed, record, summary
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.policy.rhythm import hints_of, rhythm_of

FULL_EVERY_MS = 7 * 24 * 3600 * 1000
"""A server that answers 304 for ever is asked for the whole body once a week."""


class _Poll(NamedTuple):
    """One poll under way."""

    job: PollJob
    services: Services
    started: float
    on_progress: OnProgress
    stop: threading.Event


def run(job: Job, services: Services, on_progress: OnProgress, stop: threading.Event) -> RunResult:
    """Poll a feed and return what it taught us; nothing is written here.

    Raises:
        Failure: The poll did not succeed.
    """
    if not isinstance(job, PollJob):
        raise TypeError(f"not a poll: {job!r}")
    poll = _Poll(job, services, services.clock.monotonic(), on_progress, stop)
    on_progress(TransferProgress(0, None, "poll"))
    validators = _validators(job, services.clock.now_ms())
    answer = services.http.fetch(
        job.feed.url, validators=validators, access=job.feed.access, stop=stop
    )
    full = validators == Validators()
    digest = hashlib.sha256(answer.body).digest() if answer.status == 200 else b""
    is_old = answer.status == 304 or digest == job.feed.body_sha256
    if is_old and not job.feed.page_url:
        return _unchanged(poll, answer, digest, full=full)
    document = None
    if not is_old:
        on_progress(TransferProgress(len(answer.body), len(answer.body), "parse"))
        most = job.settings.feeds.max_items
        document = parse(answer, max_items=most, parsers=services.parsers, stop=stop)
    found = _identify(poll, answer, document)
    move = look(job, answer, document, services, stop)
    return _changed(poll, found, move, digest, full=full)


def _unchanged(poll: _Poll, answer: FetchResult, digest: bytes, *, full: bool) -> RunResult:
    """The end of a poll that brought nothing new."""
    job = poll.job
    move = look(job, answer, None, poll.services, poll.stop)
    outcome = outcome_of(
        job,
        poll.services,
        poll.started,
        code="unchanged" if digest else "not_modified",
        detail=move.words,
        status=answer.status,
        received=answer.wire_bytes,
        sha256=digest,
    )
    write = RecordPoll(
        feed_id=job.feed.id,
        at=outcome.at,
        url=move.url or None,
        sighting=move.sighting,
        validators=Validators() if move.fresh else answer.validators,
        full=full and bool(digest),
        body_sha256=digest or None,
        # Older archives hold digests of documents they never kept.
        body=packed(answer) if digest and _full_is_due(job, outcome.at) else None,
    )
    changed = digest and (full or answer.validators != job.feed.validators)
    moves = move.url or move.sighting is not None
    kept = hints_of(job.feed.rhythm, max_age_s=answer.max_age_s)
    return RunResult(outcome=outcome, writes=(write,) if changed or moves else (), hints=kept)


def _validators(job: PollJob, now: int) -> Validators:
    """Ask conditionally only on top of a success that is not too long ago."""
    feed = job.feed
    if _full_is_due(job, now) or feed.health.consecutive_failures or not feed.body_sha256:
        return Validators()
    return feed.validators


def _full_is_due(job: PollJob, now: int) -> bool:
    last = job.feed.last_full_at
    return last is None or now - last > FULL_EVERY_MS


def _identify(poll: _Poll, answer: FetchResult, document: FeedDocument | None) -> Found:
    """Read the pages behind the document and say which of all items are new.

    Raises:
        Failure: ``REPLACED``: another feed stands at the URL.
    """
    job, services = poll.job, poll.services
    known = KnownFeed({}, {})
    if job.feed.polls_ok:
        known = episodes.known(services.catalog, job.feed.id)
    pages = pages_behind(job, document, known, services, poll.on_progress, poll.stop)
    merged = document or FeedDocument()
    if pages.items:
        merged = replace(merged, items=merged.items + pages.items)
    whole = document is not None and not _is_accepted(job)
    identified = identify(merged, known, whole=whole)
    if identified.replaced:
        raise Failure(
            Kind.REPLACED,
            "no GUID and no title of the feed is left: another feed stands at its URL",
            status=200,
            url=redact(job.feed.url),
        )
    return Found(answer, document, pages, identified, len(known.episodes))


def _is_accepted(job: PollJob) -> bool:
    """Say whether the operator saw that another feed stands there, and released it."""
    health = job.feed.health
    return health.probation and (health.last_error or "").startswith(Kind.REPLACED.value)


def _changed(poll: _Poll, found: Found, move: Move, digest: bytes, *, full: bool) -> RunResult:
    """The end of a poll that brought a document, or pages of one."""
    job, answer, pages = poll.job, found.answer, found.pages
    is_partial = pages.failure is not None
    outcome = outcome_of(
        job,
        poll.services,
        poll.started,
        result=Result.PARTIAL if is_partial else Result.SUCCESS,
        code="partial_pages" if is_partial else "ok",
        detail=summary(found, move),
        status=answer.status,
        received=answer.wire_bytes + pages.received,
        sha256=digest,
    )
    said = hints(job, found, outcome.at)
    write = replace(
        record(job, found, outcome.at),
        url=move.url or None,
        sighting=move.sighting,
        validators=Validators() if move.fresh else answer.validators,
        full=full and bool(digest),
        body_sha256=digest or None,
        body=packed(answer) if found.document is not None else None,
        rhythm=rhythm_of(said) if found.document is not None else None,
    )
    return RunResult(outcome=outcome, writes=(write,), hints=said)
