"""Files that are read again when they change: one thread looks, and calls who wants to know.

Editors save by renaming another file over the old one, folders vanish and come back, and half
of a file is there before the rest. So folders are watched and not files, what counts is what is
in a file and not its times, and nobody is called before it was quiet for a moment. A call is
never more than two seconds after the last change, whether notices come or not.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union

from podfetch_tui.config.contents import Contents
from podfetch_tui.config.folders import Folders, make_observer
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.heart import Heart

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often files are looked at without a notice."""
QUIET_S = 0.1
"""Nobody is called until so long after the last notice."""
PATIENCE_S = 300.0
"""A list of half a million feeds may take that long."""
MOST_QUIET_S = 0.5
"""Nobody waits longer than this for quiet."""

OnChange = Callable[[], Union[float, None]]
"""Called on the thread of the watch when a file holds something else than at the last call.

Returns the seconds after which it wants to be called again even if nothing changes, or
``None``. Raises nothing.
"""
T = TypeVar("T")
_Task = tuple[Callable[[], None], Union["Future[Any]", None]]


class _Group:
    def __init__(self, paths: Iterable[Path], on_change: OnChange) -> None:
        self.contents = Contents(paths)
        self.on_change = on_change
        self.again_at: float | None = None


class FileWatch:
    """The files of a process that are watched, by groups; see the module."""

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "files",
        is_on: bool = True,
        make: Callable[[], BaseObserver] | None = make_observer,
    ) -> None:
        """Begin with no files.

        Args:
            clock: The time.
            name: Of what is watched, for the thread's name.
            is_on: Look at files at all; tasks are done anyway.
            make: As for :class:`Folders`.
        """
        self._clock = clock
        self._is_on = is_on
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._folders = Folders(
            lambda: self._tasks.put((self._notice, None)), is_ours=self._is_ours, make=make
        )
        self._names: frozenset[str] = frozenset()
        self._groups: dict[str, _Group] = {}
        self._first_notice: float | None = None
        self._last_notice = 0.0
        self._looked = clock.monotonic()
        self._ended = False
        self.heart = Heart(f"the watch over {name}", patience_s=PATIENCE_S)
        self._thread = threading.Thread(
            target=self.heart.guard, args=(self._loop,), name=f"podfetch-{name}", daemon=True
        )

    @property
    def mode(self) -> str:
        """How changes are noticed: ``notices`` (inotify or its like), ``polling``, ``off``."""
        if not self._is_on:
            return "off"
        return "notices" if self._folders.gives_notice else "polling"

    @property
    def problem(self) -> str:
        """Why no notices come from some folder; empty when all is well."""
        return self._folders.problem

    def start(self) -> None:
        """Begin to look; what the files hold now is what they were."""
        self._thread.start()

    def close(self) -> None:
        """Do what was asked for before, and end."""
        self._tasks.put(None)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def watch(self, name: str, paths: Iterable[Path], on_change: OnChange) -> None:
        """Watch a group of files, instead of those that had its name.

        What they hold now counts as known. Where other files take the place of those a group
        had, ``on_change`` is called once more: they may have changed since they were read. Call
        it before :meth:`start` or on the thread of the watch (from ``on_change`` or a task).
        """
        group = _Group((path.absolute() for path in paths), on_change)
        before = self._groups.get(name)
        if before is not None and before.contents.paths == group.contents.paths:
            before.on_change = on_change
            return
        if self._is_on:
            group.contents.look(self._now_ns())
            if before is not None:
                group.again_at = self._clock.monotonic()
        self._groups[name] = group
        self._names = frozenset(
            name for group in self._groups.values() for name in group.contents.names()
        )
        self._follow()

    def call_again(self, name: str, seconds: float) -> None:
        """Call who follows a group after ``seconds`` even if nothing changes.

        Call it where :meth:`watch` may be called.
        """
        group = self._groups.get(name)
        if group is not None:
            group.again_at = self._clock.monotonic() + seconds

    def ask(self, task: Callable[[], T]) -> Future[T]:
        """Do ``task`` on the thread of the watch; may be called from any thread.

        Returns:
            What becomes of it. A watch that does not run does it at once; one that is closed
            cancels it.
        """
        future: Future[T] = Future()
        if self._thread.ident is None or self._thread is threading.current_thread():
            _do(task, future)
        else:
            self._tasks.put((lambda: _do(task, future), future))
            if self._ended:
                self._cancel_tasks()
        return future

    def _loop(self) -> None:
        self._follow()
        try:
            while True:
                self.heart.rest()
                try:
                    task = self._tasks.get(timeout=self._wait_s())
                except queue.Empty:
                    task = (self._look_if_due, None)
                self.heart.beat()
                if task is None:
                    return
                task[0]()
                self._look_if_due()
        finally:
            self._folders.close()
            self._ended = True
            self._cancel_tasks()

    def _cancel_tasks(self) -> None:
        """Let nobody wait for what will not be done."""
        with contextlib.suppress(queue.Empty):
            while True:
                task = self._tasks.get_nowait()
                if task is not None and task[1] is not None:
                    task[1].cancel()

    def _notice(self) -> None:
        now = self._clock.monotonic()
        self._last_notice = now
        if self._first_notice is None:
            self._first_notice = now

    def _look_at(self) -> float:
        """Return the moment of the next look."""
        moments = [self._looked + LOOK_S] if self._is_on else []
        if self._first_notice is not None:
            moments.append(min(self._last_notice + QUIET_S, self._first_notice + MOST_QUIET_S))
        moments += [g.again_at for g in self._groups.values() if g.again_at is not None]
        return min(moments, default=float("inf"))

    def _wait_s(self) -> float:
        return min(LOOK_S, max(0.0, self._look_at() - self._clock.monotonic()))

    def _look_if_due(self) -> None:
        now = self._clock.monotonic()
        if now < self._look_at():
            return
        self._looked = now
        groups = list(self._groups.values())
        if (
            self._is_on
            and self._first_notice is None
            and any(g.contents.is_stirred() for g in groups)
        ):
            self._notice()  # whoever writes may not be done
            return
        self._first_notice = None
        for group in groups:
            changed = self._is_on and group.contents.look(self._now_ns())
            if changed or (group.again_at is not None and group.again_at <= now):
                group.again_at = None
                again = group.on_change()
                if again is not None:
                    group.again_at = self._clock.monotonic() + again
        self._follow()

    def _is_ours(self, name: str) -> bool:
        """Whether a name is one of the files, or one by which a mount swaps all of them."""
        return name in self._names or name.startswith("..")

    def _follow(self) -> None:
        if self._is_on:
            self._folders.follow(
                folder for group in self._groups.values() for folder in group.contents.folders()
            )

    def _now_ns(self) -> int:
        return self._clock.now_ms() * 1_000_000


def _do(task: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(task())
    except BaseException as error:
        future.set_exception(error)
        if not isinstance(error, (PodfetchError, Failure)):
            raise  # a bug: whoever waits hears of it, and so does the engine
