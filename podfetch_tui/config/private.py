"""Reading a file that nobody else may read."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


class NotPrivate(OSError):
    """Others can read or change the file; ``mend`` is the command that ends that."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.strerror = reason
        self.mend = mend


def read_private(path: Path, limit: int) -> bytes:
    """Return at most ``limit`` bytes of a regular file of this user with no rights for others.

    A symbolic link is followed, and what counts is the file it leads to: owner and rights are
    those of the very file that is read.

    Raises:
        NotPrivate: it belongs to another user, or others have rights on it.
        OSError: it cannot be read, or is no regular file; ``strerror`` is fit for people.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        where = shlex.quote(str(path.resolve()))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is not a regular file")
        if found.st_uid != os.geteuid():
            reason = "it belongs to another user"
            raise NotPrivate(reason, f"sudo chown {os.geteuid()} {where} && chmod 600 {where}")
        if found.st_mode & 0o077:
            reason = f"others have rights on it ({stat.filemode(found.st_mode)})"
            raise NotPrivate(reason, f"chmod 600 {where}")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit)
    finally:
        os.close(descriptor)
