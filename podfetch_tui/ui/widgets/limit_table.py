"""The table of limits: enter types a value, and a click on a bar sets one."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from podfetch_tui.model import actions
from podfetch_tui.ui.limit_rows import BAR, LimitRow
from podfetch_tui.ui.widgets.columns import rooms
from podfetch_tui.ui.widgets.table import VirtualTable

_OPEN = actions.action("table.open")


class LimitTable(VirtualTable[LimitRow]):
    """A table whose rows have a slider."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(_OPEN.keys, _OPEN.verb, "Type", id=_OPEN.id, tooltip="Type a value of the limit")
    ]

    class Pointed(Message):
        """The bar of a limit was clicked."""

        def __init__(self, row: LimitRow, part: float) -> None:
            """Say so; ``part`` is where on the bar, 0 to 1."""
            super().__init__()
            self.row = row
            self.part = part

    def on_click(self, event: Click) -> None:
        """Say where on a bar the click was; the table itself goes to the row."""
        row = self.source.row(self.scroll_offset.y + event.y - 1)
        if event.y < 1 or row is None or event.chain > 1 or not self.check_action("open", ()):
            return
        for number, first, room in rooms(self.columns, self.size.width, self.wanted):
            if number == BAR and first <= event.x < first + room:
                self.post_message(self.Pointed(row, (event.x - first + 1) / room))
