"""What the control group of this process allows: containers have limits of their own.

Version 2 has one tree of groups, version 1 one for each controller. A group may be limited by
those around it: the tightest limit holds. What cannot be read is no limit.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


class ControlGroup:
    """The group of this process, looked up once; groups are rarely changed."""

    def __init__(self) -> None:
        self._one: Path | None = None
        self._trees: dict[str, list[Path]] = {"memory": [], "cpu": [], "cpuacct": []}
        for line in read(OWN).decode(errors="replace").splitlines():
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if not controllers:
                self._one = _found(ROOT, path)
            for name in self._trees.keys() & controllers.split(","):
                self._trees[name] = _line(ROOT / name, path)
        self._line = [] if self._one is None else _around(ROOT, self._one)

    def memory_percent(self) -> float | None:
        """Return the used share of the tightest memory limit; ``None`` without one.

        Cached pages of files count as used but are given back when asked for: not here.
        """
        shares = [
            _share(folder, "memory.max", "memory.current", b"inactive_file")
            for folder in self._line
        ]
        shares += [
            _share(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", b"total_inactive_file")
            for folder in self._trees["memory"]
        ]
        return max((share for share in shares if share is not None), default=None)

    def cores(self) -> float:
        """Return how many cores the tightest quota allows; 0 when there is none."""
        quotas = []
        for folder in self._line:
            words = read(folder / "cpu.max").split()
            if len(words) == 2 and words[0].isdigit() and words[1].isdigit():
                quotas.append((int(words[0]), int(words[1])))
        for folder in self._trees["cpu"]:
            quota, period = (
                number(folder / "cpu.cfs_quota_us"),
                number(folder / "cpu.cfs_period_us"),
            )
            if quota and period:  # -1 is no number: no limit
                quotas.append((quota, period))
        return min((quota / period for quota, period in quotas if period), default=0.0)

    def cpu_seconds(self) -> float:
        """Return the processor seconds that the group has used."""
        if self._trees["cpuacct"]:
            return (number(self._trees["cpuacct"][0] / "cpuacct.usage") or 0) / 1e9
        return stat(self._one / "cpu.stat", b"usage_usec") / 1e6 if self._one else 0.0

    def pressure(self, what: str) -> Path | None:
        """Return the file of the group's own pressure (version 2), where there is one."""
        if self._one is None:
            return None
        path = self._one / f"{what}.pressure"
        return path if path.is_file() else None


def _found(root: Path, path: str) -> Path | None:
    """Return the folder of group ``path``; inside of a container it is the root of the tree."""
    folder = root / path.lstrip("/")
    if ".." not in folder.parts and folder.is_dir():
        return folder
    return root if root.is_dir() else None


def _line(root: Path, path: str) -> list[Path]:
    """Return the group and those around it, the innermost first."""
    group = _found(root, path)
    return [] if group is None else _around(root, group)


def _around(root: Path, group: Path) -> list[Path]:
    return [folder for folder in (group, *group.parents) if folder.is_relative_to(root)]


def _share(folder: Path, limit_name: str, used_name: str, cached: bytes) -> float | None:
    limit, used = number(folder / limit_name), number(folder / used_name)
    if not limit or used is None:
        return None
    return min(100.0, max(0.0, 100 * (used - stat(folder / "memory.stat", cached)) / limit))


def read(path: Path) -> bytes:
    """Return the content of a small file of the kernel; empty when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def number(path: Path) -> int | None:
    """Return the whole number in a file; ``None`` when there is none."""
    text = read(path).strip()
    return int(text) if text.isdigit() else None


def stat(path: Path, key: bytes) -> int:
    """Return the number behind ``key`` in a file of keys and numbers; 0 without."""
    for line in read(path).splitlines():
        name, _, value = line.partition(b" ")
        if name == key and value.isdigit():
            return int(value)
    return 0
