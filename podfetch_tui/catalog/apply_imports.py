"""Writing a feed list down that somebody imports: it adds and changes, and removes nothing."""

from __future__ import annotations

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.list_lines import Source, take_lines
from podfetch_tui.model.writes import Imported, ImportFeeds


def import_feeds(changes: Changes, write: ImportFeeds) -> Imported:
    """Add the feeds that are new and merge the settings of those that are known."""
    source = Source(name=write.source, at=write.at, paused=write.paused)
    taken = take_lines(changes, write.feeds, source)
    return Imported(
        new=taken.new, duplicate=len(write.feeds) - len(taken.new), updated=taken.updated
    )
