"""What is shown on a terminal too small for a screen: the state of the engine, in words."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from podfetch_tui.model.figures import count, rate, size
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.banner import news
from podfetch_tui.ui.widgets.text import Lines, line

_ALERTS = 3
"""So many alerts are said in full."""


class Plain(Lines):
    """Shown below 60 columns or 18 rows instead of everything else (``app.tcss``)."""

    def __init__(self, bridge: Bridge) -> None:
        """Create it; the style sheet hides it where there is room."""
        super().__init__(id="plain")
        self._bridge = bridge

    def show_view(self, view: View) -> None:
        """Show ``view``: first what one must not miss, then figures, then the way on."""
        self.show_lines(list(self._lines(view)))

    def _lines(self, view: View) -> Iterator[Content]:
        now, glyphs, program = view.snapshot, self._bridge.glyphs, self._bridge.program
        is_heard = view.link is None or view.link.is_heard
        state = now.state if is_heard else "disconnected"
        yield line(("PodFetch ", "bold"), (state.upper(), "bold" if is_heard else "$error bold"))
        first, severity = news(view, glyphs, self._bridge.keys)
        if first is not None:
            yield line((first.plain.strip(), f"${severity} bold"))
        said = first.plain if first is not None else ""
        alerts = [alert for alert in now.alerts if alert.text not in said]
        for alert in alerts[:_ALERTS]:
            yield line((f"{glyphs.warning} {alert.name}: {alert.text}", "$warning"))
        if len(alerts) > _ALERTS:
            yield line((f"{glyphs.warning} {count(len(alerts) - _ALERTS)} more alerts", "$warning"))
        for text in _figures(view):
            yield line((text, "" if is_heard else "$quiet"))
        yield line((f"60×18 shows more; {key_of('app.quit', self._bridge.keys)} quits", "$quiet"))
        yield line((f"{program} status says it, too", "$quiet"))


def _figures(view: View) -> Iterator[str]:
    now = view.snapshot
    held = now.feeds.get("quarantined", 0)
    feeds = counted(now.feeds.get("total", 0), "feed")
    yield f"{feeds}, {count(held)} in quarantine" if held else feeds
    failed = now.episodes.get("failed", 0)
    archived = f"{count(now.episodes.get('archived', 0))} archived"
    yield f"{archived}, {count(failed)} failed" if failed else archived
    free = size(now.resources.get("free_bytes", 0.0))
    yield f"{rate(now.rates.get('bytes_per_s', 0.0))}, {free} free"
