"""The doorway to an engine in another process of this user, over its Unix socket.

A call takes a connection that is idle or makes one, so that a long ``watch`` holds up nobody. A
connection that is lost is made anew at the next call: whoever calls sees :class:`NoEngine` once,
and may try again.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from podfetch_tui.api import codec
from podfetch_tui.api.codec import Hello, Refused, Watch, Welcome
from podfetch_tui.api.lines import LineReader
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.errors import Failure, Kind, NoEngine, UsageError
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest
from podfetch_tui.system.sockets import connect_to

CONNECT_S = 2.0
ANSWER_S = 60.0
SNAPSHOT_S = 10.0
"""The engine has a snapshot ready: one that has none for so long is stuck."""
MOST_IDLE = 4
"""Connections that are kept for later; the engine serves a few clients only."""


class _Line:
    """One connection that has said hello."""

    def __init__(self, path: Path, *, read_only: bool, patience: float) -> None:
        self.socket = connect_to(path, CONNECT_S)
        self._lines = LineReader(self.socket, codec.LONGEST_ANSWER)
        self._ids = itertools.count(1)
        try:
            hello = Hello(version=codec.VERSION, read_only=read_only)
            self.welcome: Welcome = self.ask("hello", hello, patience)
        except BaseException:
            self.socket.close()
            raise

    def close(self) -> None:
        """Close it; whoever waits on it is let go."""
        with contextlib.suppress(OSError):  # it is down already
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def ask(self, method: str, params: object, timeout: float) -> Any:
        """Return the answer to ``method``. Raises ``OSError``, ``Refused`` or a decode error."""
        self.socket.settimeout(timeout)
        try:
            self.socket.sendall(codec.encode_request(next(self._ids), method, params))
        except BrokenPipeError:
            pass  # it may have said why before it hung up
        line = next(self._lines, None)
        if line is None:
            raise ConnectionResetError("the engine closed the connection")
        return codec.decode_response(line, method)


class RemoteClient:
    """Answers the four verbs by asking the engine at a socket. For any thread."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        patience: float = ANSWER_S,
        one_run: bool = False,
    ) -> None:
        """Connect.

        Args:
            path: Of the engine's socket.
            read_only: Send no command; the engine holds the client to it.
            patience: Seconds an answer may take.
            one_run: Talk to this engine only, never to one that follows it at the same path.

        Raises:
            NoEngine: Nobody answers there, or one of another version does.
        """
        self.path = path
        self._read_only = read_only
        self._patience = patience
        self._is_closed = False
        self._run = ""
        # A deque and a set are safe for any thread as they are used here: one step each.
        self._idle: deque[_Line] = deque()
        self._all: set[_Line] = set()
        line = self._connect()
        self.welcome = line.welcome
        """What the engine said of itself at first."""
        self._run = line.welcome.run if one_run else ""
        self._idle.append(line)

    def snapshot(self) -> EngineSnapshot:
        """Return the newest snapshot. Raises :class:`NoEngine`."""
        found: EngineSnapshot = self._ask(
            "snapshot", codec.Nothing(), min(SNAPSHOT_S, self._patience)
        )
        return found

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        """Return events after ``after``. Raises :class:`NoEngine`."""
        left = timeout
        while True:
            part = min(left, codec.LONGEST_WATCH_S)  # the engine lets nobody wait for longer
            params = Watch(after=after, timeout=part)
            found: EventBatch = self._ask("watch", params, self._patience + part)
            left -= part
            if found.events or found.lost or left <= 0:
                return found

    def query(self, page: PageRequest) -> Page:
        """Return one page of rows. Raises as the engine does, or :class:`NoEngine`."""
        found: Page = self._ask("query", page)
        return found

    def send(self, command: Command) -> CommandResult:
        """Carry out ``command``. Raises :class:`NoEngine`."""
        found: CommandResult = self._ask("send", command)
        return found

    def close(self) -> None:
        """Close all connections, those on which somebody waits too."""
        self._is_closed = True
        for line in list(self._all):
            self._drop(line)

    def _connect(self) -> _Line:
        try:
            line = _Line(self.path, read_only=self._read_only, patience=self._patience)
        except Refused as error:
            raise NoEngine(f"the engine at {self.path} refused: {error}") from error
        except (OSError, msgspec.DecodeError) as error:
            raise NoEngine(f"no engine answers at {self.path}: {error}") from error
        if self._run and line.welcome.run != self._run:
            line.close()
            raise NoEngine(f"the engine at {self.path} was started anew")
        self._all.add(line)
        return line

    def _ask(self, method: str, params: object, timeout: float | None = None) -> Any:
        if self._is_closed:
            raise NoEngine(f"the connection to {self.path} was closed")
        try:
            line = self._idle.pop()
        except IndexError:
            line = self._connect()
        try:
            answer = line.ask(method, params, timeout or self._patience)
        except Refused as error:
            if error.code == codec.BAD_PARAMS:
                self._keep(line)
                raise UsageError(str(error)) from error
            if error.code in (codec.ENGINE_ERROR, codec.READ_ONLY):
                self._keep(line)
                raise Failure(Kind.STOPPED, str(error)) from error
            self._drop(line)
            raise NoEngine(f"the engine at {self.path} refused: {error}") from error
        except (OSError, msgspec.DecodeError) as error:
            self._drop(line)
            while self._idle:  # they lead to the same engine
                self._drop(self._idle.pop())
            raise NoEngine(f"the engine at {self.path} is gone: {error}") from error
        self._keep(line)
        return answer

    def _keep(self, line: _Line) -> None:
        if self._is_closed or len(self._idle) >= MOST_IDLE:
            self._drop(line)
        else:
            self._idle.append(line)

    def _drop(self, line: _Line) -> None:
        self._all.discard(line)
        line.close()
