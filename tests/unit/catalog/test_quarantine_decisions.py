"""Release, snooze and undo: what was there comes back, unless somebody touched it since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cataloguing import AT, Bench, bench, recount

from podfetch_tui.catalog import pages
from podfetch_tui.catalog.deciding import AT_A_TIME, decide
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.quarantine import evidence, feed_marks, operation
from podfetch_tui.model.decisions import (
    UNDO_MS,
    Decided,
    DecideFeeds,
    FeedAsk,
    FeedDecision,
    NoteAction,
    Undone,
    UndoOperation,
)
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import Backlog, BreakerState, Feed, FeedState, Health
from podfetch_tui.model.settings import EngineSettings
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, FeedSchedule, Finish

SICK = Health(
    breaker=BreakerState.OPEN,
    consecutive_failures=12,
    opened=3,
    open_until=AT + 7,
    first_failure_at=AT - 9,
    last_error="http_404: not there",
    last_family="permanent",
    last_status=404,
    failed_days=4,
    failed_day=3,
)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made
    assert recount(tmp_path / "catalog.db") == []


def hold(books: Bench, feed_id: int) -> None:
    """Put a feed in quarantine as the end of a poll does."""
    schedule = FeedSchedule(
        feed_id=feed_id,
        health=SICK,
        next_poll_at=AT + 1000,
        state=FeedState.QUARANTINED,
        state_reason="12 failures in a row",
        evidence=b"<html>",
    )
    books.do(Finish(outcome=None, schedule=schedule))


@pytest.fixture
def held(books: Bench) -> int:
    (feed_id,) = books.add_feeds("https://a.example/")
    hold(books, feed_id)
    return feed_id


def decided(books: Bench, decision: FeedDecision, *ids: int, **more: Any) -> Decided:
    receipt = books.do(DecideFeeds(feed_ids=ids, decision=decision, at=AT + 50, **more))
    assert isinstance(receipt, Decided)
    return receipt


def undo(books: Bench, number: int, at: int = AT + 60) -> Undone:
    receipt = books.do(UndoOperation(operation=number, at=at))
    assert isinstance(receipt, Undone)
    return receipt


def whole(books: Bench, feed_id: int) -> tuple[Any, ...]:
    (row,) = books.rows("SELECT * FROM feed WHERE id = ?", feed_id)
    return tuple(row)


def feed_of(books: Bench, feed_id: int) -> Feed:
    feed = get_feed(books.catalog, feed_id)
    assert feed is not None
    return feed


def events(books: Bench) -> list[tuple[str, str]]:
    return [(kind, code) for kind, code in books.rows("SELECT kind, code FROM event ORDER BY id")]


def test_a_released_feed_is_due_and_on_probation_with_its_past(books: Bench, held: int) -> None:
    assert evidence(books.catalog, held) == b"<html>"
    receipt = decided(books, FeedDecision.RELEASE, held, reason="mended")
    assert (receipt.done, receipt.operation > 0) == ((held,), True)
    feed = feed_of(books, held)
    assert (feed.state, feed.next_poll_at) == (FeedState.ACTIVE, AT + 50)
    assert (feed.health.probation, feed.health.breaker) == (True, BreakerState.CLOSED)
    assert (feed.health.consecutive_failures, feed.health.opened) == (12, 3)
    assert events(books) == [("feed_quarantined", ""), ("operator_acted", "release")]
    again = decided(books, FeedDecision.RELEASE, held)
    assert again == Decided((), ((held, "is active already"),))


@pytest.mark.parametrize("decision", [d for d in FeedDecision if d is not FeedDecision.PAUSE])
def test_an_undo_puts_every_column_back(books: Bench, held: int, decision: FeedDecision) -> None:
    if decision is FeedDecision.RESUME:
        decided(books, FeedDecision.RETIRE, held)
    elif decision is FeedDecision.QUARANTINE:
        decided(books, FeedDecision.RELEASE, held)
    before = whole(books, held)
    receipt = decided(books, decision, held, until=AT + 10_000)
    assert whole(books, held) != before
    assert undo(books, receipt.operation).done == (held,)
    assert whole(books, held) == before
    failure = books.failure(UndoOperation(operation=receipt.operation, at=AT + 70))
    assert "undone already" in str(failure)


def test_a_paused_feed_is_polled_again_after_an_undo(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    before = whole(books, feed_id)
    receipt = decided(books, FeedDecision.PAUSE, feed_id)
    assert undo(books, receipt.operation) == Undone("pause_feed", (feed_id,))
    assert whole(books, feed_id) == before


def test_a_poll_since_the_release_is_not_undone(books: Bench, held: int) -> None:
    receipt = decided(books, FeedDecision.RELEASE, held)
    well = FeedSchedule(feed_id=held, health=Health(last_success_at=AT + 55), next_poll_at=AT + 99)
    books.do(Finish(outcome=None, schedule=well))
    refused = undo(books, receipt.operation).refused
    assert refused == ((held, "was polled since and is active"),)


def test_what_a_host_put_off_can_still_be_undone(books: Bench, held: int) -> None:
    receipt = decided(books, FeedDecision.RELEASE, held)
    books.do(ChangeFeed(feed_id=held, next_poll_at=AT + 9_999))
    assert undo(books, receipt.operation).done == (held,)


def test_an_undo_is_for_a_minute_and_for_what_can_be_undone(books: Bench, held: int) -> None:
    receipt = decided(books, FeedDecision.RELEASE, held)
    late = AT + 50 + UNDO_MS + 1
    assert "too old" in str(books.failure(UndoOperation(operation=receipt.operation, at=late)))
    assert operation(books.catalog, 0, late) is None
    found = operation(books.catalog, 0, AT + 60)
    assert found is not None
    assert (found.number, found.action) == (receipt.operation, "release_feed")
    noted = books.do(NoteAction(action="probe_feed", detail="ok", feed_id=held, at=AT + 55))
    assert "cannot be undone" in str(
        books.failure(UndoOperation(operation=noted.operation, at=AT + 60))
    )
    nothing = books.failure(UndoOperation(operation=999, at=AT + 60))
    assert (nothing.kind, "no operation 999" in str(nothing)) == (Kind.STOPPED, True)


def test_a_feed_that_changed_since_it_was_looked_at_is_refused(books: Bench, held: int) -> None:
    (mark,) = feed_marks(books.catalog, [held])
    decided(books, FeedDecision.RETIRE, held, reason="dead")
    receipt = decided(books, FeedDecision.RELEASE, held, seen=(mark.state_at,))
    ((number, why),) = receipt.refused
    assert (number, receipt.done, receipt.operation) == (held, (), 0)
    assert why.startswith("changed meanwhile: it is retired (by operator: dead) since ")


def test_a_snoozed_feed_is_left_alone_and_its_running_probe_does_not_end_that(
    books: Bench, held: int
) -> None:
    decided(books, FeedDecision.SNOOZE, held, until=AT + 5_000_000)
    failed = FeedSchedule(
        feed_id=held, health=SICK, next_poll_at=AT + 99, polled_as=FeedState.QUARANTINED
    )
    books.do(Finish(outcome=None, schedule=failed))
    (row,) = pages.rows(books.catalog, PageRequest(kind="quarantine"))
    assert row["next_probe_at"] == row["snoozed_until"] == "2023-11-14T23:36:40Z"
    well = FeedSchedule(
        feed_id=held,
        health=Health(last_success_at=AT),
        next_poll_at=AT + 99,
        polled_as=FeedState.QUARANTINED,
        state=FeedState.ACTIVE,
    )
    books.do(Finish(outcome=None, schedule=well))
    assert (feed_of(books, held).state, feed_of(books, held).next_poll_at) == ("active", AT + 99)
    assert list(pages.rows(books.catalog, PageRequest(kind="quarantine"))) == []
    assert events(books)[-1] == ("feed_recovered", "")


def test_a_probe_that_ran_during_a_release_does_not_take_it_back(books: Bench, held: int) -> None:
    decided(books, FeedDecision.RELEASE, held)
    failed = FeedSchedule(
        feed_id=held, health=SICK, next_poll_at=AT + 99_999, polled_as=FeedState.QUARANTINED
    )
    books.do(Finish(outcome=None, schedule=failed))
    feed = feed_of(books, held)
    assert (feed.state, feed.next_poll_at, feed.health.probation) == ("active", AT + 50, True)


def test_a_poll_on_probation_that_ran_during_an_undo_recovers_it_if_it_was_well(
    books: Bench, held: int
) -> None:
    receipt = decided(books, FeedDecision.RELEASE, held)
    undo(books, receipt.operation)
    well = FeedSchedule(
        feed_id=held,
        health=Health(last_success_at=AT),
        next_poll_at=AT + 99,
        polled_as=FeedState.ACTIVE,
    )
    books.do(Finish(outcome=None, schedule=well))
    assert feed_of(books, held).state is FeedState.ACTIVE


def test_a_release_of_many_is_one_operation_in_waves(books: Bench) -> None:
    count = AT_A_TIME + 3
    ids = books.add_feeds(*(f"https://h{n % 7}.example/{n}" for n in range(count)))
    for feed_id in ids:
        hold(books, feed_id)
    receipt = decide(
        books.catalog,
        FeedAsk(feed_ids=(*ids, 9_999), decision=FeedDecision.RELEASE),
        books.do,
        settings=EngineSettings(per_host=2, batch_min=10),
        now=AT + 50,
    )
    assert (receipt.done, receipt.refused) == (ids, ((9_999, "is not known"),))
    waves = books.rows("SELECT next_poll_at, count(*) FROM feed GROUP BY 1 ORDER BY 1")
    assert {size for _, size in waves[:-1]} == {10}
    assert waves[0][0] == AT + 50
    assert undo(books, receipt.operation).done == ids
    assert books.rows("SELECT DISTINCT state FROM feed") == [("quarantined",)]


def test_an_edit_is_undone_with_what_was_known_of_the_feed(books: Bench, held: int) -> None:
    before = whole(books, held)
    done = books.do(
        EditFeed(
            feed_id=held,
            at=AT + 50,
            url="https://b.example/",
            title="Mine",
            interval=7200,
            priority=3,
            effective_priority=3,
            tag=("news",),
        )
    )
    on_probation = Health(last_success_at=None, failed_days=4, failed_day=3, probation=True)
    assert feed_of(books, held).health == on_probation
    assert undo(books, done.operation) == Undone("edit_feed", (held,))
    assert whole(books, held) == before
    assert books.rows("SELECT * FROM feed_url") == books.rows("SELECT * FROM feed_tag") == []


def test_an_edit_stands_where_it_was_followed_by_another_or_by_a_poll(
    books: Bench, held: int
) -> None:
    first = books.do(EditFeed(feed_id=held, at=AT + 50, title="One"))
    second = books.do(EditFeed(feed_id=held, at=AT + 51, url="https://b.example/"))
    assert undo(books, first.operation).refused == ((held, "was edited since"),)
    well = FeedSchedule(feed_id=held, health=Health(last_success_at=AT + 55), next_poll_at=AT + 99)
    books.do(Finish(outcome=None, schedule=well))
    assert undo(books, second.operation).refused == ((held, "was polled at its new URL since"),)
    wider = books.do(EditFeed(feed_id=held, at=AT + 52, backlog=Backlog(), queue=Backlog()))
    assert "cannot be undone" in str(
        books.failure(UndoOperation(operation=wider.operation, at=AT + 60))
    )


def test_an_operator_quarantines_by_hand_and_the_next_probe_waits(books: Bench) -> None:
    first, second = books.add_feeds("https://a.example/", "https://b.example/")
    decided(books, FeedDecision.PAUSE, second)
    receipt = decided(books, FeedDecision.QUARANTINE, first, second, until=AT + 9000, reason="spam")
    assert receipt.done == (first,)
    assert receipt.refused == ((second, "is paused and not polled"),)
    feed = feed_of(books, first)
    assert (feed.state, feed.next_poll_at) == (FeedState.QUARANTINED, AT + 9000)
    (row,) = pages.query(books.catalog, PageRequest(kind="quarantine")).rows
    assert (row["id"], row["reason"], row["cause"]) == (first, "by operator: spam", None)
