"""Until when feeds are left alone: a few lengths to choose from, or any time, typed."""

from __future__ import annotations

from typing import Any

from textual.app import App

from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.moments import parse_until
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.choose import Choose
from podfetch_tui.ui.dialogs.form import Field, Form

_HOUR_MS = 3_600_000
_SNOOZES = (
    ("1 hour", _HOUR_MS),
    ("1 day", 24 * _HOUR_MS),
    ("1 week", 7 * 24 * _HOUR_MS),
    ("30 days", 30 * 24 * _HOUR_MS),
)
_TYPED = "typed"


async def ask_until(app: App[Any], bridge: Bridge) -> int | None:
    """Ask until when, and return it in UTC milliseconds; ``None``: not at all."""
    options = [(text, str(ms)) for text, ms in _SNOOZES]
    chosen = await app.push_screen_wait(Choose("Snooze for", [*options, ("until …", _TYPED)]))
    if chosen is None:
        return None
    if chosen != _TYPED:
        return bridge.now + int(chosen)

    def check(text: str) -> int:
        try:
            return parse_until(text, bridge.now, "until")
        except UsageError as error:
            raise ValueError(str(error)) from None

    field = Field(
        name="until",
        label="Until",
        hint="2d, 36h, 2026-12-24, 2026-12-24T18:00+01:00",
        always=True,
        check=check,
    )
    answer = await app.push_screen_wait(Form("Snooze until", [field], "Snooze"))
    return None if not answer else check(answer["until"])
