"""Named tasks done by a few children, each of which may die without harm to anybody else.

Threads share nothing but a queue of seats: who takes a seat has its child for itself. Seats come
back on top, so that a quiet pool keeps one warm child and starts no second. No lock of ours, no
pickle, no thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from queue import Empty, LifoQueue
from typing import Literal, overload

import msgspec

from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ParseParams, ProbeParams, Scanned
from podfetch_tui.model.text import clean
from podfetch_tui.sandbox import frames
from podfetch_tui.sandbox.child import Orders
from podfetch_tui.sandbox.conversation import Child, ChildGone, Stopped
from podfetch_tui.sandbox.limits import Confinement, Limits
from podfetch_tui.sandbox.tasks import NOTHING, Nothing, Task, task_table
from podfetch_tui.system.decoding import from_msgpack
from podfetch_tui.system.locks import assert_unlocked

_TICK_S = 0.1
_RSS_GROWN = 200 << 20


class _Seat:
    """Room for one child; empty until somebody sits down with a task."""

    def __init__(self) -> None:
        self.child: Child | None = None

    def clear(self) -> None:
        child, self.child = self.child, None
        if child is not None:
            child.end()


class Sandbox:
    """At most ``size`` children, started when needed, each with the limits given here."""

    def __init__(
        self,
        size: int,
        *,
        memory: int = 512 << 20,
        cpu_s: float = 10,
        wall_s: float = 20,
        tasks_per_child: int = 200,
        extra_tasks: str | None = None,
    ) -> None:
        """Make a pool; no child is started yet.

        Args:
            size: Children at a time.
            memory: Bytes of address space of each.
            cpu_s: Processor seconds a task may use.
            wall_s: Seconds a task may take.
            tasks_per_child: Tasks after which a child is replaced, whatever its state.
            extra_tasks: ``module:NAME`` of a further mapping of tasks.
        """
        self._orders = Orders(Limits(memory), extra_tasks)
        self._table = task_table(extra_tasks)
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._tasks_per_child = tasks_per_child
        self._size = size
        self._closing = threading.Event()
        self._generation = 0
        self._seats: LifoQueue[_Seat] = LifoQueue()
        for _ in range(size):
            self._seats.put(_Seat())

    @overload
    def call(
        self,
        task: Literal["parse_feed"],
        payload: bytes,
        params: ParseParams,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> FeedDocument: ...

    @overload
    def call(
        self,
        task: Literal["scan_feed"],
        payload: bytes,
        params: ParseParams,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> Scanned: ...

    @overload
    def call(
        self,
        task: Literal["probe_media"],
        payload: bytes,
        params: ProbeParams,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> MediaInfo: ...

    @overload
    def call(
        self,
        task: str,
        payload: bytes,
        params: msgspec.Struct,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> msgspec.Struct: ...

    def call(
        self,
        task: str,
        payload: bytes,
        params: msgspec.Struct,
        *,
        wall_s: float | None = None,
        cpu_s: float | None = None,
        stop: threading.Event | None = None,
    ) -> msgspec.Struct:
        """Do a task in a child and return its result; blocks, for any thread.

        Args:
            task: A name of ``sandbox.tasks.TASKS``.
            payload: The hostile bytes.
            params: What else the task takes.
            wall_s: Seconds this one may take, in place of the pool's.
            cpu_s: Processor seconds this one may use, in place of the pool's.
            stop: Ends the wait, and the child, when it is set.

        Raises:
            Failure: What the task reported; its ``killed`` kind when the child died, hung or
                answered nonsense; ``STOPPED``; or what kept a child from being started.
        """
        known = self._table[task]
        request = frames.Request(
            task,
            _encoded(known, params),
            len(payload),
            self._cpu_s if cpu_s is None else cpu_s,
            self._wall_s if wall_s is None else wall_s,
        )
        if request.payload_size > frames.PAYLOAD_CAP:
            raise Failure(Kind.TOO_LARGE, f"{request.payload_size} bytes are too many to look at")
        with self._seated(stop) as seat:
            return self._converse(seat, known, request, payload, stop)

    def check(self) -> Confinement:
        """Start a fresh child and return what it could take away from itself.

        Raises:
            Failure: A child cannot be started, or cannot answer.
        """
        known = self._table[NOTHING]
        request = frames.Request(NOTHING, _encoded(known, Nothing()), 0, self._cpu_s, self._wall_s)
        with self._seated(None) as seat:
            seat.clear()
            self._converse(seat, known, request, b"", None)
            child = seat.child
            return (child and child.confinement) or Confinement()

    def recycle(self) -> None:
        """End the children that have nothing to do, and the others after their task."""
        self._generation += 1
        seats: list[_Seat] = []
        with contextlib.suppress(Empty):
            while len(seats) < self._size:
                seats.append(self._seats.get_nowait())
        for seat in seats:
            seat.clear()
            self._seats.put(seat)

    def close(self) -> None:
        """End every child; calls that still run raise ``STOPPED``. Returns when all are gone."""
        if self._closing.is_set():
            return
        self._closing.set()
        for _ in range(self._size):
            self._seats.get().clear()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _seated(self, stop: threading.Event | None) -> Iterator[_Seat]:
        assert_unlocked("a call into the sandbox")
        while True:
            if self._stopped(stop):
                raise _stopped_failure()
            try:
                seat = self._seats.get(timeout=_TICK_S)
                break
            except Empty:
                continue
        try:
            yield seat
        finally:
            self._seats.put(seat)

    def _stopped(self, stop: threading.Event | None) -> bool:
        return self._closing.is_set() or (stop is not None and stop.is_set())

    def _converse(
        self,
        seat: _Seat,
        task: Task,
        request: frames.Request,
        payload: bytes,
        stop: threading.Event | None,
    ) -> msgspec.Struct:
        """Ask the seat's child; only one that answered as it may stays on the seat."""
        if seat.child is not None and not seat.child.is_alive:
            seat.clear()
        child = seat.child or Child(self._orders)
        seat.child = None
        generation = self._generation
        keep = False
        try:
            answer = child.ask(request, payload, stopped=lambda: self._stopped(stop))
            result = _judge(task, answer)
            is_fresh = child.tasks < self._tasks_per_child and child.rss < _RSS_GROWN
            keep = is_fresh and generation == self._generation
        except ChildGone as gone:
            raise Failure(task.killed, clean(f"the {task.noun} {gone}")) from gone
        except Stopped:
            raise _stopped_failure() from None
        finally:
            if keep:
                seat.child = child
            else:
                child.end()
        if isinstance(result, Failure):
            raise result
        return result


def _encoded(task: Task, params: msgspec.Struct) -> msgspec.Raw:
    try:
        raw = msgspec.Raw(msgspec.msgpack.encode(params))
    except UnicodeEncodeError as error:
        detail = f"the {task.noun} cannot be told of a name that is not UTF-8"
        raise Failure(task.killed, detail) from error
    if len(bytes(raw)) > frames.REQUEST_CAP // 2:
        raise Failure(Kind.TOO_LARGE, f"the {task.noun} cannot be told that much")
    return raw


def _judge(task: Task, answer: frames.Done | frames.Failed) -> msgspec.Struct | Failure:
    """Return the answer as what the task may give, or say that the child lies."""
    if isinstance(answer, frames.Done):
        try:
            result: msgspec.Struct = from_msgpack(answer.result, task.result)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ChildGone(f"answered nonsense: {type(error).__name__}") from error
        return result
    if answer.kind not in task.failures:
        raise ChildGone(f"failed: {answer.kind.value}: {answer.detail}")
    return Failure(answer.kind, clean(answer.detail), evidence=answer.evidence)


def _stopped_failure() -> Failure:
    return Failure(Kind.STOPPED, "stopped before the answer came")
