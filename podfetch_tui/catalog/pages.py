"""Rows for people and programs: pages in the shape of the command line's JSON.

Keyset pages by id; a page is one short read transaction.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.event_rows import recorded_events
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.page_statements import (
    BACKLOGS,
    BY_ID,
    LISTS,
    SEPARATOR,
    TIMES,
    WORDS,
    ids_of,
    page_of,
    rows_by_id,
)
from podfetch_tui.catalog.schema_audit import outcome
from podfetch_tui.catalog.shown import shown
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.policy.filter_fields import FIELDS, language_of
from podfetch_tui.policy.filters import Filter, parse, sort_of
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339

PAGE = 500
MOST_IDS = 200_000
"""Ids that are given at a time."""
_MOST = 1_000
_IDS = 20_000
_ALL = 2**62
_DISORDER = 2_000
"""Outcomes are written in the order they were submitted: one may stand so far from its time."""
_Row = dict[str, JsonValue]

_SINCE = Statement(
    lambda: select(
        func.min(
            select(outcome.c.id.label("id"))
            .where(outcome.c.at >= bindparam("since"))
            .order_by(outcome.c.at)
            .limit(_DISORDER)
            .subquery()
            .c.id
        )
    )
)
_NEWEST = Statement(
    lambda: select(
        func.min(
            select(outcome.c.id.label("id"))
            .where(outcome.c.id >= bindparam("first"), outcome.c.at >= bindparam("since"))
            .order_by(outcome.c.id.desc())
            .limit(bindparam("most"))
            .subquery()
            .c.id
        )
    )
)


def query(catalog: Catalog, request: PageRequest, *, now: int | None = None) -> Page:
    """Return one page of rows.

    Args:
        catalog: An open catalogue.
        request: What is wanted; at most 1,000 rows are given at a time, and 200,000 ids.
        now: UTC milliseconds for what a filter says of the time; else the clock is asked.

    Raises:
        UsageError: There are no rows of that kind, or filter or order cannot be read.
        Failure: The catalogue could not be read.
    """
    if request.ids:
        _check_kind(request)
        return Page(tuple(rows_of(catalog, request.kind, request.ids[:_MOST])), None)
    if request.only_ids:
        return _ids_page(catalog, request)
    kind, sort = request.kind, _sort(request)
    page = page_of(
        kind,
        _filter(request),
        sort,
        feed_id=request.feed_id is not None,
        keyed=request.key is not None,
    )
    if page is None:
        raise UsageError(f"there are no rows of kind {kind!r}")
    limit = max(1, min(request.limit, _MOST))
    with catalog.reader().cursor() as cursor:
        found = page.answer.rows(
            cursor,
            after=request.after,
            key=request.key,
            most=limit,
            feed=request.feed_id,
            now=Clock().now_ms() if now is None else now,
        )
    rows = tuple(_row(page.names, values) for values in found)
    if len(found) < limit:
        return Page(rows, None)
    return Page(rows, int(found[-1][0]), found[-1][-1])


def _ids_page(catalog: Catalog, request: PageRequest) -> Page:
    _check_kind(request)
    most = max(1, min(request.limit, MOST_IDS))
    found = tuple(ids(catalog, request, limit=most + 1))
    return Page((), found[most - 1] if len(found) > most else None, ids=found[:most])


def rows(catalog: Catalog, request: PageRequest, *, limit: int | None = None) -> Iterator[_Row]:
    """Yield all rows of a kind, at most ``limit``, a page at a time; raises as :func:`query`.

    In the usual order it sees what is written meanwhile; another order is that of the moment
    at which it began.
    """
    if request.sort:
        yield from _sorted_rows(catalog, request, limit)
        return
    now = Clock().now_ms()
    after, left = request.after, limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        part = msgspec.structs.replace(request, after=after, limit=size)
        page = query(catalog, part, now=now)
        yield from page.rows
        left = None if left is None else left - len(page.rows)
        if page.next_after is None:
            return
        after = page.next_after


def ids(catalog: Catalog, request: PageRequest, *, limit: int | None = None) -> Iterator[int]:
    """Yield the ids of all feeds or episodes that are wanted, in their order.

    Raises:
        UsageError: There are no rows of that kind, or filter or order cannot be read.
        Failure: The catalogue could not be read.
    """
    sort = _sort(request)
    answer = ids_of(request.kind, _filter(request), sort, feed_id=request.feed_id is not None)
    now = Clock().now_ms()
    after, left = request.after, _ALL if limit is None else limit
    while left > 0:
        size = min(left, _IDS if sort == BY_ID else _ALL)
        with catalog.reader().cursor() as cursor:
            found = answer.rows(cursor, after=after, most=size, now=now, feed=request.feed_id)
        for (number,) in found:
            yield int(number)
        if len(found) < size or sort != BY_ID:
            return
        after, left = int(found[-1][0]), left - len(found)


def rows_of(catalog: Catalog, kind: str, numbers: Iterable[int]) -> Iterator[_Row]:
    """Yield the rows of feeds or episodes with these ids, in their order.

    Raises:
        Failure: The catalogue could not be read.
    """
    page = rows_by_id(kind)
    rest = iter(numbers)
    while part := list(itertools.islice(rest, PAGE)):
        members = msgspec.json.encode(part).decode()
        with catalog.reader().cursor() as cursor:
            found = page.answer.rows(cursor, ids=members, now=Clock().now_ms())
        by_id = {int(values[0]): values for values in found}
        yield from (_row(page.names, by_id[number]) for number in part if number in by_id)


def _sorted_rows(catalog: Catalog, request: PageRequest, limit: int | None) -> Iterator[_Row]:
    """Yield rows in an order that no index has: it is found once, for the ids alone."""
    yield from rows_of(catalog, request.kind, ids(catalog, request, limit=limit))


def _filter(request: PageRequest) -> Filter:
    if not request.filter.strip():
        return Filter()
    _check_kind(request)
    return parse(request.filter, request.kind)


def _sort(request: PageRequest) -> tuple[str, bool]:
    if not request.sort:
        return BY_ID
    _check_kind(request)
    return sort_of(request.sort, request.kind)


def _check_kind(request: PageRequest) -> None:
    if language_of(request.kind) not in FIELDS:
        raise UsageError(f"rows of kind {request.kind!r} have neither filter nor order")


def events(catalog: Catalog, *, since: int = 0, limit: int | None = None) -> Iterator[_Row]:
    """Yield what happened at or after ``since``, oldest first; the newest ``limit``.

    These are the outcomes of all jobs and, among them, the events that no job has and what
    operators did.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().snapshot() as cursor:
        others = recorded_events(cursor, since=since, limit=limit)
        (first,) = _SINCE.first(cursor, since=since)
        if first is not None and limit is not None:
            (first,) = _NEWEST.first(cursor, first=first, since=since, most=limit)
    merged = heapq.merge(_outcomes(catalog, first, since), others, key=lambda row: str(row["at"]))
    return iter(deque(merged, limit)) if limit is not None else merged


def _outcomes(catalog: Catalog, first: int | None, since: int) -> Iterator[_Row]:
    if first is None:
        return
    earliest = rfc3339(since)
    for row in rows(catalog, PageRequest(kind="events", after=first - 1)):
        if str(row["at"]) >= earliest:
            yield row


def _row(names: tuple[str, ...], values: list[Any]) -> _Row:
    row: _Row = dict(zip(names, values, strict=False))  # behind them, what it is sorted by
    for name in TIMES.intersection(names):
        at = row[name]
        row[name] = rfc3339(at) if isinstance(at, int) else None
    for name in LISTS.intersection(names):
        members = row[name]
        row[name] = list(members.split(SEPARATOR)) if isinstance(members, str) else []
    for name in WORDS.intersection(names):
        row[name] = [*str(row[name]).split()]
    for name in BACKLOGS.intersection(names):
        row[name] = _backlog_text(row[name])
    return shown(row)


def _backlog_text(value: JsonValue) -> str | None:
    if not isinstance(value, str):
        return None
    kind, count, since = value.split("|")
    return Backlog(BacklogKind(kind), int(count), int(since)).text
