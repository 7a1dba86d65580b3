"""Quarantine: what waits for the operator, the evidence about it, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from podfetch_tui.model.decisions import FeedDecision
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui import quarantine_actions, quarantine_groups, quarantine_rows
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.quarantine_groups import WAYS, GroupRow
from podfetch_tui.ui.quarantine_rows import QuarantineRow
from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.list_spec import ListSpec
from podfetch_tui.ui.widgets.listing import Listing
from podfetch_tui.ui.widgets.table import VirtualTable
from podfetch_tui.ui.widgets.text import Lines, line
from podfetch_tui.ui.widgets.text_pane import TextPane

_PAGE = 1_000
_MOST_GROUPED = 20_000
"""Feeds that are grouped at most; the largest groups are found with fewer, too."""
_GROUPS_MS = 4_000


class Quarantine(MainScreen):
    """The list of feeds or of groups of them, and the evidence about the chosen one."""

    MODE = "quarantine"
    AUTO_FOCUS = "#quarantine VirtualTable"
    CSS_PATH: ClassVar = [Path(__file__).with_suffix(".tcss")]
    BINDINGS: ClassVar[list[BindingType]] = bound("quarantine")
    PANES: ClassVar[tuple[str, ...]] = ("#quarantine", "#by-group", "#detail")

    def __init__(self, bridge: Bridge) -> None:
        """Create the screen over ``bridge``."""
        super().__init__(bridge)
        self._evidence: dict[int, Mapping[str, Any]] = {}
        self._probes: dict[int, ProbeReport] = {}
        self._asked: int | None = None
        self._groups_at: int | None = None
        self._way = WAYS[0]
        self._rows: list[QuarantineRow] = []
        self._groups: ListRows[GroupRow] = ListRows(lambda row: row.number)

    def compose_body(self) -> ComposeResult:
        """Groups, list, evidence, from top to bottom."""
        yield Lines(id="groups")
        yield Listing(_spec(self.bridge), self.bridge, id="quarantine")
        cells = quarantine_groups.cells_with(self.glyphs, lambda: self.bridge.view.snapshot)
        table = VirtualTable(
            quarantine_groups.COLUMNS, self._groups, cells, id="by-group", glyphs=self.glyphs
        )
        table.display = False
        yield table
        yield TextPane(id="detail", title="Evidence")

    @property
    def listing(self) -> Listing[QuarantineRow]:
        """The list of feeds."""
        return self.query_one("#quarantine", Listing)

    @property
    def by_group(self) -> VirtualTable[GroupRow]:
        """The table of groups; hidden while feeds are shown one by one."""
        return self.query_one("#by-group", VirtualTable)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The feeds an action is about: of the selected groups, or selected one by one."""
        if not self._way:
            return self.listing.table.chosen
        wanted = set(self.by_group.chosen)
        found = (self._groups.row(index) for index in range(self._groups.count))
        return tuple(id_ for row in found if row and row.number in wanted for id_ in row.ids)

    def show_body(self, view: View) -> None:
        """Show the rows as they are now."""
        self.listing.show_view(view)
        now = view.snapshot.at
        if self._groups_at is None or abs(now - self._groups_at) >= _GROUPS_MS:
            self._groups_at = now
            self.bridge.run(self._read_groups())
            if (row := self.listing.current) is not None:
                self.bridge.run(self._read_evidence(row.id))
        self._detail()

    def filter_to(self, text: str) -> None:
        """Show only the feeds that pass ``text``."""
        self._group_by(WAYS[0])
        self.listing.filter_to(text)
        self.listing.table.focus()

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show the evidence about the feed under the cursor."""
        message.stop()
        self._detail()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Show the feeds of a group, or all that is known of a feed."""
        from podfetch_tui.ui.screens.feed_detail import FeedDetail

        message.stop()
        if self._way:
            if (row := self.by_group.current) is not None:
                self.filter_to(row.filter)
        elif message.row_id is not None:
            self.app.push_screen(FeedDetail(self.bridge, message.row_id))

    def action_group(self) -> None:
        """Show groups, by other things at each press, or feeds again."""
        self._group_by(WAYS[(WAYS.index(self._way) + 1) % len(WAYS)])

    def action_leave(self) -> None:
        """End a round of probes; show all panes; else show the feeds one by one again."""
        if self.bridge.probes.stop():
            return
        if self.is_maximised:
            self.minimise()
            return
        if not self._way:
            raise SkipAction
        self._group_by(WAYS[0])

    def action_history(self) -> None:
        """Go to what happened to the feed under the cursor."""
        row = self._current
        if row is not None:
            self.post_message(self.Wanted("events", filter=f"feed:{row.id}"))
        elif self._way:
            self.bridge.toast("One feed has a history: enter shows those of a group.")

    def action_edit(self) -> None:
        """Poll the feed under the cursor at another URL."""
        row = self._current
        if row is None:
            self.bridge.toast("One feed is edited at a time: enter shows those of a group.")
            return
        looked = self._probes.get(row.id)
        found_at = looked.final_url if looked is not None and looked.final_url != row.url else ""

        async def work() -> None:
            if await quarantine_actions.edit_url(self.app, self.bridge, row, found_at):
                self._changed()

        self.bridge.run(work())

    def action_release(self) -> None:
        """Let the chosen feeds out, on probation."""
        self._decide(FeedDecision.RELEASE)

    def action_snooze(self) -> None:
        """Leave the chosen feeds alone until a time."""
        self._decide(FeedDecision.SNOOZE)

    def action_retire(self) -> None:
        """Never poll the chosen feeds again."""
        self._decide(FeedDecision.RETIRE)

    def action_probe(self) -> None:
        """Look at the feed under the cursor, or at all of the group; nothing changes."""
        row, group = self._current, self.by_group.current if self._way else None
        if row is not None:
            self._probe((row.id,))
        elif group is not None:
            self._probe(group.ids)

    def action_probe_all(self) -> None:
        """Look at all chosen feeds, one after the other, and select those that answer."""
        self._probe(self.chosen)

    def _probe(self, feed_ids: tuple[int, ...]) -> None:
        if len(feed_ids) == 1:
            self.bridge.run(self._probe_one(feed_ids[0]))
        elif feed_ids:
            self.bridge.run(self._probe_all(feed_ids))

    async def _probe_one(self, feed_id: int) -> None:
        if not self._is_refused(1):
            self._took(feed_id, await quarantine_actions.probe(self.bridge, feed_id))

    async def _probe_all(self, feed_ids: tuple[int, ...]) -> None:
        # Here, not at the key: another key may have come before the round of the first began.
        if self._is_refused(len(feed_ids)):
            return
        before = self._selection
        probed = await self.bridge.probes.look(feed_ids, self._took)
        well = {one for one, report in probed.reports.items() if report.answers}
        # Meanwhile the operator may have gone on to others: those stay selected.
        is_theirs = bool(well) and self._selection == before
        if is_theirs:
            self._group_by(WAYS[0])
            self.listing.table.select(well)
        quarantine_actions.say_probed(self.bridge, probed, len(well), are_selected=is_theirs)

    def _is_refused(self, number: int) -> bool:
        refusal = self.bridge.probes.refusal(number)
        if refusal:
            more = "; enter shows those of a group" if self._way else ""
            self.bridge.toast(f"{refusal}{more}", "error")
        return bool(refusal)

    @property
    def _selection(self) -> tuple[str, frozenset[int]]:
        """What is selected, and among what."""
        table = self.by_group if self._way else self.listing.table
        return self._way, frozenset(table.selected)

    def _took(self, feed_id: int, report: ProbeReport | None) -> None:
        """Keep what a probe found; of one that could not be made nothing is known any more."""
        if report is None:
            self._probes.pop(feed_id, None)
        else:
            self._probes[feed_id] = report
        if self.is_attached:
            self._detail()

    @property
    def _current(self) -> QuarantineRow | None:
        """The feed under the cursor; ``None`` while groups are shown."""
        return None if self._way else self.listing.current

    def _decide(self, decision: FeedDecision) -> None:
        chosen, rows = self.chosen, self.listing.rows
        drawn = {**{row.id: row for row in self._rows}, **rows.drawn(chosen)}

        async def work() -> None:
            if await quarantine_actions.decide(self.app, self.bridge, chosen, decision, drawn):
                self._changed()

        if chosen:
            self.bridge.run(work())

    def _changed(self) -> None:
        """Something was done: read everything again."""
        self.listing.table.select(set())
        self.by_group.select(set())
        self.listing.reload()
        self._evidence.clear()
        self._groups_at = None
        self.show_body(self.bridge.view)

    def _group_by(self, way: str) -> None:
        if way == self._way:
            return
        self._way = way
        self.minimise()
        self.listing.display, self.by_group.display = not way, bool(way)
        (self.by_group if way else self.listing.table).focus()
        self.by_group.select(set())
        self._regroup()
        self._groups_at = None
        self.show_body(self.bridge.view)

    def _regroup(self) -> None:
        if not self.is_attached:
            return
        if self._way:
            self._groups.replace(quarantine_groups.group_rows(self._rows, self._way))
            self.by_group.sync()
        pane = self.query_one("#groups", Lines)
        pane.display = bool(self._rows)
        said = f"grouped by {self._way}; b for more" if self._way else ""
        pane.show_lines([quarantine_rows.groups(self._rows, said)])
        self._detail()

    async def _read_groups(self) -> None:
        rows: list[QuarantineRow] = []
        after: int | None = 0
        try:
            while after is not None and len(rows) < (_MOST_GROUPED if self._way else _PAGE):
                request = PageRequest(kind="quarantine", limit=_PAGE, after=after)
                page = await self.bridge.query(request)
                rows += [quarantine_rows.quarantine_row(row) for row in page.rows]
                after = page.next_after
        except (Failure, PodfetchError):
            return  # the list below says so
        self._rows = rows
        self._regroup()

    def _detail(self) -> None:
        row, pane = self._current, self.query_one("#detail", TextPane)
        snapshot = self.bridge.view.snapshot
        if self._way:
            group = self.by_group.current
            pane.display = group is not None
            program = self.bridge.program
            pane.show_lines(quarantine_groups.details(group, snapshot, program) if group else [])
            return
        pane.display = row is not None
        if row is None:
            return
        found = self._evidence.get(row.id)
        if found is None and self._asked != row.id:
            self._asked = row.id
            self.bridge.run(self._read_evidence(row.id))
        probe = self._probes.get(row.id)
        at_host = sum((one.cause, one.host) == (row.cause, row.host) for one in self._rows)
        lines = quarantine_rows.details(
            found, row, probe, snapshot, at_host=at_host, program=self.bridge.program
        )
        pane.show_lines(lines)

    async def _read_evidence(self, feed_id: int) -> None:
        try:
            page = await self.bridge.query(PageRequest(kind="evidence", feed_id=feed_id))
        except (Failure, PodfetchError):
            page = None  # what the row says stays
        self._asked = None
        if page is not None and page.rows:
            self._evidence = {feed_id: page.rows[0]}
            self._detail()


def _spec(bridge: Bridge) -> ListSpec[QuarantineRow]:
    return ListSpec(
        kind="quarantine",
        noun="feeds in quarantine",
        columns=quarantine_rows.COLUMNS,
        convert=quarantine_rows.quarantine_row,
        cells=quarantine_rows.cells_with(
            bridge.glyphs, lambda: bridge.now, lambda feed_id: bridge.view.polls(feed_id)
        ),
        total=lambda view: view.snapshot.feeds.get("quarantined", 0),
        empty=_empty,
        hint="part of a title or address, or err:404 host:anchor fail>20",
        sort="err",
    )


def _empty(view: View) -> list[Content]:
    if view.snapshot.feeds.get("quarantined"):
        return [line(("Reading …", "$quiet"))]
    return [
        line(("Nothing in quarantine.", "bold")),
        line(),
        line("A feed comes here when it keeps failing, and goes by itself when it answers."),
        line("The rules are in the section [quarantine] of the settings."),
    ]
