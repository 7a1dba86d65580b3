"""What a finished run means for feed, episode and host."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from podfetch_tui.engine.endings import Ending, ending_of
from podfetch_tui.model.episode import Episode, EpisodeState
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.feed import Feed, FeedState, Health
from podfetch_tui.model.job import EpisodeJob, PollJob, RunResult
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import EpisodeEnd

NOW = 1_700_000_000_000
FEED = Feed(id=1, url="http://a.example/feed")
POLL = PollJob(feed=FEED, settings=Settings())


def episode_job(attempt: int = 1, state: EpisodeState = EpisodeState.PENDING) -> EpisodeJob:
    episode = Episode(
        id=5,
        feed_id=1,
        guid="g",
        title="t",
        published=None,
        enclosure_url="http://a.example/1.mp3",
        state=state,
    )
    return EpisodeJob(episode=episode, feed=FEED, settings=Settings(), attempt=attempt)


def result(failure: Failure | None, job: JobKind, how: Result = Result.FAILURE) -> RunResult:
    outcome = Outcome(at=NOW, job=job, result=how if failure else Result.SUCCESS, feed_id=1)
    return RunResult(outcome=outcome, failure=failure)


def end_of(failure: Failure, attempt: int = 1) -> EpisodeEnd:
    ending = ending_of(
        episode_job(attempt),
        result(failure, JobKind.DOWNLOAD),
        now=NOW,
        rng=random.Random(1),
    )
    (end,) = ending.finish.writes
    assert isinstance(end, EpisodeEnd)
    return end


def test_a_success_closes_the_breaker_and_plans_the_next_poll() -> None:
    ending = ending_of(POLL, result(None, JobKind.POLL), now=NOW, rng=random.Random(1))
    schedule = ending.finish.schedule
    assert schedule is not None
    assert schedule.health.last_success_at == NOW
    assert schedule.next_poll_at > NOW
    assert ending.again_at is None


def test_a_transient_failure_is_tried_again_within_the_run_and_not_charged_yet() -> None:
    failure = Failure(Kind.RESET)
    ending = ending_of(POLL, result(failure, JobKind.POLL), now=NOW, rng=random.Random(1))
    assert ending.again_at is not None
    assert ending.again_attempt == 2
    assert ending.finish.schedule is not None
    assert ending.finish.schedule.health.consecutive_failures == 0


def test_the_last_attempt_is_charged_to_the_feed() -> None:
    job = PollJob(feed=FEED, settings=Settings(), attempt=3)
    ending = ending_of(
        job, result(Failure(Kind.RESET), JobKind.POLL), now=NOW, rng=random.Random(1)
    )
    assert ending.again_at is None
    assert ending.finish.schedule is not None
    assert ending.finish.schedule.health.consecutive_failures == 1


@pytest.mark.parametrize("kind", [Kind.DISK_FULL, Kind.READ_ONLY, Kind.STOPPED])
def test_a_local_failure_is_never_charged_to_a_feed(kind: Kind) -> None:
    ending = ending_of(POLL, result(Failure(kind), JobKind.POLL), now=NOW, rng=random.Random(1))
    schedule = ending.finish.schedule
    assert schedule is not None
    assert schedule.health == FEED.health
    assert schedule.next_poll_at == NOW


def test_a_deferral_stops_the_host_and_is_no_failure() -> None:
    failure = Failure(Kind.HTTP_STATUS, status=429, retry_after=20.0)
    ending = ending_of(
        POLL, result(failure, JobKind.POLL, Result.DEFERRED), now=NOW, rng=random.Random(1)
    )
    assert ending.verdict is not None
    assert ending.verdict.family is Family.DEFERRED
    assert ending.defer_host_until is not None
    assert ending.defer_host_until >= NOW + 20_000
    assert ending.again_at is not None
    assert ending.finish.schedule is not None
    assert ending.finish.schedule.health.consecutive_failures == 0


def test_a_replaced_feed_is_held_for_the_operator() -> None:
    ending = ending_of(
        POLL,
        result(Failure(Kind.REPLACED, status=200), JobKind.POLL),
        now=NOW,
        rng=random.Random(1),
    )
    assert ending.finish.schedule is not None
    assert ending.finish.schedule.state is FeedState.QUARANTINED
    assert ending.finish.schedule.state_reason == "replaced"


def test_a_missing_file_fails_and_is_looked_for_again_later() -> None:
    end = end_of(Failure(Kind.HTTP_STATUS, status=404))
    assert end.state is EpisodeState.FAILED
    assert end.next_attempt_at is not None
    assert end.next_attempt_at > NOW


def test_a_web_page_in_place_of_audio_leaves_no_part() -> None:
    end = end_of(Failure(Kind.NOT_MEDIA, evidence=b"<html>"), attempt=3)
    assert not end.keep_part
    assert end.evidence == b"<html>"


def test_a_stopped_download_waits_with_its_part() -> None:
    ending = ending_of(
        episode_job(),
        result(Failure(Kind.STOPPED), JobKind.DOWNLOAD, Result.STOPPED),
        now=NOW,
        rng=random.Random(1),
    )
    (end,) = ending.finish.writes
    assert isinstance(end, EpisodeEnd)
    assert end.state is EpisodeState.PENDING
    assert end.keep_part
    assert end.error == ""


def test_a_sealed_episode_that_was_stopped_stays_sealed() -> None:
    ending = ending_of(
        episode_job(state=EpisodeState.SEALED),
        result(Failure(Kind.DISK_FULL), JobKind.DOWNLOAD),
        now=NOW,
        rng=random.Random(1),
    )
    (end,) = ending.finish.writes
    assert isinstance(end, EpisodeEnd)
    assert end.state is EpisodeState.SEALED


def test_a_feed_is_gone_at_the_second_sighting_of_410_and_not_before() -> None:
    failure = Failure(Kind.HTTP_STATUS, status=410)
    states = []
    for health in (
        Health(consecutive_failures=0),
        Health(consecutive_failures=4, last_status=None),
        Health(consecutive_failures=1, last_status=410),
    ):
        job = PollJob(
            feed=Feed(id=1, url="http://a.example/feed", health=health), settings=Settings()
        )
        ending = ending_of(job, result(failure, JobKind.POLL), now=NOW, rng=random.Random(1))
        assert ending.finish.schedule is not None
        states.append(ending.finish.schedule.state)
    assert states == [None, None, FeedState.GONE]


def ending(feed: Feed, failure: Failure | None, *, charge: bool = True) -> Ending:
    job = PollJob(feed=feed, settings=Settings(), attempt=3)
    found = result(failure, JobKind.POLL)
    return ending_of(job, found, now=NOW, rng=random.Random(1), charge=charge)


def failing(failures: int, **more: object) -> Feed:
    return replace(FEED, health=Health(consecutive_failures=failures, **more))  # type: ignore[arg-type]


def test_too_many_failures_in_a_row_quarantine_a_feed_and_probe_it_rarely() -> None:
    schedule = ending(failing(11), Failure(Kind.RESET)).finish.schedule
    assert schedule is not None
    assert schedule.state is FeedState.QUARANTINED
    assert schedule.state_reason == "12 failures in a row"
    assert schedule.next_poll_at - NOW >= Settings().quarantine.quarantine_probe * 1000


def test_a_feed_on_probation_goes_back_at_the_first_failure() -> None:
    schedule = ending(failing(0, probation=True), Failure(Kind.NOT_A_FEED)).finish.schedule
    assert schedule is not None
    assert schedule.state is FeedState.QUARANTINED
    assert schedule.state_reason.startswith("failed on probation: not_a_feed")


def test_a_quarantined_feed_that_answers_its_probe_is_active_again() -> None:
    quarantined = replace(failing(12), state=FeedState.QUARANTINED)
    schedule = ending(quarantined, None).finish.schedule
    assert schedule is not None
    assert schedule.state is FeedState.ACTIVE
    failed = ending(quarantined, Failure(Kind.RESET)).finish.schedule
    assert failed is not None
    assert failed.state is None
    assert failed.next_poll_at - NOW >= Settings().quarantine.quarantine_probe * 1000


def test_a_failure_that_is_its_hosts_is_not_charged_to_the_feed() -> None:
    feed = failing(11)
    schedule = ending(feed, Failure(Kind.RESET), charge=False).finish.schedule
    assert schedule is not None
    assert schedule.health == feed.health
    assert schedule.state is None
