"""Feeds by what they share: how many have which state, host, failure or tag; then those alone."""

from __future__ import annotations

from typing import Any

from textual.app import App

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.policy.filters import quoted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.choose import Choose
from podfetch_tui.ui.widgets.text import harmless_line

_FIELDS = (("State", "state"), ("Host", "host"), ("Failure", "err"), ("Tag", "tag"))
_MOST = 100
_NAME = 31


async def choose_group(app: App[Any], bridge: Bridge, shown: str) -> str | None:
    """Ask by what to group and which group to show.

    Args:
        app: Shows the menus.
        bridge: The way to the engine.
        shown: The filter of the feeds that are counted.

    Returns:
        The filter that shows the group alone; ``None``: nothing was chosen.
    """
    field = await app.push_screen_wait(Choose("Group by", _FIELDS))
    if field is None:
        return None
    request = PageRequest(kind="groups", sort=field, filter=shown, limit=_MOST)
    try:
        page = await bridge.query(request)
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return None
    word = next(label for label, name in _FIELDS if name == field)
    if not page.rows:
        bridge.toast(f"None of these feeds has a {word.lower()}.")
        return None
    options = [
        (f"{count(int(str(row['feeds']))):>7}  {harmless_line(str(row['value']), _NAME)}",
         f"{field}={quoted(str(row['value']))}")
        for row in page.rows
    ]  # fmt: skip
    most = " (the largest)" if len(options) == _MOST else ""
    chosen = await app.push_screen_wait(Choose(f"Feeds by {word.lower()}{most}", options))
    # A filter with a bar in it has parts of its own: the group is looked for in all feeds then.
    before = "" if "|" in shown else shown
    return None if chosen is None else f"{before} {chosen}".strip()
