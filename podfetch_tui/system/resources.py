"""What the machine has left: psutil's only door, and the kernel's figures of pressure.

Whatever a system does not tell is ``None`` or 0, never an error: a throttle that cannot
measure must not stop an archive.
"""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podfetch_tui.system.children import processes_below
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.control_group import ControlGroup, read
from podfetch_tui.system.durable import os_failures

if TYPE_CHECKING:
    import psutil

UNKNOWN_FREE = 2**63 - 1
"""What :func:`free_bytes` gives for free space when the file system does not say."""

_PRESSURE = Path("/proc/pressure")
_SOME = re.compile(rb"^some .*total=([0-9]+)", re.MULTILINE)
_CHILDREN_EVERY_S = 5.0


class ResourceSample(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and this process at one moment; rates are since the sample before."""

    cpu_percent: float = 0.0
    """Busy share of what this process may use, 0..100: all cores or its group's quota."""
    own_cpu_percent: float = 0.0
    """Our part of ``cpu_percent``, children included."""
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
    """Percent of the time since the sample before in which some task waited for a core (PSI):
    of our control group where it says so, else of the machine."""
    memory_pressure: float | None = None
    io_pressure: float | None = None


class _Counters(msgspec.Struct, frozen=True):
    at: float
    busy: float
    total: float
    process: float
    ours: float
    """Seconds of this process and its children."""
    group: float
    received: int
    sent: int
    stalled: dict[str, float | None]
    """Seconds in which some task waited, by what it waited for."""


class Sampler:
    """Takes samples; belongs to one thread. The first sample has no rates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        import psutil  # what only reads starts sooner without it

        self._process = psutil.Process()
        self._group = ControlGroup()
        self._children: list[psutil.Process] = []
        self._looked = float("-inf")
        self._gone = 0.0
        self._seen: dict[int, float] = {}
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
        ours = now.ours - before.ours
        cpu, own = max(
            _shares(now.busy - before.busy, ours, now.total - before.total),
            _shares(now.group - before.group, ours, seconds * self._group.cores()),
        )
        return ResourceSample(
            cpu_percent=cpu,
            own_cpu_percent=own,
            process_cpu_percent=100 * _rate(now.process - before.process, seconds),
            memory_percent=max(machine_memory_percent(), self._group.memory_percent() or 0.0),
            rss=rss,
            threads=threads,
            open_files=files,
            open_files_limit=0 if limit == resource.RLIM_INFINITY else limit,
            received_per_s=_rate(now.received - before.received, seconds),
            sent_per_s=_rate(now.sent - before.sent, seconds),
            cpu_pressure=_stalled(now, before, "cpu"),
            memory_pressure=_stalled(now, before, "memory"),
            io_pressure=_stalled(now, before, "io"),
        )

    def _count(self) -> _Counters:
        import psutil

        at = self._clock.monotonic()
        busy, total = machine_cpu_seconds()
        own = self._process.cpu_times()
        process = own.user + own.system
        received = sent = 0
        for name, card in psutil.net_io_counters(pernic=True).items():
            if not name.startswith("lo"):
                received += card.bytes_recv
                sent += card.bytes_sent
        return _Counters(
            at=at,
            busy=busy,
            total=total,
            process=process,
            ours=process + self._children_seconds(at),
            group=self._group.cpu_seconds(),
            received=received,
            sent=sent,
            stalled={what: _stall(self._group, what) for what in ("cpu", "memory", "io")},
        )

    def _children_seconds(self, now: float) -> float:
        """Return the processor seconds of our children so far, those that ended included."""
        import psutil

        if now - self._looked >= _CHILDREN_EVERY_S:
            self._looked = now
            self._children = processes_below(self._process)
        seen = {}
        for child in self._children:
            try:
                times = child.cpu_times()
            except psutil.Error:
                continue  # it ended
            seen[child.pid] = times.user + times.system
        self._gone += sum(used for pid, used in self._seen.items() if pid not in seen)
        self._seen = seen
        return self._gone + sum(seen.values())


def _rate(amount: float, seconds: float) -> float:
    return max(0.0, amount / seconds) if seconds > 0 else 0.0


def _percent(part: float, whole: float) -> float:
    return min(100.0, max(0.0, 100 * part / whole)) if whole > 0 else 0.0


def _shares(busy: float, ours: float, whole: float) -> tuple[float, float]:
    """Return (busy, our part of it) in percent of ``whole``."""
    share = _percent(busy, whole)
    return share, min(share, _percent(ours, whole))


def _stall(group: ControlGroup, what: str) -> float | None:
    found = _SOME.search(read(group.pressure(what) or _PRESSURE / what))
    return int(found[1]) / 1e6 if found else None


def _stalled(now: _Counters, before: _Counters, what: str) -> float | None:
    later, sooner = now.stalled[what], before.stalled[what]
    if later is None or sooner is None:
        return None
    return _percent(later - sooner, now.at - before.at)


def machine_cpu_seconds() -> tuple[float, float]:
    """Return the busy seconds and all seconds of all cores together, since the machine began."""
    import psutil

    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    total = sum(times[:8])  # the last two are parts of user and nice
    return total - idle, total


def machine_memory_percent() -> float:
    """Return the used share of the machine's memory."""
    import psutil

    return psutil.virtual_memory().percent


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
