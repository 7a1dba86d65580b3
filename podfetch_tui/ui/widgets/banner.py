"""One line below the status bar, only while there is something the operator must know."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from podfetch_tui.model.figures import count
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import line


class Banner(Static):
    """Why nothing moves, and which key changes that."""

    def __init__(self, glyphs: Glyphs) -> None:
        """Create a hidden banner."""
        super().__init__(id="banner", markup=False)
        self.display = False
        self._glyphs = glyphs

    def show_view(self, view: View) -> None:
        """Show what matters most, or hide."""
        content, severity = self._content(view)
        self.display = content is not None
        self.set_class(severity == "error", "-error")
        if content is not None:
            self.update(content, layout=False)

    def _content(self, view: View) -> tuple[Content | None, str]:
        now, glyphs = view.snapshot, self._glyphs
        if now.state == "stopped":
            why = f": {now.reason}" if now.reason else ""
            return line(
                f" {glyphs.bad} The engine stopped{why}. ", ("q", "bold"), " quits."
            ), "error"
        if now.state == "degraded":
            why = now.reason or "something is wrong"
            return line(f" {glyphs.warning} Everything waits: {why}"), "error"
        if now.state == "draining":
            busy = sum(lane.busy for lane in now.lanes.values())
            return line(f" {glyphs.warning} Draining: {count(busy)} jobs still run."), "warning"
        if now.state == "paused":
            text = f" {glyphs.paused} Paused: what runs goes on, nothing new starts. "
            return line(text, ("p", "bold"), " resumes."), "warning"
        if view.waiting:
            text = f" {glyphs.paused} {count(view.waiting)} new feeds wait for you. "
            return line(text, ("b", "bold"), " begins to archive them."), "warning"
        return None, ""
