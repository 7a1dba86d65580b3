"""What failed beside a download is tried again, ever more rarely, and not without end."""

from __future__ import annotations

import random

import pytest

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.derivatives import MOST_ATTEMPTS, SOONEST_S, Again, again

RNG = random.Random(1)


def after(
    kind: Kind, attempts: int, *, status: int | None = None, retry_after: float | None = None
) -> Again:
    verdict = verdict_of(Failure(kind, status=status, retry_after=retry_after), media=True)
    return again(verdict, attempts, retry_after=retry_after, rng=RNG)


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.STOPPED])
def test_nothing_is_hurried(kind: Kind) -> None:
    found = after(kind, 1, status=500 if kind is Kind.HTTP_STATUS else None)
    pauses = verdict_of(Failure(kind, status=500), media=True).pause
    assert found.after_s is None or found.after_s >= (30 if pauses else SOONEST_S)


def test_a_failed_transform_is_given_up_after_a_while() -> None:
    waits = [after(Kind.TRANSFORM_FAILED, n).after_s for n in range(1, MOST_ATTEMPTS + 1)]
    assert waits[0] == SOONEST_S
    assert waits[:-1] == sorted(wait for wait in waits[:-1] if wait is not None)
    assert waits[-1] is None


def test_what_only_this_machine_lacks_is_tried_without_end() -> None:
    for kind in (Kind.NO_PROGRAM, Kind.DISK_FULL, Kind.LOW_SPACE, Kind.PERMISSION):
        assert after(kind, 1000).after_s is not None


def test_a_file_that_is_not_found_often_enough_is_absent() -> None:
    assert not after(Kind.HTTP_STATUS, 4, status=404).absent
    assert after(Kind.HTTP_STATUS, 5, status=404) == Again(None, absent=True)
    assert after(Kind.HTTP_STATUS, 2, status=410) == Again(None, absent=True)
    assert not after(Kind.HTTP_STATUS, 7, status=403).absent


def test_a_host_is_left_alone_as_long_as_it_asks() -> None:
    found = after(Kind.HTTP_STATUS, 1, status=429, retry_after=7200.0)
    assert found.after_s is not None
    assert found.after_s >= 7200
