"""Lines that stand over the screen for some seconds: repeats are one with a count, few at once.

A toast is never the only record of what it says; the audit trail and the log have it too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from textual.app import App

from podfetch_tui.ui.widgets.text import harmless_line

Severity = Literal["information", "warning", "error"]
MOST = 3
"""So many stand at once; older ones make room."""
_SHOWN_S = {"information": 4.0, "warning": 6.0, "error": 10.0}


@dataclass
class _Said:
    """One toast that stands."""

    text: str
    severity: Severity
    until: float
    times: int = 1
    topic: str = ""

    @property
    def shown(self) -> str:
        return self.text if self.times == 1 else f"{self.text} (×{self.times})"


class Toasts:
    """All toasts of an application; confined to its thread."""

    def __init__(self, app: App[Any], now: Callable[[], float] = time.monotonic) -> None:
        """Show them on ``app``; ``now`` counts seconds."""
        self._app = app
        self._now = now
        self._said: list[_Said] = []
        self._is_due = False

    def show(self, text: str, severity: Severity, *, topic: str = "", for_s: float = 0) -> None:
        """Show ``text``, which is never markup and cannot control the terminal.

        Args:
            text: One line.
            severity: Gives its colour, and how long it stands.
            topic: It takes the place of what stands about the same; empty: of nothing.
            for_s: It stands so many seconds; 0: as its severity says.
        """
        now, text = self._now(), harmless_line(text)
        said = [one for one in self._said if one.until > now and not (topic and one.topic == topic)]
        alike = [one for one in said if (one.text, one.severity) == (text, severity)]
        times = 1 + sum(one.times for one in alike)
        said = [one for one in said if one not in alike]
        until = now + (for_s or _SHOWN_S[severity])
        said.append(_Said(text, severity, until, times, topic))
        self._said = said[-MOST:]
        if not self._is_due:
            # Textual adds a toast by a message: what is on its way comes before this call.
            self._is_due = True
            self._app.call_later(self._put)

    def _put(self) -> None:
        """Put what stands in the place of what stood."""
        self._is_due = False
        now = self._now()
        self._app.clear_notifications()
        for one in self._said:
            if one.until > now:
                self._app.notify(
                    one.shown, severity=one.severity, markup=False, timeout=one.until - now
                )
