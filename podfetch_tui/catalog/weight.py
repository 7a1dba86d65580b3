"""About how many bytes a write puts into the log; decides how many share a commit."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.document import Item
from podfetch_tui.model.list_writes import ReadList
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
        case ImportFeeds(feeds=feeds) | ReadList(feeds=feeds):
            return _FEED * len(feeds)
        case _:
            return 0


def _poll_weight(poll: RecordPoll) -> int:
    summaries = sum([_note_weight(draft.item) for draft in poll.new])
    changed = sum([_note_weight(one.draft.item) for one in (*poll.updates, *poll.details)])
    body = len(poll.body.packed) if poll.body is not None else 0
    return _EPISODE * (len(poll.new) + len(poll.updates)) + summaries + changed + body


def _note_weight(item: Item) -> int:
    extras = 0 if item.extras is None else len(msgspec.json.encode(item.extras))
    return len(item.summary) + extras
