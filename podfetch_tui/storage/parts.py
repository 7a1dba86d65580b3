"""Part files: downloads on their way, hashed while they are written (steps P1, P2 and P5).

A part belongs to one thread and to the one row that names it. What counts after a crash is
the durable offset in that row, never the size of the file. After an error of the disk a part
takes nothing more: it is opened again from its durable offset.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import threading
from pathlib import Path
from types import TracebackType
from typing import Union

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.unusable import as_read_only
from podfetch_tui.system.durable import (
    fdatasync,
    fsync_dir,
    fsync_file,
    os_failure,
    os_failures,
    umask,
    write_all,
)

PART_NAME = re.compile(r"[0-9a-z][0-9a-z-]{0,80}\.part\Z")
"""Names that a sweep may delete."""

HEAD_BYTES = 64 * 1024
"""How much of the start is kept in memory, for telling what the file is."""

_BLOCK = 1024 * 1024
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o600

Bytes = Union[bytes, bytearray, memoryview]


def new_part_name(episode_id: int) -> str:
    """Return a name for a part that no part had before."""
    return f"{episode_id}-{secrets.token_hex(4)}.part"


class Part:
    """One open part file. Written at its end only; the digest is of all it holds.

    Attributes:
        path: Where it is.
        size: Bytes it holds.
        durable: Bytes of it that are known to be on the disk.
        lied: The disk held less than it had promised, so the part begins at 0 again.
    """

    def __init__(self, layout: Layout, name: str, fd: int) -> None:
        """Wrap an open, empty file; use :meth:`create` or :meth:`resume`."""
        self.path = layout.parts / name
        self.size = 0
        self.durable = 0
        self.lied = False
        self._fd = fd
        self._hash = hashlib.sha256()
        self._head = bytearray()
        self._named = False
        """The folder was synced since the file is there."""
        self._broken: Failure | None = None

    @classmethod
    def create(cls, layout: Layout, name: str) -> Part:
        """Open a new, empty part (P1); what has its name already is removed first.

        The row that names the part is committed before, so that nothing else can own the name.

        Raises:
            Failure: The system refused.
            ValueError: ``name`` is none of ours.
        """
        path = _path(layout, name)
        with as_read_only(), os_failures(f"create part {name}"):
            flags = _FLAGS | os.O_CREAT | os.O_EXCL
            try:
                fd = os.open(path, flags, _MODE)
            except FileExistsError:
                path.unlink()
                fd = os.open(path, flags, _MODE)
        return cls(layout, name, fd)

    @classmethod
    def resume(
        cls, layout: Layout, name: str, durable: int, *, stop: threading.Event | None = None
    ) -> Part:
        """Open a part at its durable offset; what lies behind it is cut off and forgotten.

        The kept bytes are read once for the digest. A part that is missing, shorter than
        ``durable``, no plain file, or published already under another name is begun anew;
        :attr:`lied` says so where bytes were lost by it.

        Args:
            layout: The archive.
            name: The part's name, from its row.
            durable: Offset that the row promises.
            stop: Ends the reading of a long part with ``Kind.STOPPED``.

        Raises:
            Failure: The system refused, or ``stop`` was set.
            ValueError: ``name`` is none of ours.
        """
        path = _path(layout, name)
        fd = _open_existing(path)
        if fd is None:
            part = cls.create(layout, name)
            part.lied = durable > 0
            return part
        part = cls(layout, name, fd)
        try:
            with os_failures(f"open part {name}"):
                on_disk = os.fstat(fd).st_size
            part.lied = on_disk < durable
            part._reread(0 if part.lied else max(durable, 0), stop)
            part.durable = part.size
        except BaseException:
            part.close()
            raise
        return part

    @property
    def head(self) -> bytes:
        """The first bytes, at most :data:`HEAD_BYTES`."""
        return bytes(self._head)

    @property
    def sha256(self) -> bytes:
        """Digest of all the part holds now."""
        return self._hash.copy().digest()

    def write(self, data: Bytes) -> None:
        """Add ``data`` at the end (P2).

        Raises:
            Failure: The disk is full or broken; the part takes nothing more.
        """
        fd = self._usable_fd()
        view = memoryview(data)
        try:
            write_all(fd, view)
        except OSError as error:
            self._broken = os_failure(error, f"write part {self.path.name}")
            raise self._broken from error
        self._hash.update(view)
        self.size += len(view)
        if len(self._head) < HEAD_BYTES:
            self._head += view[: HEAD_BYTES - len(self._head)]

    def sync(self) -> int:
        """Bring all that was written to the disk; return the new durable offset.

        The bytes leave the page cache, where nobody needs them before the validation.

        Raises:
            Failure: It failed; the part goes back to the offset before and takes nothing more.
        """
        fd = self._usable_fd()
        try:
            fdatasync(fd)
            self._sync_name()
        except Failure as failure:
            self._broken = failure
            raise
        _forget_pages(fd, self.durable, self.size)
        self.durable = self.size
        return self.durable

    def seal(self) -> None:
        """Make the part ready to be published (P5): final permissions, all on the disk.

        Raises:
            Failure: It failed; the part takes nothing more.
        """
        fd = self._usable_fd()
        try:
            with os_failures(f"seal part {self.path.name}"):
                os.fchmod(fd, 0o666 & ~umask())
            fsync_file(fd)
            self._sync_name()
        except Failure as failure:
            self._broken = failure
            raise
        self.durable = self.size

    def tail(self, count: int) -> bytes:
        """Return the last ``count`` bytes, or all if there are fewer.

        Raises:
            Failure: They could not be read.
        """
        count = max(0, min(count, self.size))
        with os_failures(f"read part {self.path.name}"):
            return _read_exactly(self._usable_fd(), count, self.size - count)

    def truncate(self, size: int) -> None:
        """Forget what lies behind ``size``; 0 begins the part anew.

        Raises:
            Failure: The system refused; the part takes nothing more.
            ValueError: The part does not hold so much.
        """
        self._usable_fd()
        if not 0 <= size <= self.size:
            raise ValueError(f"cannot cut a part of {self.size} bytes to {size}")
        self._reread(size, None)
        self.durable = min(self.durable, size)

    def close(self) -> None:
        """Close the file and leave it where it is; may be called again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # what matters was synced before
                os.close(fd)

    def discard(self) -> None:
        """Close the file and delete it.

        Raises:
            Failure: The system refused to delete it.
        """
        self.close()
        with os_failures(f"delete part {self.path.name}"):
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Part:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _usable_fd(self) -> int:
        if self._broken is not None:
            raise self._broken
        if self._fd < 0:
            raise ValueError(f"part {self.path.name} is closed")
        return self._fd

    def _sync_name(self) -> None:
        if not self._named:
            fsync_dir(self.path.parent)
            self._named = True

    def _reread(self, size: int, stop: threading.Event | None) -> None:
        """Cut the file to ``size`` and take digest, head and position from what is left."""
        fd = self._usable_fd()
        self._hash, self._head, self.size = hashlib.sha256(), bytearray(), 0
        try:
            with os_failures(f"read part {self.path.name}"):
                os.ftruncate(fd, size)
                while self.size < size:
                    if stop is not None and stop.is_set():
                        raise Failure(Kind.STOPPED, "stopped while reading a part again")
                    block = _read_exactly(fd, min(_BLOCK, size - self.size), self.size)
                    self._hash.update(block)
                    self._head += block[: max(0, HEAD_BYTES - len(self._head))]
                    self.size += len(block)
                os.lseek(fd, size, os.SEEK_SET)
        except Failure as failure:
            self._broken = failure
            raise


def _path(layout: Layout, name: str) -> Path:
    if not PART_NAME.match(name):
        raise ValueError(f"not the name of a part: {name!r}")
    return layout.parts / name


def _open_existing(path: Path) -> int | None:
    """Open a part that is there and ours alone, else return ``None``."""
    with os_failures(f"open part {path.name}"):
        try:
            fd = os.open(path, _FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.EMLINK, errno.ENXIO}:
                raise
            return None
        found = os.fstat(fd)
        # A second name means that it is published: writing here would change the archive.
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return fd
        os.close(fd)
        return None


def _read_exactly(fd: int, count: int, offset: int) -> bytes:
    data = os.pread(fd, count, offset)
    while len(data) < count:
        more = os.pread(fd, count - len(data), offset + len(data))
        if not more:
            raise OSError(errno.EIO, "the file ends before its size")
        data += more
    return data


def _forget_pages(fd: int, start: int, end: int) -> None:
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):  # advice only
            os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)
