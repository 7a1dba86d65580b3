"""Events of the engine reach the catalogue, also those of a time when nothing could."""

from __future__ import annotations

from concurrent.futures import Future

from podfetch_tui.engine.event_log import MOST_KEPT, written_down
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.events import Event
from podfetch_tui.model.writes import Receipt, RecordEvent


class Disk:
    """Takes events unless it is full."""

    def __init__(self) -> None:
        self.is_full = False
        self.written: list[str] = []
        self.tries = 0

    def submit(self, write: RecordEvent) -> Future[Receipt]:
        done: Future[Receipt] = Future()
        self.tries += 1
        if self.is_full:
            done.set_exception(Failure(Kind.DISK_FULL, "full"))
        else:
            self.written.append(write.kind)
            done.set_result(None)
        return done


def event(kind: str) -> Event:
    return Event(seq=1, at=1, kind=kind)


def test_what_could_not_be_written_is_written_before_what_comes_next() -> None:
    disk = Disk()
    write_down = written_down(disk.submit)
    disk.is_full = True
    write_down(event("system_trouble"))
    write_down(event("alert_raised"))
    disk.is_full = False
    write_down(event("system_recovered"))
    write_down(event("engine_stopped"))
    assert disk.written == ["system_trouble", "alert_raised", "system_recovered", "engine_stopped"]


def test_a_disk_that_stays_full_is_not_asked_more_and_more() -> None:
    disk = Disk()
    write_down = written_down(disk.submit)
    disk.is_full = True
    for _ in range(3 * MOST_KEPT):
        write_down(event("alert_raised"))
    before = disk.tries
    write_down(event("alert_raised"))
    assert disk.tries - before == MOST_KEPT + 1
