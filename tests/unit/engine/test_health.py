"""Whose failure it is: the feed's, its host's or our own network's."""

from __future__ import annotations

import random

from podfetch_tui.engine.health import DOWN_HOSTS, OPENINGS, PROOF_MS, Health, HostChange
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import BreakerState
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.host_breaker import HostHealth
from podfetch_tui.policy.retry import FREE_RETRIES

NOW = 1_700_000_000_000
BUSY = Failure(Kind.HTTP_STATUS, status=503)
LOST = Failure(Kind.DNS_TEMPORARY)
MISSING = Failure(Kind.HTTP_STATUS, status=404)


def fails(health: Health, host: str, feed: int, failure: Failure, now: int) -> HostChange | None:
    return health.observe(host, feed, verdict_of(failure), now, kind=failure.kind)


def open_host(health: Health, host: str = "big.example") -> int:
    for feed in range(1, 6):
        change = fails(health, host, feed, BUSY, NOW)
    assert change is not None
    assert change.health.breaker is BreakerState.OPEN
    assert change.code == "http_503"
    until = health.blocked_until(host)
    assert until is not None
    return until


def test_a_host_in_trouble_opens_once_and_its_feeds_are_not_charged_meanwhile() -> None:
    health = Health(random.Random(1))
    assert health.judge("big.example", BUSY, NOW).charge
    until = open_host(health)
    assert not health.judge("big.example", BUSY, NOW + 1).charge
    assert health.judge("other.example", BUSY, NOW + 1).charge
    health.begin("big.example", until)
    assert health.blocked_until("big.example") is None
    assert health.judge("big.example", BUSY, until + 1).charge, "the probe counts"
    change = fails(health, "big.example", 1, BUSY, until + 1)
    assert change is not None
    assert change.health.opened == 2


def test_what_is_missing_or_put_off_never_opens_a_host() -> None:
    health = Health(random.Random(1))
    wait = Failure(Kind.HTTP_STATUS, status=429, retry_after=9)
    full = Failure(Kind.DISK_FULL)
    for feed in range(40):
        for failure in (MISSING, wait, full):
            assert fails(health, "a.example", feed, failure, NOW + feed) is None
    assert health.blocked_until("a.example") is None


def test_a_probe_that_is_put_off_is_made_again() -> None:
    health = Health(random.Random(1))
    until = open_host(health)
    health.begin("big.example", until)
    fails(health, "big.example", 1, Failure(Kind.HTTP_STATUS, status=429), until)
    assert health.blocked_until("big.example") == until
    health.begin("big.example", until)
    change = health.observe("big.example", 2, None, until + 5)
    assert change is not None
    assert change.health.breaker is BreakerState.CLOSED


def test_many_hosts_out_of_reach_on_end_are_our_own_network() -> None:
    health = Health(random.Random(1))
    for number in range(DOWN_HOSTS - 1):
        assert not health.judge(f"{number}.example", LOST, NOW).network_down
    assert not health.judge("0.example", LOST, NOW).network_down, "no further host"
    assert health.judge("9.example", LOST, NOW).network_down
    assert not health.judge("8.example", BUSY, NOW).network_down, "an answer came from there"
    assert not health.judge("9.example", LOST, NOW + 120_000).network_down, "long ago"


def test_an_answer_in_between_clears_the_network() -> None:
    health = Health(random.Random(1))
    for number in range(DOWN_HOSTS - 1):
        health.judge(f"{number}.example", LOST, NOW)
    health.observe("well.example", 77, None, NOW)
    assert not health.judge("9.example", LOST, NOW).network_down


def test_a_host_that_only_tells_us_to_wait_has_answered() -> None:
    health = Health(random.Random(1))
    wait = Failure(Kind.HTTP_STATUS, status=429, retry_after=60.0)
    for number in range(DOWN_HOSTS - 1):
        health.judge(f"{number}.example", LOST, NOW)
    fails(health, "busy.example", 1, wait, NOW)
    assert not health.judge("9.example", LOST, NOW).network_down
    fails(health, "a.example", 1, Failure(Kind.NETWORK_DOWN), NOW)
    fails(health, "b.example", 2, Failure(Kind.HOST_BUSY), NOW)
    assert health.network_down, "nobody was asked"
    fails(health, "busy.example", 1, wait, NOW)
    assert not health.network_down


def test_a_network_that_is_down_stays_so_until_somebody_answers() -> None:
    health = Health(random.Random(1))
    fails(health, "a.example", 1, Failure(Kind.NETWORK_DOWN), NOW)
    assert health.network_down
    assert health.judge("b.example", LOST, NOW + 900_000).network_down
    fails(health, "c.example", 1, MISSING, NOW + 900_000)
    assert not health.network_down


def test_when_many_breakers_would_open_each_needs_proof_of_the_network() -> None:
    health = Health(random.Random(1))
    for number in range(OPENINGS):
        assert health.may_open(f"{number}.example", NOW, active=10)
        health.observe(
            f"{number}.example", number, verdict_of(LOST), NOW, kind=LOST.kind, opened=True
        )
    assert not health.may_open("next.example", NOW, active=10)
    assert health.may_open("next.example", NOW, active=1000), "20 of 1,000 are not many"
    assert health.may_open("next.example", NOW + 3_600_001, active=10), "an hour later"
    health.observe("next.example", 5, None, NOW)
    assert not health.may_open("next.example", NOW, active=10), "its own answer is no proof"
    health.observe("well.example", 5, None, NOW)
    assert health.may_open("next.example", NOW, active=10)
    assert not health.may_open("next.example", NOW + PROOF_MS, active=10)


def test_retries_stay_within_a_tenth_of_the_requests_once_there_are_many() -> None:
    health = Health(random.Random(1))
    for _ in range(FREE_RETRIES - 1):
        health.observe("a.example", 1, None, NOW, retry=True)
    assert health.judge("b.example", BUSY, NOW).may_retry
    health.observe("a.example", 1, None, NOW, retry=True)
    assert not health.judge("b.example", BUSY, NOW).may_retry
    for _ in range(10 * FREE_RETRIES):
        health.observe("a.example", 1, None, NOW)
    assert health.judge("b.example", BUSY, NOW).may_retry


def test_a_clock_that_is_set_back_forgets_the_budget_not_the_work() -> None:
    health = Health(random.Random(1))
    for _ in range(FREE_RETRIES):
        health.observe("a.example", 1, None, NOW, retry=True)
    health.observe("a.example", 1, None, NOW - 365 * 86_400_000)
    assert health.judge("b.example", BUSY, NOW - 365 * 86_400_000).may_retry


def test_what_an_earlier_process_knew_holds() -> None:
    health = Health(random.Random(1))
    probing = HostHealth(breaker=BreakerState.HALF_OPEN, opened=3, open_until=NOW)
    health.restore("a.example", probing)
    assert health.blocked_until("a.example") == NOW
    assert health.open_hosts()["a.example"].opened == 3
