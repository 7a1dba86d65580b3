"""Putting the marker's folders in order at start: parts of nobody, files that were rejected.

Media files are never touched by a sweep; :func:`reject` moves one that is certainly not what
its row says.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec

from podfetch_tui.storage.layout import Layout, safe_component
from podfetch_tui.storage.parts import PART_NAME
from podfetch_tui.system.durable import fsync_dir, os_failures, rename_noreplace

MOST_REJECTED_FILES = 1000
MOST_REJECTED_BYTES = 1024**3

_TEMP_SUFFIX = ".tmp"
_MOST_NAMED = 20


class Swept(msgspec.Struct, frozen=True):
    """What a sweep of the parts found."""

    removed: int
    """Parts that no row names."""
    removed_bytes: int
    foreign: tuple[str, ...]
    """Names of things that are none of ours, the first 20; they stay."""


def sweep_parts(layout: Layout, keep: AbstractSet[str]) -> Swept:
    """Delete parts that no row names: rows are always committed before their files exist.

    Only plain files with names of ours are deleted, temporary files of ours among them.
    Call it under the archive's lock and before any download starts.

    Args:
        layout: The archive.
        keep: Names of the parts of all rows that are claimed or sealed.

    Raises:
        Failure: The folder cannot be read or a file cannot be deleted.
    """
    removed = removed_bytes = 0
    foreign: list[str] = []
    with os_failures("sweep the parts"), os.scandir(layout.parts) as entries:
        for entry in entries:
            if entry.name in keep:
                continue
            found = entry.stat(follow_symlinks=False)
            if not _is_ours(entry.name) or not stat.S_ISREG(found.st_mode):
                foreign.append(entry.name)
                continue
            Path(entry.path).unlink()
            removed += 1
            removed_bytes += found.st_size
    return Swept(removed, removed_bytes, tuple(sorted(foreign)[:_MOST_NAMED]))


def remove_parts(layout: Layout, names: Iterable[str]) -> None:
    """Delete parts that were given up; a name that nothing has is fine.

    Raises:
        Failure: One cannot be deleted.
    """
    with os_failures("delete parts"):
        for name in names:
            if PART_NAME.match(name):
                (layout.parts / name).unlink(missing_ok=True)


def _is_ours(name: str) -> bool:
    return PART_NAME.match(name.removesuffix(_TEMP_SUFFIX)) is not None


def temp_path(layout: Layout) -> Path:
    """Return a name in the parts for a file that will be renamed; a sweep knows it."""
    return layout.parts / f"0-{secrets.token_hex(4)}.part{_TEMP_SUFFIX}"


def reject(layout: Layout, path: Path) -> Path:
    """Move a file that is not what its row says out of the way, into ``rejected/``.

    Returns:
        Where it is now.

    Raises:
        Failure: It could not be moved, or is not there.
    """
    name = safe_component(path.name, 160, fallback="file")
    with os_failures(f"move {path.name} to the rejected files"):
        target = layout.rejected / f"{secrets.token_hex(4)}-{name}"
        while not rename_noreplace(path, target):
            target = layout.rejected / f"{secrets.token_hex(4)}-{name}"
    fsync_dir(layout.rejected)
    fsync_dir(path.parent)
    return target


def sweep_rejected(
    layout: Layout, *, most_files: int = MOST_REJECTED_FILES, most_bytes: int = MOST_REJECTED_BYTES
) -> int:
    """Delete the oldest rejected files until both bounds hold; return how many went.

    Raises:
        Failure: The folder cannot be read or a file cannot be deleted.
    """
    files: list[tuple[float, str, int]] = []
    with os_failures("sweep the rejected files"):
        with os.scandir(layout.rejected) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    files.append((found.st_mtime, entry.path, found.st_size))
        files.sort(reverse=True)
        kept = kept_bytes = removed = 0
        for _, path, size in files:
            if kept < most_files and kept_bytes + size <= most_bytes:
                kept, kept_bytes = kept + 1, kept_bytes + size
                continue
            with contextlib.suppress(FileNotFoundError):
                Path(path).unlink()
                removed += 1
    return removed
