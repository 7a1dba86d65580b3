"""Failures of the last ten minutes by code."""

from __future__ import annotations

from podfetch_tui.engine.failure_tally import MOST_PAIRS, FailureTally
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.snapshot import FAILURE_MINUTES, MOST_FAILURES


def failed(code: str, host: str = "a.example", job: JobKind = JobKind.POLL) -> Outcome:
    return Outcome(at=0, job=job, result=Result.FAILURE, feed_id=1, code=code, host=host)


def test_failures_are_told_by_code_with_the_host_that_has_most_and_are_forgotten() -> None:
    tally = FailureTally()
    for number in range(5):
        tally.add(failed("read_timeout", "b.example" if number else "a.example"), 60.0 * number)
    tally.add(failed("http_404", job=JobKind.DOWNLOAD), 240.0)
    first, second = tally.views(240.0)
    assert (first.code, first.job, first.count) == ("read_timeout", "poll", 5)
    assert (first.host, first.at_host) == ("b.example", 4)
    assert first.minutes == (0, 0, 0, 0, 0, 1, 1, 1, 1, 1)
    assert (second.code, second.job, second.count) == ("http_404", "download", 1)
    assert [one.count for one in tally.views(60.0 * (FAILURE_MINUTES + 2))] == [2, 1]
    assert tally.views(60.0 * 99) == ()


def test_it_stays_small_whatever_fails_and_loses_no_failure() -> None:
    tally = FailureTally()
    for number in range(3 * MOST_PAIRS):
        tally.add(failed("dns", f"{number}.example"), 1.0)
    (view,) = tally.views(1.0)
    assert (view.count, view.at_host) == (3 * MOST_PAIRS, 1)
    assert len(tally._minutes[0][1]) == MOST_PAIRS + 1
    for number in range(2 * MOST_FAILURES):
        tally.add(failed(f"http_{number}"), 2.0)
    assert len(tally.views(2.0)) == MOST_FAILURES


def test_whoever_took_the_time_before_another_and_comes_after_it_is_counted_with_it() -> None:
    """A thread takes the time, waits for the lock, and a minute begins meanwhile."""
    tally = FailureTally()
    tally.add(failed("dns"), 60.1)
    tally.add(failed("dns"), 59.9)
    (view,) = tally.views(59.9)
    assert (view.count, view.minutes[-1]) == (2, 2)
    assert tally.views(60.0 * (FAILURE_MINUTES + 1)) == ()
