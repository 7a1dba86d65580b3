"""Waves of a release, what a look says about one, and how quarantine is grouped."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState, Health
from podfetch_tui.policy.quarantine_groups import Group, grouped
from podfetch_tui.policy.release import WAVE_MS, prospect, stagger


@given(
    hosts=st.lists(st.sampled_from("aaaabbcdefgh"), max_size=200),
    per_host=st.integers(1, 5),
    overall=st.integers(1, 12),
)
def test_no_wave_has_more_than_is_allowed_and_none_waits_for_nothing(
    hosts: list[str], per_host: int, overall: int
) -> None:
    times = stagger(hosts, now=7, per_host=per_host, overall=overall)
    assert len(times) == len(hosts)
    assert all((at - 7) % WAVE_MS == 0 and at >= 7 for at in times)
    waves = Counter(times)
    at_host = Counter(zip(hosts, times, strict=True))
    assert max(waves.values(), default=0) <= overall
    assert max(at_host.values(), default=0) <= per_host
    for host, at in at_host:
        # A wave before it was full, or had as many of its host as may be.
        for earlier in range(7, at, WAVE_MS):
            assert waves[earlier] == overall or at_host[(host, earlier)] == per_host


def test_a_release_is_spread_evenly_where_that_is_asked_for() -> None:
    assert stagger("abcd", now=100, per_host=1, overall=1, over_ms=40) == (100, 110, 120, 130)
    assert stagger("abcd", now=100, per_host=1, overall=1, over_ms=0) == (100,) * 4
    assert stagger("", now=100, per_host=1, overall=1) == ()


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (None, "recovers"),
        (Failure(Kind.HTTP_STATUS, status=404), "goes_back"),
        (Failure(Kind.HTTP_STATUS, status=410), "goes"),
        (Failure(Kind.HTTP_STATUS, status=429, retry_after=60.0), "waits"),
        (Failure(Kind.READ_TIMEOUT), "goes_back"),
        (Failure(Kind.DISK_FULL), "unknown"),
        (Failure(Kind.REPLACED, status=200), "recovers"),
    ],
)
def test_a_look_says_what_a_release_would_lead_to(failure: Failure | None, word: str) -> None:
    health = Health(consecutive_failures=9, last_status=410)
    assert prospect(failure, health, FeedState.QUARANTINED).word == word


def test_feeds_are_grouped_by_cause_and_host_and_the_lonely_together() -> None:
    feeds = [
        ("dns_unknown", "x"),
        ("read_timeout", "anchor"),
        ("http_404", "a"),
        ("read_timeout", "anchor"),
        ("http_404", "b"),
        ("read_timeout", "anchor"),
    ]
    assert grouped(feeds) == [
        Group("read_timeout", "anchor", (1, 3, 5)),
        Group("http_404", "", (2, 4)),
        Group("dns_unknown", "x", (0,)),
    ]
    assert grouped([]) == []
