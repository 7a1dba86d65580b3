"""A world of feeds and hosts, and the engine's scheduling let loose on it."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.endings import Ending, ending_of
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.schedule import Schedule
from podfetch_tui.engine.slots import Slots
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Feed, FeedState, Health
from podfetch_tui.model.job import Job, PollHints, PollJob, RunResult
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import FinishBatch, PlanBatch
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.policy.interval import interval_s
from podfetch_tui.policy.priority import turn
from podfetch_tui.system.clock import Clock

START = 1_800_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
BIG_HOSTS = 5
BIG_SHARE = 0.6
PUT_OFF_MS = 5_000
TOOK_MS = (80, 900)
MEAN_S = sum(TOOK_MS) / 2000
DEATHS: tuple[Failure, ...] = (
    Failure(Kind.HTTP_STATUS, status=404),
    Failure(Kind.HTTP_STATUS, status=403),
    Failure(Kind.NOT_A_FEED),
    Failure(Kind.TLS_CERTIFICATE),
)
OWN_DEATHS: tuple[Failure, ...] = (
    *DEATHS,
    Failure(Kind.DNS_UNKNOWN),
    Failure(Kind.CONNECT_REFUSED),
    Failure(Kind.CONNECT_TIMEOUT),
)
FLAPS = (Failure(Kind.HTTP_STATUS, status=503), Failure(Kind.RESET), Failure(Kind.READ_TIMEOUT))


@dataclass(frozen=True, kw_only=True)
class WorldPlan:
    """What is played."""

    feeds: int = 10_000
    days: float = 30
    seed: int = 1
    load: float = 0.0
    """Above 0: so much of the poll workers' capacity is needed; nothing fails then."""
    dead: float = 0.05
    flapping: float = 0.03

    @property
    def end(self) -> int:
        return START + round(self.days * DAY)


class VirtualClock(Clock):
    """Time that is moved by hand."""

    def __init__(self) -> None:
        self.ms = START

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return (self.ms - START) / 1000

    def wait(self, event: threading.Event, seconds: float) -> bool:  # noqa: ARG002
        raise AssertionError("nobody waits in a simulation")


@dataclass(slots=True)
class Fate:
    """What becomes of a feed, and what was seen of it."""

    gap_s: float
    dies_at: int | None = None
    death: Failure | None = None
    flaps: bool = False
    quarantined_at: int | None = None
    wrongly: int = 0
    planned: int = 0
    """Length of the interval that was planned last, milliseconds."""
    polled_at: int | None = None


@dataclass
class Seen:
    """What a run is judged by."""

    polls: int = 0
    requests: int = 0
    retries: int = 0
    on_time: int = 0
    timed: int = 0
    worst_ratio: float = 0.0
    doubled: int = 0
    crowded: int = 0
    """A host had more than its jobs at once."""
    impolite: int = 0
    """A host was asked before the time it had named."""
    by_hour: Counter[int] = field(default_factory=Counter)


class World:
    """Feeds, hosts and their fates; also where the engine's batches get their feeds from."""

    def __init__(self, plan: WorldPlan) -> None:
        self.plan = plan
        self.rng = random.Random(plan.seed)
        self.clock = VirtualClock()
        self.settings = Settings()
        self.seen = Seen()
        self.feeds: dict[int, Feed] = {}
        self.fates: dict[int, Fate] = {}
        self.waits: list[tuple[int, int]] = []
        """(next poll, feed): those that are not due, stale entries included."""
        self.due: list[tuple[int, int]] = []
        """(turn, feed) of those that are due, in order."""
        self._turns: dict[int, int] = {}
        self._rates = [0.0] * (plan.feeds + 1)
        """What each feed adds to the normal rate."""
        self.busy_host = "big0.example"
        self.busy = (START + 10 * DAY, START + 11 * DAY)
        self.outage = (START + 15 * DAY, START + 15 * DAY + HOUR)
        self.named: dict[str, int] = {}
        for number in range(1, plan.feeds + 1):
            self._create(number)
        if plan.load:
            self._set_load(plan.load)

    # --- what the engine asks for ------------------------------------------------------

    def due_feeds(self, now: int, limit: int, exclude: Collection[int]) -> Sequence[Feed]:
        self.ripen(now)
        free = (number for _, number in self.due if number not in exclude)
        return [self.feeds[number] for number in itertools.islice(free, limit)]

    def put_first(self, feed_ids: Collection[int]) -> None:
        pass

    def new_waiting(self, now: int, most: int) -> int:  # noqa: ARG002  no downloads here
        return 0

    def normal_rate(self) -> float:
        return sum(self._rates)

    def remember(self, write: PlanBatch | FinishBatch) -> None:
        pass

    # --- what becomes of a job ---------------------------------------------------------

    def answer(self, feed: Feed, now: int) -> tuple[Failure | None, int]:
        """Return how a poll that begins now ends, and after how many milliseconds."""
        fate, host = self.fates[feed.id], host_of(feed.url)
        took = self.rng.randint(*TOOK_MS)
        if not self.plan.load:
            if self.outage[0] <= now < self.outage[1]:
                return Failure(Kind.DNS_TEMPORARY), 5_000
            if host == self.busy_host and self.busy[0] <= now < self.busy[1]:
                return Failure(Kind.HTTP_STATUS, status=429, retry_after=3600.0), took
            if fate.dies_at is not None and now >= fate.dies_at:
                return fate.death, took
            if fate.flaps and self.rng.random() < 0.3:
                return self.rng.choice(FLAPS), took
        return None, took

    def hints(self, feed: Feed) -> PollHints:
        return PollHints(gaps=(self.fates[feed.id].gap_s,))

    # --- what the catalogue would do ---------------------------------------------------

    def write(self, ending: Ending, now: int) -> None:
        """Take over what the end of a run says of a feed."""
        schedule = ending.finish.schedule
        if schedule is None:
            return
        feed = self.feeds[schedule.feed_id]
        state = schedule.state or feed.state
        polled = feed.polls_ok + (ending.verdict is None)
        self.feeds[feed.id] = replace(
            feed,
            health=schedule.health,
            next_poll_at=schedule.next_poll_at,
            state=state,
            polls_ok=polled,
        )
        self._no_longer_due(feed.id)
        fate = self.fates[feed.id]
        self._note_rate(feed.id)
        if state is FeedState.QUARANTINED and feed.state is FeedState.ACTIVE:
            fate.quarantined_at = now
            fate.wrongly += fate.dies_at is None or now < fate.dies_at
        if state in (FeedState.ACTIVE, FeedState.QUARANTINED):
            heapq.heappush(self.waits, (schedule.next_poll_at, feed.id))

    def put_off(self, feed_id: int, at: int) -> None:
        self.feeds[feed_id] = replace(self.feeds[feed_id], next_poll_at=at)
        self._no_longer_due(feed_id)
        heapq.heappush(self.waits, (at, feed_id))

    def ripen(self, now: int) -> None:
        """Move what has become due."""
        while self.waits and self.waits[0][0] <= now:
            at, number = heapq.heappop(self.waits)
            feed = self.feeds[number]
            if feed.next_poll_at == at:
                self._no_longer_due(number)
                self._turns[number] = turn(at, feed.priority)
                insort(self.due, (self._turns[number], number))

    def plan_next(self, number: int, in_ms: int) -> None:
        """Note which interval was planned for a feed; 0 after a failure."""
        self.fates[number].planned = in_ms
        self._note_rate(number)

    def _no_longer_due(self, number: int) -> None:
        at = self._turns.pop(number, None)
        if at is not None:
            del self.due[bisect_left(self.due, (at, number))]

    def _note_rate(self, number: int) -> None:
        feed, planned = self.feeds[number], self.fates[number].planned
        is_well = feed.state is FeedState.ACTIVE and not feed.health.consecutive_failures
        self._rates[number] = 1000 / max(planned, 900_000) if is_well and planned else 0.0

    # --- making it ---------------------------------------------------------------------

    def _create(self, number: int) -> None:
        rng, plan = self.rng, self.plan
        place = rng.random()
        if place < BIG_SHARE:
            host = f"big{rng.randrange(BIG_HOSTS)}.example"
        elif place < 0.8:
            host = f"mid{rng.randrange(200)}.example"
        else:
            host = f"own{number}.example"
        gap_s = rng.choice((0.5, 1, 3, 7, 7, 7, 14, 30)) * 86400 * rng.uniform(0.8, 1.2)
        fate = Fate(gap_s=gap_s)
        if rng.random() < plan.dead:
            fate.dies_at = START + round(rng.uniform(0, plan.days / 2) * DAY)
            fate.death = rng.choice(OWN_DEATHS if host.startswith("own") else DEATHS)
        elif rng.random() < plan.flapping:
            fate.flaps = True
        at = START + rng.randrange(DAY)
        priority = rng.choice((0, 0, 0, 0, -5, 5, 10))
        self.feeds[number] = Feed(
            id=number,
            url=f"https://{host}/{number}",
            polls_ok=1,
            priority=priority,
            next_poll_at=at,
            health=Health(last_success_at=START),
        )
        self.fates[number] = fate
        # It was polled before, so the catalogue knows how often it is due.
        interval_ms = 1000 * interval_s(
            self.feeds[number], self.settings.feeds, self.hints(self.feeds[number])
        )
        self._rates[number] = 1000 / max(interval_ms, 900_000)
        heapq.heappush(self.waits, (at, number))

    def _set_load(self, load: float) -> None:
        """Poll so often that ``load`` of the workers' time is needed."""
        workers = self.settings.engine.poll_workers // 4
        interval = max(1, round(len(self.feeds) * MEAN_S / (workers * load)))
        feeds = replace(self.settings.feeds, min_interval=1.0, adaptive=False)
        engine = replace(self.settings.engine, poll_workers=workers, per_host=workers)
        self.settings = replace(self.settings, feeds=feeds, engine=engine)
        self.waits.clear()
        for number, feed in self.feeds.items():
            at = START + self.rng.randrange(interval * 1000)
            self.feeds[number] = replace(feed, interval=interval, next_poll_at=at)
            heapq.heappush(self.waits, (at, number))


class Run:
    """One run: the dispatcher's loop, without its threads."""

    def __init__(self, world: World) -> None:
        self.world = world
        settings = world.settings
        locks = Locks()
        limits = {Lane.POLL: settings.engine.poll_workers, Lane.DOWNLOAD: 0}
        self.slots = Slots(locks.slots, limits)
        self.schedule = Schedule(
            locks.schedule, per_host=settings.engine.per_host, spacing_s=0.0, rng=world.rng
        )
        self.batches = Batches(world, world.clock, paced=not world.plan.load)
        self.low = max(2 * settings.engine.poll_workers, 32)
        self.ends: list[tuple[int, int, int, PollJob, Failure | None]] = []
        self.running: Counter[str] = Counter()
        self.in_flight: set[int] = set()
        self.paused_until = 0

    def go(self) -> None:
        clock, end = self.world.clock, self.world.plan.end
        while clock.ms < end:
            self._end_jobs()
            self.batches.settle(lambda: self.schedule.keys(Lane.POLL))
            if clock.ms >= self.paused_until:
                self._refill()
                self._start()
            clock.ms = self._next_moment()

    def _refill(self) -> None:
        world, now = self.world, self.world.clock.ms
        if self.schedule.queued(Lane.POLL) >= self.low:
            return
        exclude = self.schedule.keys(Lane.POLL)
        number, feeds = self.batches.plan(world.settings, exclude, may_wait=False)
        jobs = []
        for feed in feeds:
            held = self.schedule.blocked_until(host_of(feed.url))
            if held - now > PUT_OFF_MS:
                world.put_off(feed.id, self._later(held, now))
            else:
                jobs.append(PollJob(feed=feed, settings=world.settings, batch_id=number))
        if jobs:
            self.schedule.add(jobs)

    def _start(self) -> None:
        world, seen = self.world, self.world.seen
        now = world.clock.ms
        while self.slots.has_room(Lane.POLL):
            job = self.schedule.take(Lane.POLL, now)
            if job is None:
                return
            assert isinstance(job, PollJob)
            slot = self.slots.acquire(Lane.POLL)
            assert slot is not None
            host = host_of(job.feed.url)
            self.running[host] += 1
            seen.requests += 1
            seen.doubled += job.feed.id in self.in_flight
            seen.crowded += self.running[host] > world.settings.engine.per_host
            seen.impolite += now < world.named.get(host, 0)
            seen.by_hour[(now - START) // HOUR] += 1
            self.in_flight.add(job.feed.id)
            self._note_lateness(job, now)
            failure, took = world.answer(job.feed, now)
            heapq.heappush(self.ends, (now + took, seen.requests, slot, job, failure))

    def _note_lateness(self, job: PollJob, now: int) -> None:
        world = self.world
        fate, seen = world.fates[job.feed.id], world.seen
        is_spared = host_of(job.feed.url) == world.busy_host or fate.dies_at is not None
        if job.attempt == 1 and fate.polled_at is not None and fate.planned and not is_spared:
            ratio = (now - fate.polled_at) / fate.planned
            seen.timed += 1
            seen.on_time += ratio <= 2
            late = (now - job.feed.next_poll_at) / fate.planned
            seen.worst_ratio = max(seen.worst_ratio, late)

    def _end_jobs(self) -> None:
        now = self.world.clock.ms
        while self.ends and self.ends[0][0] <= now:
            _, _, slot, job, failure = heapq.heappop(self.ends)
            self.running[host_of(job.feed.url)] -= 1
            self.in_flight.discard(job.feed.id)
            self._end(job, failure, now)
            self.slots.release(Lane.POLL, slot)

    def _end(self, job: PollJob, failure: Failure | None, now: int) -> None:
        """As ``engine.workers`` does it."""
        world, seen = self.world, self.world.seen
        failure, ending = self._judged(job, failure, now)
        world.write(ending, now)
        retry = ending.again_at is not None and ending.again_attempt > job.attempt
        change = self.schedule.observe(
            job, ending.verdict, failure, now, retry=retry, opened=ending.opens
        )
        if ending.again_at is not None:
            feed = world.feeds[job.feed.id]
            again = replace(job, attempt=ending.again_attempt, feed=feed)
            self.schedule.again(job, again, ending.again_at)
            seen.retries += retry
        else:
            self.schedule.done(job)
        host = host_of(job.feed.url)
        if ending.defer_host_until is not None:
            world.named[host] = ending.defer_host_until
            self.schedule.defer_host(host, ending.defer_host_until)
        if change is not None or ending.defer_host_until is not None:
            held = self.schedule.blocked_until(host)
            if held - now > PUT_OFF_MS:
                for waiting in self.schedule.evict(host):
                    world.put_off(waiting.feed.id, self._later(held, now))
        if ending.verdict is not None and ending.verdict.pause:
            self.paused_until = now + 30_000
        self._note_end(job, ending, now)

    def _judged(
        self, job: PollJob, failure: Failure | None, now: int
    ) -> tuple[Failure | None, Ending]:
        rng = self.world.rng
        if failure is None:
            hints = self.world.hints(job.feed)
            return None, ending_of(job, _result(job, None, now, hints), now=now, rng=rng)
        judged = self.schedule.judge(job, failure, now)
        if judged.network_down:
            failure = Failure(Kind.NETWORK_DOWN)
        result = _result(job, failure, now)
        charge, retry = judged.charge, judged.may_retry
        ending = ending_of(job, result, now=now, rng=rng, charge=charge, may_retry=retry)
        if ending.opens and not self.schedule.may_open(job, now, len(self.world.feeds)):
            ending = ending_of(job, result, now=now, rng=rng, charge=False, may_retry=retry)
        return failure, ending

    def _note_end(self, job: PollJob, ending: Ending, now: int) -> None:
        fate, schedule = self.world.fates[job.feed.id], ending.finish.schedule
        if schedule is not None and ending.again_at is None:
            was_good = ending.verdict is None
            self.world.plan_next(job.feed.id, schedule.next_poll_at - now if was_good else 0)
            fate.polled_at = now
            self.world.seen.polls += 1

    def _next_moment(self) -> int:
        """Return when something can happen next, in UTC milliseconds."""
        now = self.world.clock.ms
        times = [self.ends[0][0]] if self.ends else []
        wake = self.schedule.next_wake()
        if wake is not None:
            times.append(wake)
        if self.world.waits:
            times.append(self.world.waits[0][0])
        if self.world.due:
            times.append(now + 1000)
        if now < self.paused_until:
            times = [max(at, self.paused_until) for at in times if at not in self._end_times()]
            times += self._end_times() or [self.paused_until]
        return max(now + 1, min(times, default=now + 60_000))

    def _end_times(self) -> list[int]:
        return [self.ends[0][0]] if self.ends else []

    def _later(self, held: int, now: int) -> int:
        return held + round(self.world.rng.uniform(0, max(30_000, (held - now) * 0.1)))


def run(world: World) -> World:
    """Play ``world`` to its end and return it."""
    Run(world).go()
    return world


def _result(
    job: Job, failure: Failure | None, now: int, hints: PollHints | None = None
) -> RunResult:
    how = Result.SUCCESS
    if failure is not None:
        deferred = verdict_of(failure).family.value == "deferred"
        how = Result.DEFERRED if deferred else Result.FAILURE
    outcome = Outcome(at=now, job=JobKind.POLL, result=how, feed_id=job.feed.id)
    return RunResult(outcome=outcome, failure=failure, hints=hints or PollHints())
