"""The schedule: politeness per host, nothing doubled, nothing lost."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from podfetch_tui.engine.health import DOWN_HOSTS
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.schedule import ASKS_MS, Schedule
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.job import Job, PollJob
from podfetch_tui.model.settings import Settings
from podfetch_tui.policy.classify import verdict_of

SETTINGS = Settings()


def poll(feed_id: int, host: str) -> PollJob:
    return PollJob(feed=Feed(id=feed_id, url=f"http://{host}/{feed_id}"), settings=SETTINGS)


def schedule(per_host: int = 2, spacing_s: float = 0.0) -> Schedule:
    return Schedule(Locks().schedule, per_host=per_host, spacing_s=spacing_s)


def test_a_slow_host_holds_at_most_per_host_jobs() -> None:
    queue = schedule(per_host=2)
    queue.add([poll(n, "slow.example") for n in range(5)] + [poll(9, "quick.example")])
    taken = [queue.take(Lane.POLL, 0) for _ in range(5)]
    assert [job.feed.id for job in taken if job] == [0, 9, 1]


def test_a_raised_per_host_holds_at_once_for_a_host_that_is_busy() -> None:
    queue = schedule(per_host=1)
    queue.add([poll(n, "slow.example") for n in range(4)])
    assert queue.take(Lane.POLL, 0) is not None
    assert queue.take(Lane.POLL, 0) is None
    queue.set_politeness(per_host=3)
    assert [queue.take(Lane.POLL, 0) is not None for _ in range(3)] == [True, True, False]


def test_work_that_is_queued_or_running_is_not_queued_again() -> None:
    queue = schedule()
    assert queue.add([poll(1, "a.example")]) == 1
    assert queue.add([poll(1, "a.example")]) == 0
    job = queue.take(Lane.POLL, 0)
    assert job is not None
    assert queue.add([poll(1, "a.example")]) == 0
    queue.done(job)
    assert queue.add([poll(1, "a.example")]) == 1


def test_a_host_that_said_wait_is_left_alone_until_then() -> None:
    queue = schedule()
    queue.add([poll(1, "busy.example"), poll(2, "free.example")])
    queue.defer_host("busy.example", 1000)
    first = queue.take(Lane.POLL, 0)
    assert first is not None
    assert first.feed.id == 2
    assert queue.take(Lane.POLL, 999) is None
    later = queue.take(Lane.POLL, 1000)
    assert later is not None
    assert later.feed.id == 1


def test_a_released_host_is_asked_at_once_and_by_its_full_number() -> None:
    queue = schedule()
    queue.add([poll(number, "busy.example") for number in range(1, 4)])
    queue.defer_host("busy.example", 1000)
    assert queue.told_hosts(0) == {"busy.example": 1000}
    assert queue.take(Lane.POLL, 0) is None
    queue.release_host("busy.example")
    assert queue.told_hosts(0) == {}
    assert [job is not None for job in (queue.take(Lane.POLL, 0), queue.take(Lane.POLL, 0))] == [
        True,
        True,
    ]
    assert queue.take(Lane.POLL, 0) is None, "per_host holds"
    assert queue.next_wake() is None
    queue.release_host("never.seen")


def test_a_further_attempt_waits_for_its_time() -> None:
    queue = schedule()
    queue.add([poll(1, "a.example")])
    job = queue.take(Lane.POLL, 0)
    assert job is not None
    queue.again(job, job, 500)
    assert queue.take(Lane.POLL, 499) is None
    assert not queue.is_idle(Lane)
    assert queue.next_wake() == 500
    assert queue.take(Lane.POLL, 500) is not None


def test_a_further_attempt_at_a_host_that_is_to_wait_is_handed_back() -> None:
    queue = schedule()
    queue.add([poll(1, "busy.example"), poll(2, "free.example")])
    for _ in range(2):
        job = queue.take(Lane.POLL, 0)
        assert job is not None
        queue.again(job, job, 500)
    queue.defer_host("busy.example", 9_000)
    assert queue.stranded(499, 5_000) == []
    assert [job.feed.id for job in queue.stranded(500, 5_000)] == [1]
    assert queue.keys(Lane.POLL) == {2}
    taken = queue.take(Lane.POLL, 500)
    assert taken is not None
    assert taken.feed.id == 2


def test_a_short_wait_of_its_host_is_spent_in_memory() -> None:
    queue = schedule()
    queue.add([poll(1, "busy.example")])
    job = queue.take(Lane.POLL, 0)
    assert job is not None
    queue.again(job, job, 500)
    queue.defer_host("busy.example", 5_500)
    assert queue.stranded(500, 5_000) == []
    assert queue.take(Lane.POLL, 5_499) is None
    assert queue.take(Lane.POLL, 5_500) is not None


def test_a_job_that_runs_on_does_not_keep_another_from_asking_whether_the_network_is_up() -> None:
    queue = schedule()
    queue.add([poll(number, f"{number}.example") for number in range(DOWN_HOSTS + 4)])
    *lost, _ = (queue.take(Lane.POLL, 0) for _ in range(DOWN_HOSTS + 1))
    for job in lost:
        assert job is not None
        failure = Failure(Kind.DNS_UNKNOWN)
        if queue.judge(job, failure, 0).network_down:
            failure = Failure(Kind.NETWORK_DOWN)
        queue.observe(job, verdict_of(failure), failure, 0)
        queue.done(job)
    assert queue.is_network_down
    first = queue.take(Lane.POLL, 0)
    assert first is not None, "nobody knows when the other one ends"
    assert queue.take(Lane.POLL, ASKS_MS - 1) is None, "one at a time"
    second = queue.take(Lane.POLL, ASKS_MS)
    assert second is not None, "it takes too long"
    queue.done(first)
    assert queue.take(Lane.POLL, ASKS_MS + 1) is None
    queue.observe(second, None, None, ASKS_MS + 1)
    assert queue.take(Lane.POLL, ASKS_MS + 1) is not None


def test_spacing_parts_the_requests_to_one_host() -> None:
    queue = schedule(spacing_s=2.0)
    queue.add([poll(1, "a.example"), poll(2, "a.example")])
    assert queue.take(Lane.POLL, 0) is not None
    assert queue.take(Lane.POLL, 1999) is None
    assert queue.take(Lane.POLL, 2000) is not None


class ScheduleMachine(RuleBasedStateMachine):
    """Every job is taken once, at most ``per_host`` run at a host, none is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = schedule(per_host=2)
        self.now = 0
        self.waiting: set[int] = set()
        self.running: dict[int, Job] = {}
        self.next_id = 0

    @rule(host=st.integers(0, 2))
    def add(self, host: int) -> None:
        self.next_id += 1
        self.queue.add([poll(self.next_id, f"h{host}.example")])
        self.waiting.add(self.next_id)

    @rule()
    def take(self) -> None:
        job = self.queue.take(Lane.POLL, self.now)
        if job is not None:
            assert job.feed.id in self.waiting
            self.waiting.remove(job.feed.id)
            self.running[job.feed.id] = job

    @rule(which=st.integers(0, 99), again=st.booleans(), wait=st.integers(0, 50))
    def end(self, which: int, again: bool, wait: int) -> None:
        if not self.running:
            return
        feed_id = sorted(self.running)[which % len(self.running)]
        job = self.running.pop(feed_id)
        if again:
            self.queue.again(job, job, self.now + wait)
            self.waiting.add(feed_id)
        else:
            self.queue.done(job)

    @rule(host=st.integers(0, 2), wait=st.integers(1, 50))
    def defer(self, host: int, wait: int) -> None:
        self.queue.defer_host(f"h{host}.example", self.now + wait)

    @rule(host=st.integers(0, 2))
    def release(self, host: int) -> None:
        self.queue.release_host(f"h{host}.example")
        assert self.queue.blocked_until(f"h{host}.example") <= self.now

    @rule(seconds=st.integers(1, 60))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def hosts_are_not_crowded(self) -> None:
        hosts = [job.feed.url.split("/")[2] for job in self.running.values()]
        assert all(hosts.count(host) <= 2 for host in hosts)
        assert self.queue.running() == len(self.running)

    def teardown(self) -> None:
        self.now += 1000
        while self.waiting:
            for job in self.running.values():
                self.queue.done(job)
            self.running.clear()
            self.take()
            assert self.running, "work was forgotten"


TestScheduleMachine = ScheduleMachine.TestCase
