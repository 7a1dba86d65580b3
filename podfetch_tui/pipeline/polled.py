"""What one poll brought, as values for the catalogue and words for the audit trail."""

from __future__ import annotations

import zlib
from statistics import median
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import Identified, Listed
from podfetch_tui.model.job import PollHints, PollJob
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import RawBody, RecordPoll
from podfetch_tui.net.client import FetchResult
from podfetch_tui.pipeline.moving import Move
from podfetch_tui.pipeline.paging import Pages
from podfetch_tui.pipeline.wanted import decide
from podfetch_tui.policy.at_risk import at_risk
from podfetch_tui.policy.rhythm import gaps_s, hints_of
from podfetch_tui.storage.layout import folder_name

_PACKING = 1
"""zlib level: 230 KB take 1 ms and a sixth of their size; at level 6 2.5 ms and an eighth."""


class Found(NamedTuple):
    """What an answer brought, all pages together."""

    answer: FetchResult
    document: FeedDocument | None
    """The first page; ``None`` when it is the one that was there before."""
    pages: Pages
    identified: Identified
    known: int
    """Episodes that were known before."""


def hints(job: PollJob, found: Found, at: int) -> PollHints:
    """Return what answer and document say about when to come back; ``at`` is now."""
    document, pages = found.document, found.pages
    said = hints_of(job.feed.rhythm, max_age_s=found.answer.max_age_s)
    if document is not None:
        said = PollHints(
            max_age_s=found.answer.max_age_s,
            ttl_s=document.ttl_s,
            skip_hours=document.skip_hours,
            skip_days=document.skip_days,
            gaps=gaps_s((item.published for item in document.items), at),
        )
    # Pages that fail again and again are no reason to hurry.
    soon = bool(pages.page_url) and pages.page_url != job.feed.page_url
    if not pages.page_url:
        return said
    if pages.failure is None:
        return replace(said, soon=soon)
    wait, told_by = pages.failure.retry_after, pages.failure.url or pages.page_url
    return replace(said, soon=soon, retry_after=wait, told_by=told_by)


def record(job: PollJob, found: Found, at: int) -> RecordPoll:
    """Return what a poll brought as a write, without what its answer says of itself."""
    feed, settings, identified = job.feed, job.settings, found.identified
    first = feed.polls_ok == 0
    later = {id(item) for item in found.pages.items} if feed.page_url else set()
    late = tuple(id(draft.item) in later for draft in identified.new) if later else ()
    states, reasons = decide(
        identified.new,
        backlog=feed.backlog or settings.feeds.backlog,
        first=first,
        accept=settings.media.accept,
        late=late,
        known=found.known,
    )
    document = found.document or FeedDocument()
    leaving = _at_risk(found, at)
    new_at_risk = {id(one.draft) for one in leaving if one.episode_id is None}
    return RecordPoll(
        feed_id=feed.id,
        at=at,
        title=document.title or None,
        folder=folder_name(document.title or feed.title, feed.url),
        metadata=_facts(document) if found.document is not None else {},
        new=identified.new,
        new_states=states,
        new_reasons=reasons,
        backlog=first,
        late=late,
        at_risk=tuple(id(draft) in new_at_risk for draft in identified.new) if new_at_risk else (),
        known_at_risk=tuple(one.episode_id for one in leaving if one.episode_id is not None),
        page_url=None if found.pages.page_url == feed.page_url else found.pages.page_url,
        updates=identified.updates,
        details=identified.details,
        extras=settings.media.extras,
        aliases=identified.aliases,
    )


def _at_risk(found: Found, at: int) -> tuple[Listed, ...]:
    """Return what is about to fall out of a feed that lists only its latest items."""
    document, identified = found.document, found.identified
    if document is None:
        return ()
    gaps = gaps_s((item.published for item in document.items), at)
    leaving = at_risk(
        len(document.items),
        gone=identified.gone,
        has_more=document.complete or found.pages.read > 0 or bool(found.pages.page_url),
        gap_s=median(gaps) if gaps else None,
    )
    return identified.oldest[:leaving]


def packed(answer: FetchResult) -> RawBody:
    """Compress the document here, so that the catalogue's one writer does not have to."""
    return RawBody(
        size=len(answer.body),
        content_type=answer.content_type,
        packed=zlib.compress(answer.body, _PACKING),
    )


def _facts(document: FeedDocument) -> dict[str, object]:
    """What the channel says of itself, without what it leaves out."""
    facts: dict[str, object] = {
        "link": document.link,
        "author": document.author,
        "language": document.language,
        "summary": document.summary,
        "image": document.image_url,
        "complete": document.complete,
        "parser": document.parser,
        "defect": document.defect,
    }
    if document.extras is not None:
        facts.update(msgspec.to_builtins(document.extras))
    return {key: value for key, value in facts.items() if value}


def summary(found: Found, move: Move) -> str:
    """Return what a poll brought in a few words."""
    document, pages, identified = found.document, found.pages, found.identified
    count = len(document.items if document else ()) + len(pages.items)
    words = [counted(count, "item"), f"{len(identified.new):,} new"]
    if pages.read:
        total = pages.read + (document is not None)
        words[0] += f" on {counted(total, 'page')}"
    if identified.updates:
        words.append(f"{len(identified.updates)} changed")
    if identified.aliases:
        words.append(counted(len(identified.aliases), "alias", "aliases"))
    words += [text for text in (document.defect if document else "", move.words) if text]
    if pages.problem:
        words.append(pages.problem)
    return ", ".join(words)
