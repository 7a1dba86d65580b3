"""Which processes are ours: children and theirs, found without reading of all processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from podfetch_tui.system.control_group import read

if TYPE_CHECKING:
    import psutil

PROC = Path("/proc")


def processes_below(process: psutil.Process) -> list[psutil.Process]:
    """Return the children of ``process`` and theirs, as far as they are still there.

    Linux lists them for each thread; elsewhere all processes of the machine have to be looked at.
    """
    import psutil

    try:
        if not (PROC / str(process.pid) / "task" / str(process.pid) / "children").is_file():
            return process.children(recursive=True)
        return [psutil.Process(pid) for pid in _below(process.pid) if psutil.pid_exists(pid)]
    except psutil.Error:
        return []  # one ended while it was looked at: the next look is soon


def _below(pid: int) -> list[int]:
    try:
        threads = list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return []
    found = [int(word) for thread in threads for word in read(thread / "children").split()]
    return [*found, *(below for child in found for below in _below(child))]
