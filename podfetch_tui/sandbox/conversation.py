"""One child seen from the parent: a task goes in, an answer comes out, or the child is gone.

Reads and writes through ``poll`` at the same time, so that neither a large payload nor a child
that prints while it reads can bring both sides to a halt. Never waits past the deadline.
"""

from __future__ import annotations

import contextlib
import select
import signal
import time
from collections.abc import Callable
from typing import IO

import msgspec

from podfetch_tui.sandbox import frames, process
from podfetch_tui.sandbox.child import Orders
from podfetch_tui.sandbox.limits import Confinement

_TICK_MS = 100
"""How often a waiting parent looks whether it should stop."""
_SHORT_TICK_MS = 5
_PIECE = 1 << 18
_STDERR_KEPT = 4096
_STDERR_CAP = 1 << 20
_GRACE_S = 1.0
"""How long a child that closed its channel may take to die with a reason."""
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_BROKEN = select.POLLHUP | select.POLLERR | select.POLLNVAL


class ChildGone(Exception):
    """The child is dead, or has to be: the message says why, for the operator."""


class Stopped(Exception):
    """The parent wants no answer any more."""


class Child:
    """A running child. Used by one thread at a time; unusable after any exception."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._process = process.spawn("child", msgspec.json.encode(orders).decode())
        self._incoming = bytearray()
        self._stderr = bytearray()
        self._stderr_total = 0
        self.tasks = 0
        """Tasks it was given."""
        self.rss = 0
        """Resident bytes after its last task."""
        self.confinement: Confinement | None = None
        """What it could take away from itself; known after its first answer."""

    @property
    def pid(self) -> int:
        """Its process id, which is that of its session and group too."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked at all."""
        return not process.has_ended(self._process)

    def end(self) -> int | None:
        """Kill it and whatever it started; return how it ended, ``None`` if it is dying yet."""
        return process.end(self._process)

    def ask(
        self, request: frames.Request, payload: bytes, *, stopped: Callable[[], bool]
    ) -> frames.Done | frames.Failed:
        """Do one task.

        Raises:
            ChildGone: It died, hung, or answered nonsense.
            Stopped: ``stopped`` became true first.
        """
        self.tasks += 1
        deadline = time.monotonic() + request.wall_s
        head = frames.frame(request, cap=frames.REQUEST_CAP)
        outgoing = [memoryview(payload), memoryview(head)] if payload else [memoryview(head)]
        poller, stdin, stdout, stderr = self._register()
        try:
            while True:
                if stopped():
                    raise Stopped
                if time.monotonic() >= deadline:
                    raise ChildGone(f"took longer than {request.wall_s:g} s")
                ready = poller.poll(_TICK_MS)
                if not ready and not self.is_alive:
                    # Something it started still holds the pipes open.
                    raise ChildGone(self._last_words(request, stderr))
                for fd, events in ready:
                    if fd == stdin.fileno():
                        self._feed(poller, stdin, outgoing, events)
                    elif fd == stderr.fileno():
                        self._listen(poller, stderr)
                    elif not self._receive(stdout):
                        raise ChildGone(self._last_words(request, stderr))
                answer = self._next_answer()
                if answer is not None:
                    if outgoing or self._incoming:
                        raise ChildGone("answered out of turn")
                    self.rss = answer.rss
                    return answer
        except frames.FrameError as error:
            raise ChildGone(f"answered nonsense: {error}") from error

    def _register(self) -> tuple[select.poll, IO[bytes], IO[bytes], IO[bytes]]:
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise ChildGone("was started without its pipes")
        poller = select.poll()
        poller.register(stdin.fileno(), select.POLLOUT)
        poller.register(stdout.fileno(), select.POLLIN)
        poller.register(stderr.fileno(), select.POLLIN)
        return poller, stdin, stdout, stderr

    def _feed(
        self, poller: select.poll, stdin: IO[bytes], outgoing: list[memoryview], events: int
    ) -> None:
        """Write as much as the pipe takes; a child that no longer reads is heard of elsewhere."""
        try:
            if not events & _BROKEN and outgoing:
                rest = outgoing.pop()
                written = stdin.write(rest) or 0
                if written < len(rest):
                    outgoing.append(rest[written:])
        except BrokenPipeError:
            events = select.POLLERR
        if not outgoing or events & _BROKEN:
            poller.unregister(stdin.fileno())

    def _receive(self, stdout: IO[bytes]) -> bool:
        """Take in what came; return false when nothing will come any more."""
        piece = stdout.read(_PIECE)
        if piece:
            self._incoming += piece
        return piece != b""

    def _next_answer(self) -> frames.Done | frames.Failed | None:
        while (answer := frames.take_answer(self._incoming)) is not None:
            if not isinstance(answer, frames.Hello):
                return answer
            if self.confinement is not None:
                raise frames.FrameError("a second hello")
            self.confinement = answer.confinement
        return None

    def _listen(self, poller: select.poll, stderr: IO[bytes]) -> None:
        piece = stderr.read(_PIECE)
        if piece == b"":
            with contextlib.suppress(KeyError):
                poller.unregister(stderr.fileno())
        elif piece:
            self._stderr += piece
            del self._stderr[:-_STDERR_KEPT]
            self._stderr_total += len(piece)
            if self._stderr_total > _STDERR_CAP:
                raise ChildGone("printed without end")

    def _last_words(self, request: frames.Request, stderr: IO[bytes]) -> str:
        """Give a child that closed its channel a moment to die by itself; say what it died of."""
        poller = select.poll()
        poller.register(stderr.fileno(), select.POLLIN)
        until = time.monotonic() + _GRACE_S
        while self.is_alive and time.monotonic() < until:
            if poller.poll(_SHORT_TICK_MS):
                self._listen(poller, stderr)
        self._listen(poller, stderr)
        by_itself = not self.is_alive
        returncode = self.end()
        if returncode == -signal.SIGKILL:
            return "was killed from outside" if by_itself else "closed its channel"
        if returncode == -signal.SIGXCPU:
            return f"used more than {request.cpu_s:g} s of processor time"
        if returncode is None or returncode < 0:
            return f"was killed by {_signal_name(returncode)}"
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        if not lines:
            return f"ended with status {returncode} and no answer"
        if lines[-1].startswith("MemoryError"):
            return f"needed more than {self._orders.limits.memory >> 20} MiB of memory"
        return f"failed: {lines[-1]}"


def _signal_name(returncode: int | None) -> str:
    try:
        return signal.Signals(-(returncode or 0)).name
    except ValueError:
        return "an unknown signal"
