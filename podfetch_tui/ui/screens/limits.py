"""Limits: what the running engine may use, changed at once and saved when it is right."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.setting import Form
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.policy.steps import STEPPED, at_share, stepped, text_of
from podfetch_tui.ui import limit_actions, limit_rows, limit_what_if
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import bound, key_of
from podfetch_tui.ui.limit_conflict import Conflict, Row, conflict
from podfetch_tui.ui.limit_conflict import unsaved as unsaved_of
from podfetch_tui.ui.limit_effect import effect
from podfetch_tui.ui.limit_rows import LimitRow
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.limit_table import LimitTable
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line
from podfetch_tui.ui.widgets.text_pane import TextPane

_FRESH_MS = 2_000
_ALL = 1_000

_MARGIN = 2
"""Columns beside the lines of a pane."""


class Limits(MainScreen):
    """The limits in one table, what the chosen one means, and what the last change did."""

    MODE = "limits"
    AUTO_FOCUS = "#limits-table"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("limits")
    PANES: ClassVar[tuple[str, ...]] = ("#limits-table", "#detail", "#effect")

    def __init__(self, bridge: Bridge) -> None:
        """Create the screen over ``bridge``."""
        super().__init__(bridge)
        self._rows: ListRows[LimitRow] = ListRows(lambda row: row.number)
        self._read_at: int | None = None
        self._settings: tuple[Row, ...] = ()
        """Every setting at the last look; empty when what was before is of no account."""
        self._conflict: Conflict | None = None
        self._what_if = ("", "")
        """A limit, and what smaller values of it would do."""

    def compose_body(self) -> ComposeResult:
        """What is unsaved above, the table, the meaning and the effect below."""
        yield Lines(id="unsaved")
        cells = limit_rows.cells_with(
            self.glyphs, lambda: self.bridge.view, lambda: self.table.size.width
        )
        yield LimitTable(
            limit_rows.COLUMNS, self._rows, cells, id="limits-table", glyphs=self.glyphs
        )
        yield TextPane(id="detail", title="Limit")
        yield TextPane(id="effect", title="Effect")

    @property
    def table(self) -> VirtualTable[LimitRow]:
        """The table."""
        return self.query_one(VirtualTable)

    def show_body(self, view: View) -> None:
        """Show what holds now; where nothing may be changed no value can be typed."""
        if self.table.can_open is bool(view.refusal):
            self.table.can_open = not view.refusal
            self.refresh_bindings()
        now = view.snapshot.at
        if self._read_at is None or abs(now - self._read_at) >= _FRESH_MS:
            self._read_at = now
            self.bridge.run(self._read())
        self._draw()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Say what the limit under the cursor means."""
        message.stop()
        self._draw()
        self.bridge.run(self._ask_what_if())

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Type a value."""
        message.stop()
        row = self.table.current
        if row is not None:
            self.bridge.run(self._type(row))

    def on_limit_table_pointed(self, message: LimitTable.Pointed) -> None:
        """Set what the place on the bar stands for."""
        message.stop()
        facts = message.row.facts
        if facts.form in STEPPED and facts.form is not Form.FLAG:
            text = text_of(facts, at_share(facts, message.part))
            self.bridge.run(self._change(message.row, text))

    def action_less(self) -> None:
        """One step down."""
        self._step(-1)

    def action_more(self) -> None:
        """One step up."""
        self._step(1)

    def action_much_less(self) -> None:
        """A large step down."""
        self._step(-1, leap=True)

    def action_much_more(self) -> None:
        """A large step up."""
        self._step(1, leap=True)

    def action_default(self) -> None:
        """Back to the default."""
        row = self.table.current
        if row is not None:
            self.bridge.run(self._change(row, row.default))

    def action_save(self) -> None:
        """Write what is in memory only into the INI."""
        self.bridge.run(self._save())

    def action_diff(self) -> None:
        """Show what changed in the INI, or what saving would change in it."""
        self.bridge.run(self._diff())

    def action_effect(self) -> None:
        """Show what the limits do in the place of the table, or the table again."""
        self.toggle_class("-effect")

    def _step(self, direction: int, *, leap: bool = False) -> None:
        row = self.table.current
        if row is None or row.facts.form not in STEPPED:
            return
        value = stepped(row.facts, row.value, direction, leap=leap)
        if value != row.value:
            self.bridge.run(self._change(row, text_of(row.facts, value)))

    async def _type(self, row: LimitRow) -> None:
        text = await limit_actions.ask_value(self.app, row)
        if text is not None:
            await self._change(row, text)

    async def _change(self, row: LimitRow, text: str) -> None:
        await limit_actions.change(self.bridge, row, text)
        await self._read()

    async def _save(self) -> None:
        await self._read()
        if self._conflict is not None and not await self._settle():
            return
        unsaved = self._unsaved()
        if not unsaved:
            self.bridge.toast("Nothing to save. What is set for a time is never saved.")
        elif await limit_actions.save(self.app, self.bridge, unsaved):
            self._settings = ()  # what differs in the file is ours
            await self._read()

    async def _diff(self) -> None:
        await self._read()
        if self._conflict is not None:
            await self._settle()
        elif unsaved := self._unsaved():
            await limit_actions.show_difference(self.app, self.bridge, unsaved)
        else:
            self.bridge.toast("Nothing differs. What is set for a time is never saved.")

    async def _settle(self) -> bool:
        """Ask what to do about an INI that changed; return whether that is decided."""
        if self._conflict is None:
            return True
        if not await limit_actions.settle(self.app, self.bridge, self._conflict):
            return False
        self._conflict = None
        await self._read()
        return True

    async def _read(self) -> None:
        try:
            page = await self.bridge.query(PageRequest(kind="settings", limit=_ALL))
        except (Failure, PodfetchError) as error:
            self.query_one("#unsaved", Lines).show_lines([line((str(error), "$error"))])
            return
        self._conflict = conflict(self._settings, page.rows, self._conflict)
        self._settings = page.rows
        self._rows.replace(limit_rows.limit_rows(page.rows))
        self._draw()
        await self._ask_what_if()

    async def _ask_what_if(self) -> None:
        row = self.table.current if self.is_attached else None
        if row is not None:
            said = (row.key, await limit_what_if.what_if(self.bridge, row))
            if said != self._what_if:
                self._what_if = said
                self._draw()

    def _unsaved(self) -> list[LimitRow]:
        """Return what can be saved; not what was set for a time."""
        found = (self._rows.row(index) for index in range(self._rows.count))
        return [row for row in found if row is not None and row.is_in_memory and not row.ends_at]

    def _draw(self) -> None:
        if not self.is_attached:
            return
        self.table.sync()
        self.query_one("#unsaved", Lines).show_lines([self._said()])
        row = self.table.current
        key, said = self._what_if
        self.query_one("#detail", TextPane).show_lines(
            []
            if row is None
            else limit_rows.details(row, self.bridge.now, said if key == row.key else "")
        )
        pane = self.query_one("#effect", TextPane)
        if pane.display:
            pane.show_lines(effect(self.bridge.view, pane.size.width - _MARGIN, self.glyphs))

    def _said(self) -> Content:
        """Return how the limits stand towards the file."""
        now, warning = self.bridge.view.snapshot.settings, self.glyphs.warning
        name = now.file.rpartition("/")[2]
        says = f"as {name} says" if name else "as the settings say"
        save, diff = (key_of(id_, self.bridge.keys) for id_ in ("limits.save", "limits.diff"))
        if self._conflict is not None:
            text = f"{warning} {name} changed on disk meanwhile: {diff} shows it, and the choice"
            return line((text, "$warning bold"))
        if now.problems:
            problem = now.problems[0].rpartition("/")[2]
            return line((f"{warning} refused on disk: {problem}", "$error"))
        unsaved = len(self._unsaved())
        if unsaved:
            sign, glyphs = self.glyphs.idle, self.glyphs
            text = (
                f"{sign} {unsaved} in memory only: {save} saves them, {diff} shows the difference"
            )
            return line((text, "$warning"), (f"   {glyphs.warning} not advised", "$quiet"))
        passing = len(unsaved_of(self._settings)) - unsaved
        if passing > 0:
            says = f"{passing} set for a time, all else {says}"
        return line((f"{says}   {limit_rows.legend(self.glyphs)}", "$quiet"))
