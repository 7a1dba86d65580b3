"""An operator's decision about feeds, worked out for each of them and handed to a writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.quarantine import feed_marks
from podfetch_tui.model.decisions import (
    Decided,
    DecideFeeds,
    FeedAsk,
    FeedDecision,
    FeedMark,
)
from podfetch_tui.model.settings import EngineSettings
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.policy.decisions import feed_refusal
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.release import stagger

AT_A_TIME = 500
"""Feeds that one write decides about."""


def decide(
    catalog: Catalog,
    ask: FeedAsk,
    commit: Callable[[Write], Receipt],
    *,
    settings: EngineSettings,
    now: int,
) -> Decided:
    """Have a decision carried out, some feeds at a time; return what came of all.

    Args:
        catalog: An open catalogue.
        ask: What is wanted.
        commit: Applies a write and returns its receipt.
        settings: Limits for a release of many.
        now: UTC milliseconds.

    Raises:
        Failure: The catalogue could not be read or written; parts before may be done.
    """
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    operation = 0
    for write in writes(feed_marks(catalog, ask.feed_ids), ask, settings=settings, now=now):
        receipt = commit(replace(write, operation=operation))
        if isinstance(receipt, Decided):
            done += receipt.done
            refused += receipt.refused
            operation = operation or receipt.operation
    known = {*done, *(number for number, _ in refused)}
    refused += [(number, "is not known") for number in ask.feed_ids if number not in known]
    return Decided(tuple(done), tuple(refused), operation)


def planned(marks: Sequence[FeedMark], ask: FeedAsk) -> Decided:
    """Return what the receipt would be; nothing is done."""
    whys = [(m.id, feed_refusal(ask.decision, m.state, m.merged_into)) for m in marks]
    done = tuple(number for number, why in whys if not why)
    return Decided(done, tuple((number, why) for number, why in whys if why))


def writes(
    marks: Sequence[FeedMark], ask: FeedAsk, *, settings: EngineSettings, now: int
) -> Iterator[DecideFeeds]:
    """Yield the writes that carry a decision out; those of a release say when each is polled.

    Args:
        marks: The feeds, as they stand.
        ask: What is wanted; what it has ``seen`` holds, else what the marks say.
        settings: How many of one host, and in all, are released at once.
        now: UTC milliseconds.
    """
    due = release_times(marks, ask, settings=settings, now=now)
    seen = dict(zip(ask.feed_ids, ask.seen, strict=True)) if ask.seen else {}
    for start in range(0, len(marks), AT_A_TIME):
        part = marks[start : start + AT_A_TIME]
        yield DecideFeeds(
            feed_ids=tuple(mark.id for mark in part),
            decision=ask.decision,
            seen=tuple(seen.get(mark.id, mark.state_at) for mark in part),
            due_at=due[start : start + AT_A_TIME],
            until=ask.until,
            reason=ask.reason,
            actor=ask.actor,
            at=now,
        )


def release_times(
    marks: Sequence[FeedMark], ask: FeedAsk, *, settings: EngineSettings, now: int
) -> tuple[int, ...]:
    """Return when each feed of a release is polled; nothing for other decisions."""
    if ask.decision is not FeedDecision.RELEASE:
        return ()
    return stagger(
        [host_of(mark.url) for mark in marks],
        now=now,
        per_host=settings.per_host,
        overall=settings.batch_min,
        over_ms=ask.over_ms,
    )
