"""Handing changes to the one thread that applies them; usable from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Protocol

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.session import Entry, Queue, Session, refuse
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked


class TakesWrites(Protocol):
    """What takes an operator's changes: this writer, or one that asks a running engine."""

    def submit(self, write: Write, *, lazy: bool = False) -> Future[Receipt]:
        """Queue ``write``; the future has its receipt once it is durable."""
        ...

    def flush(self) -> None:
        """Wait until everything submitted before is durable or has failed."""
        ...


class Writer:
    """Takes writes and gives a future of each one's receipt; no lock of ours in it."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        *,
        on_fatal: Callable[[Failure], None] | None = None,
    ) -> None:
        """Start the thread.

        Args:
            catalog: Open for writing, until the writer is closed.
            clock: The time.
            on_fatal: Told once, in the writer's thread, that nothing is written any more:
                the disk failed or the catalogue is damaged.
        """
        self._queue: Queue = SimpleQueue()
        self._session = Session(catalog, clock, self._queue, on_fatal)
        self.heart = self._session.heart
        """Of the thread; its ``on_death`` is told of a bug before anybody whose write it was."""
        self._closed = threading.Event()
        # A daemon: a process that ends without close() must not hang, and the file survives it.
        self._thread = threading.Thread(
            target=self._session.run, name="podfetch-catalog", daemon=True
        )
        self._thread.start()

    def submit(self, write: Write, *, lazy: bool = False) -> Future[Receipt]:
        """Queue ``write``; the future has its receipt once it is durable.

        The future's error is a :class:`Failure`: of the disk (``DISK_FULL``, ``READ_ONLY``,
        ``IO_ERROR`` …), ``STOPPED`` when an operator changed the row meanwhile, or ``BUG``.
        Nothing of a failed write was applied, except that after ``IO_ERROR`` only the next
        start knows. Callbacks of the future run in the writer's thread.

        Args:
            write: What to change.
            lazy: Nobody waits: it may be gathered with others for 50 ms.

        Raises:
            RuntimeError: The writer was closed.
        """
        entry = Entry(write, lazy=lazy)
        self._put(entry)
        return entry.future

    def wait(self, future: Future[Receipt]) -> Receipt:
        """Return the receipt of ``future``, or raise its :class:`Failure`.

        Raises:
            LockOrderError: The thread holds a ranked lock.
        """
        assert_unlocked("waiting for the catalogue")
        return future.result()

    @property
    def waiting(self) -> int:
        """How many writes wait; 0 when it is, or will soon be, idle."""
        return self._queue.qsize()

    def flush(self) -> None:
        """Wait until everything submitted before is durable or has failed.

        Raises:
            LockOrderError: The thread holds a ranked lock.
        """
        assert_unlocked("waiting for the catalogue")
        entry = Entry(None, lazy=False)
        self._put(entry)
        entry.future.exception()

    def close(self) -> None:
        """Finish what is queued, empty the log and end the thread; doing it twice is fine."""
        assert_unlocked("waiting for the catalogue")
        if not self._closed.is_set():
            self._closed.set()
            self._queue.put(None)
        self._thread.join()

    def _put(self, entry: Entry) -> None:
        if self._closed.is_set():
            raise RuntimeError("the catalogue's writer is closed")
        self._queue.put(entry)
        if self._session.ended.is_set():  # it ended between the look and the put
            refuse(self._queue, Failure(Kind.STOPPED, "the catalogue is closed"))
