"""The part of the audit trail that is at hand: the newest, and older ones as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.policy.event_filter import LOOKED_AT
from podfetch_tui.ui.event_rows import EventRow, event_row
from podfetch_tui.ui.feed_rows import milliseconds

SHOWN = 500
KEPT = 20_000
"""Rows in memory, however far one goes back."""
_FRESH = 1_000
_OVERLAP_MS = 10_000
"""An entry is written a moment after the time it bears: so far back the trail is read again."""


class Trail:
    """Entries that pass a filter, the newest first, without a gap from the newest to the oldest."""

    def __init__(self, text: str = "") -> None:
        """Begin with nothing of what passes the filter ``text``."""
        self.filter = text
        self.rows: Sequence[EventRow] = []
        self.is_known = False
        self._older: JsonValue = None
        self._looked_at = 0

    @property
    def looked_at(self) -> int:
        """Among how many of the newest entries was looked; 0: among all that could be meant."""
        return self._looked_at if self._older is not None else 0

    @property
    def has_older(self) -> bool:
        """Whether there is more to ask for."""
        return self._older is not None and len(self.rows) < KEPT

    @property
    def is_full(self) -> bool:
        """Whether there is more than is kept."""
        return self._older is not None and len(self.rows) >= KEPT

    def newest(self) -> PageRequest:
        """Return the question for what is new."""
        first = milliseconds(self.rows[0].at) if self.is_known and self.rows else None
        if first is None:
            return PageRequest(kind="history", filter=self.filter, limit=SHOWN)
        since = max(0, first - _OVERLAP_MS)
        return PageRequest(kind="history", filter=self.filter, limit=_FRESH, after=since)

    def take_newest(self, asked: PageRequest, page: Page, *, may_begin_anew: bool) -> bool:
        """Take in the answer to :meth:`newest`.

        Args:
            asked: The question.
            page: The answer.
            may_begin_anew: Where more came than one page holds, drop what is older.

        Returns:
            Whether all that is new is there now.
        """
        fresh = [event_row(row) for row in page.rows]
        if asked.after and page.next_key is None:
            known = {row.id for row in fresh}
            self.rows = [*fresh, *(row for row in self.rows if row.id not in known)]
        elif asked.after and not may_begin_anew:
            return False
        else:
            self.rows, self._older = fresh, page.next_key
            self._looked_at = LOOKED_AT if len(fresh) < asked.limit else 0
        self.is_known = True
        return True

    def older(self) -> PageRequest:
        """Return the question for what comes behind the last row."""
        return PageRequest(kind="history", filter=self.filter, limit=SHOWN, key=self._older)

    def take_older(self, page: Page) -> bool:
        """Take in the answer to :meth:`older`; return whether a row came."""
        known = {row.id for row in self.rows}
        found = [event_row(row) for row in page.rows if row["id"] not in known]
        self.rows, self._older = [*self.rows, *found], page.next_key
        if len(page.rows) < SHOWN and page.next_key is not None:
            self._looked_at += LOOKED_AT
        return bool(found)
