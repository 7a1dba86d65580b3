"""What operators did, for the audit: one row an action, with what stood before."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import insert

from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.schema_audit import operator_action
from podfetch_tui.catalog.statements import Statement

_RECORD = Statement(
    lambda: insert(operator_action),
    (
        "at",
        "action",
        "feed_id",
        "episode_id",
        "actor",
        "detail",
        "was",
        "became",
        "operation",
    ),
)


def record_action(
    changes: Changes,
    action: str,
    *,
    at: int,
    actor: str,
    detail: str,
    feed_id: int | None = None,
    episode_id: int | None = None,
    was: Mapping[str, object] | None = None,
    became: Mapping[str, object] | None = None,
    operation: int = 0,
) -> int:
    """Write down that somebody did something; return the number of the operation.

    Args:
        changes: The transaction it belongs to.
        action: A stable word: ``edit_feed``.
        at: UTC milliseconds.
        actor: Where it came from: ``command``, ``screen`` …
        detail: One line for people, without secrets.
        feed_id: The feed it was done to, if any.
        episode_id: The episode, if any.
        was: What stood before, whole, so that it can be put back.
        became: What it made of that; where it is left out, nothing can be put back.
        operation: The operation it is a further part of; 0: it begins one.
    """
    done = _RECORD.run(
        changes.cursor,
        at=at,
        action=action,
        feed_id=feed_id,
        episode_id=episode_id,
        actor=actor,
        detail=detail,
        was=msgspec.json.encode(was).decode() if was else "",
        became=msgspec.json.encode(became).decode() if became else "",
        operation=operation or None,
    )
    return operation or int(done.lastrowid or 0)
