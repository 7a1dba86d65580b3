"""Feeds that an operator adds to a running engine: read, compared with the archive, taken in."""

from __future__ import annotations

import threading
from collections.abc import Callable

from podfetch_tui.catalog import lookups
from podfetch_tui.config.gathering import FeedList
from podfetch_tui.config.sources import read_list
from podfetch_tui.model.commands import AddedFeeds, AddFeeds, CommandResult, ProbeUrl, RejectedLine
from podfetch_tui.model.errors import Failure, Kind, UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import clean, redact
from podfetch_tui.model.writes import Imported, ImportFeeds, NewFeed
from podfetch_tui.pipeline.probing import survey
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import normalise_url

_NAME = "the list"
_IDS, _NAMES, _REJECTS = 100, 5, 20
_ONE_BY_ONE = 200
"""Up to so many URLs are looked up by themselves; for more all URLs are read once."""
_TITLE = 120


class Adding:
    """Reads lists and looks at URLs; used by :class:`engine.commands.Commands`."""

    def __init__(
        self, services: Services, *, settings: Callable[[], Settings], stop: threading.Event
    ) -> None:
        """Create it.

        Args:
            services: The adapters.
            settings: Those that hold now.
            stop: Ends a look at a URL.
        """
        self._services = services
        self._settings = settings
        self._stop = stop

    def add(self, command: AddFeeds) -> CommandResult:
        """Take a list in, or say what would become of it. Raises :class:`Failure`."""
        try:
            feeds = read_list(
                command.data,
                name=_NAME,
                allow_private=self._settings().network.allow_private,
            )
        except UsageError as error:
            return CommandResult(ok=False, text=str(error))
        if command.dry_run:
            plan = self._plan(feeds)
            return CommandResult(ok=True, text=plan.counts, added=plan)
        if not feeds.entries:
            plan = self._plan(feeds)
            return CommandResult(ok=False, text="there is no feed in it", added=plan)
        receipt = self._services.commit(
            ImportFeeds(
                source=command.source,
                feeds=feeds.entries,
                at=self._services.clock.now_ms(),
                paused=command.paused,
            )
        )
        if not isinstance(receipt, Imported):
            raise Failure(Kind.BUG, "an import without a receipt")
        done = _result(
            feeds,
            new=len(receipt.new),
            duplicate=receipt.duplicate + len(feeds.duplicates),
            ids=receipt.new,
        )
        return CommandResult(ok=True, text=done.counts, affected=done.new, added=done)

    def probe(self, command: ProbeUrl) -> CommandResult:
        """Look at a URL without consequences. Raises :class:`Failure`."""
        settings = self._settings()
        try:
            url = normalise_url(command.url, allow=parse_networks(settings.network.allow_private))
        except ValueError as error:
            return CommandResult(ok=False, text=f"{redact(clean(command.url, 200))}: {error}")
        report = survey(
            url,
            catalog=self._services.catalog,
            max_items=settings.feeds.max_items,
            http=self._services.http,
            parsers=self._services.parsers,
            clock=self._services.clock,
            stop=self._stop,
        )
        return CommandResult(ok=True, text=report.said, probe=report)

    def _plan(self, feeds: FeedList) -> AddedFeeds:
        catalog, entries = self._services.catalog, feeds.entries
        if len(entries) <= _ONE_BY_ONE:
            at = {feed.url: lookups.feed_at(catalog, feed.url) for feed in entries}
            new = [feed for feed in entries if at[feed.url] is None]
            known = tuple(number for number in at.values() if number is not None)
        else:
            urls = lookups.feed_urls(catalog)
            new, known = [feed for feed in entries if feed.url not in urls], ()
        return _result(
            feeds,
            new=len(new),
            duplicate=len(entries) - len(new) + len(feeds.duplicates),
            ids=known,
            names=tuple(_name(feed) for feed in new[:_NAMES]),
        )


def _result(
    feeds: FeedList,
    *,
    new: int,
    duplicate: int,
    ids: tuple[int, ...],
    names: tuple[str, ...] = (),
) -> AddedFeeds:
    return AddedFeeds(
        new=new,
        duplicate=duplicate,
        rejected=len(feeds.rejected),
        ids=ids[:_IDS],
        names=names,
        rejects=tuple(
            RejectedLine(one.line, one.text, one.reason) for one in feeds.rejected[:_REJECTS]
        ),
        notes=feeds.notes,
    )


def _name(feed: NewFeed) -> str:
    return clean(feed.own_title or feed.title or redact(feed.url), _TITLE)
