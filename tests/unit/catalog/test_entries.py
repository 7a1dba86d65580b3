"""An entry of the audit trail is read whole, by the id that the history gave it."""

from __future__ import annotations

import pytest
from support.cataloguing import AT, DAY, Bench, outcome

from podfetch_tui.catalog import trail
from podfetch_tui.catalog.entries import entry
from podfetch_tui.catalog.history import history
from podfetch_tui.model.decisions import DecideFeeds, FeedDecision, NoteAction
from podfetch_tui.model.errors import Family, UsageError
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.snapshot import JsonValue, PageRequest
from podfetch_tui.model.writes import Finish

Row = dict[str, JsonValue]


def read(books: Bench, number: JsonValue) -> Row:
    assert isinstance(number, int)
    (row,) = entry(books.catalog, PageRequest(kind="entry", ids=(number,))).rows
    return row


def newest(books: Bench) -> Row:
    """The newest of the trail, read whole; it says the same as the trail."""
    short = history(books.catalog, PageRequest(kind="history")).rows[0]
    whole = read(books, short["id"])
    for name in ("id", "at", "kind", "feed_id", "episode_id", "family", "code"):
        assert whole.get(name) == short[name], name
    return whole


def test_an_outcome_has_its_figures_and_how_its_feed_stands(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://user:secret@a.example/rss?token=hush")
    failed = outcome(
        feed_id,
        result=Result.FAILURE,
        family=Family.TRANSIENT,
        code="http_503",
        status=503,
        detail="closed for stocktaking",
        host="a.example",
        duration_ms=1340,
        bytes=77,
        attempt=2,
    )
    books.do(Finish(outcome=failed))
    row = newest(books)
    assert row["text"] == "closed for stocktaking"
    assert (row["status"], row["host"], row["duration_ms"], row["bytes"], row["attempt"]) == (
        503, "a.example", 1340, 77, 2,
    )  # fmt: skip
    feed = row["feed"]
    assert isinstance(feed, dict)
    assert feed["state"] == "active"
    assert row["episode"] is None
    assert "secret" not in str(row)
    assert "hush" not in str(row)


def test_an_action_has_who_and_until_when_and_the_trail_of_its_feed_has_its_id(
    books: Bench,
) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    books.do(DecideFeeds(feed_ids=(feed_id,), decision=FeedDecision.QUARANTINE, at=AT, until=AT))
    until = AT + 3 * DAY
    snooze = DecideFeeds(
        feed_ids=(feed_id,),
        decision=FeedDecision.SNOOZE,
        until=until,
        reason="on holiday",
        actor="screen",
        at=AT + 1000,
    )
    books.do(snooze)
    action = trail.feed_actions(books.catalog, feed_id, most=1)[0]
    row = read(books, action["id"])
    assert (row["kind"], row["code"], row["actor"], row["text"], row["undone_at"]) == (
        "operator_acted", "snooze_feed", "screen", "on holiday", None,
    )  # fmt: skip
    assert row["until"] == action["until"] is not None
    told = history(books.catalog, PageRequest(kind="history")).rows[0]
    assert told["text"] == f"1 feed snoozed until {row['until']} by screen: on holiday"
    assert newest(books)["text"] == told["text"]


def test_what_somebody_noted_is_read_too(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    books.do(NoteAction(action="probe_feed", detail="http_404", feed_id=feed_id, at=AT))
    row = newest(books)
    assert (row["code"], row["text"], row["until"]) == ("probe_feed", "http_404", None)


@pytest.mark.parametrize("number", [0, 7, -6, -7])
def test_an_entry_that_is_not_there_is_refused(books: Bench, number: int) -> None:
    with pytest.raises(UsageError, match="no longer kept"):
        read(books, number)
