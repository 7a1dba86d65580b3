"""Who may work now: a fixed table of slots for each lane, limits that change at any time.

Acquire and release are O(1). A lowered limit takes no slot away from a running job: slots
are retired as they come free. A target is a limit that the throttle sets below the one of the
operator; the lower of both holds. Only the dispatcher waits here.
"""

from __future__ import annotations

from podfetch_tui.engine.lanes import MOST_WORKERS, Lane
from podfetch_tui.system.locks import RankedLock


class _Table:
    """Slots of one lane; guarded by SLOTS."""

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = min(limit, size)
        self.target = self.limit
        self.busy = 0
        self.free = list(range(size - 1, -1, -1))

    @property
    def has_room(self) -> bool:
        return self.busy < min(self.limit, self.target)


class Slots:
    """The slot tables of all lanes."""

    def __init__(self, lock: RankedLock, limits: dict[Lane, int]) -> None:
        self._lock = lock
        self._changed = lock.condition()
        # guarded by SLOTS
        self._tables = {lane: _Table(MOST_WORKERS[lane], limits[lane]) for lane in Lane}
        self._pokes = 0

    def acquire(self, lane: Lane) -> int | None:
        """Take a free slot of ``lane``, or ``None`` when its limit is reached."""
        with self._lock:
            table = self._tables[lane]
            if not table.has_room:
                return None
            table.busy += 1
            return table.free.pop()

    def release(self, lane: Lane, slot: int) -> None:
        """Give ``slot`` back and wake the dispatcher."""
        with self._lock:
            table = self._tables[lane]
            table.busy -= 1
            table.free.append(slot)
            self._poke_locked()

    def has_room(self, lane: Lane) -> bool:
        """Return whether :meth:`acquire` would give a slot."""
        with self._lock:
            return self._tables[lane].has_room

    def limit(self, lane: Lane) -> int:
        """Return how many slots of ``lane`` may be taken at once."""
        with self._lock:
            return self._tables[lane].limit

    def target(self, lane: Lane) -> int:
        """Return how many slots of ``lane`` the throttle lets be taken, its limit at most."""
        with self._lock:
            table = self._tables[lane]
            return min(table.limit, table.target)

    def busy(self, lane: Lane) -> int:
        """Return how many slots of ``lane`` are taken."""
        with self._lock:
            return self._tables[lane].busy

    def set_limit(self, lane: Lane, limit: int) -> None:
        """Change the limit of ``lane``; 0 pauses it. A target at the old limit follows.

        Raises:
            ValueError: The limit is below 0 or above the permitted maximum.
        """
        with self._lock:
            table = self._tables[lane]
            if not 0 <= limit <= table.size:
                raise ValueError(f"a limit of {limit} is not between 0 and {table.size}")
            if table.target >= table.limit:
                table.target = limit
            table.limit = limit
            self._poke_locked()

    def set_target(self, lane: Lane, target: int, *, limit: int) -> None:
        """Let no more than ``target`` slots of ``lane`` be taken.

        Args:
            lane: Which lane.
            target: Slots that may be taken; a job that runs keeps its slot.
            limit: The limit it was made for; nothing happens when that has changed.
        """
        with self._lock:
            table = self._tables[lane]
            if limit != table.limit:
                return
            if target > table.target:
                self._poke_locked()
            table.target = target

    def poke(self) -> None:
        """Wake the dispatcher: there may be something to start."""
        with self._lock:
            self._poke_locked()

    def wait(self, seconds: float) -> None:
        """Wait until poked, at most ``seconds``; a poke since the last wait counts."""
        with self._lock:
            if not self._pokes:
                self._changed.wait(seconds)
            self._pokes = 0

    def _poke_locked(self) -> None:
        self._pokes += 1
        self._changed.notify()
