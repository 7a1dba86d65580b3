"""Which function applies which write. Each is applied within a transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import assert_never

from podfetch_tui.catalog import apply_episodes, apply_states
from podfetch_tui.catalog.apply_derivatives import derive
from podfetch_tui.catalog.apply_feeds import change_feed, schedule_feed
from podfetch_tui.catalog.apply_imports import import_feeds
from podfetch_tui.catalog.apply_polls import record_poll
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.model.writes import (
    Archive,
    ChangeFeed,
    Claim,
    Derive,
    EpisodeEnd,
    FeedSchedule,
    Finish,
    ImportFeeds,
    Progress,
    Receipt,
    RecordPoll,
    Reserve,
    RetryEpisodes,
    RunWrite,
    Seal,
    SetEpisodeState,
    Write,
)


def apply(changes: Changes, write: Write) -> Receipt:  # noqa: C901  one arm per kind
    """Carry ``write`` out and return its receipt.

    Raises:
        Failure: It cannot be done; what it did so far has to be rolled back.
        sqlite3.Error: The same, said by SQLite.
    """
    for feed_id in polled_feeds(write):
        changes.gather_for(feed_id)
    match write:
        case Finish():
            return _finish(changes, write)
        case FeedSchedule():
            schedule_feed(changes, write)
        case RecordPoll() | EpisodeEnd() | Derive() | SetEpisodeState():
            return _apply_run_write(changes, write)
        case Claim():
            return apply_episodes.claim(changes, write)
        case Progress():
            apply_episodes.progress(changes, write)
        case Seal():
            return apply_episodes.seal(changes, write)
        case Reserve():
            return apply_episodes.reserve(changes, write)
        case Archive():
            apply_episodes.archive(changes, write)
        case ImportFeeds():
            return import_feeds(changes, write)
        case ChangeFeed():
            change_feed(changes, write)
        case RetryEpisodes():
            apply_states.retry_episodes(changes, write)
        case _:
            assert_never(write)
    return None


def polled_feeds(write: Write) -> Iterator[int]:
    """Yield the feeds whose rows ``write`` gathers."""
    match write:
        case RecordPoll(feed_id=feed_id) | FeedSchedule(feed_id=feed_id):
            yield feed_id
        case Finish(schedule=schedule, writes=writes):
            found = {part.feed_id for part in writes if isinstance(part, RecordPoll)}
            if schedule is not None:
                found.add(schedule.feed_id)
            yield from found
        case _:
            return


def _finish(changes: Changes, write: Finish) -> Receipt:
    receipt: Receipt = None
    for part in write.writes:
        receipt = _apply_run_write(changes, part) or receipt
    if write.schedule is not None:
        schedule_feed(changes, write.schedule)
    if write.outcome is not None:
        changes.outcome(write.outcome)
    return receipt


def _apply_run_write(changes: Changes, write: RunWrite) -> Receipt:
    match write:
        case RecordPoll():
            return record_poll(changes, write)
        case EpisodeEnd():
            apply_states.end_episode(changes, write)
        case Derive():
            derive(changes, write)
        case SetEpisodeState():
            apply_states.set_episode_state(changes, write)
        case _:
            assert_never(write)
    return None
