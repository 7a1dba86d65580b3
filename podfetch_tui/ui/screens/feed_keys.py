"""What can be done to feeds, wherever they are shown: the list and the screen of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from textual.binding import BindingType

from podfetch_tui.model.commands import AddedFeeds
from podfetch_tui.model.decisions import FeedDecision
from podfetch_tui.model.text import counted
from podfetch_tui.ui import feed_actions
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.feed_rows import FeedRow
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.screens.main import MainScreen


class FeedScreen(MainScreen):
    """A screen on which feeds are chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bound("feeds")

    def __init__(self, bridge: Bridge) -> None:
        """Create the screen over ``bridge``."""
        super().__init__(bridge)
        self._stepping = asyncio.Lock()
        """Steps follow each other: each begins where the last one ended."""

    @property
    def chosen(self) -> tuple[int, ...]:
        """The ids of the feeds that an action is about."""
        return ()

    @property
    def drawn(self) -> Mapping[int, FeedRow]:
        """The chosen feeds as they stand on the screen, by id, as far as they do."""
        return {}

    @property
    def shown(self) -> str:
        """The filter of the feeds that are shown."""
        return ""

    def changed(self, *, keep: bool = False) -> None:
        """Something was done to the chosen feeds: read them again.

        Args:
            keep: They stay chosen.
        """

    def show_feed(self, feed_id: int) -> None:
        """Bring the feed with ``feed_id`` under the cursor."""

    def action_add(self) -> None:
        """Ask which feed to add."""
        self._add(many=False)

    def action_import(self) -> None:
        """Ask which list to add."""
        self._add(many=True)

    def action_check(self) -> None:
        """Have the chosen feeds polled now."""
        self._do(lambda ids: feed_actions.check(self.app, self.bridge, ids), keep=True)

    def action_pause(self) -> None:
        """Pause the chosen feeds, or let paused ones go on."""
        self._decide(None)

    def action_retire(self) -> None:
        """Never poll the chosen feeds again."""
        self._decide(FeedDecision.RETIRE)

    def action_quarantine(self) -> None:
        """Put the chosen feeds into quarantine, whatever their failures."""
        self._decide(FeedDecision.QUARANTINE)

    def action_group(self) -> None:
        """Count the feeds that are shown by what they share, and show one group."""
        from podfetch_tui.ui.feed_groups import choose_group

        async def work() -> None:
            chosen = await choose_group(self.app, self.bridge, self.shown)
            if chosen is not None:
                self.filter_to(chosen)

        self.bridge.run(work())

    def action_snooze(self) -> None:
        """Leave those of the chosen feeds that are in quarantine alone until a time."""
        from podfetch_tui.ui.snoozing import ask_until

        async def work() -> None:
            until = await ask_until(self.app, self.bridge)
            if until is not None:
                self._decide(FeedDecision.SNOOZE, until=until)

        if self.chosen:
            self.bridge.run(work())

    def action_edit(self) -> None:
        """Change what is set for the chosen feeds alone."""
        from podfetch_tui.ui.feed_edit import edit

        self._do(lambda ids: edit(self.app, self.bridge, ids))

    def action_more(self) -> None:
        """Move the chosen feeds a step forward."""
        self._step(1)

    def action_less(self) -> None:
        """Move the chosen feeds a step back."""
        self._step(-1)

    def action_cancel(self) -> None:
        """End what is downloaded of the chosen feeds, and drop it."""
        from podfetch_tui.ui.cancelling import cancel, of_feeds

        self._do(
            lambda ids: cancel(self.app, self.bridge, of_feeds(self.bridge, ids), keep_parts=False)
        )

    def action_probe(self) -> None:
        """Look at the feed under the cursor; nothing changes."""
        self._look(self.chosen[:1] if self.under is None else (self.under,))

    def action_probe_all(self) -> None:
        """Look at all chosen feeds, one after the other; nothing changes."""
        self._look(self.chosen)

    def action_log(self) -> None:
        """Show what happened to the feed."""
        if self.under is not None:
            self.post_message(self.Wanted("events", filter=f"feed:{self.under}"))

    def action_copy(self) -> None:
        """Copy the addresses of the chosen feeds."""
        from podfetch_tui.ui.feed_looks import copy

        if self.chosen:
            self.bridge.run(copy(self.app, self.bridge, self.chosen))

    def action_place(self) -> None:
        """Show where the feed and its files are."""
        from podfetch_tui.ui.feed_looks import place

        if self.under is not None:
            self.bridge.run(place(self.app, self.bridge, self.under))

    @property
    def under(self) -> int | None:
        """The id of the feed under the cursor."""
        return self.chosen[0] if self.chosen else None

    def _add(self, *, many: bool) -> None:
        from podfetch_tui.ui.dialogs.adding import Adding

        def take(added: AddedFeeds | None) -> None:
            if added is None:
                return
            if added.new:
                self.bridge.toast(f"{counted(added.new, 'feed')} added ({added.counts})")
                self.bridge.run(feed_actions.offer_undo_of_adding(self.bridge, added))
            self.changed()
            if added.ids:
                self.show_feed(added.ids[0])

        self.app.push_screen(Adding(self.bridge, many=many), take)

    def _decide(self, decision: FeedDecision | None, *, until: int | None = None) -> None:
        drawn = self.drawn

        async def decide(ids: tuple[int, ...]) -> bool:
            return await feed_actions.decide(
                self.app, self.bridge, ids, decision, drawn=drawn, until=until
            )

        self._do(decide)

    def _look(self, feed_ids: tuple[int, ...]) -> None:
        from podfetch_tui.ui.feed_looks import probe

        if feed_ids:
            self.bridge.run(probe(self.bridge, feed_ids))

    def _step(self, by: int) -> None:
        from podfetch_tui.ui.feed_steps import step

        async def work(ids: tuple[int, ...]) -> bool:
            async with self._stepping:
                return await step(self.bridge, ids, by)

        self._do(work, keep=True)

    def _do(
        self, what: Callable[[tuple[int, ...]], Awaitable[bool]], *, keep: bool = False
    ) -> None:
        chosen = self.chosen

        async def work() -> None:
            if await what(chosen):
                self.changed(keep=keep)

        if chosen:
            self.bridge.run(work())
