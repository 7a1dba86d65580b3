"""What is still to be fetched for some feeds, as far as the catalogue knows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, case, func, literal_column, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.statements import Statement


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Episodes that wait for their download."""

    feeds: int = 0
    """Feeds that the archive knows."""
    polled: int = 0
    """Those of them whose episodes are known."""
    episodes: int = 0
    bytes: int = 0
    """What the feeds say that these episodes weigh."""
    unsized: int = 0
    """Episodes of which their feed does not say."""


_MEMBERS = select(func.json_each(bindparam("urls")).table_valued("value").c.value)
_FEEDS = Statement(
    lambda: select(
        func.count(), func.coalesce(func.sum(case((feed.c.polls_ok > 0, 1), else_=0)), 0)
    ).where(feed.c.url.in_(_MEMBERS))
)
_EPISODES = Statement(
    lambda: (
        select(
            func.count(),
            func.coalesce(func.sum(func.max(episode.c.enclosure_length, 0)), 0),
            func.coalesce(func.sum(case((episode.c.enclosure_length > 0, 0), else_=1)), 0),
        )
        .select_from(feed.join(episode, episode.c.feed_id == feed.c.id))
        .where(
            feed.c.url.in_(_MEMBERS),
            episode.c.state.in_(
                [literal_column(f"'{state}'") for state in ("pending", "claimed", "sealed")]
            ),
        )
    )
)


def waiting(catalog: Catalog, urls: Iterable[str]) -> Waiting:
    """Return what waits for the feeds at these normalised URLs.

    Raises:
        Failure: The catalogue could not be read.
    """
    members = msgspec.json.encode(list(urls)).decode()
    with catalog.reader().snapshot() as cursor:
        known, polled = _FEEDS.first(cursor, urls=members)
        episodes, size, unsized = _EPISODES.first(cursor, urls=members)
    return Waiting(feeds=known, polled=polled, episodes=episodes, bytes=size, unsized=unsized)
