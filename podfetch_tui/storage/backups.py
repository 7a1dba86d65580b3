"""The files of backups: their names, how many are kept, and how one takes the catalogue's place.

Every change is one rename to a name that nothing has: a kill leaves the old files, the new
ones, or, between putting the old catalogue aside and putting the backup in its place, none,
which stops every start until the restore is repeated.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure
from podfetch_tui.storage.layout import Layout
from podfetch_tui.system.decoding import from_json
from podfetch_tui.system.durable import (
    fsync_dir,
    fsync_file,
    os_failures,
    rename_noreplace,
    write_all,
    write_atomic,
)

FOLDER = "backups"
"""In the marker's folder, unless another is named."""

_NAME = re.compile(
    r"catalog-(?P<archive>[0-9a-f]{8})-(?P<at>\d{8}T\d{6}Z)(?:-(?P<number>\d+))?\.db\Z"
)
_STALE_S = 86_400
_BLOCK = 1 << 20
_SIDES = ("-wal", "-shm", "-journal")


class LastBackup(msgspec.Struct, frozen=True):
    """The newest backup that was made by this user, in the state folder."""

    path: str
    at: int
    """UTC milliseconds."""


def default_folder(layout: Layout) -> Path:
    """Return where backups go when nobody says otherwise."""
    return layout.marker_dir / FOLDER


def begin(folder: Path, at: int) -> Path:
    """Make the folder and an empty private file in it, to be filled.

    Args:
        folder: Where the backup goes.
        at: UTC milliseconds; what a killed backup left a day ago is removed.

    Raises:
        Failure: The system refused.
    """
    with os_failures(f"make a backup in {folder}"):
        folder.mkdir(0o700, parents=True, exist_ok=True)
        for left in folder.glob(".catalog-*.tmp"):
            _remove_stale(left, at)
        temp = folder / f".catalog-{secrets.token_hex(4)}.tmp"
        os.close(os.open(temp, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    return temp


def _remove_stale(path: Path, at: int) -> None:
    """Remove what a backup that was killed left, not what another one is filling now."""
    with contextlib.suppress(FileNotFoundError):
        if at / 1000 - path.stat().st_mtime > _STALE_S:
            path.unlink()


def finish(temp: Path, archive: str, at: int) -> Path:
    """Sync a filled file and give it its name; return it.

    Raises:
        Failure: The system refused.
    """
    stamp = datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    with os_failures("finish the backup"):
        fd = os.open(temp, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fsync_file(fd)
        finally:
            os.close(fd)
        stem, number = f"catalog-{archive[:8]}-{stamp}", 1
        final = temp.with_name(f"{stem}.db")
        while not rename_noreplace(temp, final):
            number += 1
            final = temp.with_name(f"{stem}-{number}.db")
    fsync_dir(final.parent)
    return final


def backups_in(folder: Path, archive: str) -> list[Path]:
    """Return the backups of an archive in ``folder``, the oldest first.

    Raises:
        Failure: The folder could not be read.
    """
    with os_failures(f"read {folder}"):
        try:
            names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
        except FileNotFoundError:
            return []
    matches = [(match, name) for name in names if (match := _NAME.match(name))]
    ours = [
        (match["at"], int(match["number"] or 1), name)
        for match, name in matches
        if match["archive"] == archive[:8]
    ]
    return [folder / name for _, _, name in sorted(ours)]


def prune(folder: Path, archive: str, keep: int) -> list[Path]:
    """Remove the oldest backups of an archive beyond ``keep``, never the newest.

    Raises:
        Failure: The system refused.
    """
    surplus = backups_in(folder, archive)[: -max(1, keep)]
    with os_failures(f"remove old backups from {folder}"):
        for path in surplus:
            path.unlink(missing_ok=True)
    return surplus


def remember(state_dir: Path, archive: str, made: LastBackup) -> None:
    """Note for the doctor that a backup was made; a refusal is no harm."""
    path = _note(state_dir, archive)
    with contextlib.suppress(OSError, Failure):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        write_atomic(path, msgspec.json.encode(made))


def last_backup(state_dir: Path, archive: str) -> LastBackup | None:
    """Return the newest backup this user is known to have made."""
    try:
        return from_json(_note(state_dir, archive).read_bytes(), LastBackup)
    except (OSError, msgspec.DecodeError):
        return None


def _note(state_dir: Path, archive: str) -> Path:
    return state_dir / "backups" / f"{archive}.json"


def copy_in(source: Path, catalog: Path) -> Path:
    """Copy a backup beside the catalogue, privately and durably; return the copy.

    Raises:
        Failure: It could not be read or written.
    """
    copy = catalog.with_name(f".{catalog.name}.{secrets.token_hex(4)}.restoring")
    with os_failures(f"copy {source.name}"):
        for left in catalog.parent.glob(f".{catalog.name}.*.restoring"):
            left.unlink(missing_ok=True)
        try:
            _copy(source, copy)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    fsync_dir(copy.parent)
    return copy


def _copy(source: Path, target: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(target, flags, 0o600)
    try:
        with source.open("rb") as file:
            while block := file.read(_BLOCK):
                write_all(fd, block)
        fsync_file(fd)
    finally:
        os.close(fd)


def take_place(copy: Path, catalog: Path, at: int) -> Path | None:
    """Put the present catalogue aside and the copy in its place; return where the old one is.

    Its log goes first: a log must never lie beside another catalogue than its own.

    Raises:
        Failure: The system refused; repeat the restore.
    """
    stamp = datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    aside = catalog.with_name(f"{catalog.name}.before-restore-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = catalog.with_name(f"{catalog.name}.before-restore-{stamp}-{number}")
    was_there = catalog.exists()
    with os_failures(f"put {catalog.name} aside"):
        for side in _SIDES:
            with contextlib.suppress(FileNotFoundError):
                catalog.with_name(catalog.name + side).rename(aside.with_name(aside.name + side))
        if was_there:
            catalog.rename(aside)
        fsync_dir(catalog.parent)
        copy.rename(catalog)
    fsync_dir(catalog.parent)
    return aside if was_there else None
