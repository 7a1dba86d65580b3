"""What the machine has left: psutil's only door, pressure and control groups beside it.

Whatever a system does not tell is ``None`` or 0, never an error: a throttle that cannot
measure must not stop an archive.
"""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

import msgspec
import psutil

from podfetch_tui.system.clock import Clock
from podfetch_tui.system.durable import os_failures

UNKNOWN_FREE = 2**63 - 1
"""What :func:`free_bytes` gives for free space when the file system does not say."""

_PRESSURE = Path("/proc/pressure")
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_AVG10 = re.compile(rb"^some avg10=([0-9.]+)", re.MULTILINE)
_NETWORK_TYPES = re.compile(
    r"(nfs\d?|cifs|smb\w*|afp\w*|9p|afs|ceph|gluster\w*|davfs|webdav|lustre|beegfs"
    r"|fuse(\..*|blk|ctl)?|macfuse|osxfuse|sshfs|drvfs)\Z"
)


class ResourceSample(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and this process at one moment; rates are since the sample before."""

    cpu_percent: float = 0.0
    """Busy share of what this process may use, 0..100: all cores or its group's quota."""
    process_cpu_percent: float = 0.0
    """Share of one core that this process used; may be above 100."""
    memory_percent: float = 0.0
    """Used share of the memory, or of the group's limit if that is tighter, 0..100."""
    rss: int = 0
    """Resident memory of this process in bytes."""
    threads: int = 0
    open_files: int = 0
    open_files_limit: int = 0
    """0 when there is none."""
    received_per_s: float = 0.0
    """Bytes per second over all network interfaces but loopback."""
    sent_per_s: float = 0.0
    cpu_pressure: float | None = None
    """Percent of the last 10 s in which some task waited for a core (PSI)."""
    memory_pressure: float | None = None
    io_pressure: float | None = None


class _Counters(msgspec.Struct, frozen=True):
    at: float
    busy: float
    total: float
    process: float
    group: float
    received: int
    sent: int


class Sampler:
    """Takes samples; belongs to one thread. The first sample has no rates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._process = psutil.Process()
        self._group = _own_group()
        self._before = self._count()

    def sample(self) -> ResourceSample:
        """Return the present state; costs about a millisecond."""
        now, before = self._count(), self._before
        self._before = now
        seconds = now.at - before.at
        with self._process.oneshot():
            rss = self._process.memory_info().rss
            threads = self._process.num_threads()
            files = self._process.num_fds()
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return ResourceSample(
            cpu_percent=max(
                _percent(now.busy - before.busy, now.total - before.total),
                _percent(now.group - before.group, seconds * _quota(self._group)),
            ),
            process_cpu_percent=100 * _rate(now.process - before.process, seconds),
            memory_percent=_memory_percent(self._group),
            rss=rss,
            threads=threads,
            open_files=files,
            open_files_limit=0 if limit == resource.RLIM_INFINITY else limit,
            received_per_s=_rate(now.received - before.received, seconds),
            sent_per_s=_rate(now.sent - before.sent, seconds),
            cpu_pressure=_pressure("cpu"),
            memory_pressure=_pressure("memory"),
            io_pressure=_pressure("io"),
        )

    def _count(self) -> _Counters:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        total = sum(times[:8])  # the last two are parts of user and nice
        own = self._process.cpu_times()
        received = sent = 0
        for name, card in psutil.net_io_counters(pernic=True).items():
            if not name.startswith("lo"):
                received += card.bytes_recv
                sent += card.bytes_sent
        return _Counters(
            self._clock.monotonic(),
            total - idle,
            total,
            own.user + own.system,
            _group_cpu_seconds(self._group),
            received,
            sent,
        )


def _rate(amount: float, seconds: float) -> float:
    return max(0.0, amount / seconds) if seconds > 0 else 0.0


def _percent(part: float, whole: float) -> float:
    return min(100.0, max(0.0, 100 * part / whole)) if whole > 0 else 0.0


def _pressure(what: str) -> float | None:
    found = _AVG10.search(_read(_PRESSURE / what))
    return float(found[1]) if found else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _number(path: Path) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _own_group() -> Path | None:
    """Return the folder of this process's control group (version 2)."""
    for line in _read(_OWN_CGROUP).decode(errors="replace").splitlines():
        if line.startswith("0::/"):
            folder = _CGROUPS / line[4:]
            return folder if ".." not in folder.parts and folder.is_dir() else None
    return None


def _group_line(group: Path | None) -> list[Path]:
    """Return the group and those around it: the tightest limit holds."""
    if group is None:
        return []
    return [folder for folder in (group, *group.parents) if folder.is_relative_to(_CGROUPS)]


def _memory_percent(group: Path | None) -> float:
    shares = [psutil.virtual_memory().percent]
    for folder in _group_line(group):
        limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
        if limit and used is not None:
            # Cached file pages count as used but are given back when asked for.
            cached = _stat(folder / "memory.stat", b"inactive_file")
            shares.append(_percent(used - cached, limit))
    return max(shares)


def _quota(group: Path | None) -> float:
    """Return how many cores the tightest group may use; 0 when there is no limit."""
    quotas = []
    for folder in _group_line(group):
        words = _read(folder / "cpu.max").split()
        if len(words) == 2 and words[0].isdigit() and int(words[1]) > 0:
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=0.0)


def _group_cpu_seconds(group: Path | None) -> float:
    return _stat(group / "cpu.stat", b"usage_usec") / 1e6 if group else 0.0


def _stat(path: Path, key: bytes) -> int:
    for line in _read(path).splitlines():
        name, _, value = line.partition(b" ")
        if name == key and value.isdigit():
            return int(value)
    return 0


def free_bytes(path: Path) -> tuple[int, int]:
    """Return (free, total) bytes of the file system at ``path``, free for ordinary users.

    Some network and FUSE file systems say 0 blocks: then total is 0 and free is
    :data:`UNKNOWN_FREE`. More free than there is comes from a count below zero: then it is 0.

    Raises:
        Failure: The system would not say.
    """
    with os_failures(f"ask for the free space of {path}"):
        found = os.statvfs(path)
    size = found.f_frsize or found.f_bsize
    if not found.f_blocks or not size:
        return UNKNOWN_FREE, 0
    free = found.f_bavail if 0 <= found.f_bavail <= found.f_blocks else 0
    return free * size, found.f_blocks * size


def filesystem_type(path: Path) -> str:
    """Return the type of the file system at ``path`` (``ext4``), or ``""`` if unknown."""
    real = path.resolve()
    best, kind = -1, ""
    for mount in psutil.disk_partitions(all=True):
        point = Path(mount.mountpoint)
        if (real == point or point in real.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), mount.fstype
    return kind


def is_shared_filesystem(kind: str) -> bool:
    """Say whether a file system of this type may lack the locks and memory a catalogue needs."""
    return _NETWORK_TYPES.match(kind.lower()) is not None


def raise_open_files_limit(wanted: int) -> int:
    """Raise the soft limit of open files towards ``wanted``; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return sys.maxsize
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if target > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):  # macOS has a limit above the limit
            return soft
        return target
    return soft
