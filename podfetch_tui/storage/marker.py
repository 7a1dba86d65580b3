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

from podfetch_tui.model.errors import ArchiveUnusable, Failure, Kind
from podfetch_tui.storage.layout import MARKER_DIR, Layout
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.durable import fsync_dir, os_failure, write_atomic
from podfetch_tui.system.times import rfc3339

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the archive's layout that this program writes and understands."""

_UNFINISHED = f"{MARKER_DIR}.new-"
_MOST_MARKER_BYTES = 64 * 1024
_SHORTEST_NAME_MAX = 190
_NOT_CONTENT = frozenset(
    {
        "lost+found",
        ".DS_Store",
        ".Spotlight-V100",
        ".Trashes",
        ".fseventsd",
        "System Volume Information",
    }
)
"""What an operating system puts on an empty disk by itself."""


class Marker(msgspec.Struct, frozen=True):
    """The content of ``archive.json``; unknown keys are ignored."""

    format: int
    uuid: str
    created_at: str = ""


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
        ArchiveUnusable: One sentence that says what is wrong and what to do.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100  resolve() would follow the last link
    try:
        marker = _read_marker(root)
        if marker is None:
            _check_may_create(root, state_dir, create=create and not read_only, init=init)
            marker = _create(root, clock or Clock())
        layout = Layout(root, marker.uuid)
        if not read_only:
            _check_usable(layout)
            _remember(root, marker.uuid, state_dir)
    except OSError as error:
        raise _unusable(root, os_failure(error, "open it")) from error
    except Failure as failure:
        raise _unusable(root, failure) from failure
    return layout


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
        marker = msgspec.json.decode(data, type=Marker)
        uuid.UUID(marker.uuid)
    except (msgspec.DecodeError, ValueError):
        raise ArchiveUnusable(
            f"{path} is damaged: restore it from a backup of the archive"
            " (it is small and never changes)"
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
            raise ArchiveUnusable(f"there is no archive at {root}: run `podfetch init` to make one")
        return
    if any(_is_content(name) for name in os.listdir(root)):  # noqa: PTH208  names only
        raise ArchiveUnusable(
            f"{root} is not empty and not an archive: run `podfetch init` to make it one"
            " (nothing in it will be touched), or name another folder"
        )
    if not create:
        raise ArchiveUnusable(f"{root} is not an archive yet: run `podfetch init` to make it one")


def _is_content(name: str) -> bool:
    return name not in _NOT_CONTENT and not name.startswith(_UNFINISHED)


def _create(root: Path, clock: Clock) -> Marker:
    """Make the archive: everything under a name of its own, then one rename.

    A kill before the rename leaves a folder that counts as empty; the next start begins again
    and removes it.
    """
    _make_root(root)
    marker = Marker(FORMAT, str(uuid.uuid4()), rfc3339(clock.now_ms()))
    final = Layout(root).marker_dir
    if final.is_symlink() or (final.exists() and any(final.iterdir())):
        raise ArchiveUnusable(
            f"{final} is there but holds no archive.json: restore it from a backup,"
            " or move the folder away"
        )
    building = root / f"{_UNFINISHED}{secrets.token_hex(4)}"
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
    for left in root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    return marker


def _build(folder: Path, marker: Marker) -> None:
    folder.mkdir(0o700)
    for name in ("parts", "rejected"):
        (folder / name).mkdir(0o700)
    write_atomic(folder / "archive.json", msgspec.json.format(msgspec.json.encode(marker)))


def _make_root(root: Path) -> None:
    """Make the folder and its missing parents, each durably."""
    missing = [path for path in (root, *root.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):
            path.mkdir()
        fsync_dir(path.parent)


def _check_usable(layout: Layout) -> None:
    """Bring back folders that went missing, and try to write: permission bits prove nothing."""
    if os.pathconf(layout.root, "PC_NAME_MAX") < _SHORTEST_NAME_MAX:
        raise ArchiveUnusable(
            f"the file system of {layout.root} does not take names of {_SHORTEST_NAME_MAX} bytes:"
            " choose another one with --archive or [archive] root"
        )
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


def _record_path(root: Path, state_dir: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()
    return state_dir / "archives" / f"{digest[:16]}.json"


def _is_remembered(root: Path, state_dir: Path) -> bool:
    """Say whether an archive was made at ``root``, even if the record cannot be read."""
    return _record_path(root, state_dir).exists()


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


_ADVICE = {
    Kind.READ_ONLY: "the file system is read-only: mount it for writing",
    Kind.DISK_FULL: "the disk is full: make room",
    Kind.PERMISSION: "permission is denied: give this user the right to write there",
    Kind.IO_ERROR: "the disk does not work: look at the system's log",
}


def _unusable(root: Path, failure: Failure) -> ArchiveUnusable:
    advice = _ADVICE.get(failure.kind)
    if advice is None or failure.errno in {None, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP}:
        return ArchiveUnusable(f"archive {root} cannot be used: {failure.detail}")
    return ArchiveUnusable(f"archive {root} cannot be used, {advice} ({failure.detail})")
