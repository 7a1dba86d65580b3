"""The statements behind the audit trail as a screen reads it: the newest first, by an index.

Each takes ``since`` and ``until`` (UTC milliseconds), ``below`` (of ``until`` only ids below
it) and ``most``; those of one feed or episode take ``feed`` or ``episode`` as well.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

from sqlalchemy import BindParameter, Select, Table, bindparam, func, literal_column, or_, select

from podfetch_tui.catalog.event_rows import EventRow, newest_actions, newest_events
from podfetch_tui.catalog.page_statements import outcome_columns
from podfetch_tui.catalog.schema import episode
from podfetch_tui.catalog.schema_audit import event, operator_action, outcome
from podfetch_tui.catalog.statements import Answer

By = Literal["time", "kind", "feed", "episode"]
"""``time``: all; ``kind``: one ``job`` and ``result``, save polls that went well."""


@functools.cache
def outcomes(by: By) -> Answer[list[Any]]:
    """Return how to read outcomes as events; the last value of a row is its time."""
    _, statement = outcome_columns()
    statement = statement.add_columns(outcome.c.at.label("at_ms"))
    if by == "kind":
        statement = statement.where(
            outcome.c.job == bindparam("job"),
            outcome.c.result == bindparam("result"),
            # In the words of the partial index: else SQLite does not see that it serves.
            literal_column("NOT (outcome.job = 'poll' AND outcome.result = 'success')"),
        )
    statement = statement.where(outcome.c.at >= bindparam("since"))
    statement = statement.order_by(outcome.c.at.desc(), outcome.c.id.desc())
    found = _placed(statement.limit(bindparam("most")), outcome, by)
    return Answer(lambda: found, list[Any])


@functools.cache
def events(by: By) -> Answer[EventRow]:
    """Return how to read what no job did, of kinds with ``word`` in them."""
    has_word = func.instr(func.lower(event.c.kind), bindparam("word")) > 0
    found = _placed(newest_events().where(has_word), event, by)
    return Answer(lambda: found, EventRow)


@functools.cache
def actions(by: By) -> Answer[EventRow]:
    """Return how to read what operators did."""
    found = _placed(newest_actions(), operator_action, by)
    return Answer(lambda: found, EventRow)


def _placed(statement: Select[Any], of: Table, by: By) -> Select[Any]:
    """Narrow to what is older than the page before, and to one feed or episode."""
    if by == "feed":
        statement = statement.where(of.c.feed_id == bindparam("feed"))
    elif by == "episode":
        # No table has an index of episodes, but each has one of feeds.
        owner = select(episode.c.feed_id).where(episode.c.id == bindparam("episode"))
        statement = statement.where(
            of.c.feed_id == owner.scalar_subquery(), of.c.episode_id == bindparam("episode")
        )
    until: BindParameter[int] = bindparam("until")
    return statement.where(of.c.at <= until, or_(of.c.at < until, of.c.id < bindparam("below")))
