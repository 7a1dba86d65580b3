"""The figures that alerts are judged by, as far as the catalogue knows them."""

from __future__ import annotations

import heapq

from sqlalchemy import bindparam, func, literal_column, select

from podfetch_tui.catalog.feeds import due_times
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import episode, feed
from podfetch_tui.catalog.schema_audit import event, outcome
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.alerts import Alert, Figures
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.outcome import Result

ERRORS_MS = 600_000
QUARANTINE_MS = 3_600_000
MOST_OUTCOMES = 100_000
_LATE_SHARE = 0.05
_RAISE, _CLEAR = "alert_raised", "alert_cleared"

_ACTIVE = Statement(
    lambda: select(func.count()).where(feed.c.state == bindparam("wanted")).select_from(feed)
)
_QUARANTINED = Statement(
    lambda: (
        select(func.count())
        .where(feed.c.state == bindparam("wanted"), feed.c.quarantined_at >= bindparam("since"))
        .select_from(feed)
    )
)
_OLDEST = Statement(
    lambda: select(func.min(episode.c.first_seen_at)).where(
        episode.c.rank == literal_column("0"), episode.c.next_attempt_at.is_not(None)
    )
)
_RESULTS = Answer(
    lambda: (
        select(outcome.c.result)
        .where(outcome.c.at >= bindparam("since"))
        .order_by(outcome.c.at)
        .limit(bindparam("most"))
    ),
    tuple[str],
)
_RAISED = Answer(
    lambda: (
        select(event.c.kind, event.c.code, event.c.at, event.c.text)
        .where(
            event.c.at >= bindparam("since"),
            event.c.kind.in_((literal_column(f"'{_RAISE}'"), literal_column(f"'{_CLEAR}'"))),
        )
        .order_by(event.c.at)
    ),
    tuple[str, str, int, str],
)


def figures(catalog: Catalog, now: int, *, errors: bool) -> Figures:
    """Return what the catalogue knows of the present; free space it does not.

    Args:
        catalog: An open catalogue.
        now: UTC milliseconds.
        errors: Count failed jobs, too; a running engine has counted them already.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        (active,) = _ACTIVE.first(cursor, wanted=FeedState.ACTIVE.value)
        most = int(active * _LATE_SHARE) + 1
        late = heapq.nsmallest(most, due_times(cursor, now, most=most))
        (quarantined,) = _QUARANTINED.first(
            cursor, wanted=FeedState.QUARANTINED.value, since=now - QUARANTINE_MS
        )
        (oldest,) = _OLDEST.first(cursor)
        results: list[str] = []
        if errors:
            rows = _RESULTS.rows(cursor, since=now - ERRORS_MS, most=MOST_OUTCOMES)
            results = [word for (word,) in rows]
    good, bad = _ended(results)
    return Figures(
        jobs=good + bad,
        failed=bad,
        lateness_p95_s=(now - late[-1]) / 1000 if len(late) == most else 0.0,
        new_quarantine=quarantined,
        oldest_pending_s=max(0, now - oldest) / 1000 if oldest is not None else 0.0,
    )


def _ended(results: list[str]) -> tuple[int, int]:
    """Return how many jobs succeeded and failed."""
    good = results.count(Result.SUCCESS.value) + results.count(Result.PARTIAL.value)
    return good, results.count(Result.FAILURE.value)


def raised(catalog: Catalog) -> tuple[Alert, ...]:
    """Return the alerts that an engine raised and none cleared, by their events.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        rows = _RAISED.rows(cursor, since=0)
    found: dict[str, Alert] = {}
    for kind, name, at, text in rows:
        if kind == _RAISE:
            found[name] = Alert(name=name, since=at, text=text, value=0.0, limit=0.0)
        else:
            found.pop(name, None)
    return tuple(found.values())
