"""Failures of the last ten minutes by code, and the host that has most of each.

It is of a bounded size whatever fails: a minute tells so many pairs of code and host apart.
"""

from __future__ import annotations

from collections import Counter, deque

from podfetch_tui.model.outcome import JobKind, Outcome
from podfetch_tui.model.snapshot import FAILURE_MINUTES, MOST_FAILURES, FailureView

MOST_PAIRS = 500
"""Pairs of code and host of one minute; further ones are counted without their host."""
_MINUTE_S = 60
_What = tuple[bool, str]
"""Whether it was a poll, and the code."""


class FailureTally:
    """One counter a minute; whoever holds it guards it."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, Counter[tuple[_What, str]]]] = deque()

    def add(self, outcome: Outcome, now: float) -> None:
        """Count a failure at ``now``, monotonic seconds."""
        minute = self._minute(now)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
            self._forget(minute)
        counts = self._minutes[-1][1]
        what = (outcome.job is JobKind.POLL, outcome.code)
        pair = (what, outcome.host)
        counts[pair if pair in counts or len(counts) < MOST_PAIRS else (what, "")] += 1

    def views(self, now: float) -> tuple[FailureView, ...]:
        """Return what failed most in the last ten minutes, the most first."""
        newest = self._minute(now)
        self._forget(newest)
        hosts: dict[_What, Counter[str]] = {}
        trends: dict[_What, list[int]] = {}
        for minute, counts in self._minutes:
            place = FAILURE_MINUTES - 1 - (newest - minute)
            for (what, host), number in counts.items():
                hosts.setdefault(what, Counter())[host] += number
                trends.setdefault(what, [0] * FAILURE_MINUTES)[place] += number
        most = sorted(trends, key=lambda what: (-sum(trends[what]), what))[:MOST_FAILURES]
        return tuple(_view(what, hosts[what], trends[what]) for what in most)

    def _minute(self, now: float) -> int:
        """Return the minute of ``now``, or the last one: who waited for the lock comes after it."""
        minute = int(now // _MINUTE_S)
        return max(minute, self._minutes[-1][0]) if self._minutes else minute

    def _forget(self, newest: int) -> None:
        while self._minutes and self._minutes[0][0] <= newest - FAILURE_MINUTES:
            self._minutes.popleft()


def _view(what: _What, hosts: Counter[str], minutes: list[int]) -> FailureView:
    is_poll, code = what
    named = [(number, host) for host, number in hosts.items() if host]
    number, host = max(named, default=(0, ""))
    return FailureView(
        code=code,
        job=(JobKind.POLL if is_poll else JobKind.DOWNLOAD).value,
        count=sum(minutes),
        minutes=tuple(minutes),
        host=host,
        at_host=number,
    )
