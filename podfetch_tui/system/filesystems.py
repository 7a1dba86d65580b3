"""Which file system a path lies on, and what it cannot be trusted with.

Sources: proc(5), ``/proc/<pid>/mountinfo``; on other systems the table that psutil reads.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

_MOUNTINFO = Path("/proc/self/mountinfo")
_NETWORK = re.compile(
    r"(nfs\d?|cifs|smb\w*|afp\w*|ncpfs|9p|drvfs|afs|coda|ceph|gluster\w*|dav\w*|webdav|lustre"
    r"|beegfs|gpfs|orangefs|pvfs2|gfs2?|ocfs2|vboxsf|prl_fs|vmhgfs|hgfs|acfs)\Z"
)
_FUSE = re.compile(r"(fuse(\..*|blk|ctl)?|fusefs.*|macfuse|osxfuse|sshfs|virtiofs)\Z")
_LOOKED_AT = 100
_OCTAL = re.compile(r"\\([0-7]{3})")


class FileSystem(msgspec.Struct, frozen=True):
    """One mounted file system."""

    kind: str
    """Its type as the system names it (``ext4``, ``nfs4``, ``fuse.sshfs``)."""
    point: str = ""
    """Where it is mounted."""
    source: str = ""
    """What is mounted: a device, ``server:/export``."""
    device: int | None = None
    """Its ``st_dev``, where the table says it."""

    @property
    def is_network(self) -> bool:
        """Whether other machines may write it: what this one has locked may be open there."""
        return _NETWORK.match(self.kind.lower()) is not None

    @property
    def is_fuse(self) -> bool:
        """Whether a program serves it, which keeps promises of its own."""
        return _FUSE.match(self.kind.lower()) is not None

    @property
    def is_safe_for_catalog(self) -> bool:
        """Whether SQLite's shared memory, locks and syncs can be relied on."""
        return not (self.is_network or self.is_fuse)


def file_system_of(path: Path) -> FileSystem | None:
    """Return the file system that holds ``path``, which need not exist yet.

    Symbolic links are followed. ``None`` when the system does not say.
    """
    real = Path(os.path.realpath(path))
    while not real.exists() and real != real.parent:
        real = real.parent
    try:
        device: int | None = real.stat().st_dev  # also makes an automount happen
    except OSError:
        device = None
    return choose(real, _mounts(), device)


def folds_case(folder: Path) -> bool | None:
    """Return whether names in ``folder`` that differ only in case are one name.

    Nothing is written: a name that is there is looked up in the other case. ``None`` when
    there is none to tell by.

    Raises:
        OSError: The folder cannot be read.
    """
    names = [folder / entry.name for entry in itertools.islice(os.scandir(folder), _LOOKED_AT)]
    if folder.parent != folder and folder.parent.stat().st_dev == folder.stat().st_dev:
        names.append(folder)
    for path in names:
        other = path.with_name(path.name.swapcase())
        if other.name.casefold() == path.name.casefold() and other.name != path.name:
            return other.exists() and other.samefile(path)
    return None


def choose(path: Path, mounts: Iterator[FileSystem], device: int | None) -> FileSystem | None:
    """Return the mount that ``path`` is seen through.

    A later mount hides earlier ones on and below its point; the device of the path tells
    where the table's order does not (btrfs has devices that no table shows).

    Args:
        path: Absolute, without links.
        mounts: The table in its own order.
        device: ``st_dev`` of the path, where it is known.
    """
    around = [mount for mount in mounts if mount.point and path.is_relative_to(mount.point)]
    same = [mount for mount in around if device is not None and mount.device == device]
    return max(same or around, key=lambda mount: len(Path(mount.point).parts), default=None)


def _mounts() -> Iterator[FileSystem]:
    if sys.platform.startswith("linux"):
        try:
            text = _MOUNTINFO.read_text(errors="surrogateescape")
        except OSError:
            return
        yield from parse_mountinfo(text)
    else:
        import psutil  # Linux does without it, and commands that only read start sooner

        for mount in psutil.disk_partitions(all=True):
            yield FileSystem(mount.fstype, mount.mountpoint, mount.device)


def parse_mountinfo(text: str) -> Iterator[FileSystem]:
    """Yield the mounts of a ``mountinfo``, the last on a point only; odd lines are left out."""
    found: dict[str, FileSystem] = {}
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields, names = before.split(" "), after.split(" ")
        if not dash or len(fields) < 6 or not names[0]:
            continue
        major, _, minor = fields[2].partition(":")
        device = None
        if major.isdigit() and minor.isdigit():
            device = os.makedev(int(major), int(minor))
        point = _plain(fields[4])
        source = _plain(names[1]) if len(names) > 1 else ""
        found.pop(point, None)
        found[point] = FileSystem(names[0], point, source, device)
    yield from found.values()


def _plain(field: str) -> str:
    """Undo the octal escapes of blanks, tabs, newlines and backslashes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
