"""How many feeds were imported paused and wait for the operator to begin."""

from __future__ import annotations

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui.bridge import Bridge

IMPORTED_PAUSED = "imported paused"
"""State reason of feeds that wait for the operator to begin."""
_MOST = 100_000


async def count_waiting(bridge: Bridge) -> int:
    """Return how many wait: what the engine says, else what the catalogue has."""
    feeds = bridge.view.snapshot.feeds
    said = feeds.get("waiting")
    if said is not None:
        return said
    if not feeds.get("paused", 0):
        return 0
    wanted = f'state:paused reason:"{IMPORTED_PAUSED}"'
    try:
        page = await bridge.query(
            PageRequest(kind="feeds", filter=wanted, only_ids=True, limit=_MOST)
        )
    except (Failure, PodfetchError):
        return 0
    return len(page.ids) if page.next_after is None else feeds["paused"]
