"""A socket only its user can reach: made, found, and asked who is at the other end."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.system.durable import os_failures
from podfetch_tui.system.paths import private_dir

LONGEST_PATH = 100
"""Bytes a socket's path may have (104 on macOS, 108 on Linux, the final zero included)."""
_BACKLOG = 16
_MACOS_LOCAL_PEERCRED = 1
_MACOS_SOL_LOCAL = 0


def listen_at(path: Path) -> socket.socket:
    """Return a listening Unix socket at ``path``, mode 0600; one that nobody serves goes.

    Raises:
        Failure: Its folder cannot be made, something else is there, or the path is too long.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise Failure(Kind.PERMISSION, f"the socket's path {path} is too long: set monitor.socket")
    private_dir(path.parent)
    with os_failures(f"listen at {path}"):
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise Failure(Kind.PERMISSION, f"{path} is there and no socket: remove it")
            path.unlink()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Nobody else can enter its folder, so it is nobody's in between either.
            made.bind(os.fspath(path))
            path.chmod(0o600)
            made.listen(_BACKLOG)
        except OSError:
            made.close()
            raise
    return made


def connect_to(path: Path, timeout: float) -> socket.socket:
    """Return a connection to the socket at ``path``. Raises ``OSError``."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        made.connect(os.fspath(path))
    except OSError:
        made.close()
        raise
    return made


def peer_uid(connection: socket.socket) -> int | None:
    """Return the user at the other end, or ``None`` when the system does not tell."""
    linux = getattr(socket, "SO_PEERCRED", None)
    try:
        if linux is not None:  # struct ucred: pid, uid, gid
            raw = connection.getsockopt(socket.SOL_SOCKET, linux, struct.calcsize("3i"))
            return int(struct.unpack("3i", raw)[1])
        # macOS, struct xucred: version, uid, …
        raw = connection.getsockopt(_MACOS_SOL_LOCAL, _MACOS_LOCAL_PEERCRED, 76)
        return int(struct.unpack("II", raw[:8])[1])
    except (OSError, struct.error):
        return None
