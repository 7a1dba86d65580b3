"""How much the archive holds: a handful of counters, whatever its size."""

from __future__ import annotations

from sqlalchemy import func, literal_column, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed
from podfetch_tui.catalog.schema_audit import derivative, tally
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import FeedState

_TALLY = Answer(lambda: select(tally.c.name, tally.c.value), tuple[str, int])
_FEEDS = Answer(
    lambda: select(feed.c.state, func.count().label("n")).group_by(feed.c.state), tuple[str, int]
)
# One pass for both: no index has them, and they are asked for every second.
_TROUBLED = Statement(
    lambda: select(
        func.count().filter(feed.c.breaker != literal_column("'closed'")),
        func.count().filter(feed.c.consecutive_failures > literal_column("0")),
    ).where(feed.c.state == FeedState.ACTIVE.value)
)
_PARTIAL = Statement(
    lambda: select(func.count(func.distinct(derivative.c.episode_id))).where(
        derivative.c.state == literal_column("'failed'")
    )
)


def counts(catalog: Catalog) -> dict[str, dict[str, int]]:
    """Return ``feeds``, ``episodes`` and ``media`` as ``status --json`` has them.

    Args:
        catalog: An open catalogue.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        numbers = dict(_TALLY.rows(cursor))
        by_state = dict(_FEEDS.rows(cursor))
        cooling, failing = _TROUBLED.first(cursor)
        partial = _PARTIAL.first(cursor)[0]
    feeds = {state.value: by_state.get(state.value, 0) for state in FeedState}
    episodes = {state.value: numbers.get(f"episode:{state.value}", 0) for state in EpisodeState}
    return {
        "feeds": {
            "total": sum(feeds.values()),
            **feeds,
            "cooling": cooling,
            "failing": failing,
        },
        "episodes": {"total": sum(episodes.values()), **episodes, "partial": partial},
        "media": {
            "files": numbers.get("media:files", 0),
            "bytes": numbers.get("media:bytes", 0),
        },
    }
