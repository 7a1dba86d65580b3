"""What is shown on a terminal too small for a screen: the state of the engine, in words."""

from __future__ import annotations

from podfetch_tui.model.figures import count, rate, size
from podfetch_tui.model.text import counted
from podfetch_tui.ui.view import View
from podfetch_tui.ui.widgets.text import Lines, line


class Plain(Lines):
    """Shown below 60 columns or 18 rows instead of everything else (``app.tcss``)."""

    def __init__(self) -> None:
        """Create it; the style sheet hides it where there is room."""
        super().__init__(id="plain")

    def show_view(self, view: View) -> None:
        """Show ``view``."""
        now = view.snapshot
        self.show_lines(
            [
                line(("PodFetch ", "bold"), now.state.upper()),
                line(f"{counted(now.feeds.get('total', 0), 'feed')}"),
                line(f"{count(now.episodes.get('archived', 0))} archived"),
                line(f"{rate(now.rates.get('bytes_per_s', 0.0))}"),
                line(f"{size(now.resources.get('free_bytes', 0.0))} free"),
                line("60×18 shows more; q quits"),
                line("podfetch status says it, too"),
            ]
        )
