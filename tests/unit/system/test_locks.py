from __future__ import annotations

import itertools
import sys
import threading

import pytest
from support.clock import FakeClock

from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import (
    LockOrderError,
    LockTimeout,
    Rank,
    RankedLock,
    all_stacks,
    assert_unlocked,
)


@pytest.fixture
def locks() -> dict[Rank, RankedLock]:
    return {rank: RankedLock(rank) for rank in Rank}


def test_ascending_order_is_allowed_with_gaps(locks: dict[Rank, RankedLock]) -> None:
    with locks[Rank.SCHEDULE], locks[Rank.SLOTS], locks[Rank.TELEMETRY]:
        pass
    with locks[Rank.SCHEDULE], locks[Rank.TELEMETRY]:
        pass
    assert_unlocked("anything")


@pytest.mark.parametrize(
    ("held", "wanted"), [pair for pair in itertools.product(Rank, Rank) if pair[0] > pair[1]]
)
def test_descending_order_is_refused_and_names_both(
    locks: dict[Rank, RankedLock], held: Rank, wanted: Rank
) -> None:
    with locks[held]:
        with pytest.raises(LockOrderError, match=f"{wanted.name} taken while holding {held.name}"):
            locks[wanted].acquire()
        with pytest.raises(LockOrderError):
            assert_unlocked("still held")
    assert_unlocked("anything")
    with locks[wanted]:  # the refusal left nothing behind
        pass


def test_a_second_lock_of_the_same_rank_is_refused() -> None:
    with RankedLock(Rank.SLOTS), pytest.raises(LockOrderError):
        RankedLock(Rank.SLOTS).acquire()


def test_the_last_lock_may_be_taken_again_but_no_earlier_one(
    locks: dict[Rank, RankedLock],
) -> None:
    with locks[Rank.SCHEDULE], locks[Rank.SCHEDULE]:
        with locks[Rank.SLOTS], pytest.raises(LockOrderError):
            locks[Rank.SCHEDULE].acquire()
        with pytest.raises(LockOrderError):
            assert_unlocked("held twice")
    assert_unlocked("given back twice")


def test_locks_are_given_back_in_reverse_order_by_their_holder(
    locks: dict[Rank, RankedLock],
) -> None:
    with pytest.raises(LockOrderError, match="was not taken last"):
        locks[Rank.SLOTS].release()
    with locks[Rank.SCHEDULE], locks[Rank.SLOTS]:
        with pytest.raises(LockOrderError, match="SCHEDULE released"):
            locks[Rank.SCHEDULE].release()
        refused: list[bool] = []
        thread = threading.Thread(target=lambda: refused.append(release_refused(locks)))
        thread.start()
        thread.join()
        assert refused == [True]


def release_refused(locks: dict[Rank, RankedLock]) -> bool:
    try:
        locks[Rank.SLOTS].release()
    except LockOrderError:
        return True
    return False


def test_what_blocks_refuses_to_run_under_a_lock(locks: dict[Rank, RankedLock]) -> None:
    assert_unlocked("fsync")
    with locks[Rank.SCHEDULE], locks[Rank.TELEMETRY]:
        with pytest.raises(LockOrderError, match="fsync while holding SCHEDULE, TELEMETRY"):
            assert_unlocked("fsync")
        for clock in (Clock(), FakeClock()):
            with pytest.raises(LockOrderError, match="waiting"):
                clock.wait(threading.Event(), 0)


def test_a_stuck_lock_is_reported_with_all_stacks(caplog: pytest.LogCaptureFixture) -> None:
    stuck = RankedLock(Rank.SLOTS, patience=0.01)
    taken, done = threading.Event(), threading.Event()

    def hold_on_forever() -> None:
        with stuck:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold_on_forever, name="culprit")
    thread.start()
    taken.wait()
    try:
        with RankedLock(Rank.SCHEDULE), pytest.raises(LockTimeout, match="SLOTS was not free"):
            stuck.acquire()
    finally:
        done.set()
        thread.join()
    assert_unlocked("the refusal left nothing behind")
    (record,) = caplog.records
    assert record.levelname == "CRITICAL"
    stacks = record.__dict__["stacks"]
    assert "culprit" in stacks
    assert "hold_on_forever" in stacks


def test_all_stacks_name_every_thread() -> None:
    assert "MainThread" in all_stacks()
    assert "test_all_stacks_name_every_thread" in all_stacks()


def test_waiting_on_the_condition_gives_the_lock_back(locks: dict[Rank, RankedLock]) -> None:
    slots = locks[Rank.SLOTS]
    condition = slots.condition()
    served: list[str] = []

    def wait() -> None:
        with condition, slots:  # taken twice: both are given back while it waits
            condition.wait_for(lambda: served, timeout=30)
            served.append("woken")
            with locks[Rank.TELEMETRY]:
                served.append("order kept")
        assert_unlocked("after the wait")

    thread = threading.Thread(target=wait)
    thread.start()
    with condition:
        served.append("notified")
        condition.notify_all()
    thread.join()
    assert served == ["notified", "woken", "order kept"]


def test_waiting_while_another_lock_is_held_is_refused(locks: dict[Rank, RankedLock]) -> None:
    condition = locks[Rank.SLOTS].condition()
    with locks[Rank.SCHEDULE], condition:
        with pytest.raises(LockOrderError, match="waiting on SLOTS while holding another"):
            condition.wait(0)
        with pytest.raises(LockOrderError):
            assert_unlocked("still held")
    assert_unlocked("both given back")


def test_a_condition_needs_its_lock(locks: dict[Rank, RankedLock]) -> None:
    condition = locks[Rank.SLOTS].condition()
    with pytest.raises(RuntimeError):
        condition.notify()
    with locks[Rank.SCHEDULE], pytest.raises(RuntimeError):
        condition.wait(0)


@pytest.mark.parametrize("rank", [Rank.SCHEDULE, Rank.TELEMETRY, Rank.TYPES])
def test_nobody_waits_on_the_other_locks(rank: Rank) -> None:
    with pytest.raises(LockOrderError, match=f"nobody waits on {rank.name}"):
        RankedLock(rank).condition()


def test_the_locks_exclude_under_hard_switching(locks: dict[Rank, RankedLock]) -> None:
    counts = dict.fromkeys(Rank, 0)
    before = sys.getswitchinterval()

    def work() -> None:
        for _ in range(300):
            with locks[Rank.SCHEDULE]:
                counts[Rank.SCHEDULE] += 1
                with locks[Rank.SLOTS], locks[Rank.TELEMETRY], locks[Rank.TYPES]:
                    counts[Rank.SLOTS] += 1
                    counts[Rank.TELEMETRY] += 1
                    counts[Rank.TYPES] += 1

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert set(counts.values()) == {2400}


def test_the_real_clock_tells_and_waits() -> None:
    clock = Clock()
    assert clock.now_ms() > 1_700_000_000_000
    first = clock.monotonic()
    event = threading.Event()
    assert clock.wait(event, -5) is False
    assert clock.monotonic() >= first
    event.set()
    assert clock.wait(event, 1e30) is True
