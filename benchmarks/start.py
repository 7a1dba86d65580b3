"""How long the program takes to start: to the first painted frame, and to the end of a status.

Each is run several times, in turn, as a process of its own on a fresh archive; the frame is
seen at a pseudo-terminal. Wall time and processor time, least and median.

    python -m benchmarks.start [--runs 10]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

PAINTED = b"1 Dash"
PATIENCE_S = 60.0
TARGETS = {"first frame": 0.8, "status --json": 0.4, "--version": 0.0, "python -c pass": 0.0}


def spend(argv: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Run a program to its end; return wall and processor seconds."""
    start = time.perf_counter()
    process = subprocess.Popen(argv, env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, argv
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def used(pid: int) -> float:
    """Return the processor seconds of a process."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Return the processes that a process started; the first of ours does nothing itself."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def first_frame(argv: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Start the terminal application; return the seconds until its first frame was painted."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    start = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environ, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    shown = b""
    while PAINTED not in shown:
        ready, _, _ = select.select([master], [], [], PATIENCE_S)
        assert ready, shown
        shown += os.read(master, 65536)
    wall = time.perf_counter() - start
    spent = sum(used(pid) for pid in (process.pid, *children(process.pid)))
    process.send_signal(signal.SIGTERM)
    while select.select([master], [], [], PATIENCE_S)[0]:
        try:
            if not os.read(master, 65536):
                break
        except OSError:  # the other end is closed
            break
    process.wait(PATIENCE_S)
    os.close(master)
    return wall, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "HOME": folder, "PODFETCH_STATE_DIR": f"{folder}/state"}
        environ["TERM"] = "xterm-256color"
        program = [sys.executable, "-m", "podfetch_tui", "--archive", f"{folder}/archive"]
        spend([*program, "init"], environ)
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in TARGETS}
        for _ in range(runs):
            seen["first frame"].append(first_frame(program, environ))
            seen["status --json"].append(spend([*program, "status", "--json"], environ))
            seen["--version"].append(spend([*program, "--version"], environ))
            seen["python -c pass"].append(spend([sys.executable, "-c", "pass"], environ))
    for name, times in seen.items():
        walls, cpus = [wall for wall, _ in times], [cpu for _, cpu in times]
        target = f"  target {TARGETS[name]:.1f} s" if TARGETS[name] else ""
        print(
            f"{name:16} wall least {min(walls):.3f} median {statistics.median(walls):.3f} s,"
            f" processor least {min(cpus):.3f} s{target}"
        )


if __name__ == "__main__":
    main()
