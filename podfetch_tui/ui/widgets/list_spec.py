"""One kind of rows of the catalogue, and how a list shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from textual.content import Content

from podfetch_tui.model.snapshot import JsonValue
from podfetch_tui.policy.filters import BadFilter, parse
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.columns import Cell, Column

Row = TypeVar("Row")


class ListSpec(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """One kind of rows, and how they are shown."""

    kind: str
    """Of :class:`PageRequest`: ``feeds`` or ``episodes``."""
    noun: str
    """Plural, for figures: ``feeds``."""
    columns: Sequence[Column]
    convert: Callable[[dict[str, JsonValue]], Row]
    cells: Callable[[Row], Sequence[Cell]]
    total: Callable[[View], int]
    """How many there are without any filter, as far as a view tells."""
    empty: Callable[[View], Sequence[Content]]
    """What is said while there are none at all."""
    hint: str
    """In the empty filter box: an example."""
    base: Callable[[], str] | str = ""
    """Filter that always holds, such as ``state:quarantined``, or what says it at each read."""
    sort: str = ""
    """Order at first."""
    can_select: bool = True

    @property
    def held(self) -> str:
        """The filter that holds now whatever is typed."""
        return self.base if isinstance(self.base, str) else self.base()

    def things(self, number: int) -> str:
        """Return what ``number`` of the rows are called: ``1 feed in quarantine``."""
        first, blank, rest = self.noun.partition(" ")
        return f"{first.removesuffix('s')}{blank}{rest}" if number == 1 else self.noun


def can_be_read(filter_: str, kind: str) -> bool:
    """Return whether ``filter_`` is one for rows of ``kind``."""
    try:
        parse(filter_, kind)
    except BadFilter:
        return False
    return True


def can_sort(field: str, columns: Sequence[Column]) -> bool:
    """Return whether rows under ``columns`` can be sorted by ``field``, ``-field`` downwards."""
    fields = {column.sort.lstrip("-") for column in columns if column.sort}
    return field == "id" or field.removeprefix("-") in fields
