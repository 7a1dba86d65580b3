"""A list of episodes that can be retried and skipped: of one feed, or of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from podfetch_tui.model.decisions import EpisodeDecision
from podfetch_tui.ui import episode_actions, episode_rows
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.episode_rows import EpisodeRow
from podfetch_tui.ui.keymap import bound
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.list_spec import ListSpec
from podfetch_tui.ui.widgets.listing import Listing
from podfetch_tui.ui.widgets.text import line


class EpisodeList(Listing[EpisodeRow]):
    """Rows of episodes."""

    BINDINGS: ClassVar[list[BindingType]] = bound("episodes")

    class LogWanted(Message):
        """What happened to a feed is to be shown."""

        def __init__(self, feed_id: int) -> None:
            super().__init__()
            self.feed_id = feed_id

    def action_retry(self) -> None:
        """Fetch the chosen episodes now."""
        self._decide(EpisodeDecision.RETRY)

    def action_skip(self) -> None:
        """Do not fetch the chosen episodes."""
        self._decide(EpisodeDecision.SKIP)

    def action_delete(self) -> None:
        """Delete the chosen episodes and their files."""
        self._decide(EpisodeDecision.DELETE)

    def action_log(self) -> None:
        """Show what happened to the feed of the episode, or of the list where there is none."""
        feed_id = self._feed_id if self.current is None else self.current.feed_id
        if feed_id:
            self.post_message(self.LogWanted(feed_id))

    def action_copy(self) -> None:
        """Copy the addresses of the chosen episodes."""
        if self.table.chosen:
            self._bridge.run(episode_actions.copy(self.app, self._bridge, self.table.chosen))

    def action_place(self) -> None:
        """Show where the episode and its file are."""
        row = self.current
        if row is not None:
            self.app.push_screen(episode_actions.place(self._bridge, row))

    def _decide(self, decision: EpisodeDecision) -> None:
        chosen = self.table.chosen
        drawn = self.rows.drawn(chosen)

        async def work() -> None:
            done = await episode_actions.decide(
                self.app, self._bridge, chosen, decision, drawn=drawn
            )
            if done:
                self.table.select(set())
                self.reload()

        if chosen:
            self._bridge.run(work())


def _empty(view: View) -> list[Content]:
    if view.snapshot.episodes.get("total") or view.snapshot.feeds.get("total"):
        return [
            line(("No episodes yet.", "bold")),
            line("They are here once the feed was read: ", ("r", "bold"), " on Feeds does it now."),
        ]
    return [
        line(("No episodes yet.", "bold")),
        line("There are no feeds: ", ("i", "bold"), " on Feeds (2) adds one."),
    ]


def _empty_files(_: View) -> list[Content]:
    return [line(("Nothing is archived yet.", "bold"))]


def episodes_of(
    bridge: Bridge,
    name: str,
    *,
    base: Callable[[], str] | str = "",
    feed_id: int | None = None,
    files: bool = False,
    sort: str = "-published",
) -> EpisodeList:
    """Return a list of episodes.

    Args:
        bridge: The way to the engine.
        name: Widget id.
        base: Filter that always holds, or what says it at each read.
        feed_id: Only episodes of this feed.
        files: Show the columns of their files.
        sort: Order at first.
    """

    def total(view: View) -> int:
        if feed_id is not None or base:
            return 0
        return view.snapshot.episodes.get("total", 0)

    of_all = feed_id is None
    columns = episode_rows.ALL_COLUMNS if of_all else episode_rows.COLUMNS
    cells = episode_rows.cells_with(bridge.glyphs, with_feed=of_all)
    spec = ListSpec(
        kind="episodes",
        noun="files" if files else "episodes",
        columns=episode_rows.FILE_COLUMNS if files else columns,
        convert=episode_rows.episode_row,
        cells=episode_rows.file_cells if files else cells,
        total=total,
        empty=_empty_files if files else _empty,
        hint="part of a title, or state:failed err:http_404 published>2026-01-01 size>100m",
        base=base,
        sort=sort,
    )
    return EpisodeList(spec, bridge, id=name, feed_id=feed_id)
