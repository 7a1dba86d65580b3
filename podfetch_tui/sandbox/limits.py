"""What a child takes away from itself before it touches hostile bytes.

Each measure is tried and its success reported, never required: a system without one (macOS knows
neither namespaces nor Landlock) still has the others, and ``podfetch doctor`` says what is
missing. Everything here binds the process that calls it, for good.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
from pathlib import Path

import msgspec

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# The same numbers on every architecture Linux has gained since 2011, and on x86 and arm.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
# linux/landlock.h: all that changes a file system, and EXECUTE; neither READ_FILE nor READ_DIR.
_FS_EXECUTE = 1
_FS_WRITE_FILE = 1 << 1
_FS_WRITES = (1 << 1) | sum(1 << bit for bit in range(4, 13))
_FS_REFER, _FS_TRUNCATE, _FS_IOCTL = 1 << 13, 1 << 14, 1 << 15
_NET_TCP = 0b11
_SCOPES = 0b11


class Limits(msgspec.Struct, frozen=True):
    """What a process may use at most."""

    memory: int
    """Bytes of address space."""
    open_files: int = 64
    file_size: int = 0
    """Bytes it may make a file long; 0 takes away all writing and starting of programs."""
    processes: int | None = 0
    """Processes and threads it may start; ``None`` leaves that open. Root is exempt."""


class Confinement(msgspec.Struct, frozen=True):
    """What was achieved; ``podfetch doctor`` reports it."""

    memory: bool = False
    """The address space is limited."""
    network: bool = False
    """No address can be reached."""
    files: bool = False
    """No file can be changed and no program started (Landlock)."""
    processes: bool = False
    """No process or thread can be started."""


def restrict(limits: Limits) -> Confinement:
    """Take away memory, descriptors, processes and the network; return what was achieved."""
    root = os.getuid() == 0  # asked first: in a namespace without a mapping all are "nobody"
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    alone = _leave_network()
    memory = _limit(resource.RLIMIT_AS, limits.memory)
    processes = False
    if limits.processes is not None:
        counted = _limit(resource.RLIMIT_NPROC, limits.processes)
        processes = counted and limits.processes == 0 and not root
    return Confinement(memory=memory, network=alone, processes=processes)


def restrict_files(limits: Limits, *, execute: bool = False, writable: str = "") -> bool:
    """Cap what is written, and forbid every change to a file system beyond what is asked.

    Apart from :func:`restrict`, so that a child can save the modules it compiled first.

    Args:
        limits: Which cap.
        execute: Programs may still be started.
        writable: Absolute path of the one file that may be changed, which is there already; without
            it a cap above 0 lets any be changed.

    Returns:
        Whether nothing else can be changed.

    Raises:
        OSError: The file that may be changed is not there.
    """
    _limit(resource.RLIMIT_FSIZE, limits.file_size)
    if limits.file_size and not writable:
        return False
    return _landlock(execute=execute, writable=writable)


def renew_cpu(seconds: float) -> None:
    """Allow so many CPU seconds from now; beyond them the process dies of SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    wanted = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))


def set_alarm(seconds: float) -> None:
    """Die of SIGALRM after so many seconds (0 disarms): nobody else ends an orphan's task."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends, also by a kill; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def resident_bytes() -> int:
    """Resident memory of this process; where only the peak is known, the peak."""
    if sys.platform == "linux":
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            pass  # no /proc: the peak will do
        else:
            return pages * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _limit(which: int, value: int) -> bool:
    """Set both limits to ``value``, or to the hard limit where that is lower."""
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(which, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _leave_network() -> bool:
    """Move into a network namespace of our own, which holds not even a loopback address."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    # With a user namespace first: it also drops every capability a process of root has.
    return any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET)
    )


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _landlock(*, execute: bool, writable: str) -> bool:
    """Forbid every change to a file system, and the start of programs; return whether it holds.

    Newer kernels also forbid TCP (from 4) and signals to other processes (from 6).
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    rules = _Ruleset(_FS_WRITES if execute else _FS_WRITES | _FS_EXECUTE)
    size = 8
    if version >= 2:
        rules.handled_access_fs |= _FS_REFER
    if version >= 3:
        rules.handled_access_fs |= _FS_TRUNCATE
    if version >= 4:
        rules.handled_access_net = _NET_TCP
        size = 16
    if version >= 5:
        rules.handled_access_fs |= _FS_IOCTL
    if version >= 6:
        rules.scoped = _SCOPES
        size = 24
    return _enforce(libc, rules, size, writable)


def _enforce(libc: ctypes.CDLL, rules: _Ruleset, size: int, writable: str) -> bool:
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    handle = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if handle < 0:
        return False
    try:
        if writable and not _permit(libc, handle, writable, rules.handled_access_fs):
            return False
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, handle, 0) == 0)
    finally:
        os.close(handle)


def _permit(libc: ctypes.CDLL, ruleset: int, path: str, handled: int) -> bool:
    """Let one file that is there be written and cut, and nothing else."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        rule = _PathBeneath((_FS_WRITE_FILE | _FS_TRUNCATE) & handled, file)
        arguments = (ruleset, _LANDLOCK_PATH_BENEATH, ctypes.byref(rule), 0)
        return bool(libc.syscall(_LANDLOCK_ADD_RULE, *arguments) == 0)
    finally:
        os.close(file)
