"""The figures of alerts, from the catalogue; and alerts that stand from before."""

from __future__ import annotations

import pytest
from support.cataloguing import AT, Bench, draft, outcome

from podfetch_tui.catalog.alert_figures import figures, raised
from podfetch_tui.model.outcome import Result
from podfetch_tui.model.writes import ChangeFeed, Finish, RecordEvent

HOUR = 3_600_000


def test_lateness_is_that_of_the_latest_twentieth(books: Bench) -> None:
    ids = books.add_feeds(*(f"https://{number}.example/" for number in range(40)))
    assert figures(books.catalog, AT - 1, errors=False).lateness_p95_s == 0.0
    for number, feed_id in enumerate(ids):
        at = AT - HOUR if number < 3 else AT + HOUR
        books.do(ChangeFeed(feed_id=feed_id, next_poll_at=at, at=AT))
    assert figures(books.catalog, AT, errors=False).lateness_p95_s == 3600.0
    books.do(ChangeFeed(feed_id=ids[0], next_poll_at=AT + HOUR, at=AT))
    assert figures(books.catalog, AT, errors=False).lateness_p95_s == 0.0


def test_an_empty_catalogue_has_nothing_to_tell(books: Bench) -> None:
    found = figures(books.catalog, AT, errors=True)
    assert (found.jobs, found.failed, found.new_quarantine) == (0, 0, 0)
    assert found.lateness_p95_s == found.oldest_pending_s == 0.0


def test_the_oldest_new_episode_counts_and_back_catalogue_does_not(books: Bench) -> None:
    feed_id, other = books.add_feeds("https://a.example/", "https://b.example/")
    books.add_episodes(other, draft("old"), backlog=True)
    assert figures(books.catalog, AT + HOUR, errors=False).oldest_pending_s == 0.0
    (episode_id,) = books.add_episodes(feed_id, draft("new"))
    assert figures(books.catalog, AT + HOUR, errors=False).oldest_pending_s == 3600.0
    books.archive(episode_id)
    assert figures(books.catalog, AT + HOUR, errors=False).oldest_pending_s == 0.0


def test_failures_of_the_last_ten_minutes_are_a_share_of_the_jobs(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/")
    for minutes, result in ((-30, Result.FAILURE), (-9, Result.FAILURE), (-1, Result.SUCCESS)):
        ended = outcome(feed_id, at=AT + minutes * 60_000, result=result)
        books.do(Finish(outcome=ended))
    found = figures(books.catalog, AT, errors=True)
    assert (found.jobs, found.failed) == (2, 1)
    assert figures(books.catalog, AT, errors=False).jobs == 0


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_raised_and_not_cleared_stands(books: Bench, ended: bool) -> None:
    books.do(RecordEvent(kind="alert_raised", at=AT, code="error_rate", text="31 % failed"))
    books.do(RecordEvent(kind="alert_cleared", at=AT + 1, code="error_rate"))
    books.do(RecordEvent(kind="alert_raised", at=AT + 2, code="free_space", text="full"))
    if ended:
        books.do(RecordEvent(kind="alert_cleared", at=AT + 3, code="free_space"))
    found = raised(books.catalog)
    assert [(alert.name, alert.since, alert.text) for alert in found] == (
        [] if ended else [("free_space", AT + 2, "full")]
    )
