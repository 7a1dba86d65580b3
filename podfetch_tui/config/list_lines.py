"""One line of a feed list, as the readers of all formats hand it on."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One line (of an OPML list: an outline), not yet understood."""

    number: int
    text: str
    """What a report shows, not yet made harmless."""
    url: str
    cells: dict[str, str]
    """Column → non-empty cell, the URL's left out."""
    problem: str
    """Why it cannot be taken; empty when it can as far as it is known."""
    folders: tuple[str, ...] = ()
    """Cleaned names of the folders it stands in, outermost first."""
    place: int | None = None
    """Where the feed belongs among the others, if not where its line stands."""
