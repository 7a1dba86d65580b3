"""Removing files of the archive, for good and only when an operator said so."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from podfetch_tui.storage.layout import Layout
from podfetch_tui.system.durable import fsync_dir, os_failures


def remove_files(layout: Layout, relpaths: Iterable[str]) -> list[str]:
    """Remove files below the root; on return they are gone for good, whatever happens.

    Only plain files are removed, and a name that nothing has is fine: it was done before.

    Args:
        layout: The archive.
        relpaths: Their paths.

    Returns:
        The paths at which there is something else than a plain file; it stays.

    Raises:
        Failure: The system refused; some may be gone.
        ValueError: A path is not below the root.
    """
    folders: dict[Path, None] = {}
    strange: list[str] = []
    for relpath in relpaths:
        path = layout.media(relpath)
        with os_failures(f"remove {path.name}"):
            try:
                found = path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            if not stat.S_ISREG(found.st_mode):
                strange.append(relpath)
                continue
            path.unlink(missing_ok=True)
        folders[path.parent] = None
    for folder in folders:
        fsync_dir(folder)
    return strange
