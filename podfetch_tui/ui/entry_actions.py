"""Opening an entry of the audit trail: read in full, shown, and left for what it is about."""

from __future__ import annotations

from typing import Any

from textual.app import App

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui import entry_facts
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.entry import Entry, Way


async def show_entry(
    app: App[Any], bridge: Bridge, number: int, *, here: int | None = None
) -> tuple[str, str] | None:
    """Show an entry; return screen and filter of what is wanted then, if something is.

    Args:
        app: The application.
        bridge: Reads the entry.
        number: Its id.
        here: The feed one is at already: no way leads there.
    """
    try:
        page = await bridge.query(PageRequest(kind="entry", ids=(number,)))
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "warning")
        return None
    row = page.rows[0]
    ways: list[Way] = []
    if row["feed"] is not None and row["feed_id"] != here:
        ways.append("feed")
    if row["episode"] is not None:
        ways.append("episode")
    facts = entry_facts.facts(row, bridge.view.snapshot, bridge.glyphs)
    way = await app.push_screen_wait(Entry(entry_facts.title(row), facts, ways))
    return None if way is None else (f"{way}s", f"id:{row[f'{way}_id']}")
