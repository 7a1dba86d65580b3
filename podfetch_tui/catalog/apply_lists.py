"""Writing a list down that is read again and again: what it names no more is paused.

A feed is let go only by the list itself: a file that is gone or broken says nothing about its
feeds, a bad line still holds its feed, and what another list or the operator holds stays. Many
removals at once are more often an accident than meant, so they wait for the operator's word.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete

from podfetch_tui.catalog.actions import record_action
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.event_rows import record_event
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.list_lines import Source, ids_of, says_the_same, take_lines
from podfetch_tui.catalog.list_members import Gone, ListState, find_gone, states
from podfetch_tui.catalog.schema import feed_tag, list_source
from podfetch_tui.catalog.statements import Statement, bulk_insert
from podfetch_tui.model.feed import REMOVED, FeedState
from podfetch_tui.model.list_writes import ListFailed, ListRead, ReadList
from podfetch_tui.model.text import counted

MOST_REMOVED = 20
MOST_SHARE = 20
"""One of so many: a list may let go of 20 feeds, or of 5 % of its feeds, at once."""

_LET_GO = Statement(
    lambda: delete(list_source).where(
        list_source.c.feed_id == bindparam("row"), list_source.c.list == bindparam("source")
    )
)
_UNTAG = Statement(
    lambda: delete(feed_tag).where(
        feed_tag.c.feed_id == bindparam("row"), feed_tag.c.list == bindparam("source")
    )
)
_STATE = bulk_insert(
    "list_state",
    ("list", "read_at", "held", "unreadable", "problem", "digest"),
    tail=" ON CONFLICT DO UPDATE SET read_at = excluded.read_at, held = excluded.held,"
    " unreadable = excluded.unreadable, problem = excluded.problem, digest = excluded.digest",
)
_NEVER = ListState("", 0, 0, 0, "")


def read_list(changes: Changes, write: ReadList) -> ListRead:
    """Add, change, resume and pause feeds as the list says."""
    changes.settle()
    before = states(changes.cursor).get(write.source, _NEVER)
    urls = [line.url for line in write.feeds]
    known = ids_of(changes.cursor, [*urls, *write.mentioned])
    gone = find_gone(changes.cursor, write.source, frozenset(known.values()))
    is_cut = _is_cut(changes, write, known.get(write.tail))
    reason = "" if write.accept else _why_held(write, before, gone, is_cut=is_cut)
    # What is left of a line that was cut off says nothing.
    lines = [line for line in write.feeds if not (reason and is_cut and line.url == write.tail)]
    source = Source(name=write.source, at=write.at, paused=write.paused, only_changed=True)
    taken = take_lines(changes, lines, source)
    if not reason:
        _let_go(changes, write, gone)
    done = ListRead(
        new=taken.new,
        duplicate=len(lines) - len(taken.new),
        updated=taken.updated,
        resumed=taken.resumed,
        removed=0 if reason else len(gone.pause),
        dropped=0 if reason else len(gone.keep),
        held=len(gone.pause) if reason else 0,
        of=gone.of,
        reason=reason,
    )
    unreadable = before.unreadable if reason else write.unreadable
    digest = None if reason else write.digest or None
    _STATE.run(changes.cursor, [(write.source, write.at, done.held, unreadable, "", digest)])
    _record(changes, write, before, done)
    return done


def _is_cut(changes: Changes, write: ReadList, tail: int | None) -> bool:
    """Return whether the last line may not be whole: it has no end, and says something new."""
    last = [line for line in write.feeds if line.url == write.tail]
    if not last or tail is None:
        return bool(last)
    return not says_the_same(changes.cursor, tail, last[0], write.source)


def list_failed(changes: Changes, write: ListFailed) -> None:
    """Keep why a list cannot be read; an event says so once."""
    changes.settle()
    before = states(changes.cursor).get(write.source, _NEVER)
    if before.problem == write.problem:
        return
    row = (write.source, before.read_at, before.held, before.unreadable, write.problem, None)
    _STATE.run(changes.cursor, [row])
    text = f"{write.problem}; no feed of this list is paused for that"
    record_event(changes, "list_unread", text, at=write.at)


def _why_held(write: ReadList, before: ListState, gone: Gone, *, is_cut: bool) -> str:
    """Return why nothing may be paused now; empty when it may."""
    count = len(gone.pause)
    if not count:
        return ""
    if count > MOST_REMOVED and count * MOST_SHARE > gone.of:
        return f"more than {MOST_REMOVED} and more than {100 // MOST_SHARE} %"
    if is_cut:
        return "the last line may be cut off"
    if write.unreadable > before.unreadable:
        return f"{write.unreadable} of its lines cannot be read"
    return ""


def _let_go(changes: Changes, write: ReadList, gone: Gone) -> None:
    for member in gone.keep:
        _LET_GO.run(changes.cursor, row=member.id, source=write.source)
        if member.others:
            _UNTAG.run(changes.cursor, row=member.id, source=write.source)
    reason = f"{REMOVED}{write.source}"
    for member in gone.pause:
        _LET_GO.run(changes.cursor, row=member.id, source=write.source)
        facts = changes.feed(member.id)
        set_feed_state(changes, facts, FeedState.PAUSED, reason=reason, at=write.at)


def _record(changes: Changes, write: ReadList, before: ListState, done: ListRead) -> None:
    name, at = write.source, write.at
    if done.new or done.updated or done.removed:
        text = (
            f"{name}: {counted(len(done.new), 'feed')} new, {done.updated} changed,"
            f" {done.removed} paused, {done.resumed} resumed"
        )
        record_event(changes, "list_read", text, at=at)
    if done.held and done.held != before.held:
        record_event(changes, "list_held", held_text(name, done), at=at)
    if write.accept:
        detail = f"{name}: {counted(done.removed, 'feed')} paused"
        record_action(changes, "accept_removals", at=at, actor="command", detail=detail)


def held_text(name: str, done: ListRead) -> str:
    """Return one sentence about removals that wait, and what to do."""
    return (
        f"{name}: {done.held} of {done.of} feeds are not in it any more ({done.reason}): none was"
        " paused; if that is meant, podfetch feeds accept-removals"
    )
