"""Locks that cannot deadlock: each has a rank, and ranks are taken in ascending order only.

The check is always on. It costs a look at a list of the thread's own, so that a wrong order
shows at the first run of the code and not on the night two threads meet. The three locks of
the engine are made in ``engine/locks.py``; this file only says what such a lock is.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from enum import IntEnum
from types import TracebackType

logger = logging.getLogger(__name__)

_PATIENCE_S = 30.0


class Rank(IntEnum):
    """The order in which a thread may take the locks."""

    SCHEDULE = 1
    """Due feeds, host lanes, batches."""
    SLOTS = 2
    """The slot table; workers and the dispatcher wait on its condition."""
    TELEMETRY = 3
    """Counters, progress, the ring of events."""
    TYPES = 4
    """A type that is being learnt (``decoding.py``); nothing is taken after it."""


class LockOrderError(RuntimeError):
    """A lock was taken out of order, released by the wrong hand or held while blocking."""


class LockTimeout(RuntimeError):
    """A lock could not be had for so long that the program must be stuck."""


class _Held(threading.local):
    """The ranked locks that this thread holds, in the order it took them."""

    def __init__(self) -> None:
        self.stack: list[RankedLock] = []


_held = _Held()


def assert_unlocked(what: str) -> None:
    """Raise unless the thread holds none of the ranked locks.

    Args:
        what: What is about to block, for the message.

    Raises:
        LockOrderError: A lock is held.
    """
    stack = _held.stack
    if stack:
        names = ", ".join(lock.rank.name for lock in stack)
        raise LockOrderError(f"{what} while holding {names}")


class RankedLock:
    """A re-entrant lock with a place in the one order of all locks.

    A thread that holds a lock may take locks of a higher rank, or the lock it took last once
    more; it gives them back in reverse order. Two locks of one rank exclude each other.
    """

    def __init__(self, rank: Rank, *, patience: float = _PATIENCE_S) -> None:
        """Make a lock.

        Args:
            rank: Its place in the order.
            patience: Seconds after which a waiting thread calls the program stuck.
        """
        self.rank = rank
        self._patience = patience
        self._lock = threading.RLock()  # noqa: TID251  the one class all locks are made of

    def acquire(self) -> bool:
        """Take the lock; return ``True``.

        Raises:
            LockOrderError: The thread holds a lock of the same or a higher rank.
            LockTimeout: Nobody gave it back for ``patience`` seconds; all stacks are logged.
        """
        stack = _held.stack
        if stack:
            last = stack[-1]
            if last.rank >= self.rank and last is not self:
                raise LockOrderError(f"{self.rank.name} taken while holding {last.rank.name}")
        if not self._lock.acquire(True, self._patience):
            _report_stuck(self.rank)
            raise LockTimeout(f"{self.rank.name} was not free for {self._patience:g} s")
        stack.append(self)
        return True

    def release(self) -> None:
        """Give the lock back.

        Raises:
            LockOrderError: It is not the lock that this thread took last.
        """
        stack = _held.stack
        if not stack or stack[-1] is not self:
            raise LockOrderError(f"{self.rank.name} released, but it was not taken last")
        stack.pop()
        self._lock.release()

    __enter__ = acquire

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def condition(self) -> threading.Condition:  # noqa: TID251
        """Return a condition on this lock; only ``SLOTS`` has one.

        Raises:
            LockOrderError: The lock is another one.
        """
        if self.rank is not Rank.SLOTS:
            raise LockOrderError(f"nobody waits on {self.rank.name}")
        return threading.Condition(self)  # type: ignore[arg-type]  # noqa: TID251

    # The three methods below are what threading.Condition asks of a re-entrant lock.

    def _is_owned(self) -> bool:
        return self in _held.stack

    def _release_save(self) -> int:
        stack = _held.stack
        depth = stack.count(self)
        if depth != len(stack):
            raise LockOrderError(f"waiting on {self.rank.name} while holding another lock")
        for _ in range(depth):
            self.release()
        return depth

    def _acquire_restore(self, depth: int) -> None:
        for _ in range(depth):
            self.acquire()


def log_stacks() -> None:
    """Log what every thread does, by its name, which ``faulthandler`` does not know."""
    logger.warning("Stacks, asked for by SIGUSR1", extra={"stacks": all_stacks()})


def all_stacks() -> str:
    """Return what every thread is doing now, as text of many lines."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    blocks = [
        f"Thread {names.get(ident, '?')} ({ident}):\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    ]
    return "\n".join(blocks)


def _report_stuck(rank: Rank) -> None:
    """Log all stacks; the thread's own locks do not count while it does so."""
    mine = _held.stack[:]
    _held.stack.clear()
    try:
        logger.critical("Lock %s is stuck", rank.name, extra={"stacks": all_stacks()})
    finally:
        _held.stack[:] = mine
