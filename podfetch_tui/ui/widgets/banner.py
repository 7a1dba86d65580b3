"""One line below the status bar, only while there is something the operator must know."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static

from podfetch_tui.model.figures import clock, count, span
from podfetch_tui.model.link import Link
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import line


def disconnected(link: Link, shown_at: int) -> str:
    """Return in one line since when there is no word from the engine, and what is tried."""
    if link.is_up:
        return f"No answer for {span(link.silent_s)}: this is the state of {clock(shown_at)}."
    again = f"try {link.tries + 1} in {span(link.next_try_s)}" if link.next_try_s else "trying"
    # Of a narrow line the end is cut: what is wrong comes first.
    problem = link.problem.rstrip(".")
    return f"Disconnected: {problem}; {again}; this is the state of {clock(shown_at)}."


def news(view: View, glyphs: Glyphs, keys: Mapping[str, str]) -> tuple[Content | None, str]:
    """Return what matters most of ``view`` and how grave it is; ``None`` when nothing does.

    Args:
        view: This moment.
        glyphs: The signs.
        keys: What ``[keys]`` says.
    """
    now = view.snapshot
    if view.link is not None and not view.link.is_heard:
        return line(f" {glyphs.bad} {disconnected(view.link, now.at)}"), "error"
    if now.state == "stopped":
        why = f": {now.reason}" if now.reason else ""
        return line(
            f" {glyphs.bad} The engine stopped; ",
            (key_of("app.quit", keys), "bold"),
            f" restarts or quits{why}",
        ), "error"
    if now.state == "degraded":
        why = now.reason or "something is wrong"
        return line(f" {glyphs.warning} Everything waits: {why}"), "error"
    if now.state == "draining":
        busy = sum(lane.busy for lane in now.lanes.values())
        return line(
            f" {glyphs.warning} Draining: {counted(busy, 'job still runs', 'jobs still run')}."
        ), "warning"
    if now.state == "paused":
        text = f" {glyphs.paused} Paused: what runs goes on, nothing new starts. "
        return line(text, (key_of("engine.pause", keys), "bold"), " resumes."), "warning"
    if now.alerts:
        first, more = now.alerts[0], len(now.alerts) - 1
        rest = f" (and {count(more)} more on the dashboard)" if more else ""
        text = f" {glyphs.warning} Alert {first.name}: {first.text}{rest}"
        return line(text), "error"
    if now.reason:
        return line(f" {glyphs.warning} {now.reason[:1].upper()}{now.reason[1:]}."), "warning"
    if view.waiting:
        waiting = counted(view.waiting, "new feed waits", "new feeds wait")
        text = f" {glyphs.paused} {waiting} for you. "
        return line(
            text, (key_of("engine.begin", keys), "bold"), " begins to archive them."
        ), "warning"
    return None, ""


class Banner(Static):
    """Why nothing moves, and which key changes that."""

    def __init__(self, bridge: Bridge) -> None:
        """Create a hidden banner."""
        super().__init__(id="banner", markup=False)
        self.display = False
        self._bridge = bridge

    def show_view(self, view: View) -> None:
        """Show what matters most, or hide."""
        content, severity = news(view, self._bridge.glyphs, self._bridge.keys)
        self.display = content is not None
        self.set_class(severity == "error", "-error")
        if content is not None:
            self.update(content, layout=False)
