"""What to do about an archive whose disk refuses, in words."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from podfetch_tui.model.errors import ArchiveUnusable, Failure, Kind

_ADVICE = {
    Kind.READ_ONLY: "the file system is read-only: mount it for writing",
    Kind.DISK_FULL: "the disk is full: make room",
    Kind.PERMISSION: "permission is denied: give this user the right to write there",
    Kind.IO_ERROR: "the disk does not work: look at the system's log",
}
_OF_CATALOGUE = {
    Kind.READ_ONLY: "the catalogue is read-only: make its file, folder and disk writable",
    Kind.DISK_FULL: "the disk is full: make room",
}
"""Failures without a number come from SQLite, or from our own look at the free space."""
_ELSEWHERE = (
    "is its disk mounted? If no folder can be made there, name another with --archive or"
    " [archive] root"
)
_NOT_THE_DISK = {errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP}


def with_advice(failure: Failure) -> str:
    """Return what is wrong and what to do about it, with the detail in brackets."""
    kind = failure.kind
    if failure.errno in (errno.EACCES, errno.EPERM):
        kind = Kind.PERMISSION
    advice = (_OF_CATALOGUE if failure.errno is None else _ADVICE).get(kind)
    if advice is None or failure.errno in _NOT_THE_DISK:
        return failure.detail or str(failure)
    return f"{advice} ({failure.detail})"


def unusable(root: Path, failure: Failure) -> ArchiveUnusable:
    """Return the error that ends a command or an engine on the archive at ``root``."""
    text = f"archive {root} cannot be used: {with_advice(failure)}"
    return ArchiveUnusable(f"{text}: {_ELSEWHERE}" if failure.errno in _NOT_THE_DISK else text)


@contextlib.contextmanager
def as_read_only() -> Iterator[None]:
    """Where every episode has to write, a refusal means that the whole archive is read-only.

    Raises:
        Failure: That of the block, ``PERMISSION`` as ``READ_ONLY``.
    """
    try:
        yield
    except Failure as failure:
        if failure.kind is not Kind.PERMISSION:
            raise
        raise Failure(Kind.READ_ONLY, failure.detail, errno=failure.errno) from failure
