"""Events that no outcome says, on their way into the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from podfetch_tui.model.events import Event
from podfetch_tui.model.writes import Receipt, RecordEvent

MOST_KEPT = 100
"""Events that could not be written and are tried again with the next one."""


def written_down(submit: Callable[[RecordEvent], Future[Receipt]]) -> Callable[[Event], None]:
    """Return what hands an event to the catalogue's writer; nobody waits for it.

    A full disk is an event, too, and cannot be written while it is full: it is tried again
    when the next event comes, which at the latest is the end of the trouble.

    Args:
        submit: Hands a write over.
    """
    unwritten: SimpleQueue[RecordEvent] = SimpleQueue()

    def hand_over(write: RecordEvent) -> None:
        def look(done: Future[Receipt]) -> None:
            if done.exception() is not None and unwritten.qsize() < MOST_KEPT:
                unwritten.put(write)

        submit(write).add_done_callback(look)

    def write_down(event: Event) -> None:
        earlier = [unwritten.get() for _ in range(unwritten.qsize())]
        fresh = RecordEvent(
            kind=event.kind,
            at=event.at,
            text=event.text,
            feed_id=event.feed_id,
            family=event.family,
            code=event.code,
        )
        for write in (*earlier, fresh):
            hand_over(write)

    return write_down
