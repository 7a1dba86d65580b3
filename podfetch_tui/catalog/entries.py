"""One entry of the audit trail with all that is kept of it: the page of kind ``entry``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select

from podfetch_tui.catalog import pages, trail
from podfetch_tui.catalog.event_rows import UNTIL
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.page_statements import EVENT_KINDS
from podfetch_tui.catalog.schema_audit import event, operator_action, outcome
from podfetch_tui.catalog.statements import Answer
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import JsonValue, Page, PageRequest
from podfetch_tui.system.times import rfc3339, rfc3339_or_none

_Row = dict[str, JsonValue]
_ABOUT = ("at", "feed_id", "episode_id")
_OUTCOME = (
    *_ABOUT,
    *("job", "result", "family", "code", "detail"),
    *("status", "host", "duration_ms", "bytes", "attempt"),
)
_EVENT = (*_ABOUT, "kind", "family", "code", "text")
_ACTION = (*_ABOUT, "action", "actor", "detail", "undone_at", "until")


def _of(table: Table, names: Sequence[str], *more: Any) -> Answer[list[Any]]:
    return Answer(
        lambda: select(*(table.c[name] for name in names), *more).where(
            table.c.id == bindparam("row")
        ),
        list[Any],
    )


_OUTCOMES = _of(outcome, _OUTCOME)
_EVENTS = _of(event, _EVENT)
_ACTIONS = _of(
    operator_action,
    _ACTION[:-1],
    UNTIL,
)


def entry(catalog: Catalog, request: PageRequest) -> Page:
    """Return all that is kept of one entry, and how what it is about stands now.

    Args:
        catalog: An open catalogue.
        request: ``ids`` has the id that ``history`` gave the entry.

    Raises:
        UsageError: There is no such entry, or no more.
        Failure: The catalogue could not be read.
    """
    number = request.ids[0] if request.ids else 0
    row = _entry(catalog, number)
    if row is None:
        raise UsageError("this entry is no longer kept: archive.audit_days says for how long")
    row["id"] = number
    feed_id, episode_id = row["feed_id"], row["episode_id"]
    row["feed"] = _one(catalog, "feeds", feed_id)
    row["episode"] = _one(catalog, "episodes", episode_id)
    if isinstance(episode_id, int) and row["episode"] is not None:
        facts, _ = trail.episode_facts(catalog, episode_id)
        row["next_attempt_at"] = rfc3339_or_none(facts.next_attempt_at)
    return Page((row,), None)


def _entry(catalog: Catalog, number: int) -> _Row | None:
    if number > 0:
        row = _read(catalog, _OUTCOMES, _OUTCOME, number)
        if row is not None:
            word = (str(row["job"]), str(row["result"]))
            row["kind"] = EVENT_KINDS.get(word, "_".join(word))
            row["text"] = row.pop("detail")
        return row
    if number % 2:
        row = _read(catalog, _ACTIONS, _ACTION, (-number - 1) // 2)
        if row is not None:
            row["kind"] = "operator_acted"
            row["code"] = row.pop("action")
            row["text"] = row.pop("detail")
            row["undone_at"] = _time(row["undone_at"])
            row["until"] = _time(row["until"])
        return row
    return _read(catalog, _EVENTS, _EVENT, -number // 2)


def _read(
    catalog: Catalog, answer: Answer[list[Any]], names: Sequence[str], row_id: int
) -> _Row | None:
    with catalog.reader().cursor() as cursor:
        found = answer.rows(cursor, row=row_id)
    if not found:
        return None
    row: _Row = dict(zip(names, found[0], strict=True))
    row["at"] = _time(row["at"])
    return row


def _time(at: JsonValue) -> str | None:
    return rfc3339(at) if isinstance(at, int) else None


def _one(catalog: Catalog, kind: str, number: JsonValue) -> _Row | None:
    """Return the row of a feed or an episode as it is now."""
    if not isinstance(number, int):
        return None
    return next(iter(pages.rows_of(catalog, kind, (number,))), None)
