"""What makes a folder an archive: ``.podfetch/archive.json``, made once, looked at always.

An archive that is not there is never mistaken for an empty one: where an archive was made is
remembered outside of it, so that a disk that is not mounted stops the program instead of
making every file ``missing`` or filling the mount point.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
import shutil
import stat
import uuid
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import ArchiveUnusable, Failure, NoArchiveYet
from podfetch_tui.model.text import clean
from podfetch_tui.storage.layout import MARKER_DIR, UNFINISHED, Layout, is_content
from podfetch_tui.storage.unusable import unusable
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.decoding import from_json
from podfetch_tui.system.durable import fsync_dir, os_failure, write_atomic
from podfetch_tui.system.times import rfc3339

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the archive's layout that this program writes and understands."""

_MOST_MARKER_BYTES = 64 * 1024
_SHORTEST_NAME_MAX = 190
_SHOWN_PATH = 200
_SHORTEST_PATH = 600
"""Bytes for what comes below the root: three names of the greatest length."""


class Marker(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of ``archive.json``; unknown keys are ignored."""

    format: int
    uuid: str
    created_at: str = ""
    catalog: str = ""
    """UUID of the catalogue that belongs to the archive, wherever that lies."""


class _Record(msgspec.Struct, frozen=True):
    """One archive that this user has had, in the state folder."""

    path: str
    uuid: str


def open_archive(
    root: Path,
    *,
    create: bool,
    state_dir: Path,
    init: bool = False,
    read_only: bool = False,
    clock: Clock | None = None,
) -> Layout:
    """Return the archive at ``root``, making it where that is allowed.

    Args:
        root: The archive's folder.
        create: Make an archive where the folder is missing or empty and never held one.
        state_dir: The user's state folder, where archives are remembered.
        init: The operator asked for an archive here: make one beside foreign files too, and
            where an archive is remembered that is no more.
        read_only: Only read: the archive may be on a medium that cannot be written.
        clock: For the time of creation.

    Raises:
        ArchiveUnusable: One sentence that says what is wrong and what to do; NoArchiveYet
            where nothing is wrong but that it was not to be made.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100  resolve() would follow the last link
    try:
        marker = _read_marker(root)
        if marker is None:
            _check_may_create(root, state_dir, create=create and not read_only, init=init)
            marker = _create(root, clock or Clock())
        layout = Layout(root, marker.uuid, marker.catalog)
        if not read_only:
            _check_usable(layout)
            _remember(root, marker.uuid, state_dir)
    except OSError as error:
        raise unusable(root, os_failure(error, "open it")) from error
    except Failure as failure:
        raise unusable(root, failure) from failure
    return layout


def remake_marker(
    root: Path, archive_uuid: str, *, state_dir: Path, clock: Clock | None = None
) -> None:
    """Make ``root`` the archive of that UUID, where its marker is missing: for a restore.

    Args:
        root: The folder; its media, if any, stay.
        archive_uuid: What the archive was called before.
        state_dir: The user's state folder, where archives are remembered.
        clock: For the time of creation.

    Raises:
        ArchiveUnusable: Another archive is remembered there, or it cannot be made.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100  as in open_archive
    try:
        if _read_marker(root) is not None:
            return
        known = _remembered(root, state_dir)
        if known not in ("", archive_uuid):
            raise ArchiveUnusable(
                f"{root} was archive {known}, and this is of {archive_uuid}: is the right disk"
                " mounted? Restore to another folder with --to"
            )
        folder = Layout(root).marker_dir
        if folder.is_dir() and any(folder.iterdir()):
            now = rfc3339((clock or Clock()).now_ms())
            _write_marker(Layout(root).marker, Marker(FORMAT, archive_uuid, now))
        else:
            _create(root, clock or Clock(), archive_uuid)
    except OSError as error:
        raise unusable(root, os_failure(error, "make it an archive")) from error
    except Failure as failure:
        raise unusable(root, failure) from failure


def bind_catalog(layout: Layout, catalog_uuid: str) -> None:
    """Write into the marker which catalogue belongs to the archive. Under the archive's lock.

    Raises:
        ArchiveUnusable: The marker cannot be written; it is as before.
    """
    try:
        marker = _read_marker(layout.root)
        if marker is not None and marker.catalog != catalog_uuid:
            _write_marker(layout.marker, msgspec.structs.replace(marker, catalog=catalog_uuid))
    except OSError as error:
        raise unusable(layout.root, os_failure(error, "write its marker")) from error
    except Failure as failure:
        raise unusable(layout.root, failure) from failure


def _write_marker(path: Path, marker: Marker) -> None:
    write_atomic(path, msgspec.json.format(msgspec.json.encode(marker)))


def _read_marker(root: Path) -> Marker | None:
    """Return the marker, or ``None`` where there is none."""
    path = Layout(root).marker
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_MARKER_BYTES)
    except FileNotFoundError:
        if root.is_symlink() and not root.exists():
            raise ArchiveUnusable(
                f"{root} is a symbolic link to nothing: is the disk it leads to mounted?"
            ) from None
        return None
    except NotADirectoryError:
        raise ArchiveUnusable(
            f"{root} cannot be an archive because a file is in the way:"
            " name a folder with --archive or [archive] root"
        ) from None
    try:
        marker = from_json(data, Marker)
        uuid.UUID(marker.uuid)
    except (msgspec.DecodeError, ValueError):
        raise ArchiveUnusable(
            f"{path} is damaged: restore it from a backup of the archive"
            " (it is small and hardly ever changes)"
        ) from None
    if marker.format > FORMAT:
        raise ArchiveUnusable(
            f"archive {root} has format {marker.format}, made by a newer PodFetch,"
            f" and this one knows formats up to {FORMAT}: update PodFetch"
        )
    return marker


def _check_may_create(root: Path, state_dir: Path, *, create: bool, init: bool) -> None:
    if init:
        return
    if _is_remembered(root, state_dir):
        raise ArchiveUnusable(
            f"{root} is recorded as an archive but its marker {MARKER_DIR}/archive.json is"
            " missing: is the disk mounted? If the archive was deleted on purpose, run"
            " `podfetch init` to begin a new one there"
        )
    if not root.exists():
        if not create:
            raise NoArchiveYet(f"there is no archive at {root}: run `podfetch init` to make one")
        return
    if any(is_content(name) for name in os.listdir(root)):  # noqa: PTH208  names only
        raise ArchiveUnusable(
            f"{root} is not empty and not an archive: run `podfetch init` to make it one"
            " (nothing in it will be touched), or name another folder"
        )
    if not create:
        raise NoArchiveYet(f"{root} is not an archive yet: run `podfetch init` to make it one")


def _create(root: Path, clock: Clock, archive_uuid: str = "") -> Marker:
    """Make the archive: everything under a name of its own, then one rename.

    A kill before the rename leaves a folder that counts as empty; the next start begins again
    and removes it.
    """
    _make_root(root)
    marker = Marker(FORMAT, archive_uuid or str(uuid.uuid4()), rfc3339(clock.now_ms()))
    final = Layout(root).marker_dir
    if final.is_symlink() or (final.exists() and any(final.iterdir())):
        raise ArchiveUnusable(
            f"{final} is there but holds no archive.json: restore it from a backup,"
            " or move the folder away"
        )
    building = root / f"{UNFINISHED}{secrets.token_hex(4)}"
    try:
        _build(building, marker)
        building.rename(final)
    except (OSError, Failure):
        shutil.rmtree(building, ignore_errors=True)
        made = _read_marker(root)
        if made is None:
            raise
        return made  # another process was quicker: its archive is the one
    fsync_dir(root)
    for left in root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    return marker


def _build(folder: Path, marker: Marker) -> None:
    folder.mkdir(0o700)
    for name in ("parts", "rejected"):
        (folder / name).mkdir(0o700)
    _write_marker(folder / "archive.json", marker)


def _make_root(root: Path) -> None:
    """Make the folder and its missing parents, each durably."""
    missing = [path for path in (root, *root.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):
            path.mkdir()
        fsync_dir(path.parent)


def names_problem(root: Path) -> str:
    """Return why names of an archive would be too long for the folder ``root``; else nothing.

    Raises:
        OSError: It, or the nearest folder above it that is there, cannot be asked.
    """
    shown = clean(str(root), _SHOWN_PATH)
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    if os.pathconf(there, "PC_NAME_MAX") < _SHORTEST_NAME_MAX:
        return (
            f"the file system of {shown} does not take names of {_SHORTEST_NAME_MAX} bytes:"
            " choose another one with --archive or [archive] root"
        )
    longest = os.pathconf(there, "PC_PATH_MAX")
    if 0 < longest < len(os.fsencode(root)) + _SHORTEST_PATH:
        return (
            f"the path of {shown} is too long: the system takes paths of {longest} bytes,"
            f" and what comes below needs {_SHORTEST_PATH} of them"
        )
    return ""


def _check_usable(layout: Layout) -> None:
    """Bring back folders that went missing, and try to write: permission bits prove nothing."""
    if problem := names_problem(layout.root):
        raise ArchiveUnusable(problem)
    for folder in (layout.parts, layout.rejected):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
            fsync_dir(folder.parent)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise ArchiveUnusable(f"{folder} is no folder: move it away and start again")
    if layout.parts.stat().st_dev != layout.root.stat().st_dev:
        raise ArchiveUnusable(
            f"{layout.marker_dir} is on another file system than {layout.root}: an archive has"
            " to be on one (the catalogue alone may be elsewhere, with [archive] catalog)"
        )
    probe = layout.parts / f"0-{secrets.token_hex(4)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(probe, flags, 0o600))
    probe.unlink(missing_ok=True)  # a sweep may have been quicker
    if not os.access(layout.root, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _record_path(root: Path, state_dir: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()
    return state_dir / "archives" / f"{digest[:16]}.json"


def _is_remembered(root: Path, state_dir: Path) -> bool:
    """Say whether an archive was made at ``root``, even if the record cannot be read."""
    return _record_path(root, state_dir).exists()


def _remembered(root: Path, state_dir: Path) -> str:
    """Return the UUID of the archive that was at ``root``; empty when nobody knows."""
    try:
        return from_json(_record_path(root, state_dir).read_bytes(), _Record).uuid
    except (OSError, msgspec.DecodeError):
        return ""


def _remember(root: Path, identity: str, state_dir: Path) -> None:
    path = _record_path(root, state_dir)
    record = msgspec.json.encode(_Record(os.fsdecode(root), identity))
    with contextlib.suppress(OSError):
        if path.read_bytes() == record:
            return
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        write_atomic(path, record)
    except (OSError, Failure):
        logger.warning(
            "The archive cannot be remembered, so a disk that is not mounted will not be noticed",
            extra={"archive": os.fspath(root), "folder": os.fspath(state_dir)},
        )
