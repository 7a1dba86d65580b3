"""The newest of the audit trail, as a screen shows it."""

from __future__ import annotations

from itertools import islice

from podfetch_tui.catalog import pages
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.policy.event_filter import conditions

LOOKED_AT = 5_000
"""A filter looks through so many of the newest events."""
MOST = 1_000


def history(catalog: Catalog, request: PageRequest) -> Page:
    """Return the newest events that pass ``request.filter``, the newest first.

    Args:
        catalog: An open catalogue.
        request: ``limit`` rows, at most 1,000; ``after`` is the time they are not older than,
            UTC milliseconds.

    Raises:
        UsageError: The filter cannot be read.
        Failure: The catalogue could not be read.
    """
    wanted = conditions(request.filter)
    most = max(1, min(request.limit, MOST))
    looked_at = LOOKED_AT if wanted else most
    newest = reversed(list(pages.events(catalog, since=request.after, limit=looked_at)))
    found = (row for row in newest if all(one.holds(row) for one in wanted))
    return Page(tuple(islice(found, most)), None)
