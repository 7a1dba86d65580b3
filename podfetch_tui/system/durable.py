"""Files that survive a power cut: syncing, replacing, publishing without clobbering.

Every error of the operating system leaves this file as a :class:`Failure`. A failed sync is
never tried again on the same file: the kernel may have dropped the dirty pages and marked
them clean, and a second try would report a success that is none.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.system.locks import assert_unlocked

_KINDS = {
    errno.ENOSPC: Kind.DISK_FULL,
    errno.EDQUOT: Kind.DISK_FULL,
    errno.EROFS: Kind.READ_ONLY,
    errno.EIO: Kind.IO_ERROR,
    errno.EACCES: Kind.PERMISSION,
    errno.EPERM: Kind.PERMISSION,
    # Of one file; the others are not to wait for it.
    errno.ENAMETOOLONG: Kind.PERMISSION,
    errno.EISDIR: Kind.PERMISSION,
    errno.ENOTDIR: Kind.PERMISSION,
    errno.EMFILE: Kind.TOO_MANY_FILES,
    errno.ENFILE: Kind.TOO_MANY_FILES,
    errno.ENOMEM: Kind.OUT_OF_MEMORY,
    errno.EFBIG: Kind.TOO_LARGE,
}
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_NO_HARD_LINK = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_RENAME_FLAGS = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # Linux: linux/fs.h
_RENAME_EXCL = 4  # macOS: sys/stdio.h


def os_failure(error: OSError, what: str) -> Failure:
    """Return ``error`` as a :class:`Failure`.

    Args:
        error: What the operating system said.
        what: What was tried, as in ``cannot <what>``.
    """
    reason = error.strerror or str(error)
    kind = _KINDS.get(error.errno or 0, Kind.IO_ERROR)
    return Failure(kind, clean(f"cannot {what}: {reason}"), errno=error.errno)


@contextlib.contextmanager
def os_failures(what: str) -> Iterator[None]:
    """Turn each ``OSError`` of the block into a :class:`Failure`; see :func:`os_failure`."""
    try:
        yield
    except OSError as error:
        raise os_failure(error, what) from error


def fsync_file(fd: int) -> None:
    """Wait until the bytes and the metadata of an open file are on the disk.

    On macOS, where ``fsync`` stops at the drive's cache, ``F_FULLFSYNC`` is used.

    Raises:
        Failure: It failed; what is on the disk is unknown, so the file must not be used.
    """
    assert_unlocked("fsync")
    with os_failures("sync a file"):
        if sys.platform == "darwin":
            _full_fsync(fd)
        else:
            os.fsync(fd)


def fdatasync(fd: int) -> None:
    """Wait until the bytes of an open file, and its size, are on the disk.

    Raises:
        Failure: As for :func:`fsync_file`.
    """
    if sys.platform == "darwin":
        fsync_file(fd)
        return
    assert_unlocked("fdatasync")
    with os_failures("sync a file"):
        os.fdatasync(fd)


def _full_fsync(fd: int) -> None:
    try:
        fcntl.fcntl(fd, getattr(fcntl, "F_FULLFSYNC", 51))
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
        os.fsync(fd)


def fsync_dir(path: Path) -> None:
    """Wait until the names in a folder are on the disk.

    File systems that cannot sync a folder (some network and FUSE ones) say ``EINVAL`` or
    ``ENOTSUP``; there is nothing to be done about that, and it is no error.

    Raises:
        Failure: It failed otherwise; the folder's newest names may not survive a power cut.
    """
    assert_unlocked("fsync")
    with os_failures(f"sync folder {path.name}"):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
        finally:
            os.close(fd)


def publish_noclobber(src: Path, dst: Path) -> bool:
    """Give the file ``src`` the name ``dst``, unless something has that name; durably.

    The file has a name that survives a power cut at every moment: ``dst`` is linked and its
    folder synced before ``src`` is removed. Done twice, it finishes what a crash interrupted.
    On file systems without hard links it is renamed by a call that refuses to replace, and
    where that is missing too, after a look that the name is free (one process holds the
    archive, so nobody else takes it in between).

    Returns:
        ``False`` when another file has the name; then nothing has changed.

    Raises:
        Failure: Neither worked; ``src`` is still there.
    """
    assert_unlocked("publishing a file")
    with os_failures(f"publish {dst.name}"):
        try:
            os.link(src, dst, follow_symlinks=False)
        except FileExistsError:
            if not _same_file(src, dst):
                return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINK:
                raise
            if not rename_noreplace(src, dst):
                return False
            fsync_dir(dst.parent)
            return True
        fsync_dir(dst.parent)
        src.unlink()
    return True


def _same_file(one: Path, other: Path) -> bool:
    first, second = os.lstat(one), os.lstat(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def rename_noreplace(src: Path, dst: Path) -> bool:
    """Rename ``src`` to ``dst`` unless something has that name; say whether it was done.

    Not durable by itself. Raises ``OSError``.
    """
    try:
        rename = _kernel_rename()
        if rename is None:
            return _checked_rename(src, dst)
        rename(os.fsencode(src), os.fsencode(dst))
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_RENAME_FLAGS:
            raise
        return _checked_rename(src, dst)
    return True


def _checked_rename(src: Path, dst: Path) -> bool:
    if os.path.lexists(dst):
        return False
    src.rename(dst)
    return True


@functools.cache
def _kernel_rename() -> Callable[[bytes, bytes], None] | None:
    """Return the rename of this system that refuses to replace, or ``None``."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        call = getattr(libc, "renamex_np", None)
        flags: tuple[int, ...] = (_RENAME_EXCL,)
        at: tuple[int, ...] = ()
    else:
        call = getattr(libc, "renameat2", None)
        flags, at = (_RENAME_NOREPLACE,), (_AT_FDCWD,)
    if call is None:
        return None

    def rename(src: bytes, dst: bytes) -> None:
        if call(*at, src, *at, dst, *flags) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return rename


def write_atomic(path: Path, data: bytes, mode: int = 0o600, *, temp: Path | None = None) -> None:
    """Make ``path`` hold ``data``, whole or not at all, whatever happens meanwhile; durably.

    A symbolic link at ``path`` is replaced, not followed.

    Args:
        path: The file to write or replace.
        data: All of its bytes.
        mode: Its permission bits, exactly.
        temp: Name of the file to build it in, on the same file system, when a leftover of a
            crash must not lie beside ``path``; it is replaced if it is there.

    Raises:
        Failure: It could not be written; ``path`` is as before.
    """
    assert_unlocked("writing a file")
    if temp is None:
        temp = path.with_name(f".{path.name[:64]}.{secrets.token_hex(4)}.tmp")
    with os_failures(f"write {path.name}"):
        try:
            _write_synced(temp, data, mode)
            temp.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temp.unlink()
            raise
    fsync_dir(path.parent)


def write_trial(path: Path, size: int) -> None:
    """Write a file of ``size`` zeros to the disk and delete it: the only proof that one can.

    Raises:
        Failure: It could not be written.
    """
    assert_unlocked("writing a file")
    with os_failures(f"write {path.name}"):
        try:
            _write_synced(path, bytes(size), 0o600)
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _write_synced(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    fd = os.open(path, flags, 0o600)
    try:
        write_all(fd, data)
        os.fchmod(fd, mode)
        fsync_file(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of ``data``, in as many steps as the system wants. Raises ``OSError``."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@functools.cache
def umask() -> int:
    """Return the process's file mode creation mask, as it was when first asked for."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
