"""File systems a catalogue must not lie on: those without working shared memory and locks."""

from __future__ import annotations

import sys
from pathlib import Path

_REFUSED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "fuse", "davfs"}
_MOUNTS = Path("/proc/self/mounts")


def network_file_system(path: Path, mounts: str | None = None) -> str | None:
    """Return the type of the network or FUSE file system that ``path`` lies on, or ``None``.

    Args:
        path: An absolute path; it need not exist.
        mounts: The mount table in the format of ``/proc/self/mounts``; this machine's when
            left out, and nothing is known where it has none.
    """
    if mounts is None:
        if not sys.platform.startswith("linux"):
            return None
        try:
            mounts = _MOUNTS.read_text(errors="surrogateescape")
        except OSError:
            return None
    found, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescaped(fields[1])
        if len(point) >= found and path.is_relative_to(point):
            found, kind = len(point), fields[2]  # the last mount on a point hides the others
    return kind if kind in _REFUSED or kind.startswith("fuse.") else None


def _unescaped(field: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, char)
    return field
