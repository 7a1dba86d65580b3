"""What a smaller limit would do to the feeds there are: said before it is set."""

from __future__ import annotations

from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.limit_rows import LimitRow

_BECOMES = {
    "quarantine.open_after_failures": "would have more feeds cool down",
    "quarantine.quarantine_after_failures": "would quarantine more feeds",
}
_SHARES = (0.75, 0.5, 0.25)
"""Parts of the present value that are tried."""
_MOST = 1_000
"""More feeds are not counted."""


async def what_if(bridge: Bridge, row: LimitRow) -> str:
    """Return what smaller values would do, in words; empty where that cannot be told."""
    becomes = _BECOMES.get(row.key)
    if becomes is None:
        return ""
    value = int(row.value)
    lower = sorted({int(value * share) for share in _SHARES if value * share >= 1}, reverse=True)
    try:
        now = await _reaching(bridge, value)
        more = {n: await _reaching(bridge, n) - now for n in lower if now < _MOST}
    except (Failure, PodfetchError):
        return ""  # what else is shown says so
    said = [
        f"{count(found)}{' or more' if now + found >= _MOST else ''} at {n}"
        for n, found in more.items()
    ]
    return f"fewer {becomes}: {', '.join(said)}" if said else ""


async def _reaching(bridge: Bridge, failures: int) -> int:
    """Return how many active feeds would have failed so often with one failure more."""
    wanted = f"state:active fail>={failures - 1}"
    page = await bridge.query(PageRequest(kind="feeds", filter=wanted, only_ids=True, limit=_MOST))
    return len(page.ids)
