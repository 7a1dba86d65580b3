"""Comparing files with what the catalogue says of them. Reads only, changes nothing."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.names import unique_key
from podfetch_tui.storage.layout import MARKER_DIR, Layout, is_content
from podfetch_tui.system.durable import os_failures

_BLOCK = 1024 * 1024
_MOST_FOLDERS = 64


class Check(str, Enum):
    """What a look at one file showed; the words of ``verify --json``."""

    OK = "ok"
    MISSING = "missing"
    MISMATCHED = "mismatched"
    """Another size or digest, or no plain file."""


class OwnPaths:
    """The paths of the archive's own files, told from foreign ones as the file system does.

    One that folds case or the normal form of Unicode (exFAT, HFS+, SMB) lists a file under
    another spelling than it was made with; it is the same file.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._paths: set[str] = set()
        self._by_key: dict[str, str] = {}
        """Made when the first path is spelled otherwise."""
        self._folders: dict[Path, frozenset[str]] = {}

    def add(self, path: str) -> bool:
        """Note a path of ours; return whether it is new."""
        known = len(self._paths)
        self._paths.add(path)
        if self._by_key:
            self._by_key[unique_key(path)] = path
        return len(self._paths) > known

    def __contains__(self, path: str) -> bool:
        """Say whether ``path``, as the file system lists it, is one of ours."""
        if path in self._paths:
            return True
        if not self._by_key:
            self._by_key = {unique_key(own): own for own in self._paths}
        own = self._by_key.get(unique_key(path))
        # Inodes do not tell: FUSE has another one for each spelling.
        return own is not None and os.path.lexists(self._layout.media(own)) and self._folds(own)

    def _folds(self, own: str) -> bool:
        """Say whether a path that is there is listed under another spelling."""
        folder = self._layout.root
        for name in own.split("/"):
            if name not in self._listed(folder):
                return True
            folder = folder / name
        return False

    def _listed(self, folder: Path) -> frozenset[str]:
        if folder not in self._folders:
            if len(self._folders) >= _MOST_FOLDERS:
                self._folders.clear()
            try:
                self._folders[folder] = frozenset(os.listdir(folder))  # noqa: PTH208  names only
            except OSError:
                self._folders[folder] = frozenset()
        return self._folders[folder]


def check_file(
    layout: Layout,
    relpath: str,
    *,
    size: int,
    sha256: bytes = b"",
    stop: threading.Event | None = None,
) -> Check:
    """Compare one file of the archive with its row.

    Args:
        layout: The archive.
        relpath: Its path below the root.
        size: Its size in bytes.
        sha256: Its digest; empty compares the size only, without reading the file.
        stop: Ends the reading of a long file with ``Kind.STOPPED``.

    Raises:
        Failure: The file could not be read, or ``stop`` was set.
        ValueError: ``relpath`` is not a path below the root.
    """
    path = layout.media(relpath)
    with os_failures(f"read {path.name}"):
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return Check.MISSING
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return Check.MISMATCHED
        if not sha256:
            return Check.OK
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(path, flags)
        except FileNotFoundError:
            return Check.MISSING
        try:
            return Check.OK if _digest(fd, stop) == sha256 else Check.MISMATCHED
        finally:
            os.close(fd)


def _digest(fd: int, stop: threading.Event | None) -> bytes:
    """Read a whole file; its pages leave the cache again, which others need more."""
    digest = hashlib.sha256()
    buffer = bytearray(_BLOCK)
    view = memoryview(buffer)
    offset = 0
    while count := os.readv(fd, [view]):
        if stop is not None and stop.is_set():
            raise Failure(Kind.STOPPED, "stopped while reading a file")
        digest.update(view[:count])
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, offset, count, os.POSIX_FADV_DONTNEED)
        offset += count
    return digest.digest()


def walk(
    layout: Layout, *, on_unreadable: Callable[[str, Failure], None] | None = None
) -> Iterator[tuple[str, int]]:
    """Yield (path below the root, size) of all that is beside the marker, folder by folder.

    Folders are not yielded and symbolic links not followed; a link counts as a file. What
    disappears during the walk is left out, and so is what an operating system puts on a disk
    by itself. The caller tells its own files from foreign ones. Names that are no UTF-8 hold
    lone surrogates: clean them before they are shown.

    Args:
        layout: The archive.
        on_unreadable: Told of a folder that could not be read, and why; the walk goes on.

    Raises:
        Failure: A folder could not be read, and nobody is told.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            files, below = _entries(layout, folder)
        except Failure as failure:
            if on_unreadable is None:
                raise
            on_unreadable(folder, failure)
            continue
        folders.extend(sorted(below, reverse=True))
        yield from sorted(files)


def _entries(layout: Layout, folder: str) -> tuple[list[tuple[str, int]], list[str]]:
    """Return (path, size) of the files in a folder below the root, and its folders."""
    files: list[tuple[str, int]] = []
    below: list[str] = []
    with os_failures(f"read folder {folder or '.'}"):
        try:
            entries = os.scandir(layout.root / folder)
        except FileNotFoundError:
            if not folder:
                raise
            return files, below
        with entries:
            for entry in entries:
                if not folder and (entry.name == MARKER_DIR or not is_content(entry.name)):
                    continue
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    below.append(path)
                    continue
                try:
                    files.append((path, entry.stat(follow_symlinks=False).st_size))
                except FileNotFoundError:
                    continue
    return files, below
