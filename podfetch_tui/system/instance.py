"""One process for one archive: a lock that the kernel gives back when its holder dies.

The lock is the ``flock``, not the file: a file that nobody has locked means nothing and is
simply taken. It is never deleted, because a file of the same name would be another lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType

import msgspec

from podfetch_tui.model.errors import ArchiveLocked, ArchiveUnusable
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.decoding import from_json
from podfetch_tui.system.durable import os_failure
from podfetch_tui.system.times import rfc3339

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_BYTES = 4096
_LOOKS = 5
_LOOK_EVERY_S = 0.02
_NOT_A_FILE = (
    "move away what stands there: the lock is an ordinary file, which the next start makes anew"
)
_ADVICE = {
    errno.EISDIR: _NOT_A_FILE,
    errno.ELOOP: _NOT_A_FILE,
    errno.ENXIO: _NOT_A_FILE,
    errno.EACCES: "give this user the right to write there",
    errno.EPERM: "give this user the right to write there",
    errno.EROFS: "mount the disk for writing",
    errno.ENOSPC: "make room on its disk",
    errno.ENOENT: "is its disk mounted?",
}
_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


class Holder(msgspec.Struct, frozen=True):
    """The process that holds an archive, as it says itself."""

    pid: int = 0
    """0 when it has not said yet."""
    started_at: int = 0
    """UTC milliseconds at which it took the lock."""
    socket: str = ""
    """Path of the socket on which it listens; empty when there is none."""


class InstanceLock:
    """The lock of one archive; held from :meth:`acquire` to :meth:`release` or death."""

    def __init__(self, path: Path, *, clock: Clock | None = None, what: str | None = None) -> None:
        """Name the lock file; nothing is opened yet.

        Args:
            path: The lock file, ``<root>/.podfetch/lock``.
            clock: For the time of start and the short wait.
            what: What is locked, for messages; the archive around the file when left out.
        """
        self._path = path
        self._clock = clock or Clock()
        self._what = what or f"archive {path.parent.parent}"
        self._fd = -1
        self._holder = Holder()

    def acquire(self) -> InstanceLock:
        """Take the lock and write who holds it.

        Raises:
            ArchiveLocked: Another process, or another lock of this one, holds it.
            ArchiveUnusable: The file cannot be opened or written.
        """
        if self._fd >= 0:
            return self
        for look in range(_LOOKS):
            # Someone who only asks for the holder has the lock for a moment.
            if look:
                self._clock.wait(threading.Event(), _LOOK_EVERY_S)
            try:
                fd = _open_locked(self._path)
            except OSError as error:
                raise _unusable(self._path, error) from error
            if fd is not None:
                self._fd = fd
                self._write(Holder(os.getpid(), self._clock.now_ms()))
                return self
        raise _locked(self._what, holder(self._path) or Holder())

    def announce(self, socket: str) -> None:
        """Write the socket's path into the file, for those who look for the engine.

        Raises:
            ArchiveUnusable: The file cannot be written.
            ValueError: The lock is not held.
        """
        self._write(Holder(self._holder.pid, self._holder.started_at, socket))

    def is_intact(self) -> bool:
        """Say whether the file at the path is still the one that is locked.

        If somebody deleted it, another process could lock a new one: stop then.
        """
        if self._fd < 0:
            return False
        return _is_at(self._fd, self._path)

    def release(self) -> None:
        """Give the lock back; may be called again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # the text is for humans only
                os.ftruncate(fd, 0)
            os.close(fd)

    def __enter__(self) -> InstanceLock:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _write(self, who: Holder) -> None:
        if self._fd < 0:
            raise ValueError("the lock is not held")
        data = msgspec.json.encode(who)
        try:
            os.pwrite(self._fd, data, 0)
            os.ftruncate(self._fd, len(data))
        except OSError as error:
            self.release()
            raise _unusable(self._path, error) from error
        self._holder = who


def holder(path: Path) -> Holder | None:
    """Return who holds the lock at ``path``, or ``None`` when nobody does.

    Raises:
        ArchiveUnusable: The file cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _BUSY:
            raise _unusable(path, error) from error
        return _read(fd)
    finally:
        os.close(fd)
    return None


def _read(fd: int) -> Holder:
    try:
        return from_json(os.pread(fd, _MOST_BYTES, 0), Holder)
    except (OSError, msgspec.DecodeError):
        return Holder()  # it has the lock, but has not written yet


def _open_locked(path: Path) -> int | None:
    """Return the locked file, or ``None`` when it is not to be had now. Raises ``OSError``."""
    fd = os.open(path, _FLAGS, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if error.errno in _BUSY:
            return None
        raise
    if _is_at(fd, path):
        return fd
    os.close(fd)  # deleted or replaced between opening and locking
    return None


def _is_at(fd: int, path: Path) -> bool:
    try:
        mine, there = os.fstat(fd), path.lstat()
    except OSError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)


def _locked(what: str, who: Holder) -> ArchiveLocked:
    if not who.pid:
        return ArchiveLocked(
            f"{what} is in use by another process: wait until it has ended,"
            " or stop it with `podfetch stop`"
        )
    return ArchiveLocked(
        f"{what} is in use by process {who.pid} since {rfc3339(who.started_at)}:"
        " join it with `podfetch attach`, or stop it with `podfetch stop`"
    )


def _unusable(path: Path, error: OSError) -> ArchiveUnusable:
    if error.errno in {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
        return ArchiveUnusable(
            f"the file system of {path.parent.parent} has no locks, without which two processes"
            " could damage the archive: use a local disk"
        )
    advice = _ADVICE.get(error.errno or 0, "look at the disk and at the system's log")
    return ArchiveUnusable(f"lock {path}: {os_failure(error, 'use the lock').detail}: {advice}")
