"""The first line of every screen: how the engine is, where one is, what time it is."""

from __future__ import annotations

import msgspec
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from podfetch_tui.model.figures import clock, count, span, zone
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import Part, line

_STYLES = {
    "running": "$success bold",
    "paused": "$warning bold",
    "draining": "$warning bold",
    "degraded": "$error bold",
    "stopped": "$error bold",
}
_WIDE = 100


class Tab(msgspec.Struct, frozen=True):
    """One entry of the bar."""

    mode: str
    key: str
    name: str
    short: str


TABS = (
    Tab("dashboard", "1", "Dashboard", "Dash"),
    Tab("feeds", "2", "Feeds", "Feeds"),
    Tab("downloads", "4", "Downloads", "Down"),
)


class StatusBar(Static):
    """State, tabs with counts, clock."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, mode: str, glyphs: Glyphs) -> None:
        """Create the bar of the screen that belongs to ``mode``."""
        super().__init__(id="status-bar", markup=False)
        self._mode = mode
        self._glyphs = glyphs
        self._spans: list[tuple[int, int, str]] = []

    def show_view(self, view: View) -> None:
        """Show ``view``."""
        self.update(self._content(view), layout=False)

    def on_click(self, event: Click) -> None:
        """Go where the tab leads."""
        for first, last, mode in self._spans:
            if first <= event.x < last:
                self.post_message(self.Chosen(mode))

    def _content(self, view: View) -> Content:
        now, room = view.snapshot, self.size.width
        wide = room >= _WIDE
        sign = self._glyphs.ok if now.state == "running" else self._glyphs.warning
        up = f"  up {span(now.uptime_s)}" if wide else ""
        parts: list[Part] = [
            (" PodFetch ", "bold"),
            (f"{sign} {now.state.upper()}", _STYLES.get(now.state, "bold")),
            (f"{up}  ", "$quiet"),
        ]
        right = f"{clock(now.at)} {zone(now.at)} " if wide else f"{clock(now.at)} "
        used = sum(len(text) for text, _ in parts)
        self._spans = []
        for tab in TABS:
            text = f" {tab.key} {tab.name if wide else tab.short}{self._count(tab, view)} "
            style = "reverse bold" if tab.mode == self._mode else "$quiet"
            self._spans.append((used, used + len(text), tab.mode))
            parts.append((text, style))
            used += len(text)
        parts.append((" " * max(1, room - used - len(right)), ""))
        parts.append((right, "$quiet"))
        return line(*parts)

    def _count(self, tab: Tab, view: View) -> str:
        if tab.mode == "feeds":
            return f" {count(view.snapshot.feeds.get('total', 0))}"
        if tab.mode == "downloads":
            lane = view.snapshot.lanes.get("download")
            return f" {lane.busy if lane else 0}"
        return ""
