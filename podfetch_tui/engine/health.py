"""How hosts and our own network stand, learned from the end of every run.

Says which host may be asked, whether a failure is the feed's own, whether our network is down
and whether one more retry fits the budget. It asks nobody and changes nothing outside itself.
Everything here is guarded by SCHEDULE, which :class:`engine.schedule.Schedule` holds.
"""

from __future__ import annotations

import random
from collections import deque

import msgspec

from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.policy import host_breaker
from podfetch_tui.policy.classify import Verdict
from podfetch_tui.policy.host_breaker import Call, HostHealth
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.retry import within_budget

UNREACHED = frozenset(
    {Kind.DNS_TEMPORARY, Kind.DNS_UNKNOWN, Kind.CONNECT_TIMEOUT, Kind.UNREACHABLE}
)
"""Failures that our own network gives as well; a refusal, for one, came from over there."""
DOWN_HOSTS = 5
"""So many hosts out of reach within a minute, and no answer since, are our own network."""
DOWN_WINDOW_MS = 60_000
PROOF_MS = 60_000
OPENING_WINDOW_MS = 3_600_000
OPENINGS = 20
OPENINGS_SHARE = 0.1
BUDGET_MINUTES = 10
_MINUTE_MS = 60_000


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a result is to be taken for."""

    network_down: bool = False
    """The failure is our own network's: nobody is blamed."""
    charge: bool = True
    """The failure counts against the feed."""
    may_retry: bool = True
    """One more retry fits the budget."""


class HostChange(msgspec.Struct, frozen=True):
    """The breaker of a host changed."""

    host: str
    health: HostHealth
    code: str = ""
    """Code of the failure that opened it."""


class Health:
    """What is known about hosts and our own network."""

    def __init__(self, rng: random.Random) -> None:
        self.network_down = False
        """Our network was judged down, and nobody answered since."""
        self._rng = rng
        self._hosts: dict[str, HostHealth] = {}
        self._unreached: dict[str, int] = {}
        self._answered: tuple[tuple[str, int], ...] = ()
        self._openings: deque[int] = deque()
        self._minutes: deque[list[int]] = deque(maxlen=BUDGET_MINUTES)
        self._swept = 0

    def restore(self, host: str, health: HostHealth) -> None:
        """Take over what an earlier process knew of a host; a probe that never ended is due."""
        self._hosts[host] = host_breaker.given_back(health)

    def forget(self, host: str) -> None:
        """Know nothing of a host any more: an operator says that it is well."""
        self._hosts.pop(host, None)

    def blocked_until(self, host: str) -> int | None:
        """Return until when nothing may start at ``host``, if its breaker is open."""
        health = self._hosts.get(host)
        if health is None or health.breaker is not BreakerState.OPEN:
            return None
        return health.open_until

    def begin(self, host: str, now: int) -> None:
        """Say that a job starts at ``host``: an open breaker turns half-open with it."""
        health = self._hosts.get(host)
        if health is not None and health.breaker is BreakerState.OPEN:
            self._hosts[host] = host_breaker.admit(health, now) or health

    def judge(self, host: str, failure: Failure, now: int) -> Judgement:
        """Say what the failure of a job at ``host`` is to be taken for.

        That a host was out of reach is noted here already: when the network goes, the jobs
        of all workers end before the first of their receipts.
        """
        unreached = failure.kind in UNREACHED
        if unreached:
            self._unreached[host_of(failure.url or "") or host] = now
        hosts = [name for name, at in self._unreached.items() if at > now - DOWN_WINDOW_MS]
        health = self._hosts.get(host)
        requests = sum(minute[1] for minute in self._minutes)
        retries = sum(minute[2] for minute in self._minutes)
        return Judgement(
            network_down=unreached and (self.network_down or len(hosts) >= DOWN_HOSTS),
            charge=health is None or health.breaker is not BreakerState.OPEN,
            may_retry=within_budget(retries, requests),
        )

    def may_open(self, host: str, now: int, active: int) -> bool:
        """Return whether the breaker of one more feed may open; changes nothing.

        When many would open within an hour, each needs proof that the network is up: an
        answer of any other host within the last minute.

        Args:
            host: The feed's host.
            now: UTC milliseconds.
            active: How many feeds are active.
        """
        recent = sum(at > now - OPENING_WINDOW_MS for at in self._openings)
        if recent < max(OPENINGS, OPENINGS_SHARE * active):
            return True
        return any(name != host and at > now - PROOF_MS for name, at in self._answered)

    def observe(
        self,
        host: str,
        feed_id: int,
        verdict: Verdict | None,
        now: int,
        *,
        kind: Kind | None = None,
        elsewhere: bool = False,
        retry: bool = False,
        opened: bool = False,
    ) -> HostChange | None:
        """Take in how a job at ``host`` ended.

        Args:
            host: The host.
            feed_id: The feed the job was of.
            verdict: What its failure means; ``None``: it succeeded.
            now: UTC milliseconds.
            kind: Of the failure.
            elsewhere: It failed at another host, to which this one redirected.
            retry: It is tried again within the run.
            opened: The breaker of the feed opened.

        Returns:
            The change of the host's breaker, if it changed.
        """
        self._count(now, retry=retry)
        if opened:
            self._openings.append(now)
        self._forget(now)
        before = self._hosts.get(host) or HostHealth()
        if kind is Kind.NETWORK_DOWN:
            self.network_down = True
        if verdict is not None and verdict.family in (Family.DEFERRED, Family.SYSTEM):
            if kind is Kind.HTTP_STATUS:
                self._note_answer(host, now)
            self._hosts[host] = host_breaker.given_back(before)
            return None
        bad = verdict is not None and verdict.host_failure and not elsewhere
        if not bad:
            self._note_answer(host, now)
        after = host_breaker.observe(before, Call(now, feed_id, bad), rng=self._rng)
        self._hosts[host] = after
        if after.breaker is before.breaker:
            return None
        return HostChange(host, after, verdict.code if verdict is not None and bad else "")

    def shift(self, by: int) -> None:
        """Move all times by so many milliseconds: the clock was set by that."""
        self._hosts = {name: host_breaker.shifted(h, by) for name, h in self._hosts.items()}
        self._unreached = {name: at + by for name, at in self._unreached.items()}
        self._answered = tuple((name, at + by) for name, at in self._answered)
        self._openings = deque(at + by for at in self._openings)
        for minute in self._minutes:
            minute[0] += by // _MINUTE_MS
        self._swept += by

    def open_hosts(self) -> dict[str, HostHealth]:
        """Return the hosts whose breaker is not closed."""
        closed = BreakerState.CLOSED
        return {name: h for name, h in self._hosts.items() if h.breaker is not closed}

    def _note_answer(self, host: str, now: int) -> None:
        self.network_down = False
        self._unreached.clear()
        # Two hosts are enough to name one other than any.
        others = tuple(pair for pair in self._answered if pair[0] != host)
        self._answered = (*others[-1:], (host, now))

    def _count(self, now: int, *, retry: bool) -> None:
        minute = now // _MINUTE_MS
        while self._minutes and not 0 <= minute - self._minutes[0][0] < BUDGET_MINUTES:
            self._minutes.popleft()
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append([minute, 0, 0])
        self._minutes[-1][1] += 1
        self._minutes[-1][2] += retry

    def _forget(self, now: int) -> None:
        """Once a minute drop what no longer says anything."""
        if abs(now - self._swept) < _MINUTE_MS:
            return
        self._swept = now
        while self._openings and self._openings[0] <= now - OPENING_WINDOW_MS:
            self._openings.popleft()
        self._unreached = {
            name: at for name, at in self._unreached.items() if at > now - DOWN_WINDOW_MS
        }
        self._hosts = {
            name: health
            for name, health in self._hosts.items()
            if not host_breaker.is_idle(health, now)
        }
