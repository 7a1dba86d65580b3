"""The audit trail as a screen shows it: the newest first, a page at a time.

Which feed, episode and kind an entry is about is answered by index, however long the trail is.
Codes and words are looked for in so many rows at a time; the page then says how to go on.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from podfetch_tui.catalog.event_rows import (
    ACTED,
    event_shown,
    number_of_action,
    number_of_event,
)
from podfetch_tui.catalog.history_statements import By, actions, events, outcomes
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.page_statements import EVENT_KINDS, outcome_columns
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.policy.event_filter import LOOKED_AT, Condition, conditions
from podfetch_tui.system.times import rfc3339

MOST = 1_000
_ALL = 2**62
_OUTCOME, _EVENT, _ACTION = range(3)
"""What comes first of entries of the same moment."""
_WENT_WELL = (JobKind.POLL.value, Result.SUCCESS.value)
"""Job and result of most outcomes by far."""
_KINDS = {
    (job.value, result.value): EVENT_KINDS.get(
        (job.value, result.value), f"{job.value}_{result.value}"
    )
    for job, result in itertools.product(JobKind, Result)
}


class _Place(NamedTuple):
    """Where an entry stands: the greater, the earlier on the page."""

    at: int
    table: int
    """Below zero or zero, so that outcomes come first."""
    row: int


_TOP = _Place(_ALL, 0, _ALL)
_Entry = tuple[_Place, dict[str, JsonValue]]


def history(catalog: Catalog, request: PageRequest) -> Page:
    """Return a page of events that pass ``request.filter``, the newest first.

    Args:
        catalog: An open catalogue.
        request: ``limit`` rows, at most 1,000; ``after`` is the time they are not older than,
            UTC milliseconds; ``key`` is the ``next_key`` of the page before.

    Raises:
        UsageError: Filter or key cannot be read.
        Failure: The catalogue could not be read.
    """
    wanted = conditions(request.filter)
    limit = max(1, min(request.limit, MOST))
    most = limit if all(one.field in ("feed", "episode") for one in wanted) else LOOKED_AT
    values = _values(wanted, request.after, most + 1)
    with catalog.reader().snapshot() as cursor:
        parts = list(_parts(cursor, wanted, _place(request.key), values))
    looked_at = sorted(itertools.chain(*parts), key=lambda entry: entry[0], reverse=True)
    rows: list[dict[str, JsonValue]] = []
    for number, (place, row) in enumerate(looked_at):
        if all(one.holds(row) for one in wanted):
            rows.append(row)
        if number + 1 < len(looked_at) and (len(rows) == limit or number + 1 == most):
            return Page(tuple(rows), None, [*place])
    return Page(tuple(rows), None)


def _values(wanted: tuple[Condition, ...], since: int, most: int) -> dict[str, Any]:
    """Return what the statements are asked with, whichever table they read."""
    plain = {one.field: one.value for one in wanted if not one.negated}
    word = plain.get("kind", "*")
    return {
        "since": since,
        "most": most,
        "word": "" if word == "*" else word,
        **{name: int(plain[name]) for name in ("feed", "episode") if name in plain},
    }


def _parts(
    cursor: sqlite3.Cursor, wanted: tuple[Condition, ...], after: _Place, values: dict[str, Any]
) -> Iterator[list[_Entry]]:
    """Yield the newest entries behind ``after`` of each table, and of each kind if need be."""
    by: By = "episode" if "episode" in values else "feed" if "feed" in values else "time"
    yield from _outcome_parts(cursor, wanted, by, {**values, **_behind(after, _OUTCOME)})
    told = events(by).rows(cursor, **values, **_behind(after, _EVENT))
    yield [
        (_Place(row.at, -_EVENT, row.id), event_shown(row, number_of_event(row.id))) for row in told
    ]
    if _can_be(wanted, ACTED):
        done = actions(by).rows(cursor, **values, **_behind(after, _ACTION))
        yield [
            (_Place(row.at, -_ACTION, row.id), event_shown(row, number_of_action(row.id)))
            for row in done
        ]


def _outcome_parts(
    cursor: sqlite3.Cursor, wanted: tuple[Condition, ...], by: By, values: dict[str, Any]
) -> Iterator[list[_Entry]]:
    failed = any(one.field == "family" and not one.negated for one in wanted)
    pairs = [
        pair
        for pair, kind in _KINDS.items()
        if _can_be(wanted, kind) and not (failed and pair[1] == Result.SUCCESS.value)
    ]
    if by != "time" or _WENT_WELL in pairs:
        yield _as_events(outcomes(by).rows(cursor, **values)) if pairs else []
        return
    for job, result in pairs:
        yield _as_events(outcomes("kind").rows(cursor, job=job, result=result, **values))


def _as_events(found: list[list[Any]]) -> list[_Entry]:
    names = tuple(outcome_columns()[0])
    entries = []
    for values in found:
        row = dict(zip(names, values, strict=False))  # behind them, the time as a number
        row["at"] = rfc3339(values[-1])
        entries.append((_Place(values[-1], -_OUTCOME, row["id"]), row))
    return entries


def _can_be(wanted: tuple[Condition, ...], kind: str) -> bool:
    """Say whether the conditions on the kind let ``kind`` pass."""
    return all(one.holds({"kind": kind}) for one in wanted if one.field == "kind")


def _behind(after: _Place, table: int) -> dict[str, int]:
    """Return from where ``table`` is read: of the same moment, what is behind ``after``."""
    if -table != after.table:  # all of it stands behind, or none
        return {"until": after.at, "below": _ALL if -table < after.table else 0}
    return {"until": after.at, "below": after.row}


def _place(key: JsonValue) -> _Place:
    if key is None:
        return _TOP
    if isinstance(key, (list, tuple)) and len(key) == len(_Place._fields):
        numbers = [part for part in key if isinstance(part, int)]
        if len(numbers) == len(key):
            return _Place(*numbers)
    raise UsageError("key is not the next_key of a page of the history")
