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
        self.begins = False
        """Only the newest page is here: nobody looked further back."""
        self._asked_at = self._read_at = 0
        """When the newest were asked for, and when so that all of them came."""
        self._older: JsonValue = None
        self._is_cut = False
        """Rows at its end were let go."""
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
        return len(self.rows) >= KEPT and (self._is_cut or self._older is not None)

    def newest(self, now: int) -> PageRequest:
        """Return the question for what is new at ``now``, UTC milliseconds."""
        self._asked_at = now
        if not self.is_known:
            return PageRequest(kind="history", filter=self.filter, limit=SHOWN)
        # What was looked at and did not match is not looked at again.
        first = milliseconds(self.rows[0].at) if self.rows else None
        since = max(0, max(first or 0, self._read_at) - _OVERLAP_MS)
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
            rows = [*fresh, *(row for row in self.rows if row.id not in known)]
            self.rows, self._is_cut = rows[:KEPT], self._is_cut or len(rows) > KEPT
        elif asked.after and not may_begin_anew:
            return False
        else:
            self.rows, self._older = fresh, page.next_key
            self._looked_at = LOOKED_AT if len(fresh) < asked.limit else 0
            self.begins, self._is_cut = True, False
        self.is_known, self._read_at = True, self._asked_at
        return True

    def older(self) -> PageRequest:
        """Return the question for what comes behind the last row."""
        return PageRequest(kind="history", filter=self.filter, limit=SHOWN, key=self._older)

    def take_older(self, page: Page) -> bool:
        """Take in the answer to :meth:`older`; return whether a row came."""
        self.begins = False
        known = {row.id for row in self.rows}
        found = [event_row(row) for row in page.rows if row["id"] not in known]
        self.rows, self._older = [*self.rows, *found], page.next_key
        if len(page.rows) < SHOWN and page.next_key is not None:
            self._looked_at += LOOKED_AT
        return bool(found)
