"""Config: every setting with its value and source, and what became of the last reading."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.model.commands import Reload
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import clock, count
from podfetch_tui.model.settings import keys_by_id
from podfetch_tui.model.snapshot import PageRequest, SettingsView
from podfetch_tui.ui import setting_rows
from podfetch_tui.ui.editing import edit_settings
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.setting_rows import SettingRow
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.shortlist import Shortlist
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line
from podfetch_tui.ui.widgets.text_pane import TextPane

_ALL = 1_000
_PROBLEMS = 5


class Config(MainScreen):
    """All settings in a table, the state of the files above it, help for a key below it."""

    MODE = "config"
    AUTO_FOCUS = "#settings VirtualTable"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("config")
    PANES: ClassVar[tuple[str, ...]] = ("#settings", "#detail")

    def compose_body(self) -> ComposeResult:
        """State above, the list, help below."""
        self._all: list[SettingRow] = []
        self._text = ""
        self._only_changed = False
        self._error = ""
        self._seen: SettingsView | None = None
        self._is_reading = False
        yield Lines(id="state")
        yield Shortlist(
            setting_rows.COLUMNS,
            setting_rows.cells_with(self.glyphs),
            lambda row: row.number,
            self.bridge,
            id="settings",
            hint="part of a key, a value or a source",
            can_open=False,
        )
        yield TextPane(id="detail", title="Setting")

    @property
    def listing(self) -> Shortlist[SettingRow]:
        """The list of settings."""
        return self.query_one("#settings", Shortlist)

    def show_body(self, view: View) -> None:
        """Read the settings again when they became others."""
        now = view.snapshot.settings
        self.query_one("#state", Lines).show_lines(self._state(now))
        if now != self._seen and not self._is_reading:
            self._is_reading = True
            self.bridge.run(self._read(now))
        self._draw()

    def on_shortlist_filtered(self, message: Shortlist.Filtered) -> None:
        """Show what has the text in it."""
        message.stop()
        self._text = message.text.lower()
        self._draw()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show what the setting under the cursor is for."""
        message.stop()
        self._detail()

    def action_reload(self) -> None:
        """Read the settings and the feed lists again."""
        self.bridge.send(Reload())

    def action_editor(self) -> None:
        """Open the INI in the operator's editor."""
        edit_settings(self.app, self.bridge)

    def action_changed(self) -> None:
        """Show only what differs from its default, or all."""
        self._only_changed = not self._only_changed
        self._draw()

    async def _read(self, now: SettingsView) -> None:
        try:
            page = await self.bridge.query(PageRequest(kind="settings", limit=_ALL))
            self._all = [setting_rows.setting_row(row, n) for n, row in enumerate(page.rows)]
            self._seen, self._error = now, ""
        except (Failure, PodfetchError) as error:
            self._error = str(error)
        finally:
            self._is_reading = False
        if self.is_attached:
            self._draw()

    def _draw(self) -> None:
        rows = [row for row in self._all if self._is_shown(row)]
        changed = sum(row.is_changed for row in self._all)
        figures = line(
            (f"{count(len(rows))} of {count(len(self._all))} settings", "$quiet"),
            (f"   {count(changed)} differ from their default", "$quiet"),
            ("   only those: c shows all" if self._only_changed else "", "$accent"),
        )
        nothing = "None matches." if self._all else "Reading …"
        problem = f"{self.glyphs.bad} {self._error}" if self._error else ""
        self.listing.show_rows(rows, figures, line((nothing, "$quiet")), problem=problem)
        self._detail()

    def _is_shown(self, row: SettingRow) -> bool:
        if self._only_changed and not row.is_changed:
            return False
        parts = (row.key, row.text, row.source, row.origin)
        return any(self._text in part.lower() for part in parts)

    def _state(self, now: SettingsView) -> list[Content]:
        file = now.file or "no INI: defaults hold"
        parts = [line((file, "bold"), f"   read {clock(now.loaded_at)}   watcher {now.watched}")]
        if now.runtime:
            parts.append(line((f"not saved: {', '.join(now.runtime)}", "$warning")))
        if now.pending:
            parts.append(line((f"after a restart: {', '.join(now.pending)}", "$warning")))
        if now.rejected_at is not None:
            words = f"{self.glyphs.bad} refused at {clock(now.rejected_at)}; what held goes on:"
            parts.append(line((words, "$error bold")))
            parts += [line((f"  {text}", "$error")) for text in now.problems[:_PROBLEMS]]
            more = len(now.problems) - _PROBLEMS
            if more > 0:
                parts.append(line((f"  and {more} more", "$error")))
        return parts

    def _detail(self) -> None:
        row = self.listing.current
        pane = self.query_one("#detail", TextPane)
        pane.display = row is not None
        if row is None:
            return
        key = keys_by_id().get(row.key)
        default = row.default or "(empty)"
        where = f"{row.key} = {row.text or '(empty)'}   from {row.source}   default {default}"
        text = key.help if key is not None else "Keys of an action of the screens."
        applies = setting_rows.APPLIES.get(row.applies, "")
        if row.pending:
            applies = "What is in the file waits for a restart."
        pane.show_lines([line(text, (f" {applies}", "$quiet")), line((where, "$quiet"))])
