"""About how many bytes a write puts into the log; decides how many share a commit."""

from __future__ import annotations

from podfetch_tui.model.writes import Finish, ImportFeeds, RecordPoll, Write

_EPISODE = 4096
"""A row, three keys, and a page of the index of what is due: it is ordered by date, so that the
episodes of one feed stand far apart in it."""
_FEED = 800


def weight_of(write: Write) -> int:
    """Return the estimate in bytes, without the pages that every write touches."""
    match write:
        case Finish(writes=parts):
            return sum(_poll_weight(part) for part in parts if isinstance(part, RecordPoll))
        case RecordPoll():
            return _poll_weight(write)
        case ImportFeeds(feeds=feeds):
            return _FEED * len(feeds)
        case _:
            return 0


def _poll_weight(poll: RecordPoll) -> int:
    summaries = sum([len(draft.item.summary) for draft in poll.new])
    changed = sum([len(update.draft.item.summary) for update in poll.updates])
    return _EPISODE * (len(poll.new) + len(poll.updates)) + summaries + changed
