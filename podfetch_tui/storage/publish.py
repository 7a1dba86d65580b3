"""The step that makes a sealed part a file of the archive (P6), and second names for it.

No file that is there is ever replaced or removed, and nothing is written outside the root.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.unusable import as_read_only
from podfetch_tui.system.durable import fsync_dir, os_failures, publish_noclobber

_CANNOT_LINK = {
    errno.EEXIST,
    errno.EMLINK,
    errno.EPERM,
    errno.EXDEV,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
}

_MOST_REMEMBERED = 20_000
_synced: set[int] = set()
"""Hashes of folders whose names this process has synced into their parents.

That a folder is there does not say that it survives a power cut: another thread may have made
it a moment ago, or a process that was killed before it synced it.
"""


def publish(layout: Layout, part_name: str, relpath: str) -> bool:
    """Give a sealed part its final name; on return the name survives a power cut.

    Folders on the way are made, each synced into its parent. Called again after a crash, it
    finishes what was begun.

    Args:
        layout: The archive.
        part_name: The part's name, from its row.
        relpath: Reserved path below the root.

    Returns:
        ``False`` when another file has the name: reserve a new one. The part is untouched.

    Raises:
        Failure: The system refused, or the folder leads out of the archive. The part is still
            there; with ``errno`` ``ENOENT`` it was not there to begin with.
        ValueError: ``relpath`` is not a path below the root.
    """
    final = layout.media(relpath)
    make_folders(layout, final.parent)
    try:
        return publish_noclobber(layout.parts / part_name, final)
    except Failure as failure:
        if failure.errno != errno.EXDEV:
            raise
        raise Failure(
            Kind.PERMISSION,
            f"folder {final.parent.name} is on another file system than the archive's root:"
            " an archive has to be on one",
            errno=errno.EXDEV,
        ) from failure


def settle(layout: Layout, part_name: str, relpath: str) -> None:
    """Finish the publication of a file that recovery found under its final name.

    A process may have died before the name was on the disk: it is synced, and only then the
    part, where it is still there, is removed.

    Args:
        layout: The archive.
        part_name: The part's name, from its row; empty when there is none.
        relpath: Path of the published file below the root, its bytes checked by the caller.

    Raises:
        Failure: The system refused; both names stay.
        ValueError: ``relpath`` is not a path below the root.
    """
    final = layout.media(relpath)
    make_folders(layout, final.parent)
    fsync_dir(final.parent)
    if part_name:
        with os_failures(f"delete part {part_name}"):
            (layout.parts / part_name).unlink(missing_ok=True)


def link_existing(layout: Layout, existing: str, relpath: str) -> bool:
    """Give the bytes of a published file a second name, durably.

    Args:
        layout: The archive.
        existing: Path of the published file below the root.
        relpath: Reserved path below the root.

    Returns:
        ``False`` when the file system cannot, or the name is taken by another file: then the
        catalogue keeps a reference to ``existing``.

    Raises:
        Failure: The system refused; with ``errno`` ``ENOENT`` when ``existing`` is missing.
        ValueError: One of the paths is not below the root.
    """
    source, final = layout.media(existing), layout.media(relpath)
    make_folders(layout, final.parent)
    with os_failures(f"link {final.name}"):
        try:
            os.link(source, final, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            if error.errno != errno.EEXIST or not final.samefile(source):
                return False
    fsync_dir(final.parent)
    return True


def is_present(layout: Layout, relpath: str, size: int) -> bool:
    """Say whether a plain file of that size is at ``relpath``.

    Raises:
        Failure: The system would not say.
        ValueError: ``relpath`` is not a path below the root.
    """
    path = layout.media(relpath)
    with os_failures(f"look at {path.name}"):
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def make_folders(layout: Layout, folder: Path) -> None:
    """Make ``folder`` below the root, and what is missing on the way, durably.

    Raises:
        Failure: The system refused, a file is in the way, or a symbolic link leads out of
            the archive.
    """
    below = folder.relative_to(layout.root).parts
    path = layout.root
    _check_inside(layout, path)
    for name in below:
        path = path / name
        if not os.path.lexists(path):
            _synced.discard(hash(path))
            # Every new feed has its folder in the root.
            everywhere = as_read_only() if path.parent == layout.root else contextlib.nullcontext()
            with everywhere, os_failures(f"create folder {name}"):
                path.mkdir(exist_ok=True)
        _check_inside(layout, path)
        if hash(path) not in _synced:
            fsync_dir(path.parent)
            if len(_synced) >= _MOST_REMEMBERED:
                _synced.clear()
            _synced.add(hash(path))


def _check_inside(layout: Layout, folder: Path) -> None:
    """Raise unless ``folder`` is there, is a folder, and really lies below the root."""
    with os_failures(f"look at folder {folder.name}"):
        real = folder.resolve(strict=False)
        root = layout.root.resolve(strict=True)
        is_folder = real.is_dir()
    inside = real == root or root in real.parents
    if inside and is_folder:
        return
    name = folder.relative_to(layout.root)
    if inside:
        raise Failure(
            Kind.PERMISSION,
            f"{name} is no folder, so a feed's files cannot go there: move it out of the archive",
            errno=errno.ENOTDIR,
        )
    raise Failure(
        Kind.PERMISSION,
        f"folder {name} is a symbolic link that leads out of the archive: remove the link",
        errno=errno.ELOOP,
    )
