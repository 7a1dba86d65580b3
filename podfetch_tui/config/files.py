"""Reading the files that people write, without hanging on a pipe or filling memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_bounded(path: Path, limit: int) -> bytes:
    """Return at most ``limit`` bytes of the file at ``path``.

    Raises:
        OSError: it cannot be read, or is a folder, a pipe or a device (``/dev/null`` is empty);
            ``strerror`` is fit for people.
    """
    # Without O_NONBLOCK, opening a pipe nobody writes to would never return.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not stat.S_ISREG(mode) and str(path) != os.devnull:
            raise OSError(errno.EINVAL, "it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit)
    finally:
        os.close(descriptor)
