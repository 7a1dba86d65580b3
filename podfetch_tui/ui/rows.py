"""Where a table gets its rows from: a list at hand, or a long one of which parts are at hand.

Nothing here waits: a row that is not there yet is ``None``, and whoever owns the source asks
for what it wants (:class:`podfetch_tui.ui.widgets.listing.Listing` does).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from podfetch_tui.model.snapshot import JsonValue

Row = TypeVar("Row")
RowOut = TypeVar("RowOut", covariant=True)

ROWS_KEPT = 2_000
"""Rows in memory, whatever the archive holds."""
ASKED_AT_ONCE = 300
"""Most rows of one question: some screenfuls."""


class RowSource(Protocol[RowOut]):
    """Rows by position; each has an id that stays when its position changes."""

    @property
    def count(self) -> int:
        """How many rows there are, as far as is known."""
        ...

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all rows, in their order."""
        ...

    def row(self, index: int) -> RowOut | None:
        """Return the row at ``index``, or ``None`` while it is on its way."""
        ...

    def id_at(self, index: int) -> int | None:
        """Return the id of the row at ``index``, or ``None`` where there is none."""
        ...

    def index_of(self, row_id: int) -> int | None:
        """Return where the row with ``row_id`` is, or ``None``."""
        ...

    def look(self, first: int, last: int) -> None:
        """Say which rows are on the screen."""
        ...


class ListRows(Generic[Row]):
    """All rows at hand, as the snapshot has them."""

    def __init__(self, id_of: Callable[[Row], int]) -> None:
        self._id_of = id_of
        self._rows: Sequence[Row] = ()

    def replace(self, rows: Sequence[Row]) -> None:
        """Take ``rows`` in place of all there were."""
        self._rows = rows

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all rows."""
        return [self._id_of(row) for row in self._rows]

    def row(self, index: int) -> Row | None:
        """Return the row at ``index``."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def id_at(self, index: int) -> int | None:
        """Return the id of the row at ``index``."""
        row = self.row(index)
        return None if row is None else self._id_of(row)

    def index_of(self, row_id: int) -> int | None:
        """Return where the row with ``row_id`` is."""
        for index, row in enumerate(self._rows):
            if self._id_of(row) == row_id:
                return index
        return None

    def look(self, first: int, last: int) -> None:
        """Everything is at hand; there is nothing to prepare."""


class IndexedRows(Generic[Row]):
    """Rows of the catalogue: the order of all ids at hand, the rows near the screen.

    Any position can be reached at once, and a row is found again by its id when the order has
    changed. Rows are read anew when they are stale; until then the old ones stand.
    """

    def __init__(self, convert: Callable[[dict[str, JsonValue]], Row]) -> None:
        """Create an empty one; ``convert`` makes a row of the catalogue's JSON."""
        self._convert = convert
        self._order: Sequence[int] = ()
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._asked: dict[int, int] = {}
        """Ids that were answered, with a row or without, and in which age."""
        self._age = 0
        self._seen = (0, 0)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._order)

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all rows, in their order."""
        return self._order

    def row(self, index: int) -> Row | None:
        """Return the row at ``index``, or ``None`` while it is not at hand."""
        row_id = self.id_at(index)
        return None if row_id is None else self._rows.get(row_id)

    def drawn(self, ids: Iterable[int]) -> dict[int, Row]:
        """Return the rows of ``ids`` as they were read last, by id, as far as they are at hand."""
        return {row_id: self._rows[row_id] for row_id in ids if row_id in self._rows}

    def id_at(self, index: int) -> int | None:
        """Return the id of the row at ``index``."""
        return self._order[index] if 0 <= index < len(self._order) else None

    def index_of(self, row_id: int) -> int | None:
        """Return where the row with ``row_id`` is."""
        try:
            return self._order.index(row_id)
        except ValueError:
            return None

    def look(self, first: int, last: int) -> None:
        """Say which rows are on the screen; those are asked for, and some screenfuls around."""
        self._seen = (first, last)

    def expire(self) -> None:
        """Have rows read again when they are on the screen."""
        self._age += 1

    def wanted(self, order: Sequence[int] | None = None) -> tuple[int, ...]:
        """Return the ids of rows to read now: those on the screen first, then those around.

        A cursor that goes down row by row does not ask for one row at each step: rows around
        are asked for together, and before they come into view.

        Args:
            order: Of this order instead of the present one: what will be on the screen.
        """
        order = self._order if order is None else order
        first, last = self._seen
        near = last - first + 1
        stale = [i for i in _part(order, first, last) if self._asked.get(i) != self._age]
        close = (*_part(order, last + 1, last + near), *_part(order, first - near, first - 1))
        if not stale and all(row_id in self._asked for row_id in close):
            return ()
        far = (
            *_part(order, last + near + 1, last + 2 * near),
            *_part(order, first - 2 * near, first - near - 1),
        )
        unknown = (row_id for row_id in (*close, *far) if row_id not in self._asked)
        return (*stale, *unknown)[:ASKED_AT_ONCE]

    def take_order(self, order: Sequence[int]) -> None:
        """Take in which rows there are, and in which order."""
        self._order = order

    def take_rows(self, asked: Sequence[int], rows: Sequence[dict[str, JsonValue]]) -> None:
        """Take in the answer to a question for ``asked``; what is not in it is gone."""
        for row_id in asked:
            self._rows.pop(row_id, None)
        for row in rows:
            self._rows[int(str(row["id"]))] = self._convert(row)
        self._asked.update(dict.fromkeys(asked, self._age))
        while len(self._rows) > ROWS_KEPT:
            oldest, _ = self._rows.popitem(last=False)
            self._asked.pop(oldest, None)


def _part(order: Sequence[int], first: int, last: int) -> Sequence[int]:
    """Return what stands from ``first`` to ``last``, as far as there is something."""
    return order[max(0, first) : max(0, last + 1)]
