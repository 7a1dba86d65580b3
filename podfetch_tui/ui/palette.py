"""The command palette: every action that can be done now, and every feed by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import (
    Command,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
)
from textual.content import Content
from textual.dom import DOMNode
from textual.widgets import LoadingIndicator

from podfetch_tui.model import actions
from podfetch_tui.model.actions import Action
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.policy.filters import quoted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import shown_keys
from podfetch_tui.ui.screens.main import MainScreen
from podfetch_tui.ui.widgets.text import harmless_line, line

_FEEDS = 20
"""Feeds that are offered at most."""
_BY_WORD, _BY_FEED, _BY_HELP = 0.6, 0.4, 0.2
"""How well an action fits by its other words, a feed, and an action by its help; names of
actions fit better."""


class Commands(CommandPalette):
    """Textual's palette, which may be closed while it still looks for something.

    Without this what it finds then has no list to go into, and the whole application breaks.
    """

    def _refresh_command_list(
        self, command_list: CommandList, commands: list[Command], clear_current: bool
    ) -> None:
        if self._is_there():
            super()._refresh_command_list(command_list, commands, clear_current)

    def _watch__list_visible(self) -> None:
        if self._is_there():
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self._is_there():
            await super()._watch__show_busy()

    def _is_there(self) -> bool:
        return bool(self.query(CommandList) and self.query(LoadingIndicator))


class Actions(Provider):
    """Actions of the table that are bound where the palette was opened."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for action, node, does in self._now():
            yield DiscoveryHit(
                self._shown(action), partial(self._do, node, does), action.label, action.help
            )

    async def search(self, query: str) -> Hits:
        """Offer those whose name matches, then by their other words, then by their help."""
        matcher, words = self.matcher(query), query.lower().split()
        for action, node, does in self._now():
            score = matcher.match(f"{action.label} {action.id}")
            said = f"{action.label} {action.help}"
            if score <= 0 and all(_begins(word, action.words) for word in words):
                score = _BY_WORD
            if score <= 0 and all(word in said.lower() for word in words):
                score = _BY_HELP
            if score > 0:
                call = partial(self._do, node, does)
                yield Hit(score, self._shown(action), call, said, action.help)

    def _now(self) -> Iterator[tuple[Action, DOMNode, str]]:
        seen = set()
        for active in self.screen.active_bindings.values():
            id_ = active.binding.id or ""
            if id_ and active.enabled and id_ not in seen:
                seen.add(id_)
                try:
                    action = actions.action(id_)
                except KeyError:
                    continue  # one of Textual's own
                if action.palette:
                    yield action, active.node, active.binding.action

    def _shown(self, action: Action) -> Content:
        keys = shown_keys(action, _bridge(self).keys)
        return line((action.label, "bold"), (f"  {keys}", "$quiet"))

    async def _do(self, node: DOMNode, does: str) -> None:
        await self.app.run_action(does, node)


class Feeds(Provider):
    """Feeds by title or address."""

    async def search(self, query: str) -> Hits:
        """Offer the first feeds that have the words in title or address."""
        bridge = _bridge(self)
        words = " ".join(quoted(word) for word in query.split())
        if not words:
            return
        try:
            page = await bridge.query(PageRequest(kind="feeds", filter=words, limit=_FEEDS))
        except (Failure, PodfetchError):
            return  # not the place to say so: the Feeds screen does
        for rank, row in enumerate(page.rows):
            title = harmless_line(str(row.get("title") or row.get("url")), 90)
            show = line((title, ""), (f"  feed {row['id']}", "$quiet"))
            yield Hit(
                _BY_FEED - rank / 1000, show, partial(self._open, int(str(row["id"]))), title, None
            )

    async def _open(self, feed_id: int) -> None:
        self.app.post_message(MainScreen.Wanted("feeds", filter=f"id:{feed_id}"))


def _begins(part: str, words: str) -> bool:
    return any(word.startswith(part) for word in words.split())


def _bridge(provider: Provider) -> Bridge:
    screen = provider.screen
    if not isinstance(screen, MainScreen):
        raise TypeError(screen)
    return screen.bridge
