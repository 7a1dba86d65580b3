"""Which function applies which write. Each is applied within a transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import assert_never

from podfetch_tui.catalog import (
    apply_batches,
    apply_decisions,
    apply_episodes,
    apply_feed_decisions,
    apply_hosts,
    apply_notes,
    apply_states,
)
from podfetch_tui.catalog.apply_derivatives import (
    derive,
    derive_episodes,
    postpone,
    rejudge,
    seal_derivative,
)
from podfetch_tui.catalog.apply_edits import edit_feed
from podfetch_tui.catalog.apply_expiry import expire_audit
from podfetch_tui.catalog.apply_feeds import change_feed, schedule_feed
from podfetch_tui.catalog.apply_imports import import_feeds
from podfetch_tui.catalog.apply_lists import list_failed, read_list
from podfetch_tui.catalog.apply_polls import record_poll
from podfetch_tui.catalog.apply_settings import record_settings
from podfetch_tui.catalog.apply_times import reanchor
from podfetch_tui.catalog.apply_undo import undo_operation
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.event_rows import record_event
from podfetch_tui.model.decisions import (
    DecideEpisodes,
    DecideFeeds,
    ForgetErasures,
    NoteAction,
    NoteFiles,
    UndoOperation,
)
from podfetch_tui.model.derivatives import (
    Derive,
    DeriveEpisodes,
    PostponeDerivatives,
    Rejudge,
    SealDerivative,
)
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.host_writes import PutOff, ReleaseHosts, SaveHost
from podfetch_tui.model.list_writes import ListFailed, ReadList
from podfetch_tui.model.setting_writes import RecordSettings
from podfetch_tui.model.upkeep_writes import ExpireAudit
from podfetch_tui.model.writes import (
    ApplyPriorities,
    Archive,
    ChangeFeed,
    Claim,
    EpisodeEnd,
    FeedSchedule,
    Finish,
    FinishBatch,
    ImportFeeds,
    PlanBatch,
    Progress,
    Reanchor,
    Receipt,
    RecordEvent,
    RecordPoll,
    Reserve,
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
        case RecordPoll() | EpisodeEnd() | Derive() | PostponeDerivatives() | SetEpisodeState():
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
        case ReadList():
            return read_list(changes, write)
        case ListFailed():
            list_failed(changes, write)
        case ChangeFeed():
            change_feed(changes, write)
        case EditFeed():
            return edit_feed(changes, write)
        case PutOff():
            apply_hosts.put_off(changes, write)
        case SaveHost():
            apply_hosts.save_host(changes, write)
        case ReleaseHosts():
            return apply_hosts.release_hosts(changes, write)
        case PlanBatch():
            apply_batches.plan_batch(changes, write)
        case FinishBatch():
            apply_batches.finish_batch(changes, write)
        case ApplyPriorities():
            apply_batches.apply_priorities(changes, write)
        case Reanchor():
            return reanchor(changes, write)
        case ExpireAudit():
            return expire_audit(changes, write)
        case RecordEvent():
            record_event(
                changes,
                write.kind,
                write.text,
                at=write.at,
                feed_id=write.feed_id,
                family=write.family,
                code=write.code,
            )
        case DecideFeeds():
            return apply_feed_decisions.decide_feeds(changes, write)
        case UndoOperation():
            return undo_operation(changes, write)
        case NoteAction():
            return apply_notes.note_action(changes, write)
        case DecideEpisodes():
            return apply_decisions.decide_episodes(changes, write)
        case NoteFiles():
            return apply_decisions.note_files(changes, write)
        case ForgetErasures():
            apply_decisions.forget_erasures(changes, write)
        case RecordSettings():
            record_settings(changes, write)
        case Rejudge():
            rejudge(changes, write)
        case SealDerivative():
            return seal_derivative(changes, write)
        case DeriveEpisodes():
            return derive_episodes(changes, write)
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
    if not _is_of_the_past(changes, write):
        for part in write.writes:
            receipt = _apply_run_write(changes, part) or receipt
        if write.schedule is not None:
            schedule_feed(changes, write.schedule)
    if write.outcome is not None:
        changes.outcome(write.outcome)
    return receipt


def _is_of_the_past(changes: Changes, write: Finish) -> bool:
    schedule = write.schedule
    if schedule is None or not write.polled_url:
        return False
    return changes.feed(schedule.feed_id).url != write.polled_url


def _apply_run_write(changes: Changes, write: RunWrite) -> Receipt:
    match write:
        case RecordPoll():
            return record_poll(changes, write)
        case EpisodeEnd():
            apply_states.end_episode(changes, write)
        case Derive():
            derive(changes, write)
        case PostponeDerivatives():
            postpone(changes, write)
        case SetEpisodeState():
            apply_states.set_episode_state(changes, write)
        case _:
            assert_never(write)
    return None
