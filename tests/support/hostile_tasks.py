"""Tasks that do to the sandbox what a hostile file might do to a parser."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.sandbox import frames
from podfetch_tui.sandbox.tasks import Task


class Word(msgspec.Struct, frozen=True):
    """Parameters and result of the tasks."""

    text: str = ""
    number: int = 0


def echo(payload: bytes, params: Word) -> Word:
    return Word(params.text, len(payload))


def pid(_payload: bytes, _params: Word) -> Word:
    return Word(number=os.getpid())


def environment(_payload: bytes, _params: Word) -> Word:
    return Word(" ".join([*sorted(os.environ), str(Path.cwd())]), os.getsid(0))


def chatter(_payload: bytes, params: Word) -> Word:
    print("printed by a library")  # noqa: T201
    os.write(1, b"written by a library\n")
    return params


def spin(_payload: bytes, _params: Word) -> Word:
    while True:
        pass


def hang(_payload: bytes, _params: Word) -> Word:
    threading.Event().wait()
    return Word()


def wait_at_fifo(payload: bytes, params: Word) -> Word:
    """Open a FIFO for reading, which lets its writer go on, and hang."""
    with Path(payload.decode()).open("rb"):
        threading.Event().wait()
    return params


def read_fifo(payload: bytes, _params: Word) -> Word:
    """Read a FIFO until its writer closes it; return who did so."""
    Path(payload.decode()).read_bytes()
    return Word(number=os.getpid())


def ignore_and_hang(_payload: bytes, _params: Word) -> Word:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    threading.Event().wait()
    return Word()


def eat_memory(_payload: bytes, _params: Word) -> Word:
    eaten = []
    while True:
        eaten.append(bytearray(1 << 24))


def grow(payload: bytes, params: Word) -> Word:
    kept.append(bytes(bytearray(params.number)))
    return params


kept: list[bytes] = []


def recurse(payload: bytes, params: Word) -> Word:
    return recurse(payload, params)


def leave(_payload: bytes, params: Word) -> Word:
    os._exit(params.number)


def raise_system_exit(_payload: bytes, _params: Word) -> Word:
    raise SystemExit


def crash(_payload: bytes, _params: Word) -> Word:
    ctypes.string_at(0)
    return Word()


def stumble(_payload: bytes, params: Word) -> Word:
    raise ValueError(params.text)


def report(_payload: bytes, params: Word) -> Word:
    raise Failure(Kind(params.text), "\x1b[31mremote\x1b[0m text", evidence=b"<html>" * 1000)


def answer_wrongly(_payload: bytes, _params: Word) -> msgspec.Struct:
    return Numbers("seven")


class Numbers(msgspec.Struct, frozen=True):
    """Not the result that is expected."""

    number: str


def too_much(_payload: bytes, _params: Word) -> Word:
    return Word("x" * (frames.ANSWER_CAP + 1))


def _channel() -> int:
    """Find the pipe on which the parent listens for frames."""
    for fd in range(3, 64):
        try:
            os.write(fd, b"")
            return fd
        except OSError:
            continue
    raise AssertionError("no channel")


def flood(_payload: bytes, params: Word) -> Word:
    fd = 2 if params.text == "stderr" else _channel()
    while True:
        os.write(fd, b"\x00\x00\x00\x04flood" * 1000)


def write_raw(payload: bytes, params: Word) -> Word:
    os.write(_channel(), payload)
    threading.Event().wait()
    return params


def answer_twice(payload: bytes, params: Word) -> Word:
    done = frames.Done(msgspec.Raw(msgspec.msgpack.encode(Word("forged"))), 0)
    os.write(_channel(), frames.frame(done, cap=1000) * 2)
    return params


def answer_then_hang(payload: bytes, params: Word) -> Word:
    done = frames.Done(msgspec.Raw(msgspec.msgpack.encode(params)), 0)
    os.write(_channel(), frames.frame(done, cap=1000))
    threading.Event().wait()
    return params


def close_channels(_payload: bytes, params: Word) -> Word:
    os.closerange(0 if params.text == "all" else 3, 64)
    threading.Event().wait()
    return params


def leave_a_grandchild(_payload: bytes, params: Word) -> Word:
    """Start a process that outlives the task; number is its pid, 0 when that is refused."""
    try:
        child = os.fork()
    except OSError:
        return Word("refused")
    if child == 0:
        signal.pause()
    return Word("forked", child)


def fork_without_end(_payload: bytes, params: Word) -> Word:
    """A fork bomb with a fuse: at most ``number`` processes, each hanging."""
    for _ in range(params.number):
        try:
            if os.fork() == 0:
                break
        except OSError:
            break
    threading.Event().wait()
    return params


def touch_everything(payload: bytes, _params: Word) -> Word:
    """Say which of the forbidden things could be done all the same."""
    folder = Path(payload.decode())
    done = []
    attempts: dict[str, Callable[[], object]] = {
        "write": lambda: (folder / "new").write_bytes(b"x"),
        "overwrite": lambda: (folder / "kept").write_bytes(b"x"),
        "truncate": lambda: os.truncate(folder / "kept", 0),
        "unlink": lambda: (folder / "kept").unlink(),
        "rename": lambda: (folder / "kept").rename(folder / "moved"),
        "mkdir": lambda: (folder / "folder").mkdir(),
        "exec": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "signal": lambda: os.kill(os.getppid(), 0),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        done.append(name)
    return Word(" ".join(done), len((folder / "kept").read_bytes()))


def connect(_payload: bytes, params: Word) -> Word:
    try:
        with socket.create_connection(("127.0.0.1", params.number), timeout=5):
            return Word("connected")
    except OSError as error:
        return Word("refused", error.errno or 0)


HOSTILE: dict[str, Task] = {
    function.__name__: Task(
        function=f"support.hostile_tasks:{function.__name__}",
        params=Word,
        result=Word,
        killed=Kind.PARSER_KILLED,
        failures=frozenset({Kind.NOT_A_FEED}),
        noun="parser",
    )
    for function in (
        echo, pid, environment, chatter, spin, hang, ignore_and_hang, eat_memory, grow, recurse,
        leave, raise_system_exit, crash, stumble, report, answer_wrongly, too_much, flood,
        write_raw, answer_twice, answer_then_hang, close_channels, leave_a_grandchild,
        fork_without_end, touch_everything, connect, wait_at_fifo, read_fifo,
    )
}  # fmt: skip
