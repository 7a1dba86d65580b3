"""One poll of one feed: ask, parse, identify (steps 4 and 5)."""

from __future__ import annotations

import hashlib
import threading

from podfetch_tui.catalog import episodes
from podfetch_tui.feeds.identity import identify
from podfetch_tui.feeds.scan import scan
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import Identified, KnownFeed
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.job import Job, PollHints, PollJob, RunResult, TransferProgress
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.writes import RecordPoll
from podfetch_tui.net.client import FetchResult
from podfetch_tui.pipeline.outcomes import outcome_of
from podfetch_tui.pipeline.services import OnProgress, Services
from podfetch_tui.pipeline.wanted import decide
from podfetch_tui.storage.layout import folder_name

FULL_EVERY_MS = 7 * 24 * 3600 * 1000
"""A server that answers 304 for ever is asked for the whole body once a week."""


def run(job: Job, services: Services, on_progress: OnProgress, stop: threading.Event) -> RunResult:
    """Poll a feed and return what it taught us; nothing is written here.

    Raises:
        Failure: The poll did not succeed.
    """
    if not isinstance(job, PollJob):
        raise TypeError(f"not a poll: {job!r}")
    started = services.clock.monotonic()
    on_progress(TransferProgress(0, None, "poll"))
    validators = _validators(job, services.clock.now_ms())
    answer = services.http.fetch(job.feed.url, validators=validators, stop=stop)
    hints = PollHints(max_age_s=answer.max_age_s)
    if answer.status == 304:
        outcome = outcome_of(job, services, started, code="not_modified", status=304)
        return RunResult(outcome=outcome, hints=hints)
    digest = hashlib.sha256(answer.body).digest()
    full = validators == Validators()
    if digest == job.feed.body_sha256:
        outcome = outcome_of(
            job, services, started, code="unchanged", status=200, received=answer.wire_bytes
        )
        write = RecordPoll(
            feed_id=job.feed.id, at=outcome.at, validators=answer.validators, full=full
        )
        changed = full or answer.validators != job.feed.validators
        return RunResult(outcome=outcome, writes=(write,) if changed else (), hints=hints)
    on_progress(TransferProgress(len(answer.body), len(answer.body), "parse"))
    document = _parse(job, answer, services, stop)
    identified = _identify(job, document, services)
    outcome = outcome_of(
        job,
        services,
        started,
        detail=_summary(document, identified),
        status=200,
        received=answer.wire_bytes,
    )
    write = _record(job, answer, document, identified, outcome.at, digest=digest, full=full)
    hints = PollHints(max_age_s=answer.max_age_s, ttl_s=document.ttl_s)
    return RunResult(outcome=outcome, writes=(write,), hints=hints)


def _validators(job: PollJob, now: int) -> Validators:
    """Ask conditionally only on top of a success that is not too long ago."""
    feed = job.feed
    due_full = feed.last_full_at is None or now - feed.last_full_at > FULL_EVERY_MS
    if due_full or feed.health.consecutive_failures or not feed.body_sha256:
        return Validators()
    return feed.validators


def _parse(
    job: PollJob, answer: FetchResult, services: Services, stop: threading.Event
) -> FeedDocument:
    most = job.settings.feeds.max_items
    if not answer.body.strip():
        raise Failure(Kind.EMPTY_BODY, "the body is empty", status=200, url=job.feed.url)
    base = answer.content_location or answer.final_url
    document = scan(answer.body, url=base, max_items=most)
    if document is not None:
        return document
    params = ParseParams(
        url=answer.final_url,
        content_type=answer.content_type,
        content_location=answer.content_location,
        max_items=most,
    )
    return services.sandbox.call("parse_feed", answer.body, params, stop=stop)


def _identify(job: PollJob, document: FeedDocument, services: Services) -> Identified:
    known = KnownFeed({}, {})
    if job.feed.polls_ok:
        known = episodes.known(services.catalog, job.feed.id)
    identified = identify(document, known)
    if identified.replaced:
        raise Failure(
            Kind.REPLACED,
            "no GUID and no title of the feed is left: another feed stands at its URL",
            status=200,
            url=job.feed.url,
        )
    return identified


def _record(
    job: PollJob,
    answer: FetchResult,
    document: FeedDocument,
    identified: Identified,
    at: int,
    *,
    digest: bytes,
    full: bool,
) -> RecordPoll:
    feed, settings = job.feed, job.settings
    first = feed.polls_ok == 0
    states, reasons = decide(
        identified.new,
        backlog=feed.backlog or settings.feeds.backlog,
        first=first,
        accept=settings.media.accept,
    )
    facts = {
        "link": document.link,
        "author": document.author,
        "language": document.language,
        "summary": document.summary,
        "image": document.image_url,
        "parser": document.parser,
        "defect": document.defect,
    }
    return RecordPoll(
        feed_id=feed.id,
        at=at,
        title=document.title or None,
        folder=folder_name(document.title or feed.title, feed.url),
        validators=answer.validators,
        body_sha256=digest,
        full=full,
        metadata={key: value for key, value in facts.items() if value},
        new=identified.new,
        new_states=states,
        new_reasons=reasons,
        backlog=first,
        updates=identified.updates,
        aliases=identified.aliases,
    )


def _summary(document: FeedDocument, identified: Identified) -> str:
    words = [f"{len(document.items)} items", f"{len(identified.new)} new"]
    if identified.updates:
        words.append(f"{len(identified.updates)} changed")
    if identified.aliases:
        words.append(f"{len(identified.aliases)} aliases")
    if document.defect:
        words.append(document.defect)
    return ", ".join(words)
