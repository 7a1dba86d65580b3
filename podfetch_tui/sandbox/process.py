"""A Python process of ours, in a session of its own, and how to be rid of it.

Nothing else in the program starts a process. Whatever a child leaves running in its group dies
with it; a process that even SIGKILL cannot end yet (one that hangs in a dead network disk) is set
aside and collected later, so that nobody waits for it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.system.locks import assert_unlocked

_START = str(Path(__file__).with_name("start.py"))
_ROOT = str(Path(__file__).parents[2])
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_MALLOC = {
    # Each further arena would reserve 64 MiB of the limited address space.
    "MALLOC_ARENA_MAX": "1",
    # Keep what a task gave back for the next one: else each probe faults its pages in anew,
    # which is most of its time.
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}
_SPAWN_KINDS = {
    errno.EAGAIN: Kind.OUT_OF_MEMORY,
    errno.ENOMEM: Kind.OUT_OF_MEMORY,
    errno.EMFILE: Kind.TOO_MANY_FILES,
    errno.ENFILE: Kind.TOO_MANY_FILES,
}
_PIPE_BYTES = 1 << 20
"""The most that any user may have on Linux; the usual 64 KiB cut a feed into pieces."""
_KILL_PATIENCE_S = 2.0
_set_aside: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()


def spawn(entry: Literal["child", "launch"], *arguments: str) -> subprocess.Popen[bytes]:
    """Start ``sandbox/start.py`` with non-blocking pipes and next to no environment.

    Args:
        entry: What to become; only a child is talked to through its standard input.
        arguments: What ``entry`` takes.

    Raises:
        Failure: The system has no process, descriptor or memory left (``OUT_OF_MEMORY``,
            ``TOO_MANY_FILES``), or our own Python is no longer there (``BUG``).
    """
    argv = (sys.executable, "-I", "-S", "-X", "utf8", _START, module_path(), entry)
    is_child = entry == "child"
    process = _start((*argv, *arguments), _environment(), with_input=is_child)
    for stream in (process.stdin, process.stdout):
        if stream is not None and is_child:
            _widen(stream.fileno())
    return process


def spawn_free(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program of the operator's as it is, with non-blocking pipes.

    Args:
        argv: Absolute path of the program, and its arguments.
        environment: All of its environment.

    Raises:
        Failure: As :func:`spawn`; ``NO_PROGRAM`` when it is none that can be run.
    """
    return _start(argv, environment, with_input=True, otherwise=Kind.NO_PROGRAM)


def _start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    with_input: bool,
    otherwise: Kind = Kind.BUG,
) -> subprocess.Popen[bytes]:
    assert_unlocked("the start of a child process")
    _collect()
    try:
        process = subprocess.Popen(
            argv,
            bufsize=0,
            cwd="/",
            env=environment,
            start_new_session=True,
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        kind = _SPAWN_KINDS.get(error.errno or 0, otherwise)
        detail = clean(f"cannot start a child process: {error.strerror}")
        raise Failure(kind, detail, errno=error.errno) from error
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
    return process


def _widen(pipe: int) -> None:
    """Let a feed and its answer pass in one step each: a step may wait for the interpreter."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # the user has too many wide pipes already
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def module_path() -> str:
    """Return where this process finds modules, one folder a line, our own package among them.

    Relative entries are left out: in another folder they mean something else.
    """
    entries = [entry for entry in sys.path if Path(entry).is_absolute()]
    if _ROOT not in entries:  # imported through a hook, which the child will not have
        entries.insert(0, _ROOT)
    return "\n".join(dict.fromkeys(entries))


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Say whether the process has ended; its status stays to be collected by :func:`end`."""
    if process.returncode is not None:
        return True
    if sys.platform != "linux":  # macOS has waitid only since Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def end(process: subprocess.Popen[bytes]) -> int | None:
    """Kill the process and all of its group, close its pipes, return how it ended.

    A negative number is the signal it died of, as with :class:`subprocess.Popen`; ``None`` means
    that it is still dying. A status that it had already is kept.
    """
    if process.returncode is None:
        # Before the status is collected: until then nobody else can get the group's number.
        _kill_group(process.pid)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    try:
        return process.wait(_KILL_PATIENCE_S)
    except subprocess.TimeoutExpired:
        _set_aside.put(process)
        return None


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # all gone, or (macOS) only zombies left


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _LIBRARY_PATHS if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": os.defpath, **_MALLOC}


def _collect() -> None:
    """Reap what was set aside and has died since."""
    for _ in range(_set_aside.qsize()):
        try:
            process = _set_aside.get_nowait()
        except Empty:
            return
        if process.poll() is None:
            _set_aside.put(process)
