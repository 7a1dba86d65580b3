"""Looking at a URL, or at a feed, without consequences: one request, nothing written."""

from __future__ import annotations

import threading

import msgspec

from podfetch_tui.catalog import episodes, trail
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.feeds.identity import identify
from podfetch_tui.model.decisions import NoteAction
from podfetch_tui.model.episode import EpisodeState, KnownFeed
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Access, Backlog, Feed, Validators
from podfetch_tui.model.first_run import Heard
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.settings import FeedSettings
from podfetch_tui.model.text import clean, redact, redact_text
from podfetch_tui.net.client import HttpClient
from podfetch_tui.net.feed import FetchResult
from podfetch_tui.pipeline.parsing import Parsers, parse
from podfetch_tui.pipeline.wanted import decide
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.release import prospect
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339

_HEAD = 2048
_TITLE = 120
_SHOWN = 400


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a URL."""

    title: str
    items: int
    common: int
    """Items that are known episodes of the feed."""
    known: int
    """Episodes the feed has."""
    final_url: str
    """Where the answer came from, redirects followed."""

    @property
    def is_stranger(self) -> bool:
        """Not one item of it is known, though the feed has episodes."""
        return self.known > 0 and self.common == 0


def probe(
    url: str,
    *,
    access: Access,
    known: KnownFeed,
    max_items: int,
    http: HttpClient,
    parsers: Parsers,
    stop: threading.Event,
) -> Probe:
    """Fetch ``url`` under the rules of a poll and compare it with what a feed has.

    Raises:
        Failure: It cannot be fetched, or is no feed.
    """
    answer = http.fetch(url, validators=Validators(), access=access, stop=stop)
    document = parse(answer, max_items=max_items, parsers=parsers, stop=stop)
    found = identify(document, known)
    return Probe(
        title=document.title,
        items=len(document.items),
        common=0 if found.replaced else found.known,
        known=len(known.episodes),
        final_url=answer.final_url,
    )


def hear(
    url: str,
    *,
    access: Access,
    feeds: FeedSettings,
    accept: tuple[str, ...],
    http: HttpClient,
    parsers: Parsers,
    stop: threading.Event,
) -> Heard:
    """Fetch a feed that nobody knows yet and say how much its first document lists.

    Raises:
        Failure: It cannot be fetched, or is no feed.
    """
    answer = http.fetch(url, validators=Validators(), access=access, stop=stop)
    document = parse(answer, max_items=feeds.max_items, parsers=parsers, stop=stop)
    new = identify(document, KnownFeed({}, {})).new
    states, _ = decide(new, backlog=Backlog(), first=True, accept=accept)
    drafts = sorted(zip(new, states, strict=True), key=lambda one: -(one[0].item.published or 0))
    sizes = (one.enclosure.length for one, state in drafts if state is EpisodeState.PENDING)
    return Heard(tuple(size or 0 for size in sizes))


def diagnose(
    feed: Feed,
    *,
    catalog: Catalog,
    max_items: int,
    http: HttpClient,
    parsers: Parsers,
    clock: Clock,
    stop: threading.Event,
) -> ProbeReport:
    """Fetch a feed once, with all that holds for it, and say what a release would lead to.

    Args:
        feed: The feed.
        catalog: Knows its episodes, and whether its host told us to wait.
        max_items: ``feeds.max_items``.
        http: Where it is fetched with.
        parsers: The children to ask.
        clock: For how long it took.
        stop: Ends the transfer.

    Raises:
        Failure: The catalogue could not be read.
    """
    host, now = trail.host_facts(catalog, host_of(feed.url)), clock.now_ms()
    if host is not None and (host.not_before or 0) > now:
        return _failed(feed, _told_to_wait(host.name, host.not_before or 0, now))
    known = episodes.known(catalog, feed.id) if feed.polls_ok else KnownFeed({}, {})
    started = clock.monotonic()
    answer: FetchResult | None = None
    failure: Failure | None = None
    title, items, common = "", 0, 0
    try:
        answer = http.fetch(feed.url, validators=Validators(), access=feed.access, stop=stop)
        document = parse(answer, max_items=max_items, parsers=parsers, stop=stop)
        title, items = document.title, len(document.items)
        found = identify(document, known)
        common = found.known
        if found.replaced:
            failure = Failure(
                Kind.REPLACED, "no GUID and no title of the feed is left", status=answer.status
            )
    except Failure as error:
        failure = error
    report = _failed(feed, failure) if failure is not None else _well(feed)
    body = answer.body if answer is not None else b""
    return msgspec.structs.replace(
        report,
        status=report.status if answer is None else answer.status,
        duration_ms=round((clock.monotonic() - started) * 1000),
        bytes=len(body),
        content_type=answer.content_type if answer is not None else "",
        final_url=redact(answer.final_url) if answer is not None else "",
        found_title=clean(title, _TITLE),
        items=items,
        known_items=common,
        head=report.head or (_shown(body[:_HEAD]) if failure is not None and not items else ""),
    )


def survey(
    url: str,
    *,
    catalog: Catalog,
    max_items: int,
    http: HttpClient,
    parsers: Parsers,
    clock: Clock,
    stop: threading.Event,
) -> ProbeReport:
    """Fetch a URL that no feed has yet, under the rules of a poll; parameters as for a feed.

    Raises:
        Failure: The catalogue could not be read.
    """
    host, now = trail.host_facts(catalog, host_of(url)), clock.now_ms()
    report = ProbeReport(feed_id=0, title="", url=redact(url), ok=True)
    started = clock.monotonic()
    try:
        if host is not None and (host.not_before or 0) > now:
            raise _told_to_wait(host.name, host.not_before or 0, now)
        found = probe(
            url,
            access=Access(feed_url=url),
            known=KnownFeed({}, {}),
            max_items=max_items,
            http=http,
            parsers=parsers,
            stop=stop,
        )
    except Failure as failure:
        verdict = verdict_of(failure)
        return msgspec.structs.replace(
            report,
            ok=False,
            family=verdict.family.value,
            code=verdict.code,
            detail=clean(failure.detail or verdict.text),
            status=failure.status,
            head=_shown(failure.evidence),
        )
    return msgspec.structs.replace(
        report,
        duration_ms=round((clock.monotonic() - started) * 1000),
        final_url=redact(found.final_url),
        found_title=clean(found.title, _TITLE),
        items=found.items,
    )


def note_of(report: ProbeReport, *, actor: str, at: int) -> NoteAction:
    """Return the row of the audit for a look at a feed."""
    detail, number = report.said, report.feed_id
    return NoteAction(action="probe_feed", detail=detail, feed_id=number, actor=actor, at=at)


def _told_to_wait(host: str, until: int, now: int) -> Failure:
    """The host's wish holds for a look, too."""
    text = f"not asked: not before {rfc3339(until)}, as {host} told us"
    return Failure(Kind.HTTP_STATUS, text, status=429, retry_after=(until - now) / 1000)


def _failed(feed: Feed, failure: Failure) -> ProbeReport:
    verdict = verdict_of(failure)
    to_come = prospect(failure, feed.health, feed.state)
    return msgspec.structs.replace(
        _well(feed),
        ok=failure.kind is Kind.REPLACED,
        family=verdict.family.value,
        code=verdict.code,
        detail=clean(failure.detail or verdict.text),
        status=failure.status,
        head=_shown(failure.evidence),
        release=to_come.word,
        release_text=to_come.text,
    )


def _well(feed: Feed) -> ProbeReport:
    to_come = prospect(None, feed.health, feed.state)
    return ProbeReport(
        feed_id=feed.id,
        title=clean(feed.title, _TITLE),
        url=redact(feed.url),
        ok=True,
        release=to_come.word,
        release_text=to_come.text,
        state=feed.state.value,
    )


def _shown(head: bytes) -> str:
    return clean(redact_text(head.decode("utf-8", "replace")), _SHOWN)
