"""Where a table gets its rows from: a list at hand, or pages of a long one.

Nothing here waits: a row that is not there yet is ``None``, and whoever owns the source
asks for the page it wants.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest

Row = TypeVar("Row")
RowOut = TypeVar("RowOut", covariant=True)

PAGE = 200
PAGES_KEPT = 24
"""Pages in memory: some 5,000 rows, whatever the archive holds."""


class RowSource(Protocol[RowOut]):
    """Rows by position; each has an id that stays when its position changes."""

    @property
    def count(self) -> int:
        """How many rows there are, as far as is known."""
        ...

    def row(self, index: int) -> RowOut | None:
        """Return the row at ``index``, or ``None`` while it is on its way."""
        ...

    def id_at(self, index: int) -> int | None:
        """Return the id of the row at ``index``, or ``None`` while it is unknown."""
        ...

    def index_of(self, row_id: int) -> int | None:
        """Return where the row with ``row_id`` is, if it is at hand."""
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


class PagedRows(Generic[Row]):
    """Rows of the catalogue by pages; only pages near the screen stay in memory.

    Pages are reached by key: page ``n`` begins after ``anchors[n]``, which the page before
    it tells. The catalogue may change meanwhile: a page that ends elsewhere than it did
    makes all later anchors void, and they are walked again.
    """

    def __init__(
        self, request: PageRequest, convert: Callable[[dict[str, JsonValue]], Row]
    ) -> None:
        self._request = request
        self._convert = convert
        self._anchors = [0]
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._ids: dict[int, tuple[int, ...]] = {}
        self._stale: set[int] = set()
        self._seen = (0, 0)
        self._length: int | None = None
        """Number of rows, once the last page was seen."""
        self.expected = 0
        """How many rows there should be, until the last page was seen."""

    @property
    def count(self) -> int:
        """How many rows there are, as far as is known."""
        if self._length is not None:
            return self._length
        return max(self.expected, (len(self._anchors) - 1) * PAGE)

    @property
    def is_counted(self) -> bool:
        """Whether the last page was seen, so that ``count`` is no guess."""
        return self._length is not None

    def row(self, index: int) -> Row | None:
        """Return the row at ``index``, or ``None`` while its page is not at hand."""
        rows = self._pages.get(index // PAGE, ())
        return rows[index % PAGE] if index >= 0 and index % PAGE < len(rows) else None

    def id_at(self, index: int) -> int | None:
        """Return the id of the row at ``index``, or ``None`` while it is unknown."""
        ids = self._ids.get(index // PAGE, ())
        return ids[index % PAGE] if index >= 0 and index % PAGE < len(ids) else None

    def index_of(self, row_id: int) -> int | None:
        """Return where the row with ``row_id`` is, if its page is at hand."""
        for number, ids in self._ids.items():
            if row_id in ids:
                return number * PAGE + ids.index(row_id)
        return None

    def look(self, first: int, last: int) -> None:
        """Say which rows are on the screen; their pages come first."""
        self._seen = (max(0, first) // PAGE, max(0, last) // PAGE)

    def is_seen(self, number: int) -> bool:
        """Return whether rows of page ``number`` are on the screen."""
        return self._seen[0] <= number <= self._seen[1]

    def expire(self) -> None:
        """Have every page on the screen read again."""
        self._stale.update(self._pages)

    def next_request(self) -> tuple[int, PageRequest] | None:
        """Return the number and request of the page to read next, or ``None``.

        A page far down cannot be asked for before those above it told where it begins;
        then the furthest known one is next.
        """
        for number in range(self._seen[0], self._seen[1] + 1):
            if number in self._pages and number not in self._stale:
                continue
            if self._length is not None and number * PAGE >= max(self._length, 1):
                break
            reachable = min(number, len(self._anchors) - 1)
            return reachable, self._asking(self._anchors[reachable])
        return None

    def take(self, number: int, page: Page) -> None:
        """Take in the answer to the request for page ``number``."""
        if number >= len(self._anchors):
            return
        self._ids[number] = tuple(int(str(row["id"])) for row in page.rows)
        self._pages[number] = tuple(self._convert(row) for row in page.rows)
        self._pages.move_to_end(number)
        self._stale.discard(number)
        if page.next_after is None:
            self._forget_after(number)
            self._length = number * PAGE + len(page.rows)
        elif self._anchors[number + 1 : number + 2] != [page.next_after]:
            self._forget_after(number)
            self._length = None
            self._anchors.append(page.next_after)
        while len(self._pages) > PAGES_KEPT:
            oldest, _ = self._pages.popitem(last=False)
            del self._ids[oldest]

    def _forget_after(self, number: int) -> None:
        del self._anchors[number + 1 :]
        for later in [known for known in self._pages if known > number]:
            del self._pages[later], self._ids[later]
            self._stale.discard(later)

    def _asking(self, after: int) -> PageRequest:
        request = self._request
        return PageRequest(
            kind=request.kind,
            after=after,
            limit=PAGE,
            feed_id=request.feed_id,
            state=request.state,
            text=request.text,
        )
