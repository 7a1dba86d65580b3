"""What somebody did step by step is one entry of the audit, with the last step in it at once."""

from __future__ import annotations

from typing import Any

import pytest
from support.cataloguing import AT, Bench

from podfetch_tui.catalog.history import history
from podfetch_tui.model.decisions import Decided, NoteAction, UndoOperation
from podfetch_tui.model.snapshot import PageRequest

KEY = "engine.per_host"


def step(books: Bench, old: str, new: str, at: int, **more: Any) -> Decided:
    note = NoteAction(
        action=more.pop("action", "set_limit"),
        detail=f"{KEY} {old} → {new}",
        was={more.get("key", KEY): old},
        became={more.pop("key", KEY): new},
        joins_ms=5_000,
        at=AT + at,
        **more,
    )
    receipt = books.do(note)
    assert isinstance(receipt, Decided)
    return receipt


def audit(books: Bench) -> list[str]:
    rows = history(books.catalog, PageRequest(kind="history")).rows
    return [str(row["text"]).partition(": ")[2] for row in reversed(rows)]


def test_steps_that_follow_each_other_are_one_entry(books: Bench) -> None:
    first = step(books, "8", "7", 0)
    assert audit(books) == [f"{KEY} 8 → 7"], "it is there at once: a kill loses nothing"
    second = step(books, "7", "6", 4_000)
    third = step(books, "6", "4", 9_000)
    assert audit(books) == [f"{KEY} 8 → 4"]
    assert first.operation == second.operation == third.operation
    assert (first.detail, third.detail) == ("", f"{KEY} 8 → 4")


@pytest.mark.parametrize(
    "other",
    [
        {"at": 5_001},
        {"at": -1},
        {"at": 1, "actor": "somebody else"},
        {"at": 1, "key": "engine.poll_workers"},
        {"at": 1, "old": "5"},
        {"at": 1, "new": "8"},
        {"at": 1, "action": "probe_feed"},
    ],
)
def test_what_is_no_step_of_the_same_decision_is_an_entry_of_its_own(
    books: Bench, other: dict[str, Any]
) -> None:
    first = step(books, "8", "7", 0)
    second = step(books, **{"old": "7", "new": "6", **other})
    assert second.operation != first.operation
    assert len(audit(books)) == 2


def test_what_was_undone_or_followed_by_something_else_is_not_gone_on_with(books: Bench) -> None:
    first = step(books, "8", "7", 0)
    books.do(UndoOperation(operation=first.operation, at=AT + 10, elsewhere=True))
    second = step(books, "8", "7", 20)
    step(books, "2", "3", 30, key="engine.batch_min")
    third = step(books, "7", "6", 40)
    assert len({first.operation, second.operation, third.operation}) == 3
