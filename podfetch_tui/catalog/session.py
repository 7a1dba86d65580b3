"""The writer's thread: it owns the writing connection, every commit and every checkpoint.

Whatever is queued is committed together the moment the thread is idle. Each write is applied
whole or not at all. The writes of a commit are first applied together; when one of them fails,
the transaction is rolled back and they are applied again, each in a savepoint of its own, so
that only the bad one fails. A receipt is given after COMMIT returned, never before.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from podfetch_tui.catalog.apply import apply, polled_feeds
from podfetch_tui.catalog.changes import Changes, Ids
from podfetch_tui.catalog.checkpoints import Checkpoints
from podfetch_tui.catalog.connections import driver_of
from podfetch_tui.catalog.failures import FATAL, failure_of, kind_of
from podfetch_tui.catalog.intake import Intake, intakes_of
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.weight import weight_of
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.heart import Heart

logger = logging.getLogger(__name__)

MOST_WRITES = 2_000
MOST_BYTES = 24 << 20
"""New rows in a commit; the log must not grow far beyond its limit."""
LAZY_S = 0.05
"""How long writes that nobody waits for may be gathered."""
_IDLE_S = 1.0
_BAD_WRITE = (Failure, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a write that cannot be applied raises, besides SQLite's refusals: it fails alone."""


class Entry:
    """A write, or with ``None`` the wish to hear when all before it is done."""

    __slots__ = ("future", "intakes", "lazy", "weight", "write")

    def __init__(self, write: Write | None, *, lazy: bool) -> None:
        self.write = write
        self.lazy = lazy
        self.weight = weight_of(write) if write is not None else 0
        self.intakes: Mapping[int, Intake] = {}
        if write is not None:
            with contextlib.suppress(*_BAD_WRITE):  # the writer meets it again, and says so
                self.intakes = intakes_of(write)
        self.future: Future[Receipt] = Future()


Queue = SimpleQueue[Entry | None]
"""``None`` is the last thing in it."""


def refuse(queue: Queue, failure: Failure) -> None:
    """Fail whatever is queued."""
    while True:
        try:
            entry = queue.get_nowait()
        except Empty:
            return
        if entry is not None and not entry.future.done():
            entry.future.set_exception(failure)


class Session:
    """What the thread does, from its connection to its end."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        queue: Queue,
        on_fatal: Callable[[Failure], None] | None,
    ) -> None:
        self.ended = threading.Event()
        """Nothing is taken from the queue any more."""
        self.heart = Heart("the writer of the catalogue")
        self._catalog = catalog
        self._clock = clock
        self._queue = queue
        self._on_fatal = on_fatal
        self._fatal: Failure | None = None
        self._closing = False
        self._taken: list[Entry] = []
        """Taken from the queue, perhaps not answered yet."""

    def run(self) -> None:
        """Serve the queue until its end; errors of the catalogue end in the futures."""
        reason = Failure(Kind.STOPPED, "the catalogue is closed")
        self.heart.guard(self._live)
        if self.heart.error is not None:
            reason = Failure(Kind.BUG, f"the catalogue's writer died of {self.heart.error!r}")
            _answer_all([entry for entry in self._taken if not entry.future.done()], reason)
        self.ended.set()
        refuse(self._queue, self._fatal or reason)

    def _live(self) -> None:
        try:
            with self._catalog.engine.connect() as connection:
                self._serve(connection)
        except (sqlite3.Error, DBAPIError) as error:
            self._fail_stop(failure_of(_cause(error)))
        while not self._closing:  # fail-stop: nothing is written, everybody is told
            _answer_all(self._gather(None), self._fatal)

    def _serve(self, connection: Connection) -> None:
        driver = driver_of(connection)
        checkpoints = Checkpoints(driver, self._catalog.path)
        ids = Ids(driver.cursor())
        while not self._closing and self._fatal is None:
            entries = self._taken = self._gather(checkpoints)
            writes = [entry for entry in entries if entry.write is not None]
            if writes:
                weight = sum(entry.weight for entry in writes)
                self._checkpoint(checkpoints.make_room, weight)
                changes = Changes(driver.cursor(), ids, now=self._now())
                for entry in writes:
                    changes.intakes.update(entry.intakes)
                self._commit(connection, writes, changes)
                checkpoints.note(size=weight, rows=len(writes))
                self._checkpoint(checkpoints.after_commit)
            _answer_all([entry for entry in entries if entry.write is None], self._fatal)
        if self._fatal is None:
            self._checkpoint(checkpoints.truncate)

    def _now(self) -> int:
        return self._clock.now_ms()

    # --- taking from the queue -----------------------------------------------------------

    def _gather(self, checkpoints: Checkpoints | None) -> list[Entry]:
        """Wait for a write and take what can share its commit; empty at the end."""
        entries: list[Entry] = []
        weight, deadline, lazy = 0, 0.0, True
        while len(entries) < MOST_WRITES and weight < MOST_BYTES:
            if not entries:
                entry = self._first(checkpoints)
                deadline = self._clock.monotonic() + LAZY_S
            else:
                try:
                    entry = self._next(deadline if lazy else None)
                except Empty:
                    break
            if entry is None:
                self._closing = True
                break
            if entry.future.set_running_or_notify_cancel():
                self.heart.beat()
                entries.append(entry)
                weight += entry.weight
                lazy = lazy and entry.lazy
        return entries

    def _first(self, checkpoints: Checkpoints | None) -> Entry | None:
        """Wait without end; when nothing comes for a while, empty the log."""
        while True:
            pending = checkpoints is not None and checkpoints.log_size() > 0
            self.heart.rest()
            try:
                return self._queue.get(timeout=_IDLE_S if pending else None)
            except Empty:
                self.heart.beat()
                if checkpoints is not None:
                    self._checkpoint(checkpoints.truncate)

    def _next(self, deadline: float | None) -> Entry | None:
        """Return what is queued, or comes until ``deadline``. Raises ``Empty``."""
        try:
            return self._queue.get_nowait()
        except Empty:
            left = 0.0 if deadline is None else deadline - self._clock.monotonic()
            if left <= 0:
                raise
            return self._queue.get(timeout=left)

    # --- committing ----------------------------------------------------------------------

    def _commit(self, connection: Connection, entries: list[Entry], changes: Changes) -> None:
        try:
            try:
                answers = _together(connection, entries, changes)
            except _BAD_WRITE:
                answers = _one_by_one(connection, entries, changes)
            except sqlite3.Error as error:
                if kind_of(error) is not Kind.BUG:
                    raise
                answers = _one_by_one(connection, entries, changes)
        except (sqlite3.Error, DBAPIError, MemoryError) as error:
            failure = failure_of(_cause(error))
            if failure.kind in FATAL:
                self._fail_stop(failure)
            _answer_all(entries, failure)
            return
        for entry, answer in zip(entries, answers, strict=True):
            if isinstance(answer, Failure):
                entry.future.set_exception(answer)
            else:
                entry.future.set_result(answer)

    def _checkpoint(self, step: Callable[..., object], *args: int) -> None:
        try:
            step(*args)
        except sqlite3.Error as error:
            failure = failure_of(error)
            if failure.kind in FATAL:
                self._fail_stop(failure)
            else:  # nothing is lost: the changes stay in the log until there is room
                logger.warning("The catalogue could not be checkpointed: %s", failure)

    def _fail_stop(self, failure: Failure) -> None:
        if self._fatal is None:
            self._fatal = failure
            logger.critical("The catalogue is not written any more: %s", failure)
            if self._on_fatal is not None:
                self._on_fatal(failure)


def _together(
    connection: Connection, entries: list[Entry], changes: Changes
) -> Sequence[Receipt | Failure]:
    """Apply and commit all writes at once; on any error nothing was applied."""
    with connection.begin():
        changes.load(i for entry in entries if entry.write for i in polled_feeds(entry.write))
        receipts = [apply(changes, entry.write) for entry in entries if entry.write]
        changes.finish()
    return receipts


def _one_by_one(
    connection: Connection, entries: list[Entry], changes: Changes
) -> Sequence[Receipt | Failure]:
    """Apply each write in a savepoint and commit those that succeed."""
    cursor = changes.cursor
    changes.drop()
    answers: list[Receipt | Failure] = []
    with connection.begin():
        for entry in entries:
            cursor.execute("SAVEPOINT one")
            try:
                receipt = apply(changes, entry.write) if entry.write else None
                changes.finish()
                answers.append(receipt)
            except (*_BAD_WRITE, sqlite3.Error) as error:
                if isinstance(error, sqlite3.Error) and kind_of(error) is not Kind.BUG:
                    raise
                changes.drop()
                cursor.execute("ROLLBACK TO one")
                answers.append(_failure_of_write(error, entry.write))
            cursor.execute("RELEASE one")
    return answers


def _failure_of_write(error: BaseException, write: Write | None) -> Failure:
    if isinstance(error, Failure):
        return error
    name = type(write).__name__
    logger.error("A change of the catalogue was refused: %s", name, exc_info=error)
    failure = failure_of(error)
    failure.__cause__ = error
    return failure


def _answer_all(entries: list[Entry], failure: Failure | None) -> None:
    for entry in entries:
        if failure is not None:
            entry.future.set_exception(failure)
        else:
            entry.future.set_result(None)


def _cause(error: BaseException) -> BaseException:
    return getattr(error, "orig", None) or error
