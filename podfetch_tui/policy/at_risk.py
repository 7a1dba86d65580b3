"""Which items are about to fall out of a feed that lists only its latest.

A feed with a rolling window drops its oldest item for each new one; an episode that is not
archived by then may be lost for good.
"""

from __future__ import annotations

from math import ceil

HORIZON_S = 3 * 86400.0
"""Items that are likely gone within this time go first."""
UNKNOWN_GAP_S = 86400.0
"""A feed whose rhythm is not known is taken for a daily one."""
USUAL_WINDOWS = frozenset({5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 150, 200, 250, 300, 500})
"""A document with just so many items is taken for a window before it was seen to move."""


def at_risk(listed: int, *, gone: int, has_more: bool, gap_s: float | None) -> int:
    """Return how many of the oldest items of a document are at risk.

    At most half of the items: the newer half of a window is not its end.

    Args:
        listed: Items of the document.
        gone: Episodes that were known of the feed and are not listed any more.
        has_more: The feed links to pages with older items, or says that it is complete.
        gap_s: Seconds from one new item to the next, where it is known.
    """
    if has_more or not (gone or listed in USUAL_WINDOWS):
        return 0
    leaving = ceil(HORIZON_S / max(gap_s or UNKNOWN_GAP_S, 1.0))
    return min(leaving, listed // 2)
