"""What is in files right now, as one value to compare."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Union

from podfetch_tui.config.files import read_bounded

LARGEST = 64 * 1024 * 1024 + 1
"""More bytes of a file are not looked at; no file we read may be larger."""
_FRESH_NS = 2_000_000_000
"""Two writes within this may leave a file with the same times."""

Content = bytes
"""Digest of a file's bytes, or of why it cannot be read."""


class _Standing(NamedTuple):
    """What the system says of a file without reading it."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int
    mode: int


class _Known(NamedTuple):
    standing: Union[_Standing, int]
    content: Content
    is_fresh: bool
    """It had changed so lately that its times prove nothing yet."""


class Contents:
    """Files and what was in them at the last look."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Begin with nothing known: the first :meth:`look` reads all."""
        self.paths = tuple(dict.fromkeys(paths))
        self._known: dict[Path, _Known] = {}

    def look(self, now_ns: int) -> bool:
        """Read what may have changed; return whether a file holds something else than before.

        Args:
            now_ns: Wall time in nanoseconds.
        """
        changed = False
        for path in self.paths:
            standing = _standing(path)
            if not self._is_stirred(path, standing):
                continue
            known, content = self._known.get(path), _content(path)
            changed = changed or known is None or known.content != content
            self._known[path] = _Known(standing, content, _is_fresh(standing, now_ns))
        return changed

    def is_stirred(self) -> bool:
        """Whether a file has to be read again to say what it holds."""
        return any(self._is_stirred(path, _standing(path)) for path in self.paths)

    def _is_stirred(self, path: Path, standing: Union[_Standing, int]) -> bool:
        known = self._known.get(path)
        return known is None or known.is_fresh or known.standing != standing

    def names(self) -> set[str]:
        """Return the names a change can show under: of the files, and of what links mean."""
        return {name.name for path in self.paths for name in (path, _resolved(path))}

    def folders(self) -> set[Path]:
        """Return the folders in which a change can show: of the names, and of what links mean."""
        found = set()
        for path in self.paths:
            for name in (path, _resolved(path)):
                found.add(_resolved(name.parent))
        return found


def _standing(path: Path) -> Union[_Standing, int]:
    """Return what the system says of ``path``, or the number of its error."""
    try:
        found = path.stat()
    except OSError as error:
        return error.errno or -1
    return _Standing(
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_mode,
    )


def _is_fresh(standing: Union[_Standing, int], now_ns: int) -> bool:
    """A file system with another clock than ours is not read for ever."""
    if isinstance(standing, int):
        return False
    return abs(now_ns - max(standing.modified, standing.changed)) < _FRESH_NS


def _content(path: Path) -> Content:
    try:
        data = read_bounded(path, LARGEST)
    except OSError as error:
        return b"error %d" % (error.errno or 0)
    return hashlib.blake2b(data, digest_size=16).digest()


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
