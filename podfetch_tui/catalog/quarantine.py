"""Reading for an operator's decisions: where feeds stand, their evidence, what can be undone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, func, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import feed, feed_note
from podfetch_tui.catalog.schema_audit import operator_action
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.decisions import UNDO_MS, FeedMark, Operation
from podfetch_tui.system.decoding import convert

_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
_MARKS = Answer(
    lambda: select(*(feed.c[name] for name in FeedMark.__struct_fields__)).where(
        feed.c.id.in_(_IDS)
    ),
    list[object],
)
_EVIDENCE = Statement(
    lambda: select(feed_note.c.evidence).where(feed_note.c.feed_id == bindparam("feed"))
)
_LATEST = Statement(
    lambda: (
        select(
            func.coalesce(operator_action.c.operation, operator_action.c.id),
            operator_action.c.action,
            operator_action.c.at,
            operator_action.c.was,
            operator_action.c.became,
            operator_action.c.undone_at,
        )
        .where(
            operator_action.c.at >= bindparam("since"),
            operator_action.c.became != "",
            operator_action.c.undone_at.is_(None),
        )
        .order_by(operator_action.c.at.desc(), operator_action.c.id.desc())
        .limit(1)
    )
)
_ONE = Statement(
    lambda: select(
        operator_action.c.id,
        operator_action.c.action,
        operator_action.c.at,
        operator_action.c.was,
        operator_action.c.became,
        operator_action.c.undone_at,
    ).where(operator_action.c.id == bindparam("one"))
)


def feed_marks(catalog: Catalog, feed_ids: Iterable[int]) -> list[FeedMark]:
    """Return where each of some feeds stands, in their order; unknown ones are left out.

    Raises:
        Failure: The catalogue could not be read.
    """
    wanted = list(feed_ids)
    with catalog.reader().cursor() as cursor:
        found = _MARKS.rows(cursor, ids=msgspec.json.encode(wanted).decode())
    names = FeedMark.__struct_fields__
    marks = [convert(dict(zip(names, row, strict=True)), FeedMark) for row in found]
    by_id = {mark.id: mark for mark in marks}
    return [by_id[number] for number in wanted if number in by_id]


def evidence(catalog: Catalog, feed_id: int) -> bytes:
    """Return the head of the answer a feed failed with last; empty where there was none.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _EVIDENCE.first(cursor, feed=feed_id)
    return bytes(found[0]) if found and found[0] else b""


def operation(catalog: Catalog, number: int, now: int) -> Operation | None:
    """Return an operation by its number, or with 0 the newest that can still be undone.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        if number:
            found = _ONE.first(cursor, one=number)
        else:
            found = _LATEST.first(cursor, since=now - UNDO_MS)
    return None if found is None else Operation(*found)
