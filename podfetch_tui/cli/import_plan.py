"""``podfetch import --dry-run``: what an import would add, and how much would be fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from podfetch_tui.catalog import lookups
from podfetch_tui.catalog.waiting import Waiting, waiting
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import lists
from podfetch_tui.cli.output import document, say
from podfetch_tui.model.errors import NoArchiveYet
from podfetch_tui.model.figures import size
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import NewFeed


def show_plan(wanted: Sequence[lists.NamedList], settings: Settings, *, as_json: bool) -> None:
    """Say what an import would add, and what fetching it would mean as far as it is known."""
    entries = [feed for entry in wanted for feed in entry.feeds.entries]
    known, waits = _known(entries, settings)
    plan = _plan(wanted, entries, known, waits, settings)
    if as_json:
        document(plan)
        return
    say(f"{plan['new']} new, {plan['duplicate']} duplicate, {plan['rejected']} rejected (dry run)")
    rejects = [reject for entry in wanted for reject in lists.rejects_of(entry)]
    lists.say_details(rejects, lists.notes_of(wanted))
    first = int(str(plan["first_poll_requests"]))
    own = [f"{number} with {text}" for text, number in _own_backlogs(entries, known).items()]
    besides = f"; of their own: {', '.join(own)}" if own else ""
    say(
        f"{counted(first, 'feed')} would be polled for the first time; how many"
        f" episodes and bytes they hold is known after that (backlog = {plan['backlog']}{besides})"
    )
    if waits.polled:
        unsized = f", {waits.unsized} of them of unknown size" if waits.unsized else ""
        say(
            f"{counted(waits.polled, 'feed is', 'feeds are')} known already:"
            f" {counted(waits.episodes, 'episode waits', 'episodes wait')},"
            f" {size(waits.bytes)}{unsized}"
        )


def _known(entries: Sequence[NewFeed], settings: Settings) -> tuple[frozenset[str], Waiting]:
    """Return the URLs that an archive has, if there is one, and what waits for those listed.

    Raises:
        ArchiveUnusable: There is one and it cannot be read, or none could be made.
    """
    try:
        with archives.reading(settings) as (_, catalog):
            return lookups.feed_urls(catalog), waiting(catalog, (feed.url for feed in entries))
    except NoArchiveYet:
        return frozenset(), Waiting()


def _new(entries: Sequence[NewFeed], known: frozenset[str]) -> list[NewFeed]:
    """Return the feeds that would be added, each once, as the first list names them."""
    found: dict[str, NewFeed] = {}
    for feed in entries:
        if feed.url not in known:
            found.setdefault(feed.url, feed)
    return list(found.values())


def _own_backlogs(entries: Sequence[NewFeed], known: frozenset[str]) -> dict[str, int]:
    """Return how many of the new feeds come with which backlog of their own."""
    return dict(
        Counter(feed.backlog.text for feed in _new(entries, known) if feed.backlog is not None)
    )


def _plan(
    wanted: Sequence[lists.NamedList],
    entries: Sequence[NewFeed],
    known: frozenset[str],
    waits: Waiting,
    settings: Settings,
) -> dict[str, object]:
    new = _new(entries, known)
    twice = sum(len(entry.feeds.duplicates) for entry in wanted)
    return {
        "new": len(new),
        "duplicate": len(entries) + twice - len(new),
        "rejected": sum(len(entry.feeds.rejected) for entry in wanted),
        "rejects": [reject for entry in wanted for reject in lists.rejects_of(entry)],
        "first_poll_requests": sum(feed.enabled for feed in new),
        "paused": sum(not feed.enabled for feed in new),
        "backlog": settings.feeds.backlog.text,
        # Known of feeds that were polled before; of the new ones nobody knows.
        "episodes": waits.episodes if waits.polled else None,
        "bytes": waits.bytes if waits.polled else None,
        "known_feeds": waits.feeds,
        "polled_feeds": waits.polled,
        "episodes_of_unknown_size": waits.unsized,
        "own_backlogs": _own_backlogs(entries, known),
    }
