"""The first line of every screen: how the engine is, where one is, what time it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from podfetch_tui.model import actions
from podfetch_tui.model.figures import clock, count, span, zone
from podfetch_tui.model.text import clean
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import Part, line

_STYLES = {
    "running": "$success bold",
    "paused": "$warning bold",
    "draining": "$warning bold",
    "degraded": "$error bold",
    "stopped": "$error bold",
    "disconnected": "$error bold",
}
_SHORT = {"dashboard": "Dash", "quarantine": "Quar", "downloads": "Down", "episodes": "Epis"}
"""Names where there is little room."""
_LETTER = 1
_NAME = 14
"""Cells for the name of the archive that is attached to."""


class Tab(msgspec.Struct, frozen=True):
    """One entry of the bar."""

    mode: str
    key: str
    name: str


class StatusBar(Static):
    """State, tabs with counts, clock."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, mode: str, bridge: Bridge) -> None:
        """Create the bar of the screen that belongs to ``mode``."""
        super().__init__(id="status-bar", markup=False)
        self._mode = mode
        self._bridge = bridge
        self._spans: list[tuple[int, int, str]] = []
        self._shown: tuple[object, ...] = ()
        self._view: View | None = None
        self._tabs = [
            Tab(one.verb, actions.keys_of(one, bridge.keys)[0], one.label)
            for one in sorted(actions.of_scope("go"), key=lambda one: one.keys)
            if one.palette
        ]

    def show_view(self, view: View) -> None:
        """Show ``view``."""
        self._view = view
        content = self._content(view)
        shown = (content.plain, content.spans)
        if shown != self._shown:
            self._shown = shown
            self.update(content, layout=False)

    def on_resize(self) -> None:
        """Fit into the new width at once: else the clock is cut until the next look."""
        if self._view is not None:
            self.show_view(self._view)

    def on_click(self, event: Click) -> None:
        """Go where the tab leads."""
        for first, last, mode in self._spans:
            if first <= event.x < last:
                self.post_message(self.Chosen(mode))

    def _content(self, view: View) -> Content:
        room = self.size.width
        left, right = self._state(view), self._right(view)
        used = _length(left)
        tabs = self._fitting(view, room - used - _length(right) - 1)
        self._spans = []
        for tab, text in zip(self._tabs, tabs, strict=True):
            if not text:
                continue
            style = "reverse bold" if tab.mode == self._mode else "$quiet"
            self._spans.append((used, used + len(text), tab.mode))
            left.append((text, style))
            used += len(text)
        left.append((" " * max(1, room - used - _length(right)), ""))
        return line(*left, *right)

    def _state(self, view: View) -> list[Part]:
        now, glyphs = view.snapshot, self._bridge.glyphs
        state, link = now.state, view.link
        sign = glyphs.ok if state == "running" else glyphs.warning
        wide = self.size.width >= 120
        how = ""
        if link is not None:
            words = ("read-only ", "ro ") if link.read_only else ("", "")
            # Several may be attached to, side by side: the sign says so, the name to which.
            name = clipped(link.where.rstrip("/").rpartition("/")[2], _NAME, glyphs)
            how = f" {glyphs.link} {words[not wide]}{name}".rstrip()
            if not link.is_heard:
                sign, state = glyphs.bad, "disconnected"
        parts: list[Part] = [
            (" PodFetch " if self.size.width >= 100 else " ", "bold"),
            (f"{sign} {state.upper()}", _STYLES.get(state, "bold")),
            (how, "$accent"),
            (f"  up {span(now.uptime_s)}  " if wide else " ", "$quiet"),
        ]
        if self._bridge.is_frozen:
            parts.append(("FROZEN ", "$warning bold"))
        return parts

    def _right(self, view: View) -> list[Part]:
        now = view.snapshot
        shown = clock(now.at) if self.size.width < 120 else f"{clock(now.at)} {zone(now.at)}"
        return [(f" {shown} ", "$quiet")]

    def _fitting(self, view: View, room: int) -> list[str]:
        """Return the texts of the tabs, as long as there is room for them."""
        found: list[str] = []
        every, here = frozenset(tab.mode for tab in self._tabs), frozenset((self._mode,))
        steps: tuple[tuple[Mapping[str, str] | None, frozenset[str]], ...] = (
            ({}, every),
            (_SHORT, every),
            (_SHORT, here),
            (_SHORT, frozenset()),
            (None, here),
        )
        for names, counted in steps:
            found = [self._text(tab, view, names, counted) for tab in self._tabs]
            if sum(len(text) for text in found) <= room:
                return found
        # The clock is worth more than letters that say no more than keys.
        return [
            text if tab.mode == self._mode else ""
            for tab, text in zip(self._tabs, found, strict=True)
        ]

    def _text(
        self, tab: Tab, view: View, names: Mapping[str, str] | None, counted: Collection[str]
    ) -> str:
        """Return the text of a tab; without ``names`` a letter, but for the one where one is."""
        if names is None and tab.mode != self._mode:
            return f" {tab.key}{tab.name[:_LETTER]}"
        number = self._count(tab, view) if tab.mode in counted else ""
        return f" {tab.key} {(names or _SHORT).get(tab.mode, tab.name)}{number} "

    def _count(self, tab: Tab, view: View) -> str:
        now = view.snapshot
        if tab.mode == "feeds":
            return f" {count(now.feeds.get('total', 0))}"
        if tab.mode == "quarantine":
            return f" {count(now.feeds.get('quarantined', 0))}"
        if tab.mode == "downloads":
            lane = now.lanes.get("download")
            return f" {lane.busy if lane else 0}"
        return ""


def clipped(text: str, room: int, glyphs: Glyphs) -> str:
    """Return ``text`` in at most ``room`` cells, without what a terminal would obey."""
    shown = clean(text)
    if cell_len(shown) <= room:
        return shown
    return set_cell_size(shown, room - 1).rstrip() + glyphs.ellipsis


def _length(parts: list[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)
