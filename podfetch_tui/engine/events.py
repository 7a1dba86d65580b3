"""The ring of events: facts for whoever watches, never waiting for anybody."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import pairwise

from podfetch_tui.model.event_kinds import KINDS
from podfetch_tui.model.events import Event, EventBatch
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import RankedLock

RING = 4096
_LOOK_S = 0.1
_STEPS = 10
"""Of so many times more events than are wanted some may be left out."""
_RECORDED = frozenset(kind for kind, about in KINDS.items() if about.recorded)


class EventRing:
    """The newest events; a reader that falls behind is told so."""

    def __init__(
        self,
        lock: RankedLock,
        clock: Clock,
        *,
        size: int = RING,
        keep: Callable[[Event], None] = lambda _: None,
    ) -> None:
        """Begin with no event.

        Args:
            lock: TELEMETRY.
            clock: The time.
            size: So many are kept here.
            keep: Takes those that are to be written down; must not wait.
        """
        self._lock = lock
        self._keep = keep
        self._clock = clock
        self._closed = threading.Event()
        # guarded by TELEMETRY
        self._events: deque[Event] = deque(maxlen=size)
        self._seq = 0

    def emit(
        self,
        kind: str,
        text: str = "",
        *,
        feed_id: int | None = None,
        episode_id: int | None = None,
        family: str | None = None,
        code: str = "",
        feed_title: str = "",
        episode_title: str = "",
        at: int | None = None,
    ) -> None:
        """Make a fact known; ``at`` is when it was found, in UTC milliseconds, or now."""
        at = self._clock.now_ms() if at is None else at
        with self._lock:
            self._seq += 1
            event = Event(
                seq=self._seq,
                at=at,
                kind=kind,
                feed_id=feed_id,
                episode_id=episode_id,
                family=family,
                code=code,
                text=text,
                feed_title=feed_title,
                episode_title=episode_title,
            )
            self._events.append(event)
        if kind in _RECORDED:
            self._keep(event)

    def watch(self, after: int, timeout: float) -> EventBatch:
        """Return what came after ``after``, waiting up to ``timeout`` seconds for it."""
        end = self._clock.monotonic() + timeout
        while True:
            batch = self._since(after)
            left = end - self._clock.monotonic()
            if batch.events or batch.lost or left <= 0:
                return batch
            if self._clock.wait(self._closed, min(left, _LOOK_S)):
                return self._since(after)

    def tail(self, count: int) -> tuple[int, tuple[Event, ...]]:
        """Return the last sequence number and the newest ``count`` events, newest last.

        Of the steps in which a limit was changed only the last one is among them.
        """
        with self._lock:
            events = list(self._events)[-_STEPS * count :]
            seq = self._seq
        steps = {one.seq for one, after in pairwise(events) if _goes_on(one, after)}
        return seq, tuple([event for event in events if event.seq not in steps][-count:])

    def close(self) -> None:
        """Let everybody who waits go."""
        self._closed.set()

    def _since(self, after: int) -> EventBatch:
        with self._lock:
            first = self._events[0].seq if self._events else self._seq + 1
            lost = after > self._seq or after + 1 < first
            events = tuple(event for event in self._events if event.seq > after)
            return EventBatch(events, self._seq, lost)


def _goes_on(event: Event, after: Event) -> bool:
    """Return whether ``after`` tells the whole of the change that ``event`` was a step of."""
    if not event.kind == after.kind == "limit_changed":
        return False
    begins = event.text.partition(" → ")[0]
    return event.code == after.code and after.text.startswith(f"{begins} → ")
