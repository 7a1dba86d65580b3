"""Trouble of this machine: how long everything waits, and how it is over."""

from __future__ import annotations

from support.clock import FakeClock

from podfetch_tui.engine.trouble import FIRST_LOOK_S, LONGEST_LOOK_S, RELAPSE_S, Trouble
from podfetch_tui.model.errors import Failure, Kind

FULL = Failure(Kind.DISK_FULL, "cannot write part 1.part: No space left on device", errno=28)


class Disk:
    """A disk that takes bytes, or not."""

    def __init__(self) -> None:
        self.writable = False
        self.looks = 0

    def can_write(self, kind: Kind) -> bool:
        self.looks += 1
        return self.writable


def seconds_until_over(trouble: Trouble, clock: FakeClock) -> float:
    start = clock.monotonic()
    while not trouble.ended_now():
        clock.advance(0.25)
        assert clock.monotonic() - start < 10 * LONGEST_LOOK_S
    return clock.monotonic() - start


def test_trouble_is_news_once_and_says_what_to_do() -> None:
    trouble = Trouble(FakeClock(), Disk().can_write)
    assert trouble.reason == ""
    assert trouble.begin(FULL)
    assert not trouble.begin(FULL)
    assert trouble.reason.startswith("the disk is full: make room (")


def test_it_lasts_until_the_disk_takes_bytes() -> None:
    clock, disk = FakeClock(), Disk()
    trouble = Trouble(clock, disk.can_write)
    trouble.begin(FULL)
    assert not trouble.ended_now()
    assert disk.looks == 0
    for _ in range(10):
        clock.advance(FIRST_LOOK_S)
        assert not trouble.ended_now()
    assert disk.looks == 10
    disk.writable = True
    assert seconds_until_over(trouble, clock) <= FIRST_LOOK_S
    assert trouble.reason == ""
    assert not trouble.ended_now()


def test_what_is_no_matter_of_a_disk_is_tried_again_after_the_wait() -> None:
    clock, disk = FakeClock(), Disk()
    trouble = Trouble(clock, disk.can_write)
    trouble.begin(Failure(Kind.CATALOG_BUSY, "another program holds the catalogue"))
    assert seconds_until_over(trouble, clock) == FIRST_LOOK_S
    assert disk.looks == 0


def test_a_relapse_doubles_the_wait_up_to_a_bound_and_a_calm_time_forgets_it() -> None:
    clock, disk = FakeClock(), Disk()
    disk.writable = True
    trouble = Trouble(clock, disk.can_write)
    waits = []
    for _ in range(12):
        trouble.begin(FULL)
        waits.append(seconds_until_over(trouble, clock))
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == LONGEST_LOOK_S
    clock.advance(RELAPSE_S)
    trouble.begin(FULL)
    assert seconds_until_over(trouble, clock) == FIRST_LOOK_S
