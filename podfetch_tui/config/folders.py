"""Being told that something in a folder changed: watchdog's only door.

A notice is a hint and nothing more. Who gets it looks at the files, and looks now and then
without one: network folders give no notice of what another machine does, a bind-mounted file
none of its replacement, and notices get lost when there are too many.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.events import FileSystemEventHandler as _Handler
    from watchdog.observers.api import BaseObserver, ObservedWatch

logger = logging.getLogger(__name__)

MOST_FOLDERS = 32
"""More folders than that are looked at in turn only; each one costs the system something."""

Identity = tuple[int, int]
"""Device and inode: a folder that is made anew is another one."""


def make_observer() -> BaseObserver:
    """Return what this system has for being told, not yet started."""
    from watchdog.observers import Observer

    observer: BaseObserver = Observer()
    return observer


class _Watched(NamedTuple):
    identity: Identity
    watch: ObservedWatch


class Folders:
    """The folders we want to hear of. Used by one thread; notices come on others."""

    def __init__(
        self,
        on_notice: Callable[[], None],
        *,
        is_ours: Callable[[str], bool] = lambda _: True,
        make: Callable[[], BaseObserver] | None = make_observer,
    ) -> None:
        """Begin with none.

        Args:
            on_notice: Called from any thread when something happened; returns at once.
            is_ours: Says of a name in a folder whether it means anything; from any thread.
            make: Makes the observer; ``None`` when nothing is to be watched by notices.
        """
        self.problem = ""
        """Why no notice comes from some folder; empty when all is well."""
        self._on_notice = on_notice
        self._is_ours = is_ours
        self._make = make
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, _Watched] = {}
        self._refused: dict[Path, Identity] = {}
        """Folders that cannot be watched; they are not tried again before they are made anew."""

    @property
    def gives_notice(self) -> bool:
        """Whether notices come from any folder at all."""
        return bool(self._watched)

    def follow(self, wanted: Iterable[Path]) -> None:
        """Hear of just these folders: new ones, ones that came back, no others."""
        if self._make is None:
            return
        folders = {path: found for path in wanted if (found := _identity(path)) is not None}
        for path, known in list(self._watched.items()):
            if folders.get(path) != known.identity:
                self._forget(path)
        for path, identity in list(folders.items())[:MOST_FOLDERS]:
            if path not in self._watched and self._refused.get(path) != identity:
                self._watch(path, identity)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._watched.clear()
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._observer = None

    def _watch(self, path: Path, identity: Identity) -> None:
        try:
            observer = self._started()
            handler = _handler(self._is_ours, self._on_notice)
            watch = observer.schedule(handler, str(path), event_filter=_kinds())
        except (OSError, RuntimeError, ImportError) as error:  # a limit of the system, or no way
            reason = getattr(error, "strerror", None) or error
            self._refused[path] = identity
            self.problem = f"no notice of changes in {path}: {reason}"
            logger.warning("%s; its files are looked at once a second", self.problem)
            return
        self._watched[path] = _Watched(identity, watch)

    def _started(self) -> BaseObserver:
        if self._observer is None:
            assert self._make is not None
            observer = self._make()
            observer.start()
            self._observer = observer
        return self._observer

    def _forget(self, path: Path) -> None:
        watched = self._watched.pop(path)
        if self._observer is not None:
            with contextlib.suppress(KeyError, OSError):  # it went with its folder
                self._observer.unschedule(watched.watch)


def _handler(is_ours: Callable[[str], bool], on_notice: Callable[[], None]) -> _Handler:
    """Return what an observer calls; made here, so that watchdog is loaded when it is needed."""
    from watchdog.events import FileSystemEventHandler

    class Notices(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            if any(is_ours(os.path.basename(os.fsdecode(p))) for p in _paths(event)):  # noqa: PTH119
                on_notice()

    return Notices()


def _paths(event: FileSystemEvent) -> tuple[str | bytes, str | bytes]:
    return event.src_path, event.dest_path


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _kinds() -> list[type[FileSystemEvent]]:
    """Return what we want to hear of: no reads, and of a write its end where that is known."""
    from watchdog import events

    kinds: list[type[FileSystemEvent]] = [
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileMovedEvent,
        events.FileClosedEvent,
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirMovedEvent,
    ]
    if sys.platform != "linux":  # nobody else says when a writer is done
        kinds.append(events.FileModifiedEvent)
    return kinds
