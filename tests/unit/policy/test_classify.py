"""The table answers for every failure, and says what the design promises."""

from __future__ import annotations

import pytest

from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.policy.classify import TABLE, classify, verdict_of

EVERYTHING = [
    (kind, status)
    for kind in Kind
    for status in (range(100, 600) if kind is Kind.HTTP_STATUS else (None, 200))
]


@pytest.mark.parametrize("media", [False, True])
@pytest.mark.parametrize("retry_after", [None, 30.0])
def test_every_kind_and_status_has_a_verdict(media: bool, retry_after: float | None) -> None:
    for kind, status in EVERYTHING:
        verdict = classify(kind, status, media=media, retry_after=retry_after)
        assert verdict.code
        assert verdict.text.endswith((".", ")"))
        assert all(seconds >= 0 for seconds in verdict.recheck)


@pytest.mark.parametrize("status", [None, -1, 0, 99, 600, 999, 1000, 10**30])
def test_a_status_that_means_nothing_is_permanent(status: int | None) -> None:
    assert classify(Kind.HTTP_STATUS, status).family is Family.PERMANENT


def test_every_line_of_the_table_can_be_reached() -> None:
    reached = set()
    for kind in Kind:
        for status in range(1000) if kind is Kind.HTTP_STATUS else (None,):
            for media in (False, True):
                for named in (False, True):
                    reached.add(
                        next(
                            index
                            for index, rule in enumerate(TABLE)
                            if rule.matches(kind, status, media=media, named=named)
                        )
                    )
    assert reached == set(range(len(TABLE)))


def test_only_transient_failures_are_retried_in_the_run() -> None:
    for kind, status in EVERYTHING:
        verdict = classify(kind, status)
        if verdict.retry:
            assert verdict.family is Family.TRANSIENT, verdict


def test_nobody_is_charged_for_our_machine_or_a_deferral() -> None:
    for kind, status in EVERYTHING:
        for named in (None, 5.0):
            verdict = classify(kind, status, retry_after=named)
            if verdict.family in (Family.SYSTEM, Family.DEFERRED):
                assert not verdict.host_failure, verdict
                assert not verdict.feed_failure, verdict
            else:
                assert verdict.feed_failure, verdict


def test_the_download_of_an_episode_is_never_charged_to_its_feed() -> None:
    assert not any(classify(kind, status, media=True).feed_failure for kind, status in EVERYTHING)


def test_an_answer_below_500_never_counts_for_the_host() -> None:
    for status in range(200, 500):
        assert not classify(Kind.HTTP_STATUS, status).host_failure


def test_only_our_own_machine_pauses_or_stops_the_engine() -> None:
    paused, stopped = set(), set()
    for kind, status in EVERYTHING:
        verdict = classify(kind, status)
        if verdict.pause:
            paused.add(kind)
        if verdict.stop:
            stopped.add(kind)
    assert paused == {Kind.DISK_FULL, Kind.READ_ONLY, Kind.CATALOG_BUSY, Kind.NETWORK_DOWN}
    assert stopped == {Kind.IO_ERROR, Kind.CATALOG_CORRUPT}


def test_nothing_is_given_up_silently() -> None:
    assert all(classify(kind, status, media=True).recheck for kind, status in EVERYTHING)


def test_a_missing_episode_is_permanent_yet_looked_for_again_soon() -> None:
    verdict = classify(Kind.HTTP_STATUS, 404, media=True)
    assert (verdict.family, verdict.retry, verdict.code) == (Family.PERMANENT, False, "http_404")
    assert verdict.recheck[0] == 15 * 60
    assert list(verdict.recheck) == sorted(verdict.recheck)
    assert verdict.gone_after > len(verdict.recheck)


def test_gone_means_gone_after_a_second_sighting() -> None:
    for media in (False, True):
        assert classify(Kind.HTTP_STATUS, 410, media=media).gone_after == 2


@pytest.mark.parametrize(
    ("kind", "status", "family", "retry"),
    [
        (Kind.TLS_CERTIFICATE, None, Family.PERMANENT, False),
        (Kind.DNS_UNKNOWN, None, Family.TRANSIENT, False),
        (Kind.DNS_TEMPORARY, None, Family.TRANSIENT, True),
        (Kind.RESET, None, Family.TRANSIENT, True),
        (Kind.SHORT_BODY, None, Family.TRANSIENT, True),
        (Kind.READ_TIMEOUT, None, Family.TRANSIENT, True),
        (Kind.HTTP_STATUS, 401, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 402, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 403, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 404, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 408, Family.TRANSIENT, True),
        (Kind.HTTP_STATUS, 425, Family.TRANSIENT, True),
        (Kind.HTTP_STATUS, 418, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 451, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 500, Family.TRANSIENT, True),
        (Kind.HTTP_STATUS, 501, Family.PERMANENT, False),
        (Kind.HTTP_STATUS, 522, Family.TRANSIENT, True),
        (Kind.HTTP_STATUS, 204, Family.MALFORMED, False),
        (Kind.HTTP_STATUS, 999, Family.PERMANENT, False),
        (Kind.REDIRECT_LOOP, None, Family.PERMANENT, False),
        (Kind.BLOCKED_ADDRESS, None, Family.REFUSED, False),
        (Kind.TOO_LARGE, None, Family.REFUSED, False),
        (Kind.BOMB, None, Family.REFUSED, False),
        (Kind.NOT_A_FEED, None, Family.MALFORMED, False),
        (Kind.NOT_MEDIA, None, Family.MALFORMED, False),
        (Kind.PARSER_KILLED, None, Family.MALFORMED, False),
        (Kind.DISK_FULL, None, Family.SYSTEM, False),
        (Kind.BUG, None, Family.SYSTEM, False),
    ],
)
def test_each_failure_has_the_family_the_design_gives_it(
    kind: Kind, status: int | None, family: Family, retry: bool
) -> None:
    verdict = classify(kind, status)
    assert (verdict.family, verdict.retry) == (family, retry)


@pytest.mark.parametrize("status", [413, 429, 503])
def test_a_named_time_makes_it_a_deferral(status: int) -> None:
    verdict = classify(Kind.HTTP_STATUS, status, retry_after=7.0)
    assert (verdict.family, verdict.retry) == (Family.DEFERRED, False)


def test_too_many_requests_is_a_deferral_even_without_a_time() -> None:
    verdict = classify(Kind.HTTP_STATUS, 429)
    assert verdict.family is Family.DEFERRED
    assert list(verdict.recheck) == sorted(verdict.recheck)
    assert verdict.recheck[-1] == 6 * 3600
    assert classify(Kind.HTTP_STATUS, 503).family is Family.TRANSIENT
    assert classify(Kind.HTTP_STATUS, 413).family is Family.PERMANENT


def test_the_facts_of_a_failure_are_all_used() -> None:
    failure = Failure(Kind.HTTP_STATUS, "slow down", status=503, retry_after=3.0)
    assert verdict_of(failure).family is Family.DEFERRED
    missing = Failure(Kind.HTTP_STATUS, status=404)
    assert verdict_of(missing, media=True) == classify(Kind.HTTP_STATUS, 404, media=True)
