"""What the wizard lets others find out: it looks at no disk itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from podfetch_tui.model.first_run import Answers, Asked, Choice, Finding


class Desk(Protocol):
    """Looks at answers; changes nothing. Called on a thread beside the screen."""

    def look_at_folder(self, root: str) -> Finding:
        """Say whether an archive can be made in ``root``."""
        ...

    def look_at_list(self, path: str) -> Finding:
        """Say what a feed list holds, and which lines are no feeds."""
        ...

    def ask_feeds(self, path: str, stop: threading.Event, tell: Callable[[Asked], None]) -> None:
        """Ask a few feeds of a list how much they hold, until ``stop`` is set.

        ``tell`` is called on the thread of the call, before the first answer and after each.
        """
        ...

    def backlogs(self, feeds: int, asked: Asked) -> tuple[Choice, ...]:
        """Return how much of the past can be wanted, each with what it costs.

        Args:
            feeds: Feeds of the list.
            asked: What some of them said so far.
        """
        ...

    def look_at_settings(self, answers: Answers) -> Finding:
        """Say whether the settings hold; the lines are those that differ from the defaults."""
        ...
