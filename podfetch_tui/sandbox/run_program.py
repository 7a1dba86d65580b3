"""ffmpeg and ffprobe under limits: a deadline, a group kill, a cap on what they print."""

from __future__ import annotations

import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.sandbox import process
from podfetch_tui.sandbox.launch import CANNOT_START, Launch
from podfetch_tui.sandbox.limits import Limits

_TICK_MS = 100
_SHORT_TICK_MS = 5
_PIECE = 1 << 18
_STDERR_KEPT = 16 << 10
_STDERR_CAP = 1 << 20
STOPPED = "stopped"
"""What :func:`watch` says when it was told to end."""
_ORPHAN_S = 10.0


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended."""

    returncode: int
    """Exit status, or minus the signal it died of."""
    stdout: bytes
    """What it printed, whole unless ``problem`` says otherwise."""
    stderr: str
    """The end of what it complained of, at most 16 KiB."""
    problem: str = ""
    """Why it was ended, or could not start; empty when it ended by itself with status 0."""


def run_program(
    argv: Sequence[str],
    *,
    wall_s: float,
    cpu_s: float,
    memory: int,
    stdout_cap: int = 1 << 20,
    cwd: Path = Path("/"),
    writes: int = 0,
    output: Path | None = None,
    stop: threading.Event | None = None,
) -> Finished:
    """Run a program to its end, or end it with all it started.

    Args:
        argv: Absolute path of the program, and its arguments; no shell ever sees them.
        wall_s: Seconds it may take.
        cpu_s: Processor seconds it may use.
        memory: Bytes of address space it may have.
        stdout_cap: Bytes it may print before it is ended.
        cwd: Folder it works in.
        writes: Bytes it may make a file long; 0 forbids every change to a file.
        output: The one file it may change where ``writes`` is above 0; it is there already.
            Without one, and where the system knows no such rule, it may change any.
        stop: Ends it when set.

    Raises:
        Failure: ``STOPPED``, or what kept any child from being started.
    """
    orders = Launch(cpu_s, wall_s + _ORPHAN_S, Limits(memory, file_size=writes, processes=None))
    writable = "" if output is None else str(output)
    words = (msgspec.json.encode(orders).decode(), writable, str(cwd), *argv)
    started = process.spawn("launch", *words)
    printed = Output(stdout_cap)
    problem = "could not be watched"
    try:
        problem = watch(started, printed, time.monotonic() + wall_s, stop)
    finally:
        returncode = process.end(started)
    if problem == STOPPED:
        raise Failure(Kind.STOPPED, f"stopped {Path(argv[0]).name} before it was done")
    stderr = printed.stderr.decode(errors="replace")
    return Finished(
        returncode=-signal.SIGKILL if returncode is None else returncode,
        stdout=bytes(printed.stdout),
        stderr=stderr,
        problem=problem or verdict(returncode, stderr),
    )


class Output:
    """What a program has printed so far."""

    def __init__(self, stdout_cap: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._cap = stdout_cap
        self._complaints = 0

    def take(self, piece: bytes, *, is_error: bool) -> bool:
        """Keep what there is room for; return false when it is too much."""
        if is_error:
            self._complaints += len(piece)
            self.stderr += piece
            del self.stderr[:-_STDERR_KEPT]
            return self._complaints <= _STDERR_CAP
        room = self._cap - len(self.stdout)
        self.stdout += piece[:room]
        return len(piece) <= room


def watch(
    started: subprocess.Popen[bytes],
    output: Output,
    deadline: float,
    stop: threading.Event | None,
) -> str:
    """Collect what the program prints until it ends; return why it must be ended, else nothing."""
    poller = select.poll()
    streams = {s.fileno(): s for s in (started.stdout, started.stderr) if s is not None}
    for fd in streams:
        poller.register(fd, select.POLLIN)
    while streams:
        if stop is not None and stop.is_set():
            return STOPPED
        if time.monotonic() >= deadline:
            return "took too long"
        ended = process.has_ended(started)
        for fd, _ in poller.poll(0 if ended else _TICK_MS):
            piece = streams[fd].read(_PIECE)
            if piece and not output.take(piece, is_error=streams[fd] is started.stderr):
                return "printed too much"
            if piece == b"":
                poller.unregister(fd)
                del streams[fd]
        if ended and not poller.poll(0):
            return ""  # what still holds the pipes open is none of ours
    return _wait_for_end(started, poller, deadline, stop)


def _wait_for_end(
    started: subprocess.Popen[bytes],
    poller: select.poll,
    deadline: float,
    stop: threading.Event | None,
) -> str:
    """A program that closed its outputs is nearly done, but may still be writing its file."""
    while not process.has_ended(started):
        if stop is not None and stop.is_set():
            return STOPPED
        if time.monotonic() >= deadline:
            return "took too long"
        poller.poll(_SHORT_TICK_MS)
    return ""


def verdict(returncode: int | None, stderr: str) -> str:
    """Return in words how a program failed; empty when it did not."""
    if returncode == 0:
        return ""
    last = clean(stderr.strip().rpartition("\n")[2])
    if returncode == CANNOT_START:
        return last or "cannot be started"
    if returncode == -signal.SIGXCPU:
        return "used too much processor time"
    if returncode is None or returncode < 0:
        return f"was killed by signal {-(returncode or -signal.SIGKILL)}"
    return f"ended with status {returncode}: {last}" if last else f"ended with status {returncode}"
