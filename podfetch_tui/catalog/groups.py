"""Feeds by what they share: a host, the code of the last failure, a state, a tag."""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from podfetch_tui.catalog.filter_columns import code_of, host_in
from podfetch_tui.catalog.filters import condition
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed, feed_tag
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.policy.filters import Filter, parse
from podfetch_tui.system.clock import Clock

MOST = 200
_FIELDS: dict[str, ColumnElement[Any]] = {
    "state": feed.c.state,
    "host": host_in(feed.c.url),
    "err": code_of(feed.c.last_error),
    "tag": feed_tag.c.tag,
}


def groups(catalog: Catalog, request: PageRequest) -> Page:
    """Return the values of a field with their numbers of feeds, at most 200, the most first.

    Args:
        catalog: An open catalogue.
        request: ``sort`` names the field, ``filter`` the feeds.

    Raises:
        UsageError: Feeds are not grouped by that field, or the filter cannot be read.
        Failure: The catalogue could not be read.
    """
    if request.sort not in _FIELDS:
        raise UsageError(f"feeds are not grouped by {request.sort!r}: {', '.join(_FIELDS)}")
    answer = _answer(request.sort, parse(request.filter, "feeds"))
    with catalog.reader().cursor() as cursor:
        found = answer.rows(cursor, most=min(max(1, request.limit), MOST), now=Clock().now_ms())
    return Page(tuple({"value": value, "feeds": number} for value, number in found), None)


@functools.lru_cache(maxsize=16)
def _answer(field: str, wanted: Filter) -> Answer[tuple[str, int]]:
    value, number = _FIELDS[field], func.count(feed.c.id.distinct())
    tables = feed.join(feed_tag, feed_tag.c.feed_id == feed.c.id) if field == "tag" else feed
    statement = select(value, number).select_from(tables).where(value.is_not(None), value != "")
    if wanted.any_of:
        statement = statement.where(condition(wanted, "feeds"))
    statement = statement.group_by(value).order_by(number.desc(), value).limit(bindparam("most"))
    return Answer(lambda: statement, tuple[str, int])
